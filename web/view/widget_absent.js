/** A value that another page makes (a 3D view, a recorded sound): it is kept, and told. */
import { t } from '../language/t.js'
import { drawRight } from './widget_field.js'

/** @type {import('./widget_kinds.js').WidgetKind} */
export const ABSENT = {
  draw(drawing) {
    const { theme, widget: { value } } = drawing
    drawRight(drawing, typeof value === 'string' && value ? value : t('not in this page yet'), { colour: theme.quiet })
  },
  cursors: { value: '' },
  // Nothing opens: it stays what it is.
  click: ({ value }) => value
}
