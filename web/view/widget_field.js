/** What the fields of all kinds have in common. */
import { fitMiddle, font } from './text.js'
import { roundRect } from './shapes.js'

export const PAD = 8
export const CORNER = 5

/** @typedef {import('./widget_kinds.js').Drawing} Drawing */

/** The box that holds a value; the button behind it stands in the same. @param {Drawing} drawing */
export function drawField({ ctx, theme, place: { field, button, wide } }) {
  ctx.fillStyle = theme.field
  roundRect(ctx, field.x, field.y, button ? field.w + button.w : field.w, field.h, wide ? CORNER + 1 : CORNER)
  ctx.fill()
}

/** One line of words at the right of the field. @param {Drawing} drawing @param {string} text @param {{right?: number, colour?: string}} [how] `right`: what is left free there */
export function drawRight({ ctx, theme, place: { field }, state }, text, { right = PAD, colour = theme.text } = {}) {
  ctx.font = font(state.size)
  ctx.textAlign = 'right'
  ctx.textBaseline = 'middle'
  ctx.fillStyle = colour
  ctx.fillText(fitMiddle(ctx, text, field.w - right - PAD), field.x + field.w - right, field.y + field.h / 2 + 0.5)
}

/** Where its value comes from. @param {Drawing} drawing @param {number} [right] */
export function drawFeeder(drawing, right = PAD) {
  drawRight(drawing, `← ${drawing.state.feeder}`, { right, colour: drawing.theme.quiet })
}

/** A value of another kind than the widget's is shown as it is. @param {unknown} value */
export const wrongText = (value) => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''))
