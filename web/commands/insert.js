/**
 * A node dropped on a link takes its place in it: what came in goes through the node.
 *
 * @typedef {import('./context.js').Context} Context
 * @typedef {import('../model/types.js').LinkRecord} LinkRecord
 * @typedef {import('../model/types.js').NodeRecord} NodeRecord
 * @typedef {import('../model/types.js').SocketRef} SocketRef
 */
import { accepts } from '../model/accepts.js'
import { viewOf } from '../model/shape.js'
import { connect } from './connect.js'

/**
 * The sockets of a free node that would take a link and pass it on; null where it has links already, or none fits.
 * @param {Context} context @param {NodeRecord} node @param {LinkRecord} link
 * @returns {{into: SocketRef, out: SocketRef} | null}
 */
export function placeIn({ graph, types, outputType }, node, link) {
  const [source, reader] = [graph.source(link), graph.reader(link)]
  if (!source || !reader || graph.linksOf(node.id).length) return null
  const wanted = reader.inputs[link.toSlot]?.type ?? '*'
  const given = outputType(source, link.fromSlot)
  const { sockets } = viewOf(node, types.get(node.type), null).layout
  const into = sockets.find(({ side, widget, type }) => side === 'in' && widget === null && accepts(type, given))
  const out = sockets.find(({ side, type }) => side === 'out' && accepts(wanted, type))
  return into && out ? { into: { ...into, node: node.id }, out: { ...out, node: node.id } } : null
}

/** @param {Context} context @param {NodeRecord} node @param {LinkRecord} link */
export function insert(context, node, link) {
  const place = placeIn(context, node, link)
  const [source, reader] = [context.graph.source(link), context.graph.reader(link)]
  const slot = reader?.inputs[link.toSlot]
  if (!place || !source || !reader || !slot) return
  context.store.transact('Insert', () => {
    const from = /** @type {const} */ ({ node: source.id, side: 'out', index: link.fromSlot, name: '', type: link.type })
    connect(context, from, place.into)
    // The reader's input lets go of the old link by itself: it holds one.
    connect(context, place.out, { node: reader.id, side: 'in', index: link.toSlot, name: slot.name, type: slot.type })
  })
}
