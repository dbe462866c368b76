/**
 * One node, in its own pixels. State is a ring of two pixels and a word in the title, never a flood of colour.
 *
 * @typedef {import('../geometry/layout.js').NodeLayout} NodeLayout
 * @typedef {import('../geometry/layout.js').SocketPlace} SocketPlace
 * @typedef {import('../model/session.js').NodeStatus} NodeStatus
 * @typedef {import('../model/shape.js').View} View
 * @typedef {import('./node_pictures.js').Shown} Shown
 * @typedef {import('./pictures.js').Pictures} Pictures
 * @typedef {import('./theme.js').Theme} Theme
 * @typedef {CanvasRenderingContext2D} Context2D
 *
 * @typedef {object} NodeDrawing All that one node's picture depends on.
 * @property {View} view
 * @property {Readonly<NodeStatus>} status
 * @property {Shown} shown
 * @property {Pictures} pictures
 * @property {boolean} selected
 * @property {boolean} lifted It is being moved.
 * @property {string | null} edited The widget under an HTML editor.
 * @property {(socket: SocketPlace) => boolean} linked
 * @property {(socket: SocketPlace) => string} feeder The title of what feeds a linked input.
 * @property {(widget: string) => boolean} wrong Its expression fails.
 * @property {(widget: string) => unknown} lastUsed By the last run; undefined for none.
 * @property {(socket: SocketPlace) => string} typeOf The type as seen through reroutes.
 * @property {((socket: SocketPlace) => boolean) | null} fits While a link is dragged: does it take it?
 * @property {number} zoom
 * @property {number} [opacity] Of its surfaces; what is written stays whole.
 * @property {boolean} [hasty] The zoom is changing, and much is in view: rows are drawn without their text.
 * @property {import('./draw_status.js').Marks} [marks] What is known besides its state.
 */
import { INSET, TITLE } from '../geometry/layout.js'
import { BYPASSED, MUTED } from '../model/modes.js'
import { NOTE_TYPES } from '../model/virtual_types.js'
import { isWire } from '../model/wires.js'
import { drawPictures } from './draw_picture.js'
import { hintOf } from './node_pictures.js'
import { drawProgress, drawRing, drawStatus, heatColour, heatEdge, ringColour } from './draw_status.js'
import { drawWidget } from './draw_widgets.js'
import { drawWire } from './draw_wire.js'
import { drawIcon, RADIUS, roundRect, socketPath } from './shapes.js'
import { fitMiddle, font, measure } from './text.js'
import { ownColour, socketForm, tint, typeColour, withAlpha } from './theme.js'

/** Below this zoom text in rows would be too small to read, and is left out. */
export const FULL = 0.42
/** Below this only blocks with their titles are drawn (`draw_far.js`). */
export const BLOCKS = 0.28
/** Titles are never smaller than this on the screen, CSS pixels. */
export const TITLE_SIZE = 11
/** Nor is the text of rows. */
const ROW_SIZE = 7.5
const SOCKET = 5
const NOTE_COLOUR = '#b59b3a'
/** What the way into a subgraph takes of the title's right. */
export const ENTRANCE = 20

/** @param {Context2D} ctx @param {Theme} theme @param {NodeDrawing} drawing */
export function drawNode(ctx, theme, drawing) {
  const { node } = drawing.view
  ctx.save()
  ctx.translate(node.pos[0], node.pos[1])
  if (node.mode === BYPASSED) ctx.globalAlpha = 0.5
  else if (node.mode === MUTED) ctx.globalAlpha = 0.36
  if (node.type === 'Reroute') drawReroute(ctx, theme, drawing)
  else if (isWire(node)) drawWire(ctx, theme, drawing)
  else drawWhole(ctx, theme, drawing)
  ctx.restore()
}

/** @param {Context2D} ctx @param {Theme} theme @param {NodeDrawing} drawing */
function drawWhole(ctx, theme, drawing) {
  const { view, zoom } = drawing
  const { layout } = view
  const full = zoom >= FULL && !drawing.hasty
  const { rect } = layout
  const alpha = ctx.globalAlpha
  const { opacity = 1 } = drawing
  if (opacity === 1) drawShadow(ctx, theme, rect, drawing.lifted, full)
  ctx.globalAlpha = alpha * opacity
  // From afar the border is what a larger box under the body leaves of itself: a line round each node costs far more.
  const edge = !full && alpha * opacity === 1 && runs(view) ? Math.max(1, 1 / zoom) : 0
  if (edge) {
    ctx.fillStyle = theme.line
    roundRect(ctx, rect.x, rect.y, rect.w, rect.h, RADIUS)
    ctx.fill()
  }
  ctx.fillStyle = bodyColour(theme, view.node)
  roundRect(ctx, rect.x + edge, rect.y + edge, rect.w - 2 * edge, rect.h - 2 * edge, RADIUS)
  ctx.fill()
  ctx.fillStyle = headColour(theme, view.node, view.type, drawing.marks)
  roundRect(ctx, rect.x + edge, rect.y + edge, rect.w - 2 * edge, headHeight(zoom) - edge, layout.height ? [RADIUS, RADIUS, 0, 0] : RADIUS)
  ctx.fill()
  ctx.globalAlpha = alpha
  if (layout.height && !NOTE_TYPES.has(view.node.type)) {
    ctx.fillStyle = theme.line
    ctx.fillRect(rect.x, rect.y + headHeight(zoom) - 1, rect.w, 1)
  }
  if (layout.picture) drawPictures(ctx, theme, layout.picture, drawing.shown, drawing.pictures, full ? hintOf(view.type) : '')
  drawTitle(ctx, theme, drawing)
  if (full) {
    for (const place of layout.widgets) {
      const widget = view.widgets.find(({ name }) => name === place.name)
      const socket = layout.sockets.find((each) => each.widget === place.name)
      if (!widget) continue
      drawWidget(ctx, theme, place, widget, {
        feeder: socket && drawing.linked(socket) ? drawing.feeder(socket) : '', wrong: widget.expression !== null && drawing.wrong(widget.name),
        last: widget.control === null ? undefined : drawing.lastUsed(widget.name), edited: drawing.edited === place.name,
        note: NOTE_TYPES.has(view.node.type), size: rowSize(zoom)
      })
    }
    if (layout.height) drawLabels(ctx, theme, layout, rowSize(zoom))
  } else if (!NOTE_TYPES.has(view.node.type)) drawRows(ctx, theme, layout, rect.y + headHeight(zoom))
  drawBorder(ctx, theme, drawing, edge === 0)
  drawSockets(ctx, theme, drawing)
}

/** The title's bar grows over the rows where its letters need more than their place. @param {number} zoom */
const headHeight = (zoom) => Math.max(TITLE, (TITLE_SIZE / zoom) * 1.3)

/** @param {Context2D} ctx @param {Theme} theme @param {import('../geometry/rect.js').Rect} rect @param {boolean} lifted @param {boolean} full */
function drawShadow(ctx, theme, rect, lifted, full) {
  const strength = (theme.name === 'dark' ? 0.2 : 0.055) * (lifted ? 1.8 : full ? 1 : 1.3)
  ctx.fillStyle = withAlpha(theme.shadow, Math.min(strength, 0.5))
  for (const [spread, down] of lifted ? [[7, 9], [4, 6], [2, 3]] : full ? [[3, 4], [1, 2]] : [[2, 3]]) {
    roundRect(ctx, rect.x - (spread ?? 0), rect.y - (spread ?? 0) + (down ?? 0), rect.w + 2 * (spread ?? 0), rect.h + 2 * (spread ?? 0), RADIUS + (spread ?? 0))
    ctx.fill()
  }
}

/** @param {Theme} theme @param {View['node']} node @param {View['type']} type @param {NodeDrawing['marks']} marks */
export function headColour(theme, node, type, marks) {
  const note = NOTE_TYPES.has(node.type)
  const head = node.color ?? (note ? NOTE_COLOUR : null)
  return heatColour(theme, marks) || (head !== null && ownColour(theme, head, note && !node.color ? 'body' : 'title')) || tint(theme, type?.category ?? 'unknown')
}

/** @param {Theme} theme @param {View['node']} node */
function bodyColour(theme, node) {
  const body = node.bgcolor ?? (NOTE_TYPES.has(node.type) ? NOTE_COLOUR : null)
  return (body !== null && ownColour(theme, body, 'body')) || theme.surface
}

/** @param {Context2D} ctx @param {Theme} theme @param {NodeDrawing} drawing */
function drawTitle(ctx, theme, drawing) {
  const { view, status, zoom } = drawing
  const { layout, node } = view
  const middle = layout.rect.y + headHeight(zoom) / 2
  const size = Math.max(13, TITLE_SIZE / zoom)
  let left = INSET
  let right = layout.width - INSET
  if (zoom >= FULL) {
    const ring = drawProgress(ctx, theme, status, left, middle)
    left += ring
    if (!ring && node.collapsed) {
      drawIcon(ctx, 'expand', left + 4, middle, 12, theme.quiet)
      left += 16
    }
    ctx.font = font(size, 600)
    if (view.type?.controls) {
      drawIcon(ctx, 'inside', right - 5, middle, 14, theme.quiet)
      right -= ENTRANCE
    }
    right -= drawStatus(ctx, theme, drawing, right, middle, right - left - measure(ctx, view.title) - 16)
  }
  ctx.font = font(size, 600)
  ctx.textAlign = 'left'
  ctx.textBaseline = 'middle'
  ctx.fillStyle = theme.text
  ctx.fillText(fitMiddle(ctx, view.title, right - left - 4), left, middle + 0.5)
}

/** @param {number} zoom */
const rowSize = (zoom) => Math.max(12, ROW_SIZE / zoom)

/** @param {Context2D} ctx @param {Theme} theme @param {NodeLayout} layout @param {number} size */
function drawLabels(ctx, theme, layout, size) {
  ctx.font = font(size)
  ctx.textBaseline = 'middle'
  ctx.fillStyle = theme.quiet
  const opposite = (/** @type {SocketPlace} */ socket) => layout.sockets.some((other) => other.side !== socket.side && other.y === socket.y && other.widget === null)
  for (const socket of layout.sockets) {
    if (socket.widget !== null) continue
    const room = (opposite(socket) ? layout.width / 2 : layout.width) - 20
    ctx.textAlign = socket.side === 'in' ? 'left' : 'right'
    ctx.fillText(fitMiddle(ctx, socket.label, room), socket.side === 'in' ? INSET : layout.width - INSET, socket.y + 0.5)
  }
}

/** Rows as bars, where their text would be too small. @param {Context2D} ctx @param {Theme} theme @param {NodeLayout} layout @param {number} top where rows begin to show */
function drawRows(ctx, theme, layout, top) {
  ctx.fillStyle = theme.field
  for (const { field } of layout.widgets) {
    if (field.y < top) continue
    ctx.fillRect(field.x, field.y + 2, field.w, field.h - 4)
  }
}

/** Can this server run it? @param {View} view */
const runs = ({ type }) => type !== undefined && !type.later

/** @param {Context2D} ctx @param {Theme} theme @param {NodeDrawing} drawing @param {boolean} line it has no border yet */
function drawBorder(ctx, theme, { view, status, selected, zoom, marks }, line) {
  const { rect } = view.layout
  if (line) {
    ctx.lineWidth = Math.max(1, 1 / zoom)
    ctx.strokeStyle = theme.line
    if (!runs(view)) ctx.setLineDash([6, 4])
    roundRect(ctx, rect.x + 0.5, rect.y + 0.5, rect.w - 1, rect.h - 1, RADIUS - 0.5)
    ctx.stroke()
    ctx.setLineDash([])
  }
  const state = ringColour(theme, status) ?? heatEdge(theme, marks)
  const thick = Math.max(2, 1.6 / zoom)
  if (state) drawRing(ctx, rect, state, thick, 0)
  if (selected) drawRing(ctx, rect, theme.select, state ? thick * 0.7 : thick, state ? thick + 1 : 0)
}

/** @param {Context2D} ctx @param {Theme} theme @param {NodeDrawing} drawing */
function drawSockets(ctx, theme, drawing) {
  const { view, zoom, linked, typeOf, fits } = drawing
  const alpha = ctx.globalAlpha
  for (const socket of view.layout.sockets) {
    const isLinked = linked(socket)
    const takes = fits?.(socket) ?? false
    if (view.layout.height === 0 && !isLinked && !takes) continue
    if (socket.widget !== null && !isLinked && !takes) continue
    if (zoom < FULL && !isLinked && !takes) continue
    const type = typeOf(socket)
    const size = socket.widget !== null ? SOCKET - 1 : SOCKET
    ctx.globalAlpha = alpha * (fits && !takes ? 0.22 : 1)
    if ((zoom < FULL || drawing.hasty) && !takes) {
      // As small as this a circle is a dot like any other.
      ctx.fillStyle = typeColour(theme, type)
      ctx.fillRect(socket.x - size + 0.5, socket.y - size + 0.5, 2 * size - 1, 2 * size - 1)
      continue
    }
    drawSocket(ctx, theme, { x: socket.x, y: socket.y, type, size, hollow: socket.optional && !isLinked, list: socket.list })
  }
  ctx.globalAlpha = alpha
}

/** @param {Context2D} ctx @param {Theme} theme @param {{x: number, y: number, type: string, size: number, hollow: boolean, list: boolean}} socket */
export function drawSocket(ctx, theme, { x, y, type, size, hollow, list }) {
  const colour = typeColour(theme, type)
  const form = socketForm(type)
  ctx.fillStyle = theme.canvas
  ctx.beginPath()
  socketPath(ctx, form, x, y, size + 2)
  ctx.fill()
  ctx.beginPath()
  socketPath(ctx, form, x, y, hollow || list ? size - 0.75 : size)
  if (hollow || list) {
    ctx.fillStyle = theme.surface
    ctx.fill()
    ctx.strokeStyle = colour
    ctx.lineWidth = 1.5
    ctx.stroke()
    if (!list) return
    ctx.beginPath()
    ctx.arc(x, y, 1.8, 0, Math.PI * 2)
  }
  ctx.fillStyle = colour
  ctx.fill()
}

/** @param {Context2D} ctx @param {Theme} theme @param {NodeDrawing} drawing */
function drawReroute(ctx, theme, drawing) {
  const { rect, sockets } = drawing.view.layout
  const out = sockets.find((socket) => socket.side === 'out')
  ctx.fillStyle = theme.surface
  roundRect(ctx, rect.x, rect.y, rect.w, rect.h, rect.h / 2)
  ctx.fill()
  ctx.strokeStyle = drawing.selected ? theme.select : theme.line
  ctx.lineWidth = drawing.selected ? 2 : 1
  ctx.stroke()
  if (out) {
    ctx.fillStyle = typeColour(theme, drawing.typeOf(out))
    roundRect(ctx, rect.x + rect.w / 2 - 6, rect.y + rect.h / 2 - 1.5, 12, 3, 1.5)
    ctx.fill()
  }
  drawSockets(ctx, theme, drawing)
}
