/**
 * Inputs that are there only for what a node is given: a combo whose choices bring some (`mode` with `mode.strength`), a row
 * that grows with its links (`images.image0`, `images.image1`), a socket that brings others. The server's side of it is
 * `graph/grown.py`, and for files `graph/workflow_grown.py`.
 *
 * A type keeps in `declared` what the server said; its `inputs` are those of a fresh node. `grownType` gives the type as
 * one node shows it.
 *
 * @typedef {import('./json.js').Json} Json
 * @typedef {import('./schema.js').InputSpec} InputSpec
 * @typedef {import('./schema.js').NodeType} NodeType
 *
 * @typedef {{names: readonly string[], labels: readonly string[], numbered: boolean, least: number, input: InputSpec}} Row `names`: in full. `numbered`: they count, and say nothing else.
 * @typedef {{key: unknown, inputs: readonly InputSpec[]}} Option
 * @typedef {{options?: readonly Option[], row?: Row, inputs?: readonly InputSpec[]}} Brings One of the three.
 */
import { asList, asObject, asText, isFinite, isObject } from './json.js'
import { entriesOf, readWidget } from './widget_specs.js'

const COMBO = 'COMFY_DYNAMICCOMBO_V3'
const ROW = 'COMFY_AUTOGROW_V3'
const SLOT = 'COMFY_DYNAMICSLOT_V3'
const MATCH = 'COMFY_MATCHTYPE_V3'
/** What the incumbent's page lets a row be at most, where nothing is said. */
const MOST = 100

/** Where a node's `properties` keep the values of the options that are not chosen, by combo, option and widget. */
export const KEPT = 'easel_kept'

/** The type of a socket that takes what its template allows. @param {unknown} type @param {Json} options @returns {unknown} */
export function matched(type, options) {
  return type === MATCH ? (asText(asObject(options.template)?.allowed_types) ?? '*') : type
}

/**
 * What a declaration of one of these types says; null for all others.
 * @param {string} name @param {unknown} type @param {Json} options
 * @param {(name: string, spec: unknown, optional: boolean, label: string) => InputSpec} read for one of the inputs that it brings
 * @returns {Partial<InputSpec> | null}
 */
export function readGrowing(name, type, options, read) {
  const all = (/** @type {unknown} */ groups, parent = `${name}.`) => ['required', 'optional'].flatMap((group) =>
    Object.entries(asObject(asObject(groups)?.[group]) ?? {}).map(([own, spec]) => read(`${parent}${own}`, spec, group === 'optional', own)))
  if (type === COMBO) {
    const options_ = asList(options.options).map((option) => ({ key: asObject(option)?.key, inputs: all(asObject(option)?.inputs) }))
    const keys = options_.map(({ key }) => key)
    return { type: 'COMBO', widget: readWidget(name, 'COMBO', { ...options, options: keys }), brings: { options: options_ } }
  }
  if (type === ROW) {
    const template = asObject(options.template) ?? {}
    const [input] = all(template.input, '')
    const said = asList(template.names).filter((each) => typeof each === 'string')
    const most = isFinite(template.max) ? Math.max(template.max, 0) : MOST
    const labels = said.length ? /** @type {string[]} */ (said) : Array.from({ length: Math.min(most, MOST) }, (_, index) => `${asText(template.prefix) ?? ''}${index}`)
    const least = isFinite(template.min) ? template.min : 1
    const row = { names: input ? labels.map((label) => `${name}.${label}`) : [], labels, numbered: said.length === 0, least, input: /** @type {InputSpec} */ (input) }
    return { widget: null, forced: false, brings: { row } }
  }
  if (type !== SLOT) return null
  return { type: asText(options.slotType) ?? '*', optional: true, widget: null, forced: false, brings: { inputs: all(options.inputs) } }
}

/** A type with inputs that bring others, as a fresh node of it is; any other type is itself. @param {NodeType} type */
export function asGrowing(type) {
  if (!type.inputs.some(({ brings }) => brings)) return type
  return grownType({ ...type, declared: type.inputs }, null)
}

/** By declaration, and by what is chosen and how long rows are. @type {WeakMap<readonly InputSpec[], Map<string, NodeType>>} */
const known = new WeakMap()
const none = () => false

/**
 * The type as a node with these values and links shows it. Equal ones are the same object.
 * @template {NodeType | undefined} T
 * @param {T} type @param {unknown} values `widgets_values`: a list, or an object by name @param {(name: string) => boolean} [linked] is a row's input linked?
 * @returns {T}
 */
export function grownType(type, values, linked = none) {
  if (!type?.declared) return type
  const walk = new Walk(values, linked)
  walk.declared(type.declared)
  const sign = JSON.stringify(walk.told)
  let types = known.get(type.declared)
  if (!types) known.set(type.declared, (types = new Map()))
  let found = types.get(sign)
  if (!found) types.set(sign, (found = { ...type, inputs: walk.inputs, rows: walk.rows }))
  return /** @type {T} */ (found)
}

/** One way through a declaration, along the entries of the values. */
class Walk {
  /** @type {InputSpec[]} */
  inputs = []
  /** @type {Row[]} */
  rows = []
  /** What tells one outcome from another. @type {unknown[]} */
  told = []
  #at = 0
  #uploads = 0

  /** @param {unknown} values @param {(name: string) => boolean} linked */
  constructor(values, linked) {
    this.values = values
    this.linked = linked
  }

  /** @param {readonly InputSpec[]} inputs */
  declared(inputs) {
    inputs.forEach((input, index) => {
      this.#add(input, null)
      if (!input.optional && input.widget?.kind === 'combo' && input.widget.upload) this.#uploads++
      if (input.optional || inputs[index + 1]?.optional !== true) return
      this.#at += this.#uploads // the buttons come after the widgets of all required inputs
      this.#uploads = 0
    })
  }

  /** @param {InputSpec} input @param {'required' | 'optional' | null} nested in an input of that group */
  #add(input, nested) {
    const { brings, widget } = input
    const within = nested ?? (input.optional ? 'optional' : 'required')
    if (brings?.row) {
      this.#addRow(brings.row, within)
      return
    }
    this.inputs.push(nested ? { ...input, nested } : input)
    const value = widget && this.#value(input.name, widget.default)
    if (widget) this.#at += entriesOf(widget).length
    if (brings?.options) this.told.push(value)
    const more = brings?.options ? brings.options.find(({ key }) => key === value)?.inputs : brings?.inputs
    for (const each of more ?? []) this.#add(each, within)
  }

  /** @param {Row} row @param {'required' | 'optional'} nested */
  #addRow(row, nested) {
    const last = row.names.findLastIndex(this.linked)
    const count = Math.min(row.names.length, Math.max(row.least, last + 1) + 1)
    this.told.push(count)
    this.rows.push(row)
    for (const [index, name] of row.names.slice(0, count).entries()) {
      const optional = index >= row.least || row.input.optional
      this.inputs.push({ ...row.input, name, label: row.labels[index] ?? name, optional, widget: null, forced: false, nested })
    }
  }

  /** @param {string} name @param {unknown} usual */
  #value(name, usual) {
    const said = Array.isArray(this.values) ? this.values[this.#at] : isObject(this.values) ? this.values[name] : null
    return said ?? usual
  }
}

/** An input of a row that is not shown: one that an older link left. @param {NodeType} type @param {string} name */
export const isSpare = (type, name) => type.rows?.some((row) => row.names.includes(name)) === true

/** The options of a combo that brings inputs; none of any other widget. @param {NodeType | undefined} type @param {string} name */
export const optionsOf = (type, name) => type?.inputs.find((input) => input.name === name)?.brings?.options

/** What an option held when another was chosen. @param {Json | undefined} properties @param {string} name of the combo @param {unknown} key @returns {Json} */
export const keptOf = (properties, name, key) => asObject(asObject(asObject(properties?.[KEPT])?.[name])?.[String(key)]) ?? {}

/**
 * A node's properties, with the values of an option that another takes the place of.
 * @param {Json} properties @param {string} name of the combo @param {{from: unknown, to: unknown, values: Json}} change
 * @returns {Json}
 */
export function withKept(properties, name, { from, to, values }) {
  const kept = asObject(properties[KEPT]) ?? {}
  const { [String(to)]: _now, ...others } = asObject(kept[name]) ?? {}
  const own = Object.keys(values).length ? { ...others, [String(from)]: values } : others
  const { [name]: _own, ...rest } = kept
  const all = Object.keys(own).length ? { ...rest, [name]: own } : rest
  if (Object.keys(all).length) return { ...properties, [KEPT]: all }
  const { [KEPT]: _gone, ...left } = properties
  return KEPT in properties ? left : properties
}
