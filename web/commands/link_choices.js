/**
 * All links that a node could get, without pointing at anything: for those who walk the graph by keys or by ear.
 *
 * @typedef {import('./context.js').Context} Context
 * @typedef {import('../model/types.js').NodeRecord} NodeRecord
 * @typedef {import('../model/types.js').SocketRef} SocketRef
 * @typedef {object} LinkChoice
 * @property {SocketRef} own The node's socket.
 * @property {SocketRef} other What it would be linked to.
 * @property {boolean} held The input has a link already, which would go.
 */
import { accepts } from '../model/accepts.js'
import { socketsOf } from './links.js'

/** Enough to choose from by typing; a graph of thousands would make millions. */
const MOST = 2000

/**
 * Free inputs first, in the node's order, each with the nearest nodes before it; then its outputs. Widgets' inputs come last,
 * since nearly every text or number fits them.
 * @param {Context} context @param {NodeRecord} node @returns {LinkChoice[]}
 */
export function linkChoices(context, node) {
  const { graph } = context
  const [before, after] = [graph.reach(node, 'up'), graph.reach(node, 'down')]
  const others = graph.nodes(node.graph).filter((other) => other.id !== node.id)
    .sort((a, b) => distance(a, node) - distance(b, node))
  /** @type {(LinkChoice & {rank: number})[]} */
  const choices = []
  for (const own of socketsOf(context, node)) {
    const blocked = own.side === 'in' ? after : before
    for (const other of others) {
      if (blocked.has(other.id)) continue
      for (const socket of socketsOf(context, other)) {
        if (socket.side === own.side) continue
        const [from, to] = own.side === 'out' ? [own, socket] : [socket, own]
        if (!accepts(to.type, from.type) || (to.widget && from.type === '*')) continue
        const reader = own.side === 'out' ? other : node
        const link = to.index >= 0 ? graph.linkInto(reader, to.index) : undefined
        if (link && link.from === (own.side === 'out' ? node : other).key && link.fromSlot === from.index) continue
        const rank = (to.widget ? 4 : 0) + (link ? 2 : 0) + (own.side === 'out' ? 1 : 0)
        choices.push({ own, other: socket, held: link !== undefined, rank })
        if (choices.length >= MOST) return sorted(choices)
      }
    }
  }
  return sorted(choices)
}

/** @param {(LinkChoice & {rank: number})[]} choices @returns {LinkChoice[]} */
const sorted = (choices) => choices.sort((a, b) => a.rank - b.rank)

/** @param {NodeRecord} a @param {NodeRecord} b */
const distance = (a, b) => Math.hypot(a.pos[0] - b.pos[0], a.pos[1] - b.pos[1])
