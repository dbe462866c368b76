/**
 * The two sides of a subgraph, seen from inside: quiet columns with a socket for each input or output, and an empty one at the
 * end that takes another.
 *
 * @typedef {import('./renderer.js').Painter} Painter
 * @typedef {import('./renderer.js').ViewState} ViewState
 * @typedef {import('./theme.js').Theme} Theme
 * @typedef {import('../geometry/layout.js').SocketPlace} SocketPlace
 * @typedef {import('../model/types.js').NodeRecord} NodeRecord
 */
import { t } from '../language/t.js'
import { drawSocket } from './draw_node.js'
import { RADIUS, roundRect } from './shapes.js'
import { fitMiddle, font } from './text.js'
import { withAlpha } from './theme.js'

/** Letters smaller than this on the screen are not drawn, CSS pixels. */
const LEAST_TEXT = 6
const INSET = 14

/** @type {Painter} */
export function drawSides(ctx, theme, view) {
  for (const side of view.graph.sides(view.graphId)) {
    ctx.save()
    ctx.translate(side.pos[0], side.pos[1])
    drawSide(ctx, theme, view, side)
    ctx.restore()
  }
}

/** @param {CanvasRenderingContext2D} ctx @param {Theme} theme @param {ViewState} view @param {NodeRecord} side */
function drawSide(ctx, theme, view, side) {
  const { rect, sockets } = view.scene.view(side).layout
  const readable = 12 * view.camera.zoom >= LEAST_TEXT
  roundRect(ctx, rect.x, rect.y, rect.w, rect.h, RADIUS)
  ctx.fillStyle = withAlpha(theme.surface, 0.72)
  ctx.fill()
  ctx.strokeStyle = theme.line
  ctx.lineWidth = 1
  ctx.stroke()
  const out = side.outputs.length > 0
  ctx.textAlign = out ? 'right' : 'left'
  ctx.textBaseline = 'middle'
  const x = out ? rect.w - INSET : INSET
  if (readable) {
    ctx.font = font(12, 600)
    ctx.fillStyle = theme.quiet
    ctx.fillText(side.title ?? '', x, -15)
  }
  for (const socket of sockets) {
    const empty = socket.index === sockets.length - 1
    const fits = view.draggedLink?.fits({ node: side.id, side: socket.side, index: socket.index, name: socket.name, type: socket.type })
    ctx.globalAlpha = fits === false ? 0.25 : 1
    if (empty) drawEmpty(ctx, theme, socket)
    else drawSocket(ctx, theme, { x: socket.x, y: socket.y, type: socket.type, size: 5, hollow: false, list: false })
    if (readable) {
      ctx.font = font(12)
      ctx.fillStyle = empty ? theme.quiet : theme.text
      ctx.fillText(empty ? (out ? t('New input') : t('New output')) : fitMiddle(ctx, socket.label, rect.w - 2 * INSET), x, socket.y + 0.5)
    }
    ctx.globalAlpha = 1
  }
}

/** @param {CanvasRenderingContext2D} ctx @param {Theme} theme @param {SocketPlace} socket */
function drawEmpty(ctx, theme, { x, y }) {
  ctx.beginPath()
  ctx.arc(x, y, 6, 0, Math.PI * 2)
  ctx.fillStyle = theme.canvas
  ctx.fill()
  ctx.strokeStyle = theme.edge
  ctx.lineWidth = 1.25
  ctx.moveTo(x - 3, y)
  ctx.lineTo(x + 3, y)
  ctx.moveTo(x, y - 3)
  ctx.lineTo(x, y + 3)
  ctx.stroke()
}
