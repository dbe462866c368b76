/**
 * What of one node lies under a point. Points are in the node's own pixels; `reach` is how far a finger or a pointer may
 * miss a socket by.
 *
 * @typedef {import('./layout.js').NodeLayout} NodeLayout
 * @typedef {import('./layout.js').SocketPlace} SocketPlace
 * @typedef {import('./layout.js').WidgetPlace} WidgetPlace
 * @typedef {import('./vec.js').Point} Point
 *
 * @typedef {{kind: 'socket', socket: SocketPlace}
 *   | {kind: 'widget', widget: WidgetPlace, part: 'value' | 'label' | 'button'}
 *   | {kind: 'part', part: 'title' | 'body' | 'collapse' | 'resize' | 'picture', edge?: Edge}} NodeHit
 * @typedef {'n' | 'ne' | 'e' | 'se' | 's' | 'sw' | 'w' | 'nw'} Edge
 */
import { contains } from './rect.js'
import { distance } from './vec.js'

/** The corner at the bottom right is the one that hands go to. */
const CORNER = 14
const OTHER_CORNER = 9
const SIDE = 4
const COLLAPSE = 24

/** The nearest socket within reach; null for none. @param {NodeLayout} node @param {Point} point @param {number} reach @returns {SocketPlace | null} */
export function socketNear(node, point, reach) {
  let nearest = null
  let least = reach
  for (const socket of node.sockets) {
    const gap = distance(socket, point)
    if (gap > least) continue
    least = gap
    nearest = socket
  }
  return nearest
}

/** The side or corner of a box that a point inside of it is on. @param {import('./rect.js').Rect} rect @param {Point} point @returns {Edge | null} */
export function hitEdge(rect, point) {
  const [left, top] = [point.x - rect.x, point.y - rect.y]
  const [right, bottom] = [rect.w - left, rect.h - top]
  if (Math.min(left, top, right, bottom) < 0) return null
  if (right < CORNER && bottom < CORNER) return 'se'
  const [x, y] = [Math.min(left, right), Math.min(top, bottom)]
  const corner = x < OTHER_CORNER && y < OTHER_CORNER && Math.min(x, y) < SIDE
  const across = x < SIDE || corner ? (left < right ? 'w' : 'e') : ''
  const along = y < SIDE || corner ? (top < bottom ? 'n' : 's') : ''
  return /** @type {Edge | ''} */ (`${along}${across}`) || null
}

/** @param {NodeLayout} node @param {Point} point @param {number} reach @returns {NodeHit | null} */
export function hitNode(node, point, reach) {
  const socket = socketNear(node, point, reach)
  if (socket && (socket.widget === null || point.x < reach)) return { kind: 'socket', socket }
  if (!contains(node.rect, point)) return null
  const bare = node.rect.y === 0
  const edge = node.height > 0 ? hitEdge(node.rect, point) : null
  if (edge && (!bare || (edge === 'se' && !node.widgets.length))) return { kind: 'part', part: 'resize', edge }
  if (point.y < 0) return { kind: 'part', part: node.height === 0 && point.x < COLLAPSE ? 'collapse' : 'title' }
  for (const widget of node.widgets) {
    if (!contains(widget.rect, point)) continue
    if (widget.button && contains(widget.button, point)) return { kind: 'widget', widget, part: 'button' }
    if (!contains(widget.field, point)) return { kind: 'widget', widget, part: 'label' }
    return { kind: 'widget', widget, part: 'value' }
  }
  if (node.picture && contains(node.picture, point)) return { kind: 'part', part: 'picture' }
  return { kind: 'part', part: 'body' }
}
