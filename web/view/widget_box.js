/** A box on a picture: where it begins and how large it is. A press opens the picture. */
import { asBox } from '../model/crop.js'
import { drawRight, wrongText } from './widget_field.js'

/** @type {import('./widget_kinds.js').WidgetKind} */
export const BOX = {
  draw(drawing) {
    const { widget: { value }, theme } = drawing
    const box = asBox(value)
    if (box) drawRight(drawing, `${box.x}, ${box.y} · ${box.w} × ${box.h}`)
    else drawRight(drawing, wrongText(value), { colour: theme.warning })
  }
}
