/**
 * What a declaration of `/object_info` says of a widget, read into one form for each kind. A new kind is a line in
 * `READERS`, one in `EXTENTS` where its row is no plain one, one in `view/widget_kinds.js` and one in `widgets/kinds.js`.
 *
 * @typedef {import('./json.js').Json} Json
 *
 * @typedef {object} NumberSpec
 * @property {'number'} kind
 * @property {boolean} integer
 * @property {number} default
 * @property {number} min
 * @property {number} max
 * @property {number} step What one click or one pixel of a drag adds.
 * @property {number} round Values are multiples of this; 0 for any.
 * @property {number} digits After the point, as shown.
 * @property {'number' | 'slider'} display Knobs and sliders with colours are sliders too: a row has no room for a knob.
 * @property {boolean} log A slider whose equal steps multiply.
 * @property {string} unit '' for none.
 * @property {boolean} seed The value is a seed: a control says what becomes of it after a run.
 *
 * @typedef {object} TextSpec
 * @property {'text'} kind
 * @property {string} default
 * @property {boolean} multiline
 * @property {string} placeholder
 * @property {boolean} dynamicPrompts `{a|b}` is resolved when the graph is queued.
 *
 * @typedef {object} ComboSpec
 * @property {'combo'} kind
 * @property {unknown} default
 * @property {readonly unknown[]} options
 * @property {Readonly<Record<string, string>>} [labels] What is shown for some of them, in the person's language.
 * @property {'image' | 'video' | 'audio' | 'file' | null} upload
 * @property {boolean} control A control says what becomes of the choice after a run.
 * @property {boolean} multiple
 * @property {boolean} remote The options come from another address.
 * @property {RemoteSource} [source] That address; none where it cannot be read.
 *
 * @typedef {object} RemoteSource
 * @property {string} route
 * @property {Readonly<Record<string, string>>} params
 * @property {string} key Of the answer; '' where the answer is the list.
 * @property {number} refresh What was read holds for so many ms; 0 for as long as the page is open.
 * @property {number} timeout In ms; 0 where none is said.
 * @property {number} retries
 * @property {boolean} button
 * @property {'first' | 'last' | ''} after What is chosen when the list was read again by its button.
 *
 * @typedef {{kind: 'markdown', default: string, multiline: true, placeholder: string}} MarkdownSpec The text of a note.
 * @typedef {{kind: 'toggle', default: boolean, on: string, off: string}} ToggleSpec
 * @typedef {{kind: 'colour', default: string}} ColourSpec `#rrggbb`.
 * @typedef {{kind: 'curve', default: unknown}} CurveSpec Points as `model/curve.js` reads them.
 * @typedef {{kind: 'box', default: unknown}} BoxSpec A box on a picture: x, y, width, height.
 * @typedef {{kind: 'camera', default: string}} CameraSpec A picture taken with a camera: the name of its file.
 * @typedef {{kind: 'absent', default: string}} AbsentSpec What another page makes; the value is kept.
 * @typedef {(NumberSpec | TextSpec | MarkdownSpec | ComboSpec | ToggleSpec | ColourSpec | CurveSpec | BoxSpec | CameraSpec | AbsentSpec) & {element?: string}} WidgetSpec
 *   `element`: the name of a pack's own widget, which shows it where that pack's script is loaded (`model/element_widgets.js`).
 */
import { t } from '../language/t.js'
import { STRAIGHT } from './curve.js'
import { asList, asObject, asText, isFinite } from './json.js'
import { unitOf } from './units.js'

const SEED_NAMES = new Set(['seed', 'noise_seed'])
/** @type {ReadonlySet<unknown>} */
const SLIDERS = new Set(['slider', 'gradientslider', 'gradient_slider', 'knob'])

/** @returns {AbsentSpec} */
const absent = () => ({ kind: 'absent', default: '' })

/** By declared type; the server's `WIDGET_TYPES` has the same. @type {Readonly<Record<string, (name: string, options: Json) => WidgetSpec>>} */
const READERS = {
  COMBO: (_name, options) => readCombo(asList(options.options), options),
  INT: (name, options) => readNumber(name, options, true),
  FLOAT: (name, options) => readNumber(name, options, false),
  STRING: (_name, options) => ({
    kind: 'text',
    default: asText(options.default) ?? '',
    multiline: options.multiline === true,
    placeholder: asText(options.placeholder) ?? '',
    dynamicPrompts: options.dynamicPrompts === true
  }),
  MARKDOWN: (_name, options) => ({ kind: 'markdown', default: asText(options.default) ?? '', multiline: true, placeholder: asText(options.placeholder) ?? '' }),
  BOOLEAN: (_name, options) => ({
    kind: 'toggle',
    default: options.default === true,
    on: asText(options.label_on) ?? t('on'),
    off: asText(options.label_off) ?? t('off')
  }),
  COLOR: (_name, options) => ({ kind: 'colour', default: asText(options.default) ?? '#ffffff' }),
  CURVE: (_name, options) => ({ kind: 'curve', default: options.default ?? { points: STRAIGHT, interpolation: 'monotone_cubic' } }),
  BOUNDING_BOX: (_name, options) => ({ kind: 'box', default: options.default ?? { x: 0, y: 0, width: 512, height: 512 } }),
  WEBCAM: () => ({ kind: 'camera', default: '' }),
  LOAD_3D: absent,
  LOAD_3D_ANIMATION: absent,
  AUDIO_RECORD: absent
}

/** The widget that a declaration asks for; null for a socket. @param {string} name @param {unknown} type @param {Json} options @returns {WidgetSpec | null} */
export function readWidget(name, type, options) {
  const asked = asText(options.widgetType) ?? null
  if (asked !== null && Object.hasOwn(READERS, asked)) return READERS[asked]?.(name, options) ?? null
  const usual = Array.isArray(type) ? readCombo(type, options) : typeof type === 'string' && Object.hasOwn(READERS, type) ? (READERS[type]?.(name, options) ?? null) : null
  return asked === null ? usual : { ...(usual ?? absent()), element: asked }
}

/** What a widget's entries in `widgets_values` are, in their order. @param {WidgetSpec} spec @returns {readonly ('value' | 'control' | 'filter')[]} */
export function entriesOf(spec) {
  if (spec.kind === 'number' && spec.seed) return ['value', 'control']
  return spec.kind === 'combo' && spec.control ? ['value', 'control', 'filter'] : ['value']
}

/** @param {string} name @param {Json} options @param {boolean} integer @returns {NumberSpec} */
function readNumber(name, options, integer) {
  const min = isFinite(options.min) ? options.min : 0
  const max = isFinite(options.max) ? options.max : 2048
  const step = isFinite(options.step) && options.step > 0 ? options.step : integer ? 1 : 0.5
  const round = integer ? 1 : isFinite(options.round) ? options.round : options.round === false ? 0 : step
  const display = options.display
  const log = min > 0 && max > min && (options.log === true || options.scale === 'log' || display === 'log_slider')
  return {
    kind: 'number',
    integer,
    default: isFinite(options.default) ? options.default : Math.min(Math.max(0, min), max),
    min,
    max,
    step,
    round,
    digits: integer ? 0 : digitsOf(round || step),
    display: log || SLIDERS.has(display) ? 'slider' : 'number',
    log,
    unit: asText(options.unit) ?? unitOf(name, integer),
    seed: integer && (Boolean(options.control_after_generate) || SEED_NAMES.has(name))
  }
}

/** @param {readonly unknown[]} choices @param {Json} options @returns {ComboSpec} */
function readCombo(choices, options) {
  const upload = /** @type {const} */ (['image', 'video', 'audio', 'file']).find((kind) => options[`${kind}_upload`])
  return {
    kind: 'combo',
    default: options.default ?? choices[0] ?? '',
    options: choices,
    upload: upload ?? (options.animated_image_upload ? 'image' : null),
    control: Boolean(options.control_after_generate),
    multiple: options.multiselect === true || Boolean(options.multi_select),
    ...readRemote(options.remote)
  }
}

/** @param {unknown} remote @returns {Pick<ComboSpec, 'remote' | 'source'>} */
function readRemote(remote) {
  const said = asObject(remote)
  if (!said) return { remote: false }
  const route = asText(said.route)
  if (!route) return { remote: true }
  const count = (/** @type {unknown} */ value, /** @type {number} */ usual) => (isFinite(value) && value >= 0 ? value : usual)
  const params = Object.entries(asObject(said.query_params) ?? {}).map(([name, value]) => [name, String(value)])
  return {
    remote: true,
    source: {
      route,
      params: Object.fromEntries(params),
      key: asText(said.response_key) ?? '',
      refresh: count(said.refresh, 0),
      timeout: count(said.timeout, 0),
      retries: count(said.max_retries, 3),
      button: said.refresh_button === true,
      after: said.control_after_refresh === 'first' || said.control_after_refresh === 'last' ? said.control_after_refresh : ''
    }
  }
}

/** Digits after the point that `step` needs: 0.05 has two. @param {number} step */
function digitsOf(step) {
  for (let digits = 0; digits < 6; digits++) {
    const scaled = step * 10 ** digits
    if (Math.abs(scaled - Math.round(scaled)) < 1e-6) return Math.max(digits, 1)
  }
  return 6
}
