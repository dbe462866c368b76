/**
 * The formatted text of a note. What was read and laid out is kept by text and width, so that a frame costs only its lines.
 *
 * @typedef {import('../geometry/vec.js').Point} Point
 * @typedef {import('../model/widget_values.js').Widget} Widget
 * @typedef {import('./note_blocks.js').Block} Block
 * @typedef {import('./note_lines.js').Layout} Layout
 * @typedef {import('./note_lines.js').Line} Line
 * @typedef {import('./widget_kinds.js').Drawing} Drawing
 * @typedef {import('../geometry/layout.js').WidgetPlace} WidgetPlace
 */
import { t } from '../language/t.js'
import { LETTERS, tokensOf, whenMarkdownIsRead } from './markdown.js'
import { blocksOf, linksOf } from './note_blocks.js'
import { layNote, linkAt } from './note_lines.js'
import { roundRect } from './shapes.js'
import { fitMiddle, font, measure } from './text.js'
import { withAlpha } from './theme.js'
import { drawField, PAD } from './widget_field.js'
import { TEXT } from './widget_text.js'

/** As which it is drawn while it cannot be read. @type {import('../model/widget_specs.js').TextSpec} */
const PLAIN = { kind: 'text', default: '', multiline: true, placeholder: '', dynamicPrompts: false }
/** Notes remembered. */
const KEPT = 200
/** What the part of a note is called that a link is; a number follows. */
export const LINK = 'link'
/** Links that are told apart. */
const MOST = 12
const MODIFIER = globalThis.navigator && /Mac|iPhone|iPad/u.test(navigator.platform) ? '⌘' : 'Ctrl'
/** Above the first line. */
const TOP = 4

/** @typedef {{blocks: readonly Block[], laid: Map<number, {size: number, height: number, layout: Layout}>}} Note */
/** @type {Map<string, Note>} */
const notes = new Map()
whenMarkdownIsRead(() => notes.clear())

/** Addresses that were pointed at last: a part of a widget is a word, and must tell one link from the next. @type {readonly string[]} */
let pointed = []

/** @type {import('./widget_kinds.js').WidgetKind} */
export const MARKDOWN = {
  draw(drawing) {
    const { place, widget, state } = drawing
    const note = noteOf(widget)
    if (note?.blocks.length && !state.feeder) {
      if (!state.note) drawField(drawing)
      const inner = state.note ? drawing : { ...drawing, place: { ...place, field: { ...place.field, x: place.field.x + PAD, w: place.field.w - 2 * PAD } } }
      if (!state.edited) drawNote(inner, layoutOf(inner, note))
    } else TEXT.draw({ ...drawing, place: { ...place, wide: true }, widget: { ...widget, spec: { ...PLAIN, placeholder: widget.spec.kind === 'markdown' ? widget.spec.placeholder : '' } } })
  },
  bare: true,
  partAt: (place, widget, point) => {
    const href = noteLinkAt(place, widget, point)
    if (!href) return 'value'
    if (!pointed.includes(href)) pointed = [...pointed.slice(1 - MOST), href]
    return `${LINK}${pointed.indexOf(href)}`
  },
  hover({ ctx, theme, place: { field } }, part) {
    const href = part.startsWith(LINK) ? pointed[Number(part.slice(LINK.length))] : undefined
    if (!href) return
    ctx.font = font(12)
    ctx.textAlign = 'left'
    ctx.textBaseline = 'middle'
    const text = fitMiddle(ctx, t('{key}+click opens {address}', { key: MODIFIER, address: href }), Math.max(field.w - 16, 60))
    const [w, h] = [measure(ctx, text) + 16, 24]
    ctx.fillStyle = theme.overlay
    roundRect(ctx, field.x, field.y + field.h - h, w, h, 5)
    ctx.fill()
    ctx.strokeStyle = theme.edge
    ctx.lineWidth = 1
    ctx.stroke()
    ctx.fillStyle = theme.text
    ctx.fillText(text, field.x + 8, field.y + field.h - h / 2 + 0.5)
  },
  cursors: { value: 'text', ...Object.fromEntries(Array.from({ length: MOST }, (_, index) => [`${LINK}${index}`, 'pointer'])) }
}

/** The address under a point of a note, as it was last drawn. @param {WidgetPlace} place @param {Widget} widget @param {Point} point in the node's own pixels @returns {string | null} */
export function noteLinkAt({ field }, { value }, point) {
  const note = notes.get(textOf(value))
  for (const pad of [0, PAD]) { // on a note, and in the field of another node
    const laid = note?.laid.get(field.w - 2 * pad)
    if (laid) return linkAt(laid.layout, { x: point.x - field.x - pad, y: point.y - field.y - TOP })
  }
  return null
}

/** Where a note leads to. @param {Widget} widget */
export const noteLinks = (widget) => linksOf(noteOf(widget)?.blocks ?? [])

/** @param {unknown} value */
function textOf(value) {
  const text = typeof value === 'string' ? value : String(value ?? '')
  return text.length > LETTERS ? text.slice(0, LETTERS) : text
}

/** @param {Widget} widget @returns {Note | null} null while it cannot be read */
function noteOf({ value }) {
  const text = textOf(value)
  const known = notes.get(text)
  if (known) return known
  const tokens = text.trim() ? tokensOf(text) : []
  if (!tokens) return null
  const note = { blocks: blocksOf(tokens), laid: new Map() }
  if (notes.size > KEPT) notes.clear()
  notes.set(text, note)
  return note
}

/** @param {Drawing} drawing @param {Note} note @returns {Layout} */
function layoutOf({ ctx, place: { field }, state: { size } }, note) {
  const known = note.laid.get(field.w)
  if (known && known.size === size && known.height === field.h) return known.layout
  if (note.laid.size > 8) note.laid.clear()
  const layout = layNote(ctx, note.blocks, { w: field.w, h: field.h - TOP * 2 }, size)
  note.laid.set(field.w, { size, height: field.h, layout })
  return layout
}

/** @param {Drawing} drawing @param {Layout} layout */
function drawNote(drawing, { lines, whole }) {
  const { ctx, theme, place: { field }, state: { size } } = drawing
  ctx.textAlign = 'left'
  ctx.textBaseline = 'middle'
  for (const line of lines) drawLine(drawing, line)
  if (whole) return
  ctx.font = font(size, 600)
  ctx.fillStyle = theme.quiet
  ctx.textAlign = 'right'
  ctx.fillText('…', field.x + field.w, field.y + field.h - 6)
  ctx.textAlign = 'left'
}

/** @param {Drawing} drawing @param {Line} line */
function drawLine({ ctx, theme, place: { field }, state: { size } }, line) {
  const { block, h, pieces } = line
  const unit = size / 12
  const [left, top] = [field.x + line.x, field.y + TOP + line.y]
  const middle = top + h / 2
  for (let quote = 0; quote < block.quote; quote++) {
    ctx.fillStyle = withAlpha(theme.quiet, 0.6)
    ctx.fillRect(field.x + (block.indent * 18 + quote * 12 + 1) * unit, top, 2 * unit, h)
  }
  if (block.kind === 'rule') {
    ctx.fillStyle = withAlpha(theme.quiet, 0.5)
    ctx.fillRect(left, middle, line.w, unit)
    return
  }
  if (block.kind === 'code') {
    ctx.fillStyle = withAlpha(theme.text, 0.08)
    ctx.fillRect(left - 6 * unit, top, line.w + 12 * unit, h)
  }
  if (line.first && block.marker) {
    ctx.font = font(size + 0.5)
    ctx.fillStyle = theme.quiet
    ctx.textAlign = 'right'
    ctx.fillText(block.marker, left - 5 * unit, middle + 1)
    ctx.textAlign = 'left'
  }
  for (const piece of pieces) {
    const x = left + piece.x
    if (piece.code && block.kind !== 'code') {
      ctx.fillStyle = withAlpha(theme.text, 0.1)
      roundRect(ctx, x - 2, middle - 8 * unit, piece.w + 4, 16 * unit, 3)
      ctx.fill()
    }
    ctx.font = piece.font
    ctx.fillStyle = piece.href ? theme.accentText : block.quote ? theme.quiet : theme.text
    ctx.fillText(piece.text, x, middle + 1)
    const wide = ctx.measureText(piece.text.trimEnd()).width
    if (piece.href) ctx.fillRect(x, middle + 7.5 * unit, wide, Math.max(unit, 0.75))
    if (piece.strike) ctx.fillRect(x, middle + unit, wide, Math.max(unit, 0.75))
  }
  if (block.kind === 'row' && block.depth) {
    ctx.fillStyle = withAlpha(theme.quiet, 0.5)
    ctx.fillRect(left, top + h - unit, line.w, unit)
  }
}
