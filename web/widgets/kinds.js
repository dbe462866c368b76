/**
 * Which editor opens over each kind of widget. A kind without one is set by a press on it alone.
 *
 * @typedef {(host: HTMLElement, request: any) => import('./request.js').OpenEditor} Opener
 * @typedef {import('../model/widget_values.js').Widget} Widget
 */
import { openColour } from './colour.js'
import { openCombo } from './combo.js'
import { openCurve } from './curve.js'
import { openNumber } from './number.js'
import { openSeed } from './seed.js'
import { openText } from './text.js'

/** @type {Readonly<Record<import('../model/widget_specs.js').WidgetSpec['kind'], (widget: Widget) => Opener | null>>} */
const EDITORS = {
  number: ({ control }) => (control === null ? openNumber : openSeed),
  text: () => openText,
  markdown: () => openText,
  combo: () => openCombo,
  toggle: () => null,
  colour: () => openColour,
  curve: () => openCurve,
  box: () => null, // the crop box, over the whole page (app/pictures.js)
  camera: () => null, // a dialog of its own (app/pictures.js)
  absent: () => null,
}

/** @param {Widget} widget */
export const editorOf = widget => EDITORS[widget.spec.kind](widget)
