/**
 * A difference between two versions, drawn over the newer one: what came, what went (as it was), what changed and from
 * where it moved. A sign says each, colour only helps: plus, minus, a stroke for a change, an arrow for a move.
 *
 * @typedef {import('../geometry/rect.js').Rect} Rect
 * @typedef {import('../model/diff_steps.js').DiffStep} DiffStep
 * @typedef {import('../model/types.js').LinkRecord} LinkRecord
 * @typedef {import('./renderer.js').ViewState} ViewState
 * @typedef {import('./theme.js').Theme} Theme
 * @typedef {CanvasRenderingContext2D} Context2D
 *
 * @typedef {object} DiffPicture
 * @property {readonly DiffStep[]} steps Those of the graph on the canvas.
 * @property {ViewState | null} old The same graph as it was.
 * @property {DiffStep | null} current
 * @property {ReadonlySet<import('../model/types.js').RecordId>} addedLinks
 * @property {ReadonlySet<import('../model/types.js').RecordId>} removedLinks In `old`.
 */
import { bounds, grow, intersects } from '../geometry/rect.js'
import { nodeWords } from '../model/graph_diff_words.js'
import { BLOCKS } from './draw_node.js'
import { pathOf } from './draw_links.js'
import { drawNodeOf } from './draw_scene.js'
import { oklch } from './oklch.js'
import { RADIUS, roundRect } from './shapes.js'
import { font, measure, wrap } from './text.js'
import { withAlpha } from './theme.js'

/** Below this zoom the values that changed are listed only where one is. */
const LISTED = 0.5
const MOST_LINES = 5
const CARD = 260
const GREEN = 150

/** @param {Theme} theme @param {DiffStep['kind']} kind */
function diffColour(theme, kind) {
  if (kind === 'removed') return theme.error
  if (kind === 'changed') return theme.warning
  return kind === 'added' ? oklch(theme.typeLightness, theme.typeChroma, GREEN) : theme.edge
}

/** @param {Context2D} ctx in canvas pixels @param {Theme} theme @param {ViewState} view @param {DiffPicture} picture */
export function drawDiff(ctx, theme, view, picture) {
  const seen = grow(viewOf(ctx), 40)
  const { old } = picture
  const unit = 1 / view.camera.zoom
  for (const step of picture.steps) {
    const { group } = step
    if (group && step.kind === 'removed' && intersects(boxOf(group.bounds), seen)) dashed(ctx, boxOf(group.bounds), diffColour(theme, 'removed'), unit)
  }
  if (old) {
    for (const wire of old.scene.wiresIn(seen)) if (picture.removedLinks.has(wire.link.id)) strokeWire(ctx, wire, diffColour(theme, 'removed'), unit, true, theme)
  }
  for (const wire of view.scene.wiresIn(seen)) if (picture.addedLinks.has(wire.link.id)) strokeWire(ctx, wire, diffColour(theme, 'added'), unit, false, theme)
  for (const step of picture.steps) drawStep(ctx, theme, view, picture, step, seen, unit)
}

/** What of the canvas is on the screen. @param {Context2D} ctx @returns {Rect} */
function viewOf(ctx) {
  const { a, e, f } = ctx.getTransform()
  return { x: -e / a, y: -f / a, w: ctx.canvas.width / a, h: ctx.canvas.height / a }
}

/** @param {readonly [number, number, number, number]} bounds @returns {Rect} */
const boxOf = ([x, y, w, h]) => ({ x, y, w, h })

/** @param {Context2D} ctx @param {Theme} theme @param {ViewState} view @param {DiffPicture} picture @param {DiffStep} step @param {Rect} seen @param {number} unit one pixel of the screen */
function drawStep(ctx, theme, view, { old, current }, step, seen, unit) {
  const { kind, node, change, group, groupChange } = step
  const colour = diffColour(theme, kind)
  const strong = current === step
  if (node && kind === 'removed') {
    const rect = old?.scene.rect(node)
    if (!old || !rect || !intersects(rect, seen)) return
    ctx.save()
    ctx.globalAlpha = 0.45
    if (view.camera.zoom < BLOCKS) {
      ctx.fillStyle = theme.surface
      ctx.fillRect(rect.x, rect.y, rect.w, rect.h)
    } else drawNodeOf(ctx, theme, { ...old, camera: view.camera }, node, false)
    ctx.restore()
    dashed(ctx, rect, colour, unit, strong)
    sign(ctx, theme, rect, kind, unit)
  } else if (node) {
    const now = view.store.node(node.id)
    const rect = now && view.scene.rect(now)
    if (rect && intersects(rect, seen)) mark(ctx, theme, rect, kind, unit, strong)
  } else if (change) drawChange(ctx, theme, view, old, step, seen, unit, strong)
  else if (group && kind === 'added') mark(ctx, theme, boxOf(group.bounds), kind, unit, strong)
  else if (group) sign(ctx, theme, boxOf(group.bounds), kind, unit)
  else if (groupChange) {
    if (kind === 'moved') dashed(ctx, boxOf(groupChange.before.bounds), colour, unit)
    mark(ctx, theme, boxOf(groupChange.after.bounds), kind, unit, strong)
  }
}

/** @param {Context2D} ctx @param {Theme} theme @param {ViewState} view @param {ViewState | null} old @param {DiffStep} step @param {Rect} seen @param {number} unit @param {boolean} strong */
function drawChange(ctx, theme, view, old, { kind, change }, seen, unit, strong) {
  const now = change && view.store.node(change.after.id)
  if (!change || !now) return
  const rect = view.scene.rect(now)
  const was = change.moved && old ? old.scene.rect(change.before) : null
  if (!intersects(bounds(was ? [rect, was] : [rect]) ?? rect, seen)) return
  if (was) {
    dashed(ctx, was, theme.edge, unit)
    arrow(ctx, was, rect, theme.edge, unit)
  }
  if (kind === 'moved' && !strong) {
    sign(ctx, theme, rect, kind, unit)
    return
  }
  mark(ctx, theme, rect, kind, unit, strong)
  const words = nodeWords(change)
  if (words.length && (strong || view.camera.zoom >= LISTED)) card(ctx, theme, rect, words, unit)
}

/** A ring round what is there, and its sign. @param {Context2D} ctx @param {Theme} theme @param {Rect} rect @param {DiffStep['kind']} kind @param {number} unit @param {boolean} strong */
function mark(ctx, theme, rect, kind, unit, strong) {
  const gap = 3 * Math.max(unit, 1)
  ctx.strokeStyle = diffColour(theme, kind)
  ctx.lineWidth = (strong ? 4 : 2) * unit
  roundRect(ctx, rect.x - gap, rect.y - gap, rect.w + 2 * gap, rect.h + 2 * gap, RADIUS + gap)
  ctx.stroke()
  sign(ctx, theme, rect, kind, unit)
}

/** @param {Context2D} ctx @param {Rect} rect @param {string} colour @param {number} unit @param {boolean} [strong] */
function dashed(ctx, rect, colour, unit, strong = false) {
  ctx.save()
  ctx.strokeStyle = colour
  ctx.lineWidth = (strong ? 3.5 : 1.5) * unit
  ctx.setLineDash([6 * unit, 4 * unit])
  roundRect(ctx, rect.x, rect.y, rect.w, rect.h, RADIUS)
  ctx.stroke()
  ctx.restore()
}

/** From where it was to where it is. @param {Context2D} ctx @param {Rect} from @param {Rect} to @param {string} colour @param {number} unit */
function arrow(ctx, from, to, colour, unit) {
  const [a, b] = [{ x: from.x + from.w / 2, y: from.y + from.h / 2 }, { x: to.x + to.w / 2, y: to.y + to.h / 2 }]
  const length = Math.hypot(b.x - a.x, b.y - a.y)
  if (length < 24 * unit) return
  const [x, y] = [(b.x - a.x) / length, (b.y - a.y) / length]
  const head = 8 * unit
  ctx.save()
  ctx.strokeStyle = colour
  ctx.lineWidth = 1.5 * unit
  ctx.setLineDash([2 * unit, 4 * unit])
  ctx.beginPath()
  ctx.moveTo(a.x, a.y)
  ctx.lineTo(b.x, b.y)
  ctx.stroke()
  ctx.setLineDash([])
  ctx.beginPath()
  ctx.moveTo(b.x - x * head - y * head * 0.6, b.y - y * head + x * head * 0.6)
  ctx.lineTo(b.x, b.y)
  ctx.lineTo(b.x - x * head + y * head * 0.6, b.y - y * head - x * head * 0.6)
  ctx.stroke()
  ctx.restore()
}

/** @param {Context2D} ctx @param {import('./wires.js').Wire} wire @param {string} colour @param {number} unit @param {boolean} gone @param {Theme} theme */
function strokeWire(ctx, wire, colour, unit, gone, theme) {
  ctx.save()
  ctx.lineCap = 'round'
  ctx.strokeStyle = colour
  ctx.lineWidth = Math.max(gone ? 2 : 4, (gone ? 1.5 : 2.5) * unit)
  if (gone) ctx.setLineDash([7 * unit, 6 * unit])
  ctx.stroke(pathOf(wire))
  ctx.restore()
  const curve = wire.curves[Math.floor(wire.curves.length / 2)]
  if (curve) badge(ctx, theme, (curve.a.x + 3 * curve.b.x + 3 * curve.c.x + curve.d.x) / 8, (curve.a.y + 3 * curve.b.y + 3 * curve.c.y + curve.d.y) / 8, gone ? 'removed' : 'added', unit * 0.75)
}

/** At the upper left corner. @param {Context2D} ctx @param {Theme} theme @param {Rect} rect @param {DiffStep['kind']} kind @param {number} unit */
const sign = (ctx, theme, rect, kind, unit) => badge(ctx, theme, rect.x, rect.y, kind, unit)

/** @param {Context2D} ctx @param {Theme} theme @param {number} x @param {number} y @param {DiffStep['kind']} kind @param {number} unit */
function badge(ctx, theme, x, y, kind, unit) {
  ctx.save()
  ctx.translate(x, y)
  ctx.scale(unit, unit)
  ctx.beginPath()
  ctx.arc(0, 0, 10, 0, Math.PI * 2)
  ctx.fillStyle = theme.overlay
  ctx.fill()
  ctx.strokeStyle = diffColour(theme, kind)
  ctx.lineWidth = 2
  ctx.stroke()
  ctx.strokeStyle = theme.text
  ctx.lineCap = 'round'
  ctx.lineJoin = 'round'
  ctx.beginPath()
  if (kind === 'moved') {
    for (const [fromX, fromY, toX, toY] of [[-5, 0, 5, 0], [2, -3, 5, 0], [2, 3, 5, 0]]) {
      ctx.moveTo(fromX ?? 0, fromY ?? 0)
      ctx.lineTo(toX ?? 0, toY ?? 0)
    }
  } else if (kind === 'changed') {
    ctx.moveTo(-4, 4)
    ctx.lineTo(-4, 1.5)
    ctx.lineTo(2, -4.5)
    ctx.lineTo(4.5, -2)
    ctx.lineTo(-1.5, 4)
    ctx.closePath()
  } else {
    ctx.moveTo(-4.5, 0)
    ctx.lineTo(4.5, 0)
    if (kind === 'added') {
      ctx.moveTo(0, -4.5)
      ctx.lineTo(0, 4.5)
    }
  }
  ctx.stroke()
  ctx.restore()
}

/** What changed, old and new, under the node. @param {Context2D} ctx @param {Theme} theme @param {Rect} rect @param {readonly string[]} words @param {number} unit */
function card(ctx, theme, rect, words, unit) {
  ctx.save()
  ctx.translate(rect.x, rect.y + rect.h + 8 * unit)
  ctx.scale(unit, unit)
  ctx.font = font(12)
  const lines = words.flatMap((word) => [...wrap(ctx, word, CARD - 16, 2)]).slice(0, MOST_LINES + 1)
  if (lines.length > MOST_LINES) lines.splice(MOST_LINES, 1, '…')
  const width = Math.min(CARD, Math.max(...lines.map((line) => measure(ctx, line))) + 16)
  const height = lines.length * 17 + 10
  ctx.fillStyle = theme.overlay
  roundRect(ctx, 0, 0, width, height, 6)
  ctx.fill()
  ctx.strokeStyle = withAlpha(theme.warning, 0.7)
  ctx.lineWidth = 1
  ctx.stroke()
  ctx.fillStyle = theme.text
  ctx.textAlign = 'left'
  ctx.textBaseline = 'middle'
  lines.forEach((line, index) => ctx.fillText(line, 8, 5 + 17 * index + 9))
  ctx.restore()
}
