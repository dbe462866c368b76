/**
 * Ways through instances of subgraphs, from the root inwards, as lists of nodes.
 *
 * @typedef {import('./graph.js').Graph} Graph
 * @typedef {import('./types.js').GraphId} GraphId
 * @typedef {import('./types.js').RecordId} RecordId
 */
import { recordId } from './graph.js'

/**
 * A way to a graph: along the one that is given, if it lies on that, or else the shortest.
 * @param {Graph} graph @param {GraphId} wanted @param {readonly RecordId[]} [along]
 * @returns {RecordId[] | null} null where no node stands for it
 */
export function pathTo(graph, wanted, along = []) {
  if (wanted === '') return []
  const on = along.findIndex((id) => graph.store.node(id)?.type === wanted)
  if (on >= 0) return along.slice(0, on + 1)
  /** @type {Set<GraphId>} */
  const seen = new Set([''])
  /** @type {{at: GraphId, path: RecordId[]}[]} */
  const queue = [{ at: '', path: [] }]
  for (const { at, path } of queue) {
    for (const node of graph.nodes(at)) {
      if (!graph.definition(node.type) || seen.has(node.type)) continue
      if (node.type === wanted) return [...path, node.id]
      seen.add(node.type)
      queue.push({ at: node.type, path: [...path, node.id] })
    }
  }
  return null
}

/** The way to a node by its id in a prompt (`12:34`), and the node itself where it is there. @param {Graph} graph @param {string} id */
export function pathOfPromptId(graph, id) {
  /** @type {RecordId[]} */
  const path = []
  let at = ''
  for (const key of id.split(/[:.]/u)) {
    const node = graph.store.node(recordId('node', at, key))
    if (!node) break
    path.push(node.id)
    if (!graph.definition(node.type)) break
    at = node.type
  }
  const node = path.pop()
  return { path, node: node === undefined ? undefined : graph.store.node(node) }
}
