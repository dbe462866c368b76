/**
 * A node dropped on a link takes its place in it: what came in goes through the node.
 *
 * @typedef {import('./context.js').Context} Context
 * @typedef {import('../geometry/vec.js').Point} Point
 * @typedef {import('../model/schema.js').NodeType} NodeType
 * @typedef {import('../model/types.js').LinkRecord} LinkRecord
 * @typedef {import('../model/types.js').NodeRecord} NodeRecord
 * @typedef {import('../model/types.js').RecordId} RecordId
 * @typedef {import('../model/types.js').SocketRef} SocketRef
 * @typedef {{given: string, wanted: string}} Ends What comes into a link, and what it must bring.
 */
import { grow, intersects } from '../geometry/rect.js'
import { t } from '../language/t.js'
import { accepts } from '../model/accepts.js'
import { viewOf } from '../model/shape.js'
import { addNode } from './add_node.js'
import { connect } from './connect.js'
import { move, moving, origins } from './move.js'
import { pullOut } from './remove.js'

/** @param {Pick<Context, 'graph' | 'outputType'>} context @param {LinkRecord} link @returns {Ends | null} */
export function endsOf({ graph, outputType }, link) {
  const [source, reader] = [graph.source(link), graph.reader(link)]
  if (!source || !reader) return null
  return { given: outputType(source, link.fromSlot), wanted: reader.inputs[link.toSlot]?.type ?? '*' }
}

/** Can a node of this type stand in a link? @param {NodeType} type @param {Ends} ends */
export const fitsInto = (type, { given, wanted }) =>
  type.inputs.some((input) => !input.socketless && input.widget === null && accepts(input.type, given)) &&
  type.outputs.some((output) => accepts(wanted, output.type))

/**
 * The sockets of a node that would take a link and pass it on; null where none fits, or where the node has links already.
 * @param {Context} context @param {NodeRecord} node @param {LinkRecord} link
 * @param {{linked?: boolean}} [options] `linked`: its own links are no hindrance, it will be pulled out of them
 * @returns {{into: SocketRef, out: SocketRef} | null}
 */
export function placeIn(context, node, link, { linked = false } = {}) {
  const ends = endsOf(context, link)
  const own = context.graph.linksOf(node.id)
  if (!ends || (linked ? own.some(({ id }) => id === link.id) : own.length)) return null
  const { sockets } = viewOf(node, context.types.of(node), null).layout
  const into = sockets.find(({ side, widget, type }) => side === 'in' && widget === null && accepts(type, ends.given))
  const out = sockets.find(({ side, type }) => side === 'out' && accepts(ends.wanted, type))
  return into && out ? { into: { ...into, node: node.id }, out: { ...out, node: node.id } } : null
}

/** @param {Context} context @param {NodeRecord} node @param {LinkRecord} link */
export function insert(context, node, link) {
  context.store.transact(t('Insert'), () => {
    const place = placeIn(context, node, link, { linked: true })
    const [source, reader] = [context.graph.source(link), context.graph.reader(link)]
    const slot = reader?.inputs[link.toSlot]
    if (!place || !source || !reader || !slot) return
    if (context.graph.linksOf(node.id).length) pullOut(context, [node])
    const from = /** @type {const} */ ({ node: source.id, side: 'out', index: link.fromSlot, name: '', type: link.type })
    connect(context, from, place.into)
    // The reader's input lets go of the old link by itself: it holds one.
    connect(context, place.out, { node: reader.id, side: 'in', index: link.toSlot, name: slot.name, type: slot.type })
  })
}

/** Between a node that was put into a link and the next one. */
const APART = 40

/** What a node feeds goes to the right as far as the node lies over it: with all that comes after, so that the order stays. @param {Context} context @param {NodeRecord} node */
export function makeRoom(context, node) {
  const { graph, rectOf, store } = context
  const box = rectOf(node)
  const after = [...graph.reach(node, 'down')].flatMap((id) => (id === node.id ? [] : (store.node(id) ?? [])))
  const covered = after.map(rectOf).filter((rect) => intersects(grow(box, 8), rect))
  const by = Math.max(0, ...covered.map((rect) => box.x + box.w + APART - rect.x))
  if (by === 0) return
  const right = after.filter((each) => rectOf(each).x >= box.x)
  move(context, origins(context, moving(context, right.map(({ id }) => id))), { x: by, y: 0 })
}

/** A new node of a type, in a link. @param {Context} context @param {string} type @param {LinkRecord} link @param {Point} point @returns {RecordId | null} */
export function insertType(context, type, link, point) {
  return context.store.transact(t('Insert a node'), () => {
    const id = addNode(context, type, { point })
    const node = id === null ? undefined : context.store.node(id)
    if (node) {
      insert(context, node, link)
      makeRoom(context, node)
    }
    return id
  })
}
