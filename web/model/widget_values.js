/**
 * Which entry of a node's `widgets_values` belongs to which widget.
 *
 * Files keep the values as a bare list in the order of the declaration, with entries between that belong to no input: the
 * control after a seed, the two after a combo with a control, the button after an upload. Some packs keep an object by
 * name. Types that the server does not know keep their list as it is.
 *
 * @typedef {import('./types.js').NodeRecord} NodeRecord
 * @typedef {import('./types.js').Json} Json
 * @typedef {import('./schema.js').NodeType} NodeType
 * @typedef {import('./schema.js').WidgetSpec} WidgetSpec
 *
 * @typedef {'fixed' | 'increment' | 'decrement' | 'randomize'} Control
 * @typedef {object} Widget A widget of one node, with its value.
 * @property {string} name
 * @property {string} label
 * @property {string} tooltip
 * @property {WidgetSpec} spec
 * @property {unknown} value
 * @property {Control | null} control What becomes of the value after a run; null where that is not asked.
 * @property {boolean} socketless
 * @property {string | null} expression What its value is worked out from.
 */
import { t } from '../language/t.js'
import { grownType, keptOf, optionsOf } from './grown.js'
import { asObject, asText, equal, isObject } from './json.js'
import { entriesOf } from './widget_specs.js'

/**
 * @typedef {{name: string, kind: 'value' | 'control' | 'filter' | 'upload' | 'unused', inner?: {node: string, name: string}, end?: {node: string, name: string}, loose?: boolean}} Place
 *   `inner`: the widget inside a subgraph that an entry of its instance is for; node -1 is the subgraph's own inputs.
 *   `end`: what such an input stands for. `loose`: what is inside cannot be told, since its type is not known here.
 */

/** Where a node's `properties` keep the expressions of its widgets, by name. */
export const EXPRESSIONS = 'easel_expressions'
const CONTROLS = new Set(['fixed', 'increment', 'decrement', 'randomize', 'increment-wrap'])

/** @type {WeakMap<NodeType, Place[]>} */
const cache = new WeakMap()

/** What each entry of a fresh node's list is. @param {NodeType} type @returns {readonly Place[]} */
export function places(type) {
  if (type.places) return type.places
  const known = cache.get(type)
  if (known) return known
  /** @type {Place[]} */
  const list = []
  /** @type {Place[]} */
  let uploads = []
  type.inputs.forEach((input, index) => {
    const spec = input.widget
    if (spec) {
      for (const kind of entriesOf(spec)) list.push({ name: input.name, kind })
      if (spec.kind === 'combo' && spec.upload && !input.optional && !input.nested) uploads.push({ name: input.name, kind: 'upload' })
    }
    const next = type.inputs[index + 1]
    if (!next || (isOptional(next) && !isOptional(input))) {
      list.push(...uploads) // the buttons come after all widgets of the required inputs
      uploads = []
    }
  })
  cache.set(type, list)
  return list
}

/** An input that another brings stands where that one does. @param {import('./schema.js').InputSpec} input */
const isOptional = ({ nested, optional }) => (nested ? nested === 'optional' : optional)

/**
 * The places of a node's own list, which may be of an older page: with a dummy for each input that is now a socket only.
 * @param {NodeType} type @param {readonly unknown[]} values
 * @returns {readonly Place[]}
 */
function placesOf(type, values) {
  const fresh = withButtons(places(type), type, values)
  const forced = type.inputs.filter((input) => input.forced).length
  if (forced === 0 || values.length <= fresh.length) return fresh
  const old = places(withForced(type))
  return values.length === old.length ? old : fresh
}

/** The words that a 3D view's buttons leave before its value, in files of some pages. */
const VIEW_BUTTONS = new Set(['upload3dmodel', 'uploadExtraResources', 'clear'])

/** @param {readonly Place[]} fresh @param {NodeType} type @param {readonly unknown[]} values @returns {readonly Place[]} */
function withButtons(fresh, type, values) {
  const at = fresh.findIndex((place) => place.kind === 'value' && type.inputs.find((input) => input.name === place.name)?.widget?.kind === 'absent')
  let count = 0
  while (at >= 0 && VIEW_BUTTONS.has(/** @type {string} */ (values[at + count]))) count++
  return count ? fresh.toSpliced(at, 0, ...Array.from({ length: count }, () => /** @type {Place} */ ({ name: '', kind: 'unused' }))) : fresh
}

/** @type {WeakMap<NodeType, NodeType>} */
const oldTypes = new WeakMap()

/** The type as it was when inputs that are sockets only still took an entry. @param {NodeType} type */
function withForced(type) {
  let old = oldTypes.get(type)
  if (!old) {
    const inputs = type.inputs.map((input) => (input.forced ? { ...input, widget: DUMMY } : input))
    old = { ...type, inputs }
    oldTypes.set(type, old)
  }
  return old
}

/** @type {import('./schema.js').TextSpec} */
const DUMMY = { kind: 'text', default: '', multiline: false, placeholder: '', dynamicPrompts: false }

/** Values of a new node. @param {NodeType} type @returns {unknown[]} */
export function defaultValues(type) {
  return places(type).map((place) => defaultAt(type, place))
}

/** @param {NodeType} type @param {Place} place @returns {unknown} */
function defaultAt(type, place) {
  const spec = type.inputs.find((input) => input.name === place.name)?.widget
  if (!spec) return null
  if (place.kind === 'value') return spec.default
  if (place.kind === 'control') return spec.kind === 'number' ? 'randomize' : 'fixed'
  return place.kind === 'upload' ? 'image' : ''
}

/**
 * The widgets of a node with their values. A value that is missing is the default; one of the wrong kind is shown as it
 * is, since the file may know better than the schema.
 * @param {NodeType | undefined} type @param {Pick<NodeRecord, 'values'> & Partial<Pick<NodeRecord, 'properties'>>} node
 * @returns {Widget[]}
 */
export function widgetsOf(type, node) {
  type = grownType(type, node.values)
  if (!type) return looseWidgets(node.values)
  if (type.name === 'PrimitiveNode') return looseWidgets(Array.isArray(node.values) ? node.values.slice(0, 1) : null)
  const values = node.values
  const at = Array.isArray(values) ? placesOf(type, values) : []
  const expressions = asObject(node.properties?.[EXPRESSIONS])
  return type.inputs.flatMap((input) => {
    if (!input.widget) return []
    const spec = input.widget
    let value = /** @type {unknown} */ (spec.default)
    /** @type {Control | null} */
    let control = (spec.kind === 'number' && spec.seed) || (spec.kind === 'combo' && spec.control) ? 'fixed' : null
    if (type.controls) control = type.controls[input.name] ?? control
    if (Array.isArray(values)) {
      const index = at.findIndex((place) => place.name === input.name && place.kind === 'value')
      if (index < values.length && values[index] !== null) value = values[index]
      const told = control ? at.findIndex((place) => place.name === input.name && place.kind === 'control') : -1
      if (told >= 0 || !type.controls) control = control && readControl(values[told])
    } else if (isObject(values)) {
      if (values[input.name] !== undefined) value = values[input.name]
      if (control) control = readControl(values.control_after_generate)
    }
    return [{
      name: input.name, label: input.label, tooltip: input.tooltip, spec, value, control, socketless: input.socketless,
      expression: spec.kind === 'number' ? asText(expressions?.[input.name]) : null
    }]
  })
}

/** Old files say true for randomize. @param {unknown} mode @returns {Control} */
function readControl(mode) {
  if (mode === true) return 'randomize'
  return CONTROLS.has(String(mode)) ? /** @type {Control} */ (mode) : 'fixed'
}

/** Widgets of a node whose type nobody knows: what its values look like. @param {unknown} values @returns {Widget[]} */
function looseWidgets(values) {
  const named = Array.isArray(values)
    ? values.map((value, index) => /** @type {const} */ ([String(index), value]))
    : isObject(values) ? Object.entries(values) : []
  return named.flatMap(([name, value]) => {
    const spec = specFor(value)
    return spec ? [{ name, label: '', tooltip: '', spec, value, control: null, socketless: true, expression: null }] : []
  })
}

/** @param {unknown} value @returns {WidgetSpec | null} */
function specFor(value) {
  if (typeof value === 'boolean') return { kind: 'toggle', default: value, on: t('on'), off: t('off') }
  if (typeof value === 'string') {
    return { ...DUMMY, default: value, multiline: value.length > 60 || value.includes('\n') }
  }
  if (typeof value !== 'number') return null
  return {
    kind: 'number', integer: Number.isInteger(value), default: value, min: -Number.MAX_VALUE, max: Number.MAX_VALUE,
    step: Number.isInteger(value) ? 1 : 0.1, round: 0, digits: Number.isInteger(value) ? 0 : 2, display: 'number', log: false, unit: '',
    seed: false
  }
}

/**
 * The node's values with one widget set. Lists that are too short are filled with defaults. Another choice of a combo that
 * brings widgets brings its own.
 * @param {NodeType | undefined} type @param {Pick<NodeRecord, 'values'> & Partial<Pick<NodeRecord, 'properties'>>} node @param {string} name @param {unknown} value
 * @param {'value' | 'control'} [kind]
 * @returns {unknown[] | Json}
 */
export function withValue(type, node, name, value, kind = 'value') {
  const values = node.values
  type = grownType(type, values)
  if (type && kind === 'value' && optionsOf(type, name)) return withChoice(type, node, name, value)
  if (isObject(values)) return { ...values, [kind === 'control' ? 'control_after_generate' : name]: value }
  const list = Array.isArray(values) ? [...values] : []
  if (!type || type.name === 'PrimitiveNode') {
    list[kind === 'control' ? 1 : Number(name)] = value
    return list
  }
  const at = placesOf(type, list)
  const index = at.findIndex((place) => place.name === name && place.kind === kind)
  if (index < 0) return list
  for (let place = list.length; place < index; place++) {
    const missing = at[place]
    list.push(missing ? defaultAt(type, missing) : null)
  }
  list[index] = value
  return list
}

/** @param {NodeType} type @param {Pick<NodeRecord, 'values'> & Partial<Pick<NodeRecord, 'properties'>>} node @param {string} name @param {unknown} choice @returns {unknown[] | Json} */
function withChoice(type, node, name, choice) {
  const { values } = node
  const now = widgetsOf(type, node)
  const isOwn = (/** @type {string} */ other) => other.startsWith(`${name}.`)
  const same = now.find((widget) => widget.name === name)?.value === choice
  const others = same ? now : now.filter((widget) => !isOwn(widget.name))
  const own = same ? {} : keptOf(node.properties, name, choice)
  /** @type {Json} */
  const named = { ...own, ...Object.fromEntries(others.map((widget) => [widget.name, widget.value])), [name]: choice }
  if (isObject(values)) return { ...Object.fromEntries(Object.entries(values).filter(([other]) => same || !isOwn(other))), ...named }
  const next = grownType(type, named)
  const list = Array.isArray(values) ? values : []
  const at = placesOf(type, list)
  return places(next).map((place) => {
    if (place.kind === 'value') return named[place.name] ?? defaultAt(next, place)
    const old = isOwn(place.name) && !same ? -1 : at.findIndex((each) => each.name === place.name && each.kind === place.kind)
    return (old < 0 ? undefined : list[old]) ?? defaultAt(next, place)
  })
}

/** What the widgets hold that a combo's choice brought, where it is not the default. @param {NodeType | undefined} type @param {Pick<NodeRecord, 'values'>} node @param {string} name of the combo @returns {Json} */
export function valuesBrought(type, node, name) {
  const brought = widgetsOf(type, node).filter((widget) => widget.name.startsWith(`${name}.`) && !equal(widget.value, widget.spec.default))
  return Object.fromEntries(brought.map((widget) => [widget.name, widget.value]))
}
