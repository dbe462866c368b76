/**
 * The node types that the server knows, read from `/object_info` once: which inputs are sockets, which are widgets, of
 * which kind, with which defaults and ranges. Nothing else in the page reads the wire's form of a declaration.
 *
 * @typedef {import('./json.js').Json} Json
 *
 * @typedef {import('./widget_specs.js').NumberSpec} NumberSpec
 * @typedef {import('./widget_specs.js').TextSpec} TextSpec
 * @typedef {import('./widget_specs.js').ComboSpec} ComboSpec
 * @typedef {import('./widget_specs.js').WidgetSpec} WidgetSpec
 *
 * @typedef {import('../language/nodes.js').Catalogue} Words
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
 * @property {string} [match] The template of which all inputs and outputs are of one type.
 * @property {import('./grown.js').Brings} [brings] Inputs that it brings with it.
 * @property {'required' | 'optional'} [nested] One brought it that is in this group.
 *
 * @typedef {{name: string, type: string, list: boolean, tooltip: string, label?: string, match?: string}} OutputSpec `label`: what is shown in its name's place. `match`: its template.
 *
 * @typedef {object} NodeType
 * @property {string} name
 * @property {string} title
 * @property {string} [english] The title in files and prompts, where the one that is shown is in another language.
 * @property {string} category
 * @property {string} description
 * @property {string} module
 * @property {readonly InputSpec[]} inputs Required ones first, each in the order of its declaration.
 * @property {readonly OutputSpec[]} outputs
 * @property {boolean} output It is a target of a run.
 * @property {boolean} deprecated
 * @property {boolean} experimental
 * @property {readonly import('./renamed.js').Renamed[]} [renamed] What it, or something of it, was called before.
 * @property {string} later What it waits for, such as "video models"; empty for a type that this version runs.
 * @property {readonly string[]} aliases
 * @property {boolean} virtual Lives in the page only and never reaches the server.
 * @property {boolean} picture It shows a picture, a video, a sound or a value: room is kept for it.
 * @property {readonly import('./widget_values.js').Place[]} [places] What a node's values are, where the inputs do not tell: a subgraph.
 * @property {boolean} [matches] Some of its inputs are of one type, whichever that is.
 * @property {readonly InputSpec[]} [declared] The inputs as the server has them, where some bring others: `inputs` are then those that one node shows.
 * @property {readonly import('./grown.js').Row[]} [rows] Rows among them.
 * @property {Readonly<Record<string, import('./widget_values.js').Control>>} [controls] What becomes of them after a run, where no value says it.
 */
import { catalogue } from '../language/nodes.js'
import { asGrowing, matched, readGrowing } from './grown.js'
import { asList, asObject, asText, isObject } from './json.js'
import { hasMatches, matchOf, readMatch, saidMatches } from './matching.js'
import { readRenamed } from './renamed.js'
import { VIRTUAL_TYPES } from './virtual_types.js'
import { readWidget } from './widget_specs.js'

/** Types whose values an output node shows. */
const SHOWN = new Set(['IMAGE', 'MASK', 'VIDEO', 'AUDIO', '*'])

/** Seeds beyond this lose digits on their way through JSON in a browser: random ones stay below. */
export const LARGEST_SEED = 2 ** 50

/** Old names of types, met in old files. */
export const RENAMED = new Map([
  ['T2IAdapterLoader', 'ControlNetLoader'],
  ['ConditioningAverage ', 'ConditioningAverage'],
  ['SDV_img2vid_Conditioning', 'SVD_img2vid_Conditioning']
])

export class Schema {
  /** @type {ReadonlyMap<string, NodeType>} */
  types

  /**
   * @param {unknown} objectInfo what GET /object_info answered; entries that are no objects are skipped
   * @param {Words} [words] of the person's language
   */
  constructor(objectInfo = {}, words = catalogue) {
    const types = new Map(VIRTUAL_TYPES.map((type) => [type.name, type]))
    for (const [name, entry] of Object.entries(asObject(objectInfo) ?? {})) {
      if (isObject(entry)) types.set(name, asGrowing(readType(name, entry, words)))
    }
    this.types = types
  }

  /** @param {string} name @returns {NodeType | undefined} */
  get(name) {
    return this.types.get(RENAMED.get(name) ?? name)
  }
}

/** @param {string} name @param {Json} entry @param {Words} words @returns {NodeType} */
function readType(name, entry, words) {
  const own = words.nodes.get(name)
  const inputs = readInputs(entry).map((input) => inWords(input, own?.inputs?.[input.name], words))
  const matches = saidMatches(entry)
  const outputNames = asList(entry.output_name)
  const lists = asList(entry.output_is_list)
  const tooltips = asList(entry.output_tooltips)
  const outputs = asList(entry.output).map((type, slot) => {
    const output = asText(outputNames[slot]) ?? typeName(type)
    const { label, tooltip } = own?.outputs?.[output] ?? {}
    return {
      name: output, type: typeName(type), list: lists[slot] === true, tooltip: tooltip ?? shared(words, asText(tooltips[slot])), ...(label ? { label } : {}), ...matchOf(matches[slot], typeName(type), inputs)
    }
  })
  const english = asText(entry.display_name) || name
  const output = entry.output_node === true
  return {
    name,
    title: own?.title ?? english,
    ...(own?.title && own.title !== english ? { english } : {}),
    category: asText(entry.category) ?? '',
    description: own?.description ?? shared(words, asText(entry.description)),
    module: asText(entry.python_module) ?? '',
    inputs,
    outputs,
    ...(hasMatches(inputs) ? { matches: true } : {}),
    output,
    deprecated: entry.deprecated === true,
    experimental: entry.experimental === true,
    later: shared(words, asText(entry.easel_later)),
    ...(asList(entry.easel_renamed).length ? { renamed: readRenamed(entry.easel_renamed) } : {}),
    aliases: asList(entry.search_aliases).filter((alias) => typeof alias === 'string'),
    virtual: false,
    picture:
      (output && inputs.some((input) => SHOWN.has(input.type) || input.forced)) ||
      inputs.some(({ widget }) => widget?.kind === 'camera' || (widget?.kind === 'combo' && (widget.upload === 'image' || widget.upload === 'video' || widget.upload === 'audio')))
  }
}

/** A sentence of a declaration in the person's language. @param {Words} words @param {string | null | undefined} english */
const shared = ({ texts }, english) => (english ? (texts.get(english) ?? english) : '')

/** @param {InputSpec} input @param {{label?: string, tooltip?: string, options?: Readonly<Record<string, string>>} | undefined} own what is said of this input of this node @param {Words} words @returns {InputSpec} */
function inWords(input, own, words) {
  const { widget } = input
  const labels = own?.options ?? words.options.get(input.name)
  const combo = widget?.kind === 'combo' && labels && widget.options.some((option) => Object.hasOwn(labels, String(option)))
  return {
    ...input,
    ...(input.brings && { brings: bringsInWords(input.brings, words) }),
    label: own?.label ?? words.texts.get(input.label) ?? input.label,
    tooltip: own?.tooltip ?? shared(words, input.tooltip),
    widget: combo ? { ...widget, labels } : widget?.kind === 'toggle' ? { ...widget, on: shared(words, widget.on), off: shared(words, widget.off) } : widget
  }
}

/** @param {import('./grown.js').Brings} brings @param {Words} words @returns {import('./grown.js').Brings} */
function bringsInWords({ options, row, inputs }, words) {
  const all = (/** @type {readonly InputSpec[]} */ list) => list.map((input) => inWords(input, undefined, words))
  if (options) return { options: options.map(({ key, inputs }) => ({ key, inputs: all(inputs) })) }
  return row ? { row } : { inputs: all(inputs ?? []) }
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

/** @param {string} name @param {unknown} spec @param {boolean} optional @param {string} [label] @returns {InputSpec} */
function readInput(name, spec, optional, label = name) {
  const [declared, given] = Array.isArray(spec) ? spec : [spec, {}]
  const options = asObject(given) ?? {}
  const type = matched(declared, options)
  const widget = readWidget(name, type, options)
  const forced = options.forceInput === true
  return {
    name,
    type: typeName(type),
    label: asText(options.display_name) ?? label,
    optional,
    widget: forced ? null : widget,
    socketless: options.socketless === true,
    forced: forced && widget !== null,
    tooltip: asText(options.tooltip) ?? '',
    advanced: options.advanced === true,
    ...readMatch(options),
    ...readGrowing(name, type, options, readInput)
  }
}

/** The socket type of a declared type. @param {unknown} type */
function typeName(type) {
  if (Array.isArray(type)) return 'COMBO'
  return typeof type === 'string' && type !== '' ? /** @type {string} */ (matched(type, {})) : '*'
}
