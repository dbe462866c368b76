/**
 * What lies under a point of the canvas, or near enough to it to be meant.
 *
 * @typedef {import('../geometry/vec.js').Point} Point
 * @typedef {import('../model/types.js').NodeRecord} NodeRecord
 * @typedef {import('../model/types.js').SocketRef} SocketRef
 * @typedef {import('../model/types.js').Target} Target
 * @typedef {import('./scene.js').Scene} Scene
 * @typedef {import('./wires.js').Wire} Wire
 */
import { distanceTo } from '../geometry/bezier.js'
import { hitEdge, hitNode, socketNear } from '../geometry/hit_test.js'
import { contains, grow } from '../geometry/rect.js'
import { distance, subtract } from '../geometry/vec.js'
import { REROUTE_OUT, SOCKET } from './scene.js'
import { kindOf } from './widget_kinds.js'

const GROUP_TITLE = 32
const REROUTE = 7
/** A point as near as this is on a socket, and no other is meant. */
const ON = 9

/** What lies under a point of the canvas. @param {Scene} scene @param {Point} point @param {number} reach how far a pointer may miss @returns {Target} */
export function hit(scene, point, reach) {
  const near = scene.nodesIn(grow({ ...point, w: 0, h: 0 }, Math.max(reach, SOCKET))).reverse()
  for (const node of [...near, ...scene.graph.sides(scene.graphId)]) {
    const local = subtract(point, { x: node.pos[0], y: node.pos[1] })
    const on = hitNode(scene.layout(node), local, reach)
    if (!on) continue
    if (on.kind === 'socket') return { kind: 'socket', socket: refOf(scene, node, on.socket) }
    if (on.kind === 'widget') {
      const widget = scene.view(node).widgets.find(({ name }) => name === on.widget.name)
      const last = scene.lastUsed(node.id, on.widget.name)
      const inner = on.part === 'value' && widget ? kindOf(widget).partAt?.(on.widget, widget, local, last) : undefined
      const part = on.part === 'button' ? (on.widget.control ? 'control' : 'upload') : (inner ?? on.part)
      return { kind: 'widget', node: node.id, name: on.widget.name, part }
    }
    return { kind: 'node', node: node.id, part: on.part, ...(on.edge && { edge: on.edge }) }
  }
  for (const reroute of scene.graph.reroutes(scene.graphId)) {
    const { x, y } = subtract(point, { x: reroute.pos[0], y: reroute.pos[1] })
    if (Math.hypot(x, y) <= REROUTE + reach / 2) {
      return Math.hypot(x - REROUTE_OUT, y) < Math.min(REROUTE, Math.hypot(x, y)) ? { kind: 'reroute', reroute: reroute.id, part: 'out' } : { kind: 'reroute', reroute: reroute.id }
    }
    if (Math.hypot(x - REROUTE_OUT, y) <= REROUTE) return { kind: 'reroute', reroute: reroute.id, part: 'out' }
  }
  const wire = wireNear(scene, point, Math.max(reach * 0.75, 3))
  if (wire) return { kind: 'link', link: wire.link.id }
  return groupAt(scene, point) ?? { kind: 'canvas' }
}

/** The wire nearest to a point, within `reach`. @param {Scene} scene @param {Point} point @param {number} reach @returns {Wire | null} */
export function wireNear(scene, point, reach) {
  let nearest = null
  let least = reach
  for (const wire of scene.wiresIn(grow({ ...point, w: 0, h: 0 }, reach))) {
    for (const curve of wire.curves) {
      const gap = distanceTo(curve, point)
      if (gap >= least) continue
      least = gap
      nearest = wire
    }
  }
  return nearest
}

/** The socket nearest to a point that `fits`; none where the point is on one that does not. @param {Scene} scene @param {Point} point @param {number} reach @param {(socket: SocketRef) => boolean} fits @returns {SocketRef | null} */
export function socketAt(scene, point, reach, fits) {
  /** @type {SocketRef | null} */
  let nearest = null
  let least = reach
  let refused = ON
  for (const node of [...scene.graph.sides(scene.graphId), ...scene.nodesIn(grow({ ...point, w: 0, h: 0 }, reach))]) {
    const layout = scene.layout(node)
    const local = subtract(point, { x: node.pos[0], y: node.pos[1] })
    for (const socket of layout.sockets) {
      const gap = distance(socket, local)
      if (gap > least) continue
      const ref = refOf(scene, node, socket)
      if (!fits(ref)) {
        if (socket.widget === null) refused = Math.min(refused, gap)
        continue
      }
      least = gap
      nearest = ref
    }
    const first = socketNear(layout, local, reach)
    if (first === null && nearest === null && contains(layout.rect, local)) {
      // Dropped on a widget's row: that one. Elsewhere on the node: its first free socket that fits.
      const row = layout.widgets.find(({ rect }) => contains(rect, local))
      const own = row && layout.sockets.find((socket) => socket.side === 'in' && socket.widget === row.name)
      const rowRef = own && refOf(scene, node, own)
      if (rowRef && fits(rowRef)) {
        nearest = rowRef
        continue
      }
      const refs = layout.sockets.map((socket) => refOf(scene, node, socket)).filter(fits)
      nearest = refs.find((ref) => ref.side === 'in' && !scene.graph.linkInto(node, ref.index)) ?? refs[0] ?? null
    }
  }
  return refused < Math.min(least, ON) ? null : nearest
}

/** @param {Scene} scene @param {NodeRecord} node @param {import('../geometry/layout.js').SocketPlace} place @returns {SocketRef} */
function refOf(scene, node, place) {
  const type = place.side === 'out' ? scene.outputType(node, place.index) : place.type
  return { node: node.id, side: place.side, index: place.index, name: place.name, type }
}

/** @param {Scene} scene @param {Point} point @returns {Target | null} */
function groupAt(scene, point) {
  for (const group of [...scene.graph.groups(scene.graphId)].reverse()) {
    const [x, y, w, h] = group.bounds
    if (!contains({ x, y, w, h }, point)) continue
    const edge = hitEdge({ x, y, w, h }, point)
    if (edge) return { kind: 'group', group: group.id, part: 'resize', edge }
    if (point.y < y + GROUP_TITLE) return { kind: 'group', group: group.id, part: 'title' }
  }
  return null
}
