/**
 * The node types that the server knows, read from `/object_info` once: which inputs are sockets, which are widgets, of
 * which kind, with which defaults and ranges. Nothing else in the page reads the wire's form of a declaration.
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
 * @property {'number' | 'slider' | 'knob'} display
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
 * @property {'image' | 'video' | 'audio' | 'file' | null} upload
 * @property {boolean} control A control says what becomes of the choice after a run.
 * @property {boolean} multiple
 * @property {boolean} remote The options come from another address.
 *
 * @typedef {{kind: 'toggle', default: boolean, on: string, off: string}} ToggleSpec
 * @typedef {NumberSpec | TextSpec | ComboSpec | ToggleSpec} WidgetSpec
 *
 * @typedef {object} InputSpec
 * @property {string} name
 * @property {string} type A socket type; `COMBO` for lists.
 * @property {string} label
 * @property {boolean} optional
 * @property {WidgetSpec | null} widget Null for a socket.
 * @property {boolean} socketless The widget takes no link.
 * @property {boolean} forced Would have a widget, but for `forceInput`.
 * @property {string} tooltip
 * @property {boolean} advanced
 *
 * @typedef {{name: string, type: string, list: boolean, tooltip: string}} OutputSpec
 *
 * @typedef {object} NodeType
 * @property {string} name
 * @property {string} title
 * @property {string} category
 * @property {string} description
 * @property {string} module
 * @property {readonly InputSpec[]} inputs Required ones first, each in the order of its declaration.
 * @property {readonly OutputSpec[]} outputs
 * @property {boolean} output It is a target of a run.
 * @property {boolean} deprecated
 * @property {boolean} experimental
 * @property {string} later What it waits for, such as "video models"; empty for a type that this version runs.
 * @property {readonly string[]} aliases
 * @property {boolean} virtual Lives in the page only and never reaches the server.
 * @property {boolean} picture It shows a picture: room for one is kept.
 */
import { asList, asObject, asText, isFinite, isObject } from './json.js'
import { VIRTUAL_TYPES } from './virtual_types.js'

/** Seeds beyond this lose digits on their way through JSON in a browser: random ones stay below. */
export const LARGEST_SEED = 2 ** 50

/** Old names of types, met in old files. */
export const RENAMED = new Map([
  ['T2IAdapterLoader', 'ControlNetLoader'],
  ['ConditioningAverage ', 'ConditioningAverage'],
  ['SDV_img2vid_Conditioning', 'SVD_img2vid_Conditioning']
])

const SEED_NAMES = new Set(['seed', 'noise_seed'])

export class Schema {
  /** @type {ReadonlyMap<string, NodeType>} */
  types

  /** @param {unknown} objectInfo what GET /object_info answered; entries that are no objects are skipped */
  constructor(objectInfo = {}) {
    const types = new Map(VIRTUAL_TYPES.map((type) => [type.name, type]))
    for (const [name, entry] of Object.entries(asObject(objectInfo) ?? {})) {
      if (isObject(entry)) types.set(name, readType(name, entry))
    }
    this.types = types
  }

  /** @param {string} name @returns {NodeType | undefined} */
  get(name) {
    return this.types.get(RENAMED.get(name) ?? name)
  }
}

/** @param {string} name @param {Json} entry @returns {NodeType} */
function readType(name, entry) {
  const outputNames = asList(entry.output_name)
  const lists = asList(entry.output_is_list)
  const tooltips = asList(entry.output_tooltips)
  const outputs = asList(entry.output).map((type, slot) => ({
    name: asText(outputNames[slot]) ?? typeName(type),
    type: typeName(type),
    list: lists[slot] === true,
    tooltip: asText(tooltips[slot]) ?? ''
  }))
  const inputs = readInputs(entry)
  const output = entry.output_node === true
  return {
    name,
    title: asText(entry.display_name) || name,
    category: asText(entry.category) ?? '',
    description: asText(entry.description) ?? '',
    module: asText(entry.python_module) ?? '',
    inputs,
    outputs,
    output,
    deprecated: entry.deprecated === true,
    experimental: entry.experimental === true,
    later: asText(entry.easel_later) ?? '',
    aliases: asList(entry.search_aliases).filter((alias) => typeof alias === 'string'),
    virtual: false,
    picture:
      (output && inputs.some((input) => input.type === 'IMAGE')) ||
      inputs.some((input) => input.widget?.kind === 'combo' && input.widget.upload === 'image')
  }
}

/** @param {Json} entry @returns {InputSpec[]} */
function readInputs(entry) {
  const declared = asObject(entry.input) ?? {}
  const order = asObject(entry.input_order) ?? {}
  /** @type {InputSpec[]} */
  const inputs = []
  for (const section of ['required', 'optional']) {
    const specs = asObject(declared[section]) ?? {}
    const listed = asList(order[section]).filter((name) => typeof name === 'string' && name in specs)
    const names = [...new Set([.../** @type {string[]} */ (listed), ...Object.keys(specs)])]
    for (const name of names) inputs.push(readInput(name, specs[name], section === 'optional'))
  }
  return inputs
}

/** @param {string} name @param {unknown} spec @param {boolean} optional @returns {InputSpec} */
function readInput(name, spec, optional) {
  const [type, given] = Array.isArray(spec) ? spec : [spec, {}]
  const options = asObject(given) ?? {}
  const widget = readWidget(name, type, options)
  const forced = options.forceInput === true
  return {
    name,
    type: typeName(type),
    label: asText(options.display_name) ?? name,
    optional,
    widget: forced ? null : widget,
    socketless: options.socketless === true,
    forced: forced && widget !== null,
    tooltip: asText(options.tooltip) ?? '',
    advanced: options.advanced === true
  }
}

/** The socket type of a declared type. @param {unknown} type */
export function typeName(type) {
  if (Array.isArray(type)) return 'COMBO'
  return typeof type === 'string' && type !== '' ? type : '*'
}

/** @param {string} name @param {unknown} type @param {Json} options @returns {WidgetSpec | null} */
function readWidget(name, type, options) {
  if (Array.isArray(type)) return readCombo(type, options)
  switch (asText(options.widgetType) ?? type) {
    case 'COMBO':
      return readCombo(asList(options.options), options)
    case 'INT':
      return readNumber(name, options, true)
    case 'FLOAT':
      return readNumber(name, options, false)
    case 'STRING':
      return {
        kind: 'text',
        default: asText(options.default) ?? '',
        multiline: options.multiline === true,
        placeholder: asText(options.placeholder) ?? '',
        dynamicPrompts: options.dynamicPrompts === true
      }
    case 'BOOLEAN':
      return {
        kind: 'toggle',
        default: options.default === true,
        on: asText(options.label_on) ?? 'on',
        off: asText(options.label_off) ?? 'off'
      }
    default:
      return null
  }
}

/** @param {string} name @param {Json} options @param {boolean} integer @returns {NumberSpec} */
function readNumber(name, options, integer) {
  const min = isFinite(options.min) ? options.min : integer ? 0 : 0
  const max = isFinite(options.max) ? options.max : 2048
  const step = isFinite(options.step) && options.step > 0 ? options.step : integer ? 1 : 0.5
  const round = integer ? 1 : isFinite(options.round) ? options.round : options.round === false ? 0 : step
  const display = options.display
  return {
    kind: 'number',
    integer,
    default: isFinite(options.default) ? options.default : Math.min(Math.max(0, min), max),
    min,
    max,
    step,
    round,
    digits: integer ? 0 : digitsOf(round || step),
    display: display === 'slider' || display === 'knob' ? display : 'number',
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
    remote: isObject(options.remote)
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
