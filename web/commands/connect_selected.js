/**
 * Links among the selected nodes without aiming at a socket: each node feeds the next one to its right, by the first output
 * that fits a free input there.
 *
 * @typedef {import('./context.js').Context} Context
 * @typedef {import('./core.js').Command} Command
 * @typedef {import('../model/types.js').NodeRecord} NodeRecord
 * @typedef {import('../model/types.js').SocketRef} SocketRef
 */
import { viewOf } from '../model/shape.js'
import { connect, whyNot } from './connect.js'
import { selectedNodes } from './context.js'

/** @param {Context} context @param {NodeRecord} from @param {NodeRecord} to @returns {[SocketRef, SocketRef] | null} */
function pair(context, from, to) {
  const { graph, types, outputType } = context
  const sockets = (/** @type {NodeRecord} */ node) => viewOf(node, types.get(node.type), null).layout.sockets
  const inputs = sockets(to).filter(({ side, widget, index }) => side === 'in' && widget === null && !(index >= 0 && graph.linkInto(to, index)))
  for (const out of sockets(from)) {
    if (out.side !== 'out') continue
    const a = { ...out, node: from.id, type: outputType(from, out.index) }
    const into = inputs.map((place) => ({ ...place, node: to.id })).find((place) => whyNot(context, a, place) === null)
    if (into) return [a, into]
  }
  return null
}

/** @param {Context} context */
export function connectSelected(context) {
  const nodes = selectedNodes(context).sort((a, b) => a.pos[0] - b.pos[0] || a.pos[1] - b.pos[1])
  const made = context.store.transact('Connect', () => nodes.slice(1).flatMap((to, index) => {
    const from = nodes[index]
    const ends = from && pair(context, from, to)
    return ends ? connect(context, ...ends) ?? [] : []
  }))
  if (!made.length) context.notify('Nothing was linked: no output of these nodes fits a free input of the next one to the right')
}

/** @type {readonly Command[]} */
export const CONNECT_COMMANDS = [
  { id: 'connect_selected', label: 'Link the selected nodes', keys: ['Alt+L'], enabled: (context) => selectedNodes(context).length > 1, run: connectSelected }
]
