/** A colour: a swatch and its number. */
import { roundRect } from './shapes.js'
import { drawRight, PAD, wrongText } from './widget_field.js'

const SWATCH = 14

/** @type {import('./widget_kinds.js').WidgetKind} */
export const COLOUR = {
  draw(drawing) {
    const { ctx, theme, place: { field }, widget: { value } } = drawing
    if (typeof value !== 'string') return drawRight(drawing, wrongText(value), { colour: theme.warning })
    const known = /^#[0-9a-f]{3,8}$/iu.test(value)
    drawRight(drawing, value, { right: PAD + SWATCH + 6, ...(!known && { colour: theme.warning }) })
    roundRect(ctx, field.x + field.w - PAD - SWATCH + 0.5, field.y + (field.h - SWATCH) / 2 + 0.5, SWATCH - 1, SWATCH - 1, 4)
    ctx.fillStyle = known ? value : theme.field
    ctx.fill()
    ctx.lineWidth = 1
    ctx.strokeStyle = theme.edge
    ctx.stroke()
  }
}
