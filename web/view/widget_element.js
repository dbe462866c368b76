/** A widget whose pack shows it by an element of its own, which lies over the canvas: what is drawn here is seen from afar. */
import { t } from '../language/t.js'
import { drawRight, wrongText } from './widget_field.js'

/** @type {import('./widget_kinds.js').WidgetKind} */
export const ELEMENT = {
  draw(drawing) {
    const { value } = drawing.widget
    drawRight(drawing, typeof value === 'boolean' ? (value ? t('on') : t('off')) : wrongText(value))
  }
}
