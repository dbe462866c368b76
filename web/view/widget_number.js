/** A number: dragged across, stepped at its ends, with a bar behind it where it is a slider. */
import { clamp } from '../geometry/vec.js'
import { fitNumber } from '../model/numbers.js'
import { formatNumber } from '../model/words.js'
import { roundRect } from './shapes.js'
import { font, measure } from './text.js'
import { withAlpha } from './theme.js'
import { CORNER, drawRight, PAD, wrongText } from './widget_field.js'

/** Room of a step's arrow at each end. */
const ARROW = 18
/** CSS pixels of drag for one step of a number without a useful range. */
const STEP = 6
/** CSS pixels of drag that cross a whole range, where there is one. */
const RANGE = 320

/** @type {import('./widget_kinds.js').WidgetKind} */
export const NUMBER = {
  draw(drawing) {
    const { ctx, theme, place, widget: { spec, value } } = drawing
    if (spec.kind !== 'number') return
    if (spec.display === 'slider') drawShare(drawing)
    const right = place.button ? 2 : PAD
    if (typeof value !== 'number') return drawRight(drawing, wrongText(value), { right, colour: theme.warning })
    const unit = (place.name === 'width' || place.name === 'height') && spec.integer ? ' px' : ''
    const grouped = formatNumber(value, spec.digits) + unit
    ctx.font = font(drawing.state.size)
    // Sixteen digits of a seed need the room that their gaps take.
    drawRight(drawing, measure(ctx, grouped) > place.field.w - right - PAD ? grouped.replaceAll('\u2009', '') : grouped, { right })
  },

  hover({ ctx, theme, place: { field } }, part) {
    if (field.w <= 3 * ARROW) return
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

  partAt({ field }, _widget, { x }) {
    if (field.w <= 3 * ARROW) return 'value'
    return x < field.x + ARROW ? 'less' : x > field.x + field.w - ARROW ? 'more' : 'value'
  },

  cursors: { value: 'ew-resize' },

  click({ spec, value }, part, { shift }) {
    if (spec.kind !== 'number' || (part !== 'less' && part !== 'more')) return undefined
    const steps = (part === 'less' ? -1 : 1) * (shift ? 10 : 1)
    return fitNumber(spec, clamp((typeof value === 'number' ? value : spec.default) + steps * spec.step, spec.min, spec.max))
  },

  drag(_place, { spec, value }, part) {
    if (spec.kind !== 'number' || part !== 'value') return null
    const first = typeof value === 'number' ? value : spec.default
    const span = spec.max - spec.min
    const slider = spec.display === 'slider' && span > 0
    return ({ by, shift, ctrl }) => {
      const next = first + by.x * (slider ? span / RANGE : spec.step / STEP) * (shift ? 0.1 : ctrl ? 10 : 1)
      const grid = slider ? 0 : shift ? spec.step / 10 : spec.step
      return fitNumber(spec, grid > 0 ? first + Math.round((next - first) / grid) * grid : next)
    }
  }
}

/** How far along its range a slider is. @param {import('./widget_kinds.js').Drawing} drawing */
function drawShare({ ctx, theme, place: { field }, widget: { spec, value } }) {
  if (spec.kind !== 'number' || typeof value !== 'number' || !(spec.max > spec.min)) return
  ctx.save()
  roundRect(ctx, field.x, field.y, field.w, field.h, CORNER)
  ctx.clip()
  ctx.fillStyle = withAlpha(theme.accent, 0.22)
  ctx.fillRect(field.x, field.y, field.w * clamp((value - spec.min) / (spec.max - spec.min), 0, 1), field.h)
  ctx.restore()
}
