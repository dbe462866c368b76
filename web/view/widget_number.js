/** A number: dragged across, stepped at its ends, with a bar behind it where it is a slider. */
import { clamp } from '../geometry/vec.js'
import { fitNumber } from '../model/numbers.js'
import { afterNumber } from '../model/units.js'
import { formatNumber } from '../model/words.js'
import { drawIcon, roundRect } from './shapes.js'
import { font, measure } from './text.js'
import { withAlpha } from './theme.js'
import { CORNER, drawRight, PAD, wrongText } from './widget_field.js'

/** Room of a step's arrow at each end. */
const ARROW = 18
/** CSS pixels of drag for one step. */
const STEP = 6
/** Steps of Ctrl, and parts of a step with Shift. */
const COARSE = 10

/** @typedef {import('../model/widget_specs.js').NumberSpec} NumberSpec */

/** @type {import('./widget_kinds.js').WidgetKind} */
export const NUMBER = {
  draw(drawing) {
    const { ctx, theme, place, widget: { spec, value, expression }, state } = drawing
    if (spec.kind !== 'number') return
    if (spec.display === 'slider') drawShare(drawing)
    let right = place.button ? 2 : PAD
    if (expression) drawMark(drawing)
    if (typeof value !== 'number') return drawRight(drawing, wrongText(value), { right, colour: theme.warning })
    ctx.font = font(state.size)
    const unit = afterNumber(spec.unit)
    const reuse = canReuse(drawing.widget, state.last)
    const room = place.field.w - right - PAD - (expression || reuse ? ARROW - PAD : 0)
    const grouped = formatNumber(value, spec.digits)
    const bare = grouped.replaceAll('\u2009', '')
    // Sixteen digits are read, and the arrow under them is there for the pointer.
    if (reuse && measure(ctx, bare) <= room) drawIcon(ctx, 'again', place.field.x + ARROW / 2 + 1, place.field.y + place.field.h / 2, 12, theme.quiet)
    // Sixteen digits of a seed need the room that their gaps take, a large number that of its unit.
    if (unit && measure(ctx, grouped + unit) <= room) {
      drawRight(drawing, unit, { right, colour: theme.quiet })
      right += measure(ctx, unit)
    }
    drawRight(drawing, measure(ctx, grouped) > room ? bare : grouped, { right, ...(state.wrong && { colour: theme.warning }) })
  },

  hover({ ctx, theme, place: { field }, widget: { expression } }, part) {
    if (part === 'last') {
      ctx.fillStyle = theme.fieldActive
      roundRect(ctx, field.x + 1, field.y + 1, ARROW, field.h - 2, 4)
      ctx.fill()
      drawIcon(ctx, 'again', field.x + ARROW / 2 + 1, field.y + field.h / 2, 12, theme.text)
    }
    if (field.w <= 3 * ARROW || expression || part === 'last') return
    ctx.font = font(13, 600)
    ctx.textBaseline = 'middle'
    ctx.textAlign = 'center'
    ctx.fillStyle = part === 'less' ? theme.text : theme.quiet
    ctx.fillText('‹', field.x + 9, field.y + field.h / 2)
    if (part !== 'more') return
    ctx.fillStyle = theme.fieldActive
    roundRect(ctx, field.x + field.w - 17, field.y + 1, 16, field.h - 2, 4)
    ctx.fill()
    ctx.fillStyle = theme.text
    ctx.fillText('›', field.x + field.w - 9, field.y + field.h / 2)
  },

  partAt({ field }, widget, { x }, last) {
    const { expression } = widget
    if (canReuse(widget, last) && x < field.x + ARROW) return 'last'
    if (field.w <= 3 * ARROW || expression) return 'value'
    return x < field.x + ARROW ? 'less' : x > field.x + field.w - ARROW ? 'more' : 'value'
  },

  cursors: { value: 'ew-resize' },

  click: (widget, part, keys) => (part === 'less' || part === 'more' ? NUMBER.step?.(widget, part === 'less' ? -1 : 1, keys) : undefined),

  step({ spec, value, expression }, steps, { shift, ctrl }) {
    if (spec.kind !== 'number' || expression) return undefined
    const first = typeof value === 'number' ? value : spec.default
    return fitNumber(spec, first + steps * spec.step * (ctrl ? COARSE : shift && !spec.integer ? 1 / COARSE : 1))
  },

  drag({ field }, { spec, value, expression }, _part, from) {
    if (spec.kind !== 'number' || expression) return null
    const first = typeof value === 'number' ? value : spec.default
    if (spec.display === 'slider' && spec.max > spec.min) {
      const begun = shareOf(spec, first)
      return ({ point, shift, ctrl }) => {
        const share = clamp(begun + ((point.x - from.x) / field.w) * (shift ? 1 / COARSE : 1), 0, 1)
        return fitNumber(spec, atShare(spec, ctrl ? Math.round(share * COARSE) / COARSE : share))
      }
    }
    return ({ by, shift, ctrl }) => {
      const next = first + (by.x / STEP) * spec.step * (shift ? 1 / COARSE : ctrl ? COARSE : 1)
      const grid = shift ? spec.step / COARSE : spec.step
      return fitNumber(spec, first + Math.round((next - first) / grid) * grid)
    }
  }
}

/** A seed that is another one now than the last run used. @param {import('../model/widget_values.js').Widget} widget @param {unknown} last */
const canReuse = ({ control, value, expression }, last) => control !== null && !expression && last !== undefined && last !== value

/** How far along its range a value is; by powers on a logarithmic slider. @param {NumberSpec} spec @param {number} value */
function shareOf({ min, max, log }, value) {
  const kept = clamp(value, min, max)
  return log ? Math.log(kept / min) / Math.log(max / min) : (kept - min) / (max - min)
}

/** @param {NumberSpec} spec @param {number} share */
const atShare = ({ min, max, log }, share) => (log ? min * (max / min) ** share : min + share * (max - min))

/** @param {import('./widget_kinds.js').Drawing} drawing */
function drawShare({ ctx, theme, place: { field }, widget: { spec, value } }) {
  if (spec.kind !== 'number' || typeof value !== 'number' || !(spec.max > spec.min)) return
  ctx.save()
  roundRect(ctx, field.x, field.y, field.w, field.h, CORNER)
  ctx.clip()
  ctx.fillStyle = withAlpha(theme.accent, 0.22)
  ctx.fillRect(field.x, field.y, field.w * shareOf(spec, value), field.h)
  ctx.restore()
}

/** An expression stands behind the value. @param {import('./widget_kinds.js').Drawing} drawing */
function drawMark({ ctx, theme, place: { field }, state }) {
  ctx.font = `italic ${font(state.size)}`
  ctx.textAlign = 'left'
  ctx.textBaseline = 'middle'
  ctx.fillStyle = state.wrong ? theme.warning : theme.accentText
  ctx.fillText('ƒ', field.x + PAD, field.y + field.h / 2 + 0.5)
}
