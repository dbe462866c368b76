/**
 * A UI workflow as the API prompt that the server runs. The rules are those of `graph/workflow.py`; both read the same
 * table of fixtures.
 *
 * It works on the file's own JSON, without recursion, and never throws: what cannot be resolved is left out, and the
 * server's validation says what is missing.
 *
 * @typedef {import('./json.js').Json} Json
 * @typedef {import('./schema.js').NodeType} NodeType
 * @typedef {import('./schema.js').Schema} Schema
 * @typedef {import('./types.js').Key} Key
 * @typedef {{class_type: string, inputs: Json, _meta: {title: string}}} PromptNode
 * @typedef {Record<string, PromptNode>} Prompt
 *
 * @typedef {object} Scope One use of a graph: the root, or an instance of a subgraph.
 * @property {string} path What ids inside it start with: "" or "12:".
 * @property {Json} file
 * @property {Map<string, Json>} nodes
 * @property {Map<string, import('./workflow_load.js').RawLink>} links
 * @property {Scope | null} parent
 * @property {Json | null} instance
 * @property {Map<string, Scope>} inner Scopes of the instances in it, by node id.
 *
 * @typedef {{id: string, slot: number} | {value: unknown} | null} Origin
 */
import { accepts } from './accepts.js'
import { expandGroups } from './group_nodes.js'
import { asList, asObject, asText, isObject } from './json.js'
import { BYPASSED, MUTED } from './modes.js'
import { fillPattern, hasPattern, PATTERN_TYPES, resolveChoices } from './patterns.js'
import { widgetsOf, withValue } from './widget_values.js'
import { INPUT_SIDE, OUTPUT_SIDE, readLink } from './workflow_load.js'

const VIRTUAL = new Set(['Note', 'MarkdownNote', 'PrimitiveNode', 'Reroute'])
/** Old names of types, as the incumbent mends them on loading. */
const RENAMED = new Map([
  ['T2IAdapterLoader', 'ControlNetLoader'],
  ['ConditioningAverage ', 'ConditioningAverage'],
  ['SDV_img2vid_Conditioning', 'SVD_img2vid_Conditioning']
])
/** Instances within instances: beyond this a definition holds itself. */
const DEEPEST = 32

/**
 * @param {unknown} workflow a UI workflow file
 * @param {Schema} schema
 * @param {{random?: () => number, now?: Date}} [options]
 * @returns {{workflow: Json, output: Prompt}} `workflow` is the file with the choices that were made at random written in
 */
export function toPrompt(workflow, schema, { random = Math.random, now = new Date() } = {}) {
  const file = expandGroups(asObject(workflow) ?? {}, schema)
  const definitions = definitionsOf(file)
  const scopes = openScopes(file, definitions)
  const converter = new Converter(schema, definitions, { random, now, scopes })
  /** @type {Prompt} */
  const output = {}
  for (const scope of scopes) {
    for (const node of scope.nodes.values()) {
      if (!isReal(node, definitions)) continue
      output[`${scope.path}${String(node.id)}`] = converter.node(scope, node)
    }
  }
  for (const { inputs } of Object.values(output)) {
    for (const [name, value] of Object.entries(inputs)) {
      if (Array.isArray(value) && !(String(value[0]) in output)) delete inputs[name]
    }
  }
  const given = asObject(workflow) ?? {}
  return { workflow: converter.chosen.size ? withChoices(given, converter.chosen) : given, output }
}

/** Does the node reach the server? @param {Json} node @param {ReadonlyMap<string, Json>} definitions */
function isReal(node, definitions) {
  const type = asText(node.type) ?? ''
  return node.mode !== MUTED && node.mode !== BYPASSED && !VIRTUAL.has(type) && !definitions.has(type)
}

/** All subgraph definitions, nested ones too, by id. @param {Json} file @returns {Map<string, Json>} */
function definitionsOf(file) {
  /** @type {Map<string, Json>} */
  const found = new Map()
  const stack = [file]
  for (let part = stack.pop(); part; part = stack.pop()) {
    for (const definition of asList(asObject(part.definitions)?.subgraphs)) {
      if (!isObject(definition) || typeof definition.id !== 'string' || found.has(definition.id)) continue
      found.set(definition.id, definition)
      stack.push(definition)
    }
  }
  return found
}

/** The root and every live instance, outer ones first. @param {Json} file @param {ReadonlyMap<string, Json>} definitions */
function openScopes(file, definitions) {
  const scopes = [openScope(file, '', null, null)]
  for (const scope of scopes) {
    for (const node of scope.nodes.values()) {
      const definition = definitions.get(asText(node.type) ?? '')
      if (!definition || node.mode === MUTED || node.mode === BYPASSED) continue
      if (scope.path.split(':').length > DEEPEST || holds(scope, definition)) continue
      const inner = openScope(definition, `${scope.path}${String(node.id)}:`, scope, node)
      scope.inner.set(String(node.id), inner)
      scopes.push(inner)
    }
  }
  return scopes
}

/** Is the definition open around this scope already? It would hold itself. @param {Scope} scope @param {Json} definition */
function holds(scope, definition) {
  for (let at = /** @type {Scope | null} */ (scope); at; at = at.parent) if (at.file === definition) return true
  return false
}

/** @param {Json} file @param {string} path @param {Scope | null} parent @param {Json | null} instance @returns {Scope} */
function openScope(file, path, parent, instance) {
  /** @type {Scope['nodes']} */
  const nodes = new Map()
  for (const node of asList(file.nodes)) {
    if (isObject(node) && node.id !== undefined && !nodes.has(String(node.id))) nodes.set(String(node.id), node)
  }
  /** @type {Scope['links']} */
  const links = new Map()
  for (const raw of asList(file.links)) {
    const link = readLink(raw)
    if (link) links.set(String(link.key), link)
  }
  return { path, file, nodes, links, parent, instance, inner: new Map() }
}

class Converter {
  /** New values of nodes with a text that was chosen at random. @type {Map<Json, unknown>} */
  chosen = new Map()
  /** @type {Json[] | null} */
  #all = null

  /**
   * @param {Schema} schema @param {ReadonlyMap<string, Json>} definitions
   * @param {{random: () => number, now: Date, scopes: readonly Scope[]}} options
   */
  constructor(schema, definitions, options) {
    this.schema = schema
    this.definitions = definitions
    this.options = options
  }

  /** @param {Scope} scope @param {Json} node @returns {PromptNode} */
  node(scope, node) {
    const name = asText(node.type) ?? ''
    const class_type = RENAMED.get(name) ?? name
    const type = this.schema.get(class_type)
    /** @type {Json} */
    const inputs = type ? this.#widgets(type, node) : {}
    for (const slot of asList(node.inputs)) {
      if (!isObject(slot) || slot.link === null || slot.link === undefined) continue
      const link = scope.links.get(String(slot.link))
      const origin = link ? this.#origin(scope, link, typeOf(slot)) : null
      if (origin === null) continue
      inputs[asText(slot.name) ?? ''] = 'value' in origin ? wrap(origin.value) : [origin.id, origin.slot]
    }
    return { class_type, inputs, _meta: { title: asText(node.title) || type?.title || name } }
  }

  /** @param {NodeType} type @param {Json} node @returns {Json} */
  #widgets(type, node) {
    /** @type {Json} */
    const inputs = {}
    const values = valuesOf(node)
    for (const widget of widgetsOf(type, { values })) {
      let value = widget.value
      if (typeof value === 'string') {
        if (widget.spec.kind === 'text' && widget.spec.dynamicPrompts) value = this.#choose(type, node, widget.name, value)
        else if (widget.name === 'filename_prefix' && PATTERN_TYPES.has(type.name) && hasPattern(value)) {
          value = fillPattern(value, this.options.now, (title, name) => this.#lookUp(title, name))
        } else if (widget.spec.kind === 'combo' && widget.name === 'sampler_name' && value.startsWith('sample_')) {
          value = value.slice('sample_'.length)
        }
      }
      inputs[widget.name] = wrap(value)
    }
    return inputs
  }

  /** @param {NodeType} type @param {Json} node @param {string} name @param {string} text */
  #choose(type, node, name, text) {
    const resolved = resolveChoices(text, this.options.random)
    if (resolved === text) return text
    const values = this.chosen.get(node) ?? valuesOf(node)
    const now = Array.isArray(values) ? values : asObject(values)
    this.chosen.set(node, withValue(type, { values: now }, name, resolved))
    return resolved
  }

  /** The value of a widget that a file name pattern asks for. @param {string} title @param {string} name */
  #lookUp(title, name) {
    this.#all ??= this.options.scopes.flatMap((scope) => [...scope.nodes.values()])
    const node =
      this.#all.find((other) => asObject(other.properties)?.['Node name for S&R'] === title) ??
      this.#all.find((other) => (asText(other.title) ?? this.schema.get(asText(other.type) ?? '')?.title) === title)
    const type = node && this.schema.get(asText(node.type) ?? '')
    return type ? widgetsOf(type, { values: valuesOf(node) }).find((widget) => widget.name === name)?.value : undefined
  }

  /**
   * Where a link truly comes from: through reroutes, bypassed nodes and the borders of subgraphs.
   * @param {Scope} scope @param {import('./workflow_load.js').RawLink} link @param {string} wanted the reader's type
   * @returns {Origin}
   */
  #origin(scope, link, wanted) {
    /** @type {Set<unknown>} */
    const seen = new Set()
    for (;;) {
      if (seen.has(link)) return null // a circle of reroutes
      seen.add(link)
      /** @type {unknown} */
      let next
      if (Number(link.from) === INPUT_SIDE && scope.parent && scope.instance) {
        const name = inputName(scope.file, link.fromSlot)
        const slot = asList(scope.instance.inputs).find((input) => asObject(input)?.name === name)
        next = asObject(slot)?.link
        if (next === null || next === undefined) return this.#promoted(scope, link.fromSlot)
        scope = scope.parent
      } else {
        const node = scope.nodes.get(String(link.from))
        if (!node || node.mode === MUTED) return null
        const type = asText(node.type) ?? ''
        const inner = scope.inner.get(String(node.id))
        if (node.mode === BYPASSED) next = this.#bypass(node, link.fromSlot, wanted)
        else if (type === 'Reroute') next = asObject(asList(node.inputs)[0])?.link
        else if (type === 'PrimitiveNode') {
          const values = valuesOf(node)
          return Array.isArray(values) && values.length ? { value: values[0] } : null
        } else if (inner) {
          const slot = outputSlot(node, inner.file, link.fromSlot)
          scope = inner
          const last = [...inner.links.values()].find((each) => Number(each.to) === OUTPUT_SIDE && each.toSlot === slot)
          if (!last) return null
          link = last
          continue
        } else if (VIRTUAL.has(type) || this.definitions.has(type)) return null
        else return { id: `${scope.path}${String(node.id)}`, slot: link.fromSlot }
      }
      const found = next === null || next === undefined ? undefined : scope.links.get(String(next))
      if (!found) return null
      link = found
    }
  }

  /**
   * The input whose link a bypassed node passes on to its output `slot`; its link.
   * @param {Json} node @param {number} slot @param {string} wanted
   */
  #bypass(node, slot, wanted) {
    const inputs = asList(node.inputs).map((input) => asObject(input) ?? {})
    const given = asObject(asList(node.outputs)[slot])
    const type = given ? typeOf(given) : wanted
    const same = inputs[slot]
    if (wanted === '*' || type === '*') return (same ?? inputs[0])?.link
    const fits = (/** @type {Json} */ input) => accepts(typeOf(input), type) && accepts(wanted, typeOf(input))
    const chosen =
      same && fits(same) ? same : (inputs.find((input) => typeOf(input) === type) ?? inputs.find(fits))
    return chosen?.link
  }

  /**
   * The value that an instance gives to an input of its subgraph that nothing is linked to.
   * @param {Scope} scope @param {number} slot @returns {Origin}
   */
  #promoted(scope, slot) {
    const values = valuesOf(scope.instance ?? {})
    const name = inputName(scope.file, slot)
    if (isObject(values)) return name in values ? { value: values[name] } : null
    if (!Array.isArray(values)) return null
    let at = 0
    for (const input of asList(asObject(scope.instance)?.inputs)) {
      const inputIndex = asList(scope.file.inputs).findIndex((entry) => asObject(entry)?.name === asObject(input)?.name)
      if (inputIndex < 0 || !this.#landsOnWidget(scope, inputIndex)) continue
      if (inputIndex === slot) return at < values.length && values[at] !== null ? { value: values[at] } : null
      at++
    }
    return null
  }

  /** Does the first link of a subgraph's input end at a widget? @param {Scope} scope @param {number} slot */
  #landsOnWidget(scope, slot) {
    for (let depth = 0; depth < DEEPEST; depth++) {
      const ids = asList(asObject(asList(scope.file.inputs)[slot])?.linkIds)
      const link = scope.links.get(String(ids[0])) ?? [...scope.links.values()].find((each) => Number(each.from) === INPUT_SIDE && each.fromSlot === slot)
      const reader = link && scope.nodes.get(String(link.to))
      const input = reader && asObject(asList(reader.inputs)[link.toSlot])
      if (!reader || !input) return false
      const inner = scope.inner.get(String(reader.id))
      if (!inner) {
        const spec = this.schema.get(asText(reader.type) ?? '')?.inputs.find((each) => each.name === input.name)
        return spec ? spec.widget !== null : isObject(input.widget)
      }
      slot = asList(inner.file.inputs).findIndex((entry) => asObject(entry)?.name === input.name)
      scope = inner
    }
    return false
  }
}

/** @param {Json} definition @param {number} slot */
const inputName = (definition, slot) => asText(asObject(asList(definition.inputs)[slot])?.name) ?? ''

/** The slot of a definition that an instance's output stands for: by name, or else by place. @param {Json} instance @param {Json} definition @param {number} slot */
function outputSlot(instance, definition, slot) {
  const name = asObject(asList(instance.outputs)[slot])?.name
  const outputs = asList(definition.outputs)
  if (asObject(outputs[slot])?.name === name) return slot
  const index = outputs.findIndex((output) => asObject(output)?.name === name)
  return index < 0 ? slot : index
}

/** @param {Json} node */
const valuesOf = (node) => (Array.isArray(node.widgets_values) ? node.widgets_values : asObject(node.widgets_values))

/** @param {Json} slot */
const typeOf = (slot) => (Array.isArray(slot.type) ? 'COMBO' : asText(slot.type) || '*')

/** A list would be read as a link. @param {unknown} value */
const wrap = (value) => (Array.isArray(value) ? { __value__: value } : value)

/** @param {Json} workflow @param {ReadonlyMap<Json, unknown>} chosen values by node @returns {Json} */
function withChoices(workflow, chosen) {
  const within = (/** @type {Json} */ file) => {
    const nodes = asList(file.nodes).map((node) =>
      isObject(node) && chosen.has(node) ? { ...node, widgets_values: chosen.get(node) } : node
    )
    /** @type {Json} */
    const copy = { ...file, ...(file.nodes !== undefined && { nodes }) }
    const definitions = asObject(file.definitions)
    if (definitions) {
      const subgraphs = asList(definitions.subgraphs).map((part) => (isObject(part) ? within(part) : part))
      copy.definitions = { ...definitions, subgraphs }
    }
    return copy
  }
  return within(workflow)
}
