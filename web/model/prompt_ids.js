/**
 * From a node's id in a prompt to its record: `3` is a node of the root graph, `12:34` the node 34 of the subgraph whose
 * instance is 12, and so on inwards. In a sweep `3@5` is node 3 as it is in cell 5.
 *
 * @typedef {import('./types.js').NodeRecord} NodeRecord
 */
import { recordId } from './graph.js'

/** The id of the graph's node. @param {string} id */
export const withoutCell = (id) => id.replace(/@\d+$/u, '')

/** @param {Pick<import('./store.js').Store, 'node'>} store @param {string} id @returns {NodeRecord | undefined} */
export function recordAt(store, id) {
  const path = withoutCell(id).split(':')
  const last = path.pop() ?? ''
  let graph = ''
  for (const key of path) {
    const instance = store.node(recordId('node', graph, key))
    if (!instance) return undefined
    graph = instance.type
  }
  return store.node(recordId('node', graph, last))
}
