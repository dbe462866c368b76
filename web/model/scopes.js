/**
 * A workflow file unfolded: the root, and every live instance of a subgraph, each with its nodes and links at hand.
 *
 * @typedef {import('./json.js').Json} Json
 *
 * @typedef {object} Scope One use of a graph: the root, or an instance of a subgraph.
 * @property {string} path What ids inside it start with: "" or "12:".
 * @property {Json} file
 * @property {Map<string, Json>} nodes
 * @property {Map<string, import('./workflow_load.js').RawLink>} links
 * @property {Scope | null} parent
 * @property {Json | null} instance
 * @property {Map<string, Scope>} inner Scopes of the instances in it, by node id.
 */
import { asList, asObject, asText, isObject } from './json.js'
import { BYPASSED, MUTED } from './modes.js'
import { readLink } from './workflow_load.js'

/** Instances within instances: beyond this a definition holds itself. */
const DEEPEST = 32

/** All subgraph definitions, nested ones too, by id. @param {Json} file @returns {Map<string, Json>} */
export function definitionsOf(file) {
  /** @type {Map<string, Json>} */
  const found = new Map()
  const stack = [file]
  for (let part = stack.pop(); part; part = stack.pop()) {
    for (const definition of asList(asObject(part.definitions)?.subgraphs)) {
      if (!isObject(definition) || typeof definition.id !== 'string' || found.has(definition.id)) continue
      found.set(definition.id, definition)
      stack.push(definition)
    }
  }
  return found
}

/** The root and every live instance, outer ones first. @param {Json} file @param {ReadonlyMap<string, Json>} definitions */
export function openScopes(file, definitions) {
  const scopes = [openScope(file, '', null, null)]
  for (const scope of scopes) {
    for (const node of scope.nodes.values()) {
      const definition = definitions.get(asText(node.type) ?? '')
      if (!definition || node.mode === MUTED || node.mode === BYPASSED) continue
      if (scope.path.split(':').length > DEEPEST || holds(scope, definition)) continue
      const inner = openScope(definition, `${scope.path}${String(node.id)}:`, scope, node)
      scope.inner.set(String(node.id), inner)
      scopes.push(inner)
    }
  }
  return scopes
}

/** Is the definition open around this scope already? It would hold itself. @param {Scope} scope @param {Json} definition */
function holds(scope, definition) {
  for (let at = /** @type {Scope | null} */ (scope); at; at = at.parent) if (at.file === definition) return true
  return false
}

/** @param {Json} file @param {string} path @param {Scope | null} parent @param {Json | null} instance @returns {Scope} */
function openScope(file, path, parent, instance) {
  /** @type {Scope['nodes']} */
  const nodes = new Map()
  for (const node of asList(file.nodes)) {
    if (!isObject(node) || typeof node.id === 'object' || node.id === undefined) continue // such an id names nothing
    if (!nodes.has(String(node.id))) nodes.set(String(node.id), node)
  }
  /** @type {Scope['links']} */
  const links = new Map()
  for (const raw of asList(file.links)) {
    const link = readLink(raw)
    if (link) links.set(String(link.key), link)
  }
  return { path, file, nodes, links, parent, instance, inner: new Map() }
}
