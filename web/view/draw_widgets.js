/**
 * A node's widgets: label left, value right, as they look while nothing is edited.
 *
 * @typedef {import('../geometry/layout.js').WidgetPlace} WidgetPlace
 * @typedef {import('../model/widget_values.js').Widget} Widget
 * @typedef {import('./theme.js').Theme} Theme
 * @typedef {CanvasRenderingContext2D} Context2D
 *
 * @typedef {object} WidgetState
 * @property {boolean} linked Its value comes by a link.
 * @property {boolean} edited HTML lies over it.
 * @property {boolean} note It is the text of a note: without a box.
 * @property {number} size Of its letters, canvas pixels: 12, or more where the view is far.
 */
import { formatNumber } from '../model/words.js'
import { INSET } from '../geometry/layout.js'
import { drawIcon, roundRect } from './shapes.js'
import { fitFileName, fitMiddle, font, measure, weightRuns, wrap } from './text.js'
import { withAlpha } from './theme.js'

const PAD = 8
const LINE = 18
const CORNER = 5

/** @param {Context2D} ctx @param {Theme} theme @param {WidgetPlace} place @param {Widget} widget @param {WidgetState} state */
export function drawWidget(ctx, theme, place, widget, state) {
  if (place.multiline) {
    drawText(ctx, theme, place, widget, state)
    return
  }
  const middle = place.rect.y + place.rect.h / 2
  const { field } = place
  ctx.textBaseline = 'middle'
  if (place.label) {
    ctx.font = font(state.size)
    ctx.fillStyle = theme.quiet
    ctx.textAlign = 'left'
    ctx.fillText(fitMiddle(ctx, place.label, field.x - INSET - 6), INSET, middle + 0.5)
  }
  if (state.edited) return
  const wide = place.button ? field.w + place.button.w : field.w
  if (widget.spec.kind === 'toggle') {
    drawToggle(ctx, theme, field.x + field.w, middle, widget.value === true, state.linked)
    ctx.font = font(state.size)
    ctx.textAlign = 'right'
    ctx.fillStyle = theme.quiet
    const word = state.linked ? 'linked' : widget.value === true ? widget.spec.on : widget.spec.off
    ctx.fillText(fitMiddle(ctx, word, field.w - 40), field.x + field.w - 36, middle + 0.5)
    return
  }
  if (state.linked) {
    ctx.font = font(state.size)
    ctx.textAlign = 'right'
    ctx.fillStyle = theme.quiet
    ctx.fillText('linked', field.x + wide - PAD, middle + 0.5)
    return
  }
  ctx.fillStyle = theme.field
  roundRect(ctx, field.x, field.y, wide, field.h, CORNER)
  ctx.fill()
  if (widget.spec.kind === 'number' && widget.spec.display === 'slider') drawShare(ctx, theme, place, widget)
  drawValue(ctx, theme, place, widget, middle, state.size)
  if (!place.button) return
  const icon = place.upload ? 'upload' : (widget.control ?? 'fixed')
  drawIcon(ctx, icon, place.button.x + place.button.w / 2, middle, 13, theme.quiet)
}

/** @param {Context2D} ctx @param {Theme} theme @param {WidgetPlace} place @param {Widget} widget @param {number} middle @param {number} size */
function drawValue(ctx, theme, place, widget, middle, size) {
  const { field } = place
  const { spec, value } = widget
  ctx.font = font(size)
  ctx.fillStyle = theme.text
  if (spec.kind === 'number') {
    const right = field.x + field.w - (place.button ? 2 : PAD)
    ctx.textAlign = 'right'
    const unit = (place.name === 'width' || place.name === 'height') && spec.integer ? ' px' : ''
    if (typeof value === 'number') {
      const room = right - field.x - PAD
      const grouped = formatNumber(value, spec.digits) + unit
      // Sixteen digits of a seed need the room that their gaps take.
      const text = measure(ctx, grouped) > room ? grouped.replaceAll('\u2009', '') : grouped
      ctx.fillText(fitMiddle(ctx, text, room), right, middle + 0.5)
    } else drawWrong(ctx, theme, value, right, middle, field.w - PAD * 2)
    return
  }
  if (spec.kind === 'combo') {
    const right = field.x + field.w - (place.button ? 2 : PAD + 12)
    const missing = spec.options.length > 0 && !spec.multiple && !spec.remote && !spec.options.includes(value)
    ctx.textAlign = 'right'
    if (missing) ctx.fillStyle = theme.warning
    ctx.fillText(fitFileName(ctx, Array.isArray(value) ? value.join(', ') : String(value), right - field.x - PAD), right, middle + 0.5)
    if (!place.button) drawIcon(ctx, 'chevron', field.x + field.w - PAD - 3, middle, 11, theme.quiet)
    return
  }
  ctx.textAlign = 'left'
  const text = String(value ?? '')
  const placeholder = spec.kind === 'text' ? spec.placeholder : ''
  if (!text) ctx.fillStyle = theme.quiet
  ctx.fillText(fitMiddle(ctx, (text || placeholder).replaceAll('\n', ' '), field.w - PAD * 2), field.x + PAD, middle + 0.5)
}

/** A value of another kind than the widget's is shown as it is. @param {Context2D} ctx @param {Theme} theme @param {unknown} value @param {number} right @param {number} middle @param {number} room */
function drawWrong(ctx, theme, value, right, middle, room) {
  ctx.fillStyle = theme.warning
  ctx.fillText(fitMiddle(ctx, typeof value === 'string' ? value : JSON.stringify(value) ?? '', room), right, middle + 0.5)
}

/** How far along its range a slider is. @param {Context2D} ctx @param {Theme} theme @param {WidgetPlace} place @param {Widget} widget */
function drawShare(ctx, theme, { field }, { spec, value }) {
  if (spec.kind !== 'number' || typeof value !== 'number' || !(spec.max > spec.min)) return
  const share = Math.min(Math.max((value - spec.min) / (spec.max - spec.min), 0), 1)
  ctx.save()
  roundRect(ctx, field.x, field.y, field.w, field.h, CORNER)
  ctx.clip()
  ctx.fillStyle = withAlpha(theme.accent, 0.22)
  ctx.fillRect(field.x, field.y, field.w * share, field.h)
  ctx.restore()
}

/** @param {Context2D} ctx @param {Theme} theme @param {number} right @param {number} middle @param {boolean} on @param {boolean} faint */
function drawToggle(ctx, theme, right, middle, on, faint) {
  const [w, h] = [28, 16]
  ctx.globalAlpha *= faint ? 0.4 : 1
  ctx.fillStyle = on ? theme.accent : theme.hover
  roundRect(ctx, right - w, middle - h / 2, w, h, h / 2)
  ctx.fill()
  ctx.fillStyle = on ? theme.onAccent : theme.quiet
  ctx.beginPath()
  ctx.arc(on ? right - h / 2 : right - w + h / 2, middle, h / 2 - 3, 0, Math.PI * 2)
  ctx.fill()
  ctx.globalAlpha /= faint ? 0.4 : 1
}

/** @param {Context2D} ctx @param {Theme} theme @param {WidgetPlace} place @param {Widget} widget @param {WidgetState} state */
function drawText(ctx, theme, { field, label, name }, { value, spec }, { linked, edited, note, size }) {
  if (!note) {
    ctx.fillStyle = theme.field
    roundRect(ctx, field.x, field.y, field.w, field.h, CORNER + 1)
    ctx.fill()
  }
  if (edited) return
  const pad = note ? 0 : PAD
  const room = field.w - pad * 2
  const line = (LINE * size) / 12
  const most = Math.max(1, Math.floor((field.h - 8) / line))
  const text = linked ? '' : String(value ?? '')
  ctx.font = font(size + 0.5)
  ctx.textAlign = 'left'
  ctx.textBaseline = 'middle'
  let y = field.y + 4 + line / 2
  if (!text) {
    ctx.fillStyle = theme.quiet
    const hint = linked ? `${label || name}: linked` : (spec.kind === 'text' && spec.placeholder) || label || name
    ctx.fillText(fitMiddle(ctx, hint, room), field.x + pad, y + 1)
    return
  }
  const lines = wrap(ctx, text, room, most)
  for (const runs of note ? lines.map((line) => [{ text: line, weight: false }]) : weightRuns(lines)) {
    let x = field.x + pad
    for (const { text: piece, weight } of runs) {
      ctx.fillStyle = weight ? theme.accentText : theme.text
      ctx.fillText(piece, x, y + 1)
      x += measure(ctx, piece)
    }
    y += line
  }
}
