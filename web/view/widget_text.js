/** Words: one line in a field, or as many as the node has room for. */
import { marksOf, marksOfLines } from '../model/prompt_marks.js'
import { fitMiddle, font, measure, wrap } from './text.js'
import { drawFeeder, drawField, PAD } from './widget_field.js'

const LINE = 18

/** @type {import('./widget_kinds.js').WidgetKind} */
export const TEXT = {
  draw(drawing) {
    if (drawing.place.wide) drawLines(drawing)
    else drawLine(drawing)
  },
  bare: true,
  cursors: { value: 'text' }
}

/** @param {import('./widget_kinds.js').Drawing} drawing */
function drawLine(drawing) {
  const { ctx, theme, place: { field }, widget: { spec, value }, state } = drawing
  if (state.feeder) return drawFeeder(drawing)
  drawField(drawing)
  const text = String(value ?? '')
  ctx.font = font(state.size)
  ctx.textAlign = 'left'
  ctx.fillStyle = text ? theme.text : theme.quiet
  const shown = text || (spec.kind === 'text' ? spec.placeholder : '')
  ctx.fillText(fitMiddle(ctx, shown.slice(0, 500).replaceAll('\n', ' '), field.w - PAD * 2), field.x + PAD, field.y + field.h / 2 + 0.5)
}

/** @param {import('./widget_kinds.js').Drawing} drawing */
function drawLines(drawing) {
  const { ctx, theme, place: { field, label, name }, widget: { value, spec }, state: { feeder, edited, note, size } } = drawing
  if (!note) drawField(drawing)
  if (edited) return
  const pad = note ? 0 : PAD
  const room = field.w - pad * 2
  const line = (LINE * size) / 12
  const most = Math.max(1, Math.floor((field.h - 8) / line))
  const text = feeder ? '' : String(value ?? '')
  ctx.font = font(size + 0.5)
  ctx.textAlign = 'left'
  ctx.textBaseline = 'middle'
  let y = field.y + 4 + line / 2
  if (!text) {
    ctx.fillStyle = theme.quiet
    const hint = feeder ? `${label || name} ← ${feeder}` : (spec.kind === 'text' && spec.placeholder) || label || name
    ctx.fillText(fitMiddle(ctx, hint, room), field.x + pad, y + 1)
    return
  }
  const lines = wrap(ctx, text, room, most)
  for (const runs of note ? lines.map((each) => [{ text: each, mark: /** @type {const} */ ('plain') }]) : marked(text, lines)) {
    let x = field.x + pad
    for (const { text: piece, mark } of runs) {
      ctx.fillStyle = colourOf(theme, mark)
      ctx.fillText(piece, x, y + 1)
      const width = measure(ctx, piece)
      if (mark === 'wrong') ctx.fillRect(x - 0.5, y + line / 2 - 2, width + 1, 1.5)
      x += width
    }
    y += line
  }
}

/** @type {WeakMap<readonly string[], ReturnType<typeof marksOfLines>>} */
const kept = new WeakMap()

/** @param {string} text @param {readonly string[]} lines */
function marked(text, lines) {
  let known = kept.get(lines)
  if (!known) kept.set(lines, (known = marksOfLines(text, lines, marksOf(text))))
  return known
}

/** @param {import('./theme.js').Theme} theme @param {import('../model/prompt_marks.js').Mark} mark */
function colourOf(theme, mark) {
  return { plain: theme.text, weight: theme.accentText, choice: theme.markChoice, name: theme.markName, comment: theme.quiet, wrong: theme.error }[mark]
}
