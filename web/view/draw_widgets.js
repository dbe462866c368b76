/**
 * A node's widgets: label left, value right, as they look while nothing is edited.
 *
 */
import { INSET } from '../geometry/layout.js'
import { drawIcon } from './shapes.js'
import { fitMiddle, font } from './text.js'
import { drawFeeder, drawField } from './widget_field.js'
import { kindOf } from './widget_kinds.js'

/**
 * @param {CanvasRenderingContext2D} ctx @param {import('./theme.js').Theme} theme @param {import('../geometry/layout.js').WidgetPlace} place
 * @param {import('../model/widget_values.js').Widget} widget @param {import('./widget_kinds.js').WidgetState} state
 */
export function drawWidget(ctx, theme, place, widget, state) {
  const kind = kindOf(widget)
  const drawing = { ctx, theme, place, widget, state }
  ctx.textBaseline = 'middle'
  if (place.label && !place.wide) {
    ctx.font = font(state.size)
    ctx.fillStyle = theme.quiet
    ctx.textAlign = 'left'
    ctx.fillText(fitMiddle(ctx, place.label, place.field.x - INSET - 6), INSET, place.rect.y + place.rect.h / 2 + 0.5)
  }
  if (state.edited && !place.wide) return
  if (kind.bare) return kind.draw(drawing)
  if (state.feeder) {
    drawFeeder(drawing, place.button ? 8 - place.button.w : 8)
    return
  }
  drawField(drawing)
  kind.draw(drawing)
  if (!place.button) return
  const icon = place.upload ? 'upload' : (widget.control ?? 'fixed')
  drawIcon(ctx, icon, place.button.x + place.button.w / 2, place.rect.y + place.rect.h / 2, 13, theme.quiet)
}
