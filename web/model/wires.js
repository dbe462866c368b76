/**
 * Wires without lines: a Set node sends what it is given by a name, Get nodes of that name give it out, in the same graph and
 * in the subgraphs within it. Names and layout are those of the pack that made them common, so its graphs load.
 *
 * @typedef {import('./graph.js').Graph} Graph
 * @typedef {import('./types.js').GraphId} GraphId
 * @typedef {import('./types.js').NodeRecord} NodeRecord
 */
import { instancesOf } from './instances.js'
import { asList, asText } from './json.js'

export const SET = 'SetNode'
export const GET = 'GetNode'

/** The name that a Set or a Get node goes by; empty for none. @param {Pick<NodeRecord, 'values'>} node */
export const wireName = ({ values }) => asText(asList(values)[0]) ?? ''

/** A pill as wide as its name needs. @param {Pick<NodeRecord, 'values'>} node */
export const wireWidth = (node) => Math.min(Math.max(wireName(node).length * 7.1 + 64, 112), 280)

/** @param {Pick<NodeRecord, 'type'>} node */
export const isWire = (node) => node.type === SET || node.type === GET

/** Set nodes of a graph, in the order of the file: of two with one name the first is meant. @param {Graph} graph @param {GraphId} id @returns {NodeRecord[]} */
export const senders = (graph, id) => graph.nodes(id).filter(({ type }) => type === SET)

/** The graphs that a graph lies in, nearest first, itself included: where a name is looked for. @param {Graph} graph @param {GraphId} id @param {readonly GraphId[]} [path] the graphs that were entered on the way to it, outermost first */
export function around(graph, id, path) {
  const found = new Set([id])
  if (path) for (const each of [...path].reverse()) found.add(each)
  else for (const each of found) if (each !== '') for (const instance of instancesOf(graph, each)) found.add(instance.graph)
  return [...found]
}

/** The node that sends by a name, seen from a graph. @param {Graph} graph @param {string} name @param {readonly GraphId[]} graphs where it is looked for, nearest first @returns {NodeRecord | undefined} */
export function sender(graph, name, graphs) {
  if (name === '') return undefined
  for (const id of graphs) {
    const found = senders(graph, id).find((node) => wireName(node) === name)
    if (found) return found
  }
  return undefined
}

/** Names that can be taken in a graph. @param {Graph} graph @param {readonly GraphId[]} graphs nearest first @returns {string[]} */
export const namesIn = (graph, graphs) => [...new Set(graphs.flatMap((id) => senders(graph, id).map(wireName)))].filter(Boolean).sort((a, b) => a.localeCompare(b))

/** A name that no Set node of the graph has. @param {Graph} graph @param {GraphId} id @param {string} wanted */
export function freeWireName(graph, id, wanted) {
  const taken = new Set(senders(graph, id).map(wireName))
  const base = wanted.trim() || 'value'
  let name = base
  for (let count = 2; taken.has(name); count++) name = `${base}_${count}`
  return name
}
