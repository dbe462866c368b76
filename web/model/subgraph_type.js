/**
 * A subgraph's definition as a node type: its inputs and outputs, and the widgets that its inputs stand for.
 *
 * @typedef {import('./graph.js').Graph} Graph
 * @typedef {import('./node_types.js').NodeTypes} NodeTypes
 * @typedef {import('./schema.js').NodeType} NodeType
 * @typedef {import('./schema.js').WidgetSpec} WidgetSpec
 * @typedef {import('./types.js').GraphRecord} GraphRecord
 * @typedef {import('./types.js').LinkRecord} LinkRecord
 * @typedef {import('./widget_values.js').Control} Control
 * @typedef {import('./widget_values.js').Widget} Widget
 */
import { asList, asText } from './json.js'
import { INPUT_SIDE } from './sides.js'
import { readWidget } from './widget_specs.js'
import { widgetsOf } from './widget_values.js'

/** The id under which an instance lists the inputs of its own subgraph. */
export const OWN = '-1'

/** @param {GraphRecord} definition @param {Graph} graph @param {Pick<NodeTypes, 'of' | 'get'>} types @returns {NodeType} */
export function subgraphType(definition, graph, types) {
  /** @type {Record<string, Control>} */
  const controls = {}
  /** @type {Set<string>} */
  const loose = new Set()
  const inputs = definition.inputs.map((input, slot) => {
    const name = asText(input.name) ?? ''
    const widget = widgetBehind(definition, slot, graph, types)
    if (widget?.control) controls[name] = widget.control
    if (widget && widget.value === undefined) loose.add(name)
    return {
      name, type: asText(input.type) || '*', label: asText(input.label) || name, optional: input.shape === 7,
      widget: widget && promotedSpec(widget), socketless: false, forced: false, tooltip: widget?.tooltip ?? '', advanced: false
    }
  })
  return {
    name: definition.key, title: definition.name, category: 'subgraphs', description: asText(definition.raw?.description) ?? '',
    module: 'workflow', inputs,
    outputs: definition.outputs.map((output) => ({
      name: asText(output.name) ?? '', type: asText(output.type) || '*', list: false, tooltip: ''
    })),
    output: false, deprecated: false, experimental: false, later: '', aliases: [], virtual: true, picture: false,
    places: inputs.flatMap(({ name, widget }, slot) => {
      if (!widget) return []
      const link = linksOfInput(definition, slot, graph)[0]
      const end = { node: String(link?.to), name: (link && graph.reader(link)?.inputs[link.toSlot]?.name) ?? '' }
      return { name, kind: /** @type {const} */ ('value'), inner: { node: OWN, name }, end, ...(loose.has(name) && { loose: true }) }
    }),
    controls
  }
}

/** The links of an input, the first one first: the file lists them. @param {GraphRecord} definition @param {number} slot @param {Graph} graph @returns {LinkRecord[]} */
export function linksOfInput(definition, slot, graph) {
  const all = graph.linksOf(`node:${definition.key}/${INPUT_SIDE}`).filter((link) => link.fromSlot === slot).sort((a, b) => a.z - b.z)
  const listed = asList(definition.inputs[slot]?.linkIds)
  const first = all.find(({ key }) => String(key) === String(listed[0]))
  return first ? [first, ...all.filter((link) => link !== first)] : all
}

/** The widget that an input of a subgraph stands for: that at the end of its first link. @param {GraphRecord} definition @param {number} slot @param {Graph} graph @param {Pick<NodeTypes, 'of' | 'get'>} types @returns {Widget | null} */
function widgetBehind(definition, slot, graph, types) {
  const link = linksOfInput(definition, slot, graph)[0]
  const reader = link && graph.reader(link)
  const input = reader?.inputs[link?.toSlot ?? 0]
  if (!reader || !input) return null
  // What it is, is told by the type; how it stands there, by the node, which may be an instance with a list of its own.
  const base = types.get(reader.type)
  const type = base?.declared ? types.of(reader) : base
  const declared = type?.inputs.find((each) => each.name === input.name)
  if (declared && !declared.widget) return null
  const found = declared && (widgetsOf(types.of(reader), reader).find((each) => each.name === input.name) ?? widgetsOf(type, { values: null }).find((each) => each.name === input.name))
  return found ?? (input.widget === null ? null : looseWidget(input.name, input.type))
}

/** A widget that only the file knows. @param {string} name @param {string} type @returns {Widget | null} */
function looseWidget(name, type) {
  const spec = readWidget(name, ['INT', 'FLOAT', 'BOOLEAN'].includes(type) ? type : 'STRING', type === 'INT' || type === 'FLOAT' ? { min: -Number.MAX_VALUE, max: Number.MAX_VALUE, round: false } : {})
  return spec && { name, label: name, tooltip: '', value: undefined, control: null, socketless: false, spec, expression: null }
}

/** A widget as an instance shows it: what it has inside is its default. @param {Widget} widget @returns {WidgetSpec} */
export const promotedSpec = ({ spec, value }) => /** @type {WidgetSpec} */ ({ ...spec, default: value === undefined ? spec.default : value, ...(spec.kind === 'combo' && { control: false }) })
