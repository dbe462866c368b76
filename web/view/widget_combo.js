/** The chosen one of a list. What the list does not have is shown in amber. */
import { t } from '../language/t.js'
import { isMissing } from '../model/file_names.js'
import { choiceText } from '../model/value_text.js'
import { drawIcon } from './shapes.js'
import { fitFileName, font } from './text.js'
import { drawRight, PAD } from './widget_field.js'

const ARROW = 12

/** @type {import('./widget_kinds.js').WidgetKind} */
export const COMBO = {
  draw(drawing) {
    const { ctx, theme, place: { field, button }, widget: { spec, value }, state } = drawing
    if (spec.kind !== 'combo') return
    const missing = isMissing(spec, value)
    const right = button ? 2 : PAD + ARROW
    ctx.font = font(state.size)
    // A list that is read when it opens has no first one to begin with.
    const open = spec.remote && value === ''
    const words = Array.isArray(value) ? value.map((each) => choiceText(spec, each)).join(', ') : choiceText(spec, value)
    const text = open ? t('choose…') : fitFileName(ctx, words, field.w - right - PAD)
    drawRight(drawing, text, { right, ...(missing && { colour: theme.warning }), ...(open && { colour: theme.quiet }) })
    if (!button) drawIcon(ctx, 'chevron', field.x + field.w - PAD - 3, field.y + field.h / 2, 11, theme.quiet)
  },

  step({ spec, value }, steps) {
    if (spec.kind !== 'combo' || spec.multiple || !spec.options.length) return undefined
    const at = spec.options.indexOf(value)
    // Down the list is down the wheel; what is missing from it steps to its first.
    return spec.options[at < 0 ? 0 : Math.min(Math.max(at - steps, 0), spec.options.length - 1)]
  }
}
