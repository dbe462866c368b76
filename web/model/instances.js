/**
 * Instances of subgraphs as records: who they are, and the values that they give to widgets inside, by what the values
 * belong to. Those places move when a definition changes; the values must move with them.
 *
 * @typedef {import('./graph.js').Graph} Graph
 * @typedef {import('./node_types.js').NodeTypes} NodeTypes
 * @typedef {import('./types.js').GraphId} GraphId
 * @typedef {import('./types.js').NodeRecord} NodeRecord
 * @typedef {import('./widget_values.js').Place} Place
 * @typedef {Pick<NodeTypes, 'of' | 'get'>} Types
 */
import { isObject } from './json.js'
import { widgetsOf } from './widget_values.js'

/** All nodes of a subgraph's type, wherever they are. @param {Graph} graph @param {GraphId} id @returns {NodeRecord[]} */
export function instancesOf(graph, id) {
  /** @type {NodeRecord[]} */
  const found = []
  for (const record of graph.store.records()) if (record.kind === 'node' && record.type === id) found.push(record)
  return found
}

/** Subgraphs that a graph uses, however deep. @param {Graph} graph @param {GraphId} id @returns {Set<GraphId>} */
export function usedBy(graph, id) {
  /** @type {Set<GraphId>} */
  const found = new Set()
  const stack = [id]
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    for (const node of graph.nodes(at)) {
      if (found.has(node.type) || !graph.definition(node.type)) continue
      found.add(node.type)
      stack.push(node.type)
    }
  }
  return found
}

/** Would a node of the type `inner` in `outer` make a subgraph hold itself? @param {Graph} graph @param {GraphId} outer @param {GraphId} inner */
export const holdsItself = (graph, outer, inner) => outer !== '' && (inner === outer || usedBy(graph, inner).has(outer))

/** @param {NonNullable<Place['inner']>} inner */
const innerKey = ({ node, name }) => `${node} ${name}`

/** What an instance gives to what is inside: only what its own list holds. @param {Types} types @param {NodeRecord} node @returns {Map<string, unknown>} */
export function givenBy(types, node) {
  /** @type {Map<string, unknown>} */
  const given = new Map()
  const { values } = node
  if (!Array.isArray(values)) return given
  types.of(node)?.places?.forEach(({ inner }, index) => {
    if (inner && index < values.length) given.set(innerKey(inner), values[index])
  })
  return given
}

/**
 * The instance's list for the places that it has now. A place that it gave nothing gets what is inside, so that no other
 * program reads an empty entry as a value.
 * @param {Types} types @param {NodeRecord} node as it is now @param {ReadonlyMap<string, unknown>} given before
 * @returns {NodeRecord['values']}
 */
export function valuesFor(types, node, given) {
  if (isObject(node.values)) return node.values
  const type = types.of(node)
  const widgets = widgetsOf(type, { values: null })
  const places = [...(type?.places ?? [])]
  const isGiven = (/** @type {Place | undefined} */ place) => place?.inner !== undefined && given.has(innerKey(place.inner))
  // What comes after the last one that it gives is left out: so it is in files, and what is inside counts.
  while (places.length && !isGiven(places.at(-1))) places.pop()
  const values = places.map(({ name, kind, inner, loose }) => {
    const key = inner && innerKey(inner)
    if (key !== undefined && given.has(key)) return given.get(key)
    return kind === 'value' && !loose ? (widgets.find((widget) => widget.name === name)?.value ?? null) : null
  })
  return values
}
