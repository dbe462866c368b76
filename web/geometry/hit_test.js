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
 *   | {kind: 'part', part: 'title' | 'body' | 'collapse' | 'resize' | 'picture'}} NodeHit
 */
import { contains } from './rect.js'
import { distance } from './vec.js'

const CORNER = 14
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

/** @param {NodeLayout} node @param {Point} point @param {number} reach @returns {NodeHit | null} */
export function hitNode(node, point, reach) {
  const socket = socketNear(node, point, reach)
  if (socket && (socket.widget === null || point.x < reach)) return { kind: 'socket', socket }
  if (!contains(node.rect, point)) return null
  if (point.y < 0 && node.rect.y < 0) return { kind: 'part', part: node.height === 0 && point.x < COLLAPSE ? 'collapse' : 'title' }
  if (node.height > 0 && point.x > node.width - CORNER && point.y > node.height - CORNER) return { kind: 'part', part: 'resize' }
  for (const widget of node.widgets) {
    if (!contains(widget.rect, point)) continue
    if (widget.button && contains(widget.button, point)) return { kind: 'widget', widget, part: 'button' }
    if (!contains(widget.field, point)) return { kind: 'widget', widget, part: 'label' }
    return { kind: 'widget', widget, part: 'value' }
  }
  if (node.picture && contains(node.picture, point)) return { kind: 'part', part: 'picture' }
  return { kind: 'part', part: 'body' }
}
