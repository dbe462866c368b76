/**
 * The type of a node by its name: one that the server told of, or a subgraph of this document, which looks like any other
 * node from outside.
 *
 * @typedef {import('./graph.js').Graph} Graph
 * @typedef {import('./json.js').Json} Json
 * @typedef {import('./schema.js').InputSpec} InputSpec
 * @typedef {import('./schema.js').NodeType} NodeType
 * @typedef {import('./schema.js').Schema} Schema
 * @typedef {import('./schema.js').WidgetSpec} WidgetSpec
 * @typedef {import('./types.js').GraphRecord} GraphRecord
 */
import { asText } from './json.js'
import { INPUT_SIDE } from './workflow_load.js'
import { widgetsOf } from './widget_values.js'

/** Subgraphs in subgraphs: a definition that holds itself is not followed for ever. */
const DEEPEST = 32

export class NodeTypes {
  /** @type {WeakMap<GraphRecord, {schema: Schema, type: NodeType}>} */
  #subgraphs = new WeakMap()

  /** @param {Schema} schema @param {Graph} graph */
  constructor(schema, graph) {
    this.schema = schema
    this.graph = graph
  }

  /** @param {string} name @returns {NodeType | undefined} */
  get(name) {
    const known = this.schema.get(name)
    if (known) return known
    const definition = this.graph.definition(name)
    return definition && this.#subgraph(definition, 0)
  }

  /** @param {GraphRecord} definition @param {number} depth @returns {NodeType} */
  #subgraph(definition, depth) {
    const kept = this.#subgraphs.get(definition)
    if (kept?.schema === this.schema) return kept.type
    const type = {
      name: definition.key, title: definition.name, category: 'subgraphs', description: asText(definition.raw?.description) ?? '',
      module: 'workflow', inputs: definition.inputs.map((input, slot) => this.#input(definition, input, slot, depth)),
      outputs: definition.outputs.map((output) => ({
        name: asText(output.name) ?? '', type: asText(output.type) ?? '*', list: false, tooltip: ''
      })),
      output: false, deprecated: false, experimental: false, later: '', aliases: [], virtual: true, picture: false
    }
    if (depth === 0) this.#subgraphs.set(definition, { schema: this.schema, type })
    return type
  }

  /** @param {GraphRecord} definition @param {Json} input @param {number} slot @param {number} depth @returns {InputSpec} */
  #input(definition, input, slot, depth) {
    const name = asText(input.name) ?? ''
    return {
      name, type: asText(input.type) ?? '*', label: asText(input.label) || name, optional: input.shape === 7,
      widget: this.#widget(definition, slot, depth), socketless: false, forced: false, tooltip: '', advanced: false
    }
  }

  /** The widget that an input of a subgraph stands for: that at the end of its first link. @param {GraphRecord} definition @param {number} slot @param {number} depth @returns {WidgetSpec | null} */
  #widget(definition, slot, depth) {
    const link = this.graph.links(definition.key).find((each) => Number(each.from) === INPUT_SIDE && each.fromSlot === slot)
    const reader = link && this.graph.reader(link)
    const name = reader?.inputs[link?.toSlot ?? 0]?.name
    if (!reader || depth > DEEPEST) return null
    const inner = this.graph.definition(reader.type)
    const type = inner ? this.#subgraph(inner, depth + 1) : this.schema.get(reader.type)
    const widget = widgetsOf(type, reader).find((each) => each.name === name)
    if (!type || !widget) return null
    // What becomes of the value after a run, and the button for a file, stay inside.
    const { spec, value } = widget
    if (spec.kind === 'number') return { ...spec, seed: false, default: typeof value === 'number' ? value : spec.default }
    if (spec.kind === 'combo') return { ...spec, control: false, upload: null, default: value }
    if (spec.kind === 'toggle') return { ...spec, default: value === true }
    return { ...spec, default: typeof value === 'string' ? value : spec.default }
  }
}
