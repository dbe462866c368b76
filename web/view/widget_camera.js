/** A picture that was taken with a camera. A press opens the camera. */
import { t } from '../language/t.js'
import { fitFileName, font } from './text.js'
import { drawRight, PAD } from './widget_field.js'

/** @type {import('./widget_kinds.js').WidgetKind} */
export const CAMERA = {
  draw(drawing) {
    const { ctx, theme, place: { field }, widget: { value }, state } = drawing
    ctx.font = font(state.size)
    if (typeof value === 'string' && value) drawRight(drawing, fitFileName(ctx, value, field.w - 2 * PAD))
    else drawRight(drawing, t('take a picture…'), { colour: theme.quiet })
  }
}
