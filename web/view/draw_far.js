/**
 * The graph from afar: nodes as blocks with their titles, links as thin lines. Thousands are in view at once, so everything
 * is drawn in whole pixels of the screen, links of one colour in one stroke, and nothing is laid out for it.
 *
 * @typedef {import('../model/types.js').NodeRecord} NodeRecord
 * @typedef {import('./renderer.js').ViewState} ViewState
 * @typedef {import('./scene.js').Sketch} Sketch
 * @typedef {import('./theme.js').Theme} Theme
 * @typedef {CanvasRenderingContext2D} Context2D
 *
 * @typedef {object} Frame How the graph lies on the screen.
 * @property {number} scale Device pixels for one of the graph.
 * @property {number} left Where the graph's origin is, in whole device pixels.
 * @property {number} top
 * @property {number} ratio Device pixels for one of CSS.
 * @property {boolean} crowded So many links were in view when all of it was last drawn that they are drawn in a simpler way.
 */
import { reachOf } from '../geometry/bezier.js'
import { BYPASSED, MUTED } from '../model/modes.js'
import { pathOf } from './draw_links.js'
import { headColour, TITLE_SIZE } from './draw_node.js'
import { drawPictures } from './draw_picture.js'
import { heatEdge, marksOf, ringColour, statusOf } from './draw_status.js'
import { picturesOf } from './node_pictures.js'
import { RADIUS, roundRect } from './shapes.js'
import { font, titleLines } from './text.js'
import { typeColour } from './theme.js'

/** A link that is shorter than this on the screen, in device pixels, is as good as straight. */
const SHORT = 24
/** Corners smaller than this, device pixels, are not seen. */
const CORNER = 1.3
/** A title needs a block as wide as this, CSS pixels. */
const NARROW = 26
/** Of so many selected nodes the links are drawn stronger. */
const SELECTED = 200

/** @param {Context2D} ctx @param {Theme} theme @param {ViewState} view @param {readonly Sketch[]} sketches @param {Frame} frame @param {boolean} lifted */
export function drawFarLinks(ctx, theme, view, sketches, { scale, left, top, ratio, crowded }, lifted) {
  const held = view.draggedLink?.held
  const { linkShape } = view.scene
  const width = crowded ? ratio : 1.4 * ratio
  /** @type {Map<string, Sketch[]>} */
  const byType = new Map()
  for (const sketch of sketches) {
    if (held?.has(sketch.id)) continue
    const list = byType.get(sketch.type)
    if (list) list.push(sketch)
    else byType.set(sketch.type, [sketch])
  }
  ctx.lineCap = 'butt'
  ctx.globalAlpha = view.draggedLink ? 0.2 : 1
  for (const [type, list] of byType) {
    ctx.strokeStyle = typeColour(theme, type)
    ctx.lineWidth = width
    ctx.beginPath()
    for (const { simple, x1, y1, x2, y2 } of list) {
      if (!simple) continue
      const [fromX, fromY, toX, toY] = [x1 * scale + left, y1 * scale + top, x2 * scale + left, y2 * scale + top]
      ctx.moveTo(fromX, fromY)
      if (linkShape === 'elbow') {
        ctx.lineTo((fromX + toX) / 2, fromY)
        ctx.lineTo((fromX + toX) / 2, toY)
        ctx.lineTo(toX, toY)
      } else if (linkShape === 'straight' || (toX > fromX && toX - fromX + Math.abs(toY - fromY) < SHORT)) ctx.lineTo(toX, toY)
      else {
        const reach = reachOf(x1, y1, x2, y2) * scale
        ctx.bezierCurveTo(fromX + reach, fromY, toX - reach, toY, toX, toY)
      }
    }
    ctx.stroke()
  }
  ctx.setTransform(scale, 0, 0, scale, left, top)
  ctx.lineWidth = width / scale
  for (const { id, type, simple } of sketches) if (!simple && !held?.has(id)) strokeWire(ctx, theme, view, id, type)
  if (!view.draggedLink && view.selection.size <= SELECTED) {
    ctx.lineWidth = (1.6 * 1.4 * ratio) / scale
    for (const node of view.selection) {
      for (const { id } of view.graph.linksOf(node)) if (view.scene.isLifted(id) === lifted) strokeWire(ctx, theme, view, id, null)
    }
  }
  ctx.globalAlpha = 1
}

/** @param {Context2D} ctx @param {Theme} theme @param {ViewState} view @param {string} id @param {string | null} type */
function strokeWire(ctx, theme, view, id, type) {
  const wire = view.scene.wire(id)
  if (!wire) return
  ctx.strokeStyle = typeColour(theme, type ?? wire.type)
  ctx.stroke(pathOf(wire))
}

/** @param {Context2D} ctx @param {Theme} theme @param {ViewState} view @param {NodeRecord} node @param {Frame} frame */
export function drawBlock(ctx, theme, view, node, frame) {
  const box = view.scene.boxOf(node.id)
  if (!box) return
  const { scale, left, top, ratio } = frame
  const x = Math.round(box.x * scale + left)
  const y = Math.round(box.y * scale + top)
  const w = Math.max(1, Math.round((box.x + box.w) * scale + left) - x)
  const h = Math.max(1, Math.round((box.y + box.h) * scale + top) - y)
  const type = view.scene.types.of(node)
  const status = statusOf(view, node)
  const marks = view.look.heat ? marksOf(view, node, view.promptId(node), status) : undefined
  const state = ringColour(theme, status) ?? heatEdge(theme, marks) ?? (view.selection.has(node.id) ? theme.select : null)
  ctx.globalAlpha = node.mode === BYPASSED ? 0.5 : node.mode === MUTED ? 0.36 : 1
  const border = Math.round((state ? 1.75 : 1) * ratio)
  const corner = RADIUS * scale
  const body = headColour(theme, node, type, marks)
  if (ctx.globalAlpha < 1) {
    fill(ctx, body, x, y, w, h, corner)
    ctx.strokeStyle = state ?? theme.edge
    ctx.lineWidth = border
    ctx.strokeRect(x + border / 2, y + border / 2, w - border, h - border)
  } else {
    fill(ctx, state ?? theme.edge, x, y, w, h, corner)
    if (w > 2 * border && h > 2 * border) fill(ctx, body, x + border, y + border, w - 2 * border, h - 2 * border, corner - border)
  }
  const free = type?.picture || status.preview || status.images.length ? drawPicture(ctx, theme, view, node, frame, h) : h
  if (w >= NARROW * ratio) drawTitle(ctx, theme, node.title ?? type?.title ?? node.type, x, y, w, free, ratio)
  ctx.globalAlpha = 1
}

/** @param {Context2D} ctx @param {string} colour @param {number} x @param {number} y @param {number} w @param {number} h @param {number} corner */
function fill(ctx, colour, x, y, w, h, corner) {
  ctx.fillStyle = colour
  if (corner < CORNER) ctx.fillRect(x, y, w, h)
  else {
    roundRect(ctx, x, y, w, h, corner)
    ctx.fill()
  }
}

/** Returns the height over it. @param {Context2D} ctx @param {Theme} theme @param {ViewState} view @param {NodeRecord} node @param {Frame} frame @param {number} height of the block */
function drawPicture(ctx, theme, view, node, { scale, left, top }, height) {
  const { picture, rect } = view.scene.layout(node)
  const shown = picture && picturesOf(node, view.schema, statusOf(view, node))
  if (!picture || !shown || (!shown.preview && !shown.refs.length)) return height
  ctx.setTransform(scale, 0, 0, scale, left + node.pos[0] * scale, top + node.pos[1] * scale)
  drawPictures(ctx, theme, picture, shown, view.pictures, '')
  ctx.setTransform(1, 0, 0, 1, 0, 0)
  return (picture.y - rect.y) * scale
}

/** Titles broken into lines, by their words and their room. @type {Map<string, readonly string[]>} */
const broken = new Map()

/** @param {Context2D} ctx @param {Theme} theme @param {string} title @param {number} x @param {number} y @param {number} w @param {number} h @param {number} ratio */
function drawTitle(ctx, theme, title, x, y, w, h, ratio) {
  const size = TITLE_SIZE * ratio
  // One line may touch the block's edges: its letters are less tall than it.
  const most = Math.min(3, Math.floor(h / (size * 1.25))) || (h >= size * 0.8 ? 1 : 0)
  if (most < 1) return
  ctx.font = font(size, 600)
  const room = w - 5 * ratio
  const key = `${ratio} ${room} ${most} ${title}`
  let lines = broken.get(key)
  if (!lines) {
    if (broken.size > 6000) broken.clear()
    broken.set(key, (lines = titleLines(ctx, title, room, most)))
  }
  ctx.fillStyle = theme.text
  ctx.textAlign = 'center'
  ctx.textBaseline = 'middle'
  for (let index = 0; index < lines.length; index++) {
    ctx.fillText(lines[index] ?? '', x + w / 2, y + h / 2 + (index - (lines.length - 1) / 2) * size * 1.2)
  }
}
