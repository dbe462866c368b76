/** A switch with its word at the left of it. */
import { roundRect } from './shapes.js'
import { drawRight } from './widget_field.js'

const [WIDE, HIGH] = [28, 16]

/** @type {import('./widget_kinds.js').WidgetKind} */
export const TOGGLE = {
  bare: true,
  draw(drawing) {
    const { ctx, theme, place: { field }, widget: { spec, value }, state } = drawing
    if (spec.kind !== 'toggle') return
    const on = value === true
    const [right, middle] = [field.x + field.w, field.y + field.h / 2]
    ctx.globalAlpha *= state.feeder ? 0.4 : 1
    ctx.fillStyle = on ? theme.accent : theme.hover
    roundRect(ctx, right - WIDE, middle - HIGH / 2, WIDE, HIGH, HIGH / 2)
    ctx.fill()
    ctx.fillStyle = on ? theme.onAccent : theme.quiet
    ctx.beginPath()
    ctx.arc(on ? right - HIGH / 2 : right - WIDE + HIGH / 2, middle, HIGH / 2 - 3, 0, Math.PI * 2)
    ctx.fill()
    ctx.globalAlpha /= state.feeder ? 0.4 : 1
    drawRight(drawing, state.feeder ? `← ${state.feeder}` : on ? spec.on : spec.off, { right: WIDE + 8, colour: theme.quiet })
  },
  click: ({ value }) => value !== true,
  step: (_widget, steps) => steps > 0
}
