/**
 * How each kind of widget looks on its node and what a press there does. A new kind is a file of its own with one
 * `WidgetKind` and a line below; see `model/widget_specs.js` for the rest of what it needs.
 *
 * @typedef {import('../geometry/layout.js').WidgetPlace} WidgetPlace
 * @typedef {import('../geometry/vec.js').Point} Point
 * @typedef {import('../model/widget_values.js').Widget} Widget
 * @typedef {import('./theme.js').Theme} Theme
 * @typedef {CanvasRenderingContext2D} Context2D
 *
 * @typedef {object} WidgetState
 * @property {string} feeder What its value comes from by a link; '' for none.
 * @property {boolean} wrong Its expression fails.
 * @property {unknown} last What the last run used; undefined for none.
 * @property {boolean} edited HTML lies over it.
 * @property {boolean} note It is the text of a note: without a box.
 * @property {number} size Of its letters, canvas pixels: 12, or more where the view is far.
 *
 * @typedef {{ctx: Context2D, theme: Theme, place: WidgetPlace, widget: Widget, state: WidgetState}} Drawing In the node's own pixels.
 * @typedef {{shift: boolean, ctrl: boolean, alt: boolean}} Keys
 * @typedef {Keys & {point: Point, by: Point}} Drag Where the pointer is, in the node's pixels, and how far it came, in the screen's.
 *
 * @typedef {object} WidgetKind
 * @property {(drawing: Drawing) => void} draw Its value, in `place.field`.
 * @property {boolean} [bare] It draws its field itself, also while its value comes by a link.
 * @property {(drawing: Drawing, part: string) => void} [hover] Drawn over it while the pointer is on it.
 * @property {(place: WidgetPlace, widget: Widget, point: Point, last: unknown) => string} [partAt] What of the field is under a point: `value`, or a name of its own.
 * @property {Readonly<Record<string, string>>} [cursors] Of the pointer, by part.
 * @property {(widget: Widget, part: string, keys: Keys) => unknown} [click] The value that a click sets at once; undefined opens the editor.
 * @property {(widget: Widget, steps: number, keys: Keys) => unknown} [step] The value so many steps on; undefined for none.
 * @property {(place: WidgetPlace, widget: Widget, part: string, from: Point) => ((drag: Drag) => unknown) | null} [drag]
 *   What a drag that begins there sets, computed from its beginning; null moves the node.
 */
import { elementExtent } from '../model/element_widgets.js'
import { ABSENT } from './widget_absent.js'
import { BOX } from './widget_box.js'
import { CAMERA } from './widget_camera.js'
import { COLOUR } from './widget_colour.js'
import { COMBO } from './widget_combo.js'
import { CURVE } from './widget_curve.js'
import { ELEMENT } from './widget_element.js'
import { MARKDOWN } from './widget_markdown.js'
import { NUMBER } from './widget_number.js'
import { TEXT } from './widget_text.js'
import { TOGGLE } from './widget_toggle.js'

/** @type {Readonly<Record<import('../model/widget_specs.js').WidgetSpec['kind'], WidgetKind>>} */
const KINDS = { number: NUMBER, text: TEXT, combo: COMBO, toggle: TOGGLE, markdown: MARKDOWN, colour: COLOUR, curve: CURVE, box: BOX, camera: CAMERA, absent: ABSENT }

/** @param {{spec: Pick<import('../model/widget_specs.js').WidgetSpec, 'kind' | 'element'>}} widget @returns {WidgetKind} */
export const kindOf = ({ spec }) => (elementExtent(spec) ? ELEMENT : KINDS[spec.kind])
