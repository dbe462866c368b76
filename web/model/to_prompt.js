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
 * @typedef {import('./scopes.js').Scope} Scope
 * @typedef {{class_type: string, inputs: Json, _meta: {title: string}}} PromptNode
 * @typedef {Record<string, PromptNode>} Prompt
 *
 * @typedef {{id: string, slot: number} | {value: unknown} | null} Origin
 */
import { accepts } from './accepts.js'
import { withExpressions } from './file_expressions.js'
import { expandGroups } from './group_nodes.js'
import { grownType, isSpare } from './grown.js'
import { asList, asObject, asText, isObject } from './json.js'
import { fileTitle } from './labels.js'
import { BYPASSED, MUTED } from './modes.js'
import { fillPattern, hasPattern, PATTERN_TYPES, resolveChoices } from './patterns.js'
import { inputName, Promotions } from './promoted.js'
import { byNewNames, renamesOf } from './renamed.js'
import { RENAMED } from './schema.js'
import { definitionsOf, openScopes } from './scopes.js'
import { widgetsOf, withValue } from './widget_values.js'
import { INPUT_SIDE, OUTPUT_SIDE } from './sides.js'

const VIRTUAL = new Set(['Note', 'MarkdownNote', 'PrimitiveNode', 'Reroute', 'SetNode', 'GetNode'])

/**
 * @param {unknown} workflow a UI workflow file
 * @param {Schema} schema
 * @param {{random?: () => number, now?: Date}} [options]
 * @returns {{workflow: Json, output: Prompt}} `workflow` is the file with the choices that were made at random written in
 */
export function toPrompt(workflow, schema, { random = Math.random, now = new Date() } = {}) {
  const given = withExpressions(byNewNames(asObject(workflow) ?? {}, renamesOf(schema)).file, schema)
  const file = expandGroups(given, schema)
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
  return { workflow: converter.chosen.size ? withChoices(given, converter.chosen) : given, output }
}

/** Does the node reach the server? @param {Json} node @param {ReadonlyMap<string, Json>} definitions */
function isReal(node, definitions) {
  const type = asText(node.type) ?? ''
  return node.mode !== MUTED && node.mode !== BYPASSED && !VIRTUAL.has(type) && !definitions.has(type)
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
    this.promotions = new Promotions(schema)
  }

  /** @param {Scope} scope @param {Json} node @returns {PromptNode} */
  node(scope, node) {
    const name = asText(node.type) ?? ''
    const class_type = RENAMED.get(name) ?? name
    const type = this.schema.get(class_type)
    /** @type {Json} */
    const inputs = type ? this.#widgets(scope, type, node) : {}
    for (const slot of asList(node.inputs)) {
      if (!isObject(slot) || slot.link === null || slot.link === undefined) continue
      const origin = this.#origin(scope, linkOf(scope, slot.link), typeOf(slot))
      if (origin === null) continue
      inputs[asText(slot.name) ?? ''] = 'value' in origin ? wrap(origin.value) : [origin.id, origin.slot]
    }
    if (type?.declared) this.#regrow(scope, type, node, inputs)
    return { class_type, inputs, _meta: { title: asText(node.title) || (type ? fileTitle(type) : name) } }
  }

  /** @param {Scope} scope @param {NodeType} type @param {Json} node @returns {Json} */
  #widgets(scope, type, node) {
    /** @type {Json} */
    const inputs = {}
    const values = valuesOf(node)
    for (const widget of widgetsOf(type, { values })) {
      const given = this.promotions.widgetValue(scope, node.id, widget.name)
      let value = given ?? widget.value
      if (typeof value === 'string') {
        if (widget.spec.kind === 'text' && widget.spec.dynamicPrompts) {
          value = given === undefined ? this.#choose(type, node, widget.name, value) : resolveChoices(value, this.options.random)
        }
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

  /**
   * Puts inputs right, where a choice may come from elsewhere than the node's own values: it brings other inputs then.
   * @param {Scope} scope @param {NodeType} type @param {Json} node @param {Json} inputs
   */
  #regrow(scope, type, node, inputs) {
    const own = widgetsOf(type, { values: valuesOf(node) })
    const named = Object.fromEntries(own.map(({ name, value }) => [name, constant(inputs[name], value)]))
    const now = grownType(type, named)
    const choices = now.inputs.filter(({ brings }) => brings?.options)
    const declared = new Set(now.inputs.map(({ name }) => name))
    for (const name of Object.keys(inputs)) {
      if (choices.some((choice) => name.startsWith(`${choice.name}.`)) && !declared.has(name) && !isSpare(now, name)) delete inputs[name]
    }
    for (const { name, spec } of widgetsOf(now, { values: named })) {
      if (!(name in inputs)) inputs[name] = wrap(this.promotions.widgetValue(scope, node.id, name) ?? spec.default)
    }
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

  /** @param {Json} node */
  #titleOf(node) {
    const type = this.schema.get(asText(node.type) ?? '')
    return type && fileTitle(type)
  }

  /** The value of a widget that a file name pattern asks for. @param {string} title @param {string} name */
  #lookUp(title, name) {
    this.#all ??= this.options.scopes.flatMap((scope) => [...scope.nodes.values()])
    const node =
      this.#all.find((other) => asObject(other.properties)?.['Node name for S&R'] === title) ??
      this.#all.find((other) => (asText(other.title) ?? this.#titleOf(other)) === title)
    const type = node && this.schema.get(asText(node.type) ?? '')
    return type ? widgetsOf(type, { values: valuesOf(node) }).find((widget) => widget.name === name)?.value : undefined
  }

  /**
   * Where a link truly comes from: through reroutes, bypassed nodes and the borders of subgraphs. Where the way ends, at a
   * muted node or at nothing, it is the value that an instance on the way gives to its own widget, the outermost first.
   * @param {Scope} scope @param {import('./workflow_load.js').RawLink | undefined} link @param {string} wanted the reader's type
   * @returns {Origin}
   */
  #origin(scope, link, wanted) {
    /** @type {Origin} */
    let own = null
    /** Of one scope and its link: in a circle it comes again. @type {Set<string>} */
    const seen = new Set()
    while (link && !seen.has(`${scope.path} ${link.key}`)) {
      seen.add(`${scope.path} ${link.key}`)
      if (Number(link.from) === INPUT_SIDE && scope.parent && scope.instance) {
        const value = this.promotions.inputValue(scope, link.fromSlot)
        if (value !== undefined) own = { value }
        const name = inputName(scope.file, link.fromSlot)
        const slot = asList(scope.instance.inputs).find((input) => asObject(input)?.name === name)
        scope = scope.parent
        link = linkOf(scope, asObject(slot)?.link)
        continue
      }
      const node = scope.nodes.get(String(link.from))
      if (!node || node.mode === MUTED) return own
      const type = asText(node.type) ?? ''
      const inner = scope.inner.get(String(node.id))
      if (node.mode === BYPASSED) link = linkOf(scope, this.#bypass(node, link.fromSlot, wanted))
      else if (type === 'Reroute' || type === 'SetNode') link = linkOf(scope, asObject(asList(node.inputs)[0])?.link)
      else if (type === 'GetNode') {
        const sent = setter(scope, wireName(node))
        if (!sent) return own
        scope = sent.scope
        link = linkOf(scope, asObject(asList(sent.node.inputs)[0])?.link)
      }
      else if (type === 'PrimitiveNode') {
        const value = asList(node.widgets_values)[0]
        return value === undefined || value === null ? own : { value }
      } else if (inner) {
        const slot = outputSlot(node, inner.file, link.fromSlot)
        scope = inner
        link = [...inner.links.values()].find((each) => Number(each.to) === OUTPUT_SIDE && each.toSlot === slot)
      } else if (VIRTUAL.has(type) || this.definitions.has(type)) return own
      else return { id: `${scope.path}${String(node.id)}`, slot: link.fromSlot }
    }
    return own
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
}

/** @param {Scope} scope @param {unknown} key */
const linkOf = (scope, key) => (key === null || key === undefined ? undefined : scope.links.get(String(key)))

/** The name that a Set or a Get node goes by. @param {Json} node */
const wireName = (node) => asText(asList(node.widgets_values)[0]) ?? ''

/** The node that sends by a name: the first one in the same graph, or else in the graphs around it. @param {Scope} from @param {string} name */
function setter(from, name) {
  for (let scope = /** @type {Scope | null} */ (from); scope && name !== ''; scope = scope.parent) {
    for (const node of scope.nodes.values()) if (node.type === 'SetNode' && wireName(node) === name) return { scope, node }
  }
  return null
}

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

/** What an input is given; what the file has for it where that comes by a link, or not at all. @param {unknown} given @param {unknown} saved */
const constant = (given, saved) => (given === undefined || Array.isArray(given) ? saved : isObject(given) && '__value__' in given ? given.__value__ : given)

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
