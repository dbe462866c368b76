/**
 * What is different between two graphs: nodes, values, links, frames and points, in the graph itself and in each subgraph.
 *
 * Nodes are the same by their id and type; one whose id is another is found by its type, its title and its place. A prompt in
 * API format has no places: there the order stands for it. The time it takes grows with the number of nodes.
 *
 * @typedef {import('./graph.js').Graph} Graph
 * @typedef {import('./json.js').Json} Json
 * @typedef {import('./schema.js').NodeType} NodeType
 * @typedef {import('./types.js').GraphId} GraphId
 * @typedef {import('./types.js').GraphRecord} GraphRecord
 * @typedef {import('./types.js').GroupRecord} GroupRecord
 * @typedef {import('./types.js').LinkRecord} LinkRecord
 * @typedef {import('./types.js').NodeRecord} NodeRecord
 * @typedef {import('./types.js').RerouteRecord} RerouteRecord
 *
 * @typedef {{graph: Graph, types: import('./node_types.js').NodeTypes}} Side A graph that is read: of a file, or the open one (the editor has both fields).
 * @typedef {{name: string, label: string, from: unknown, to: unknown}} ValueChange `undefined` where that side has no such value.
 * @typedef {{added: string[], removed: string[]}} Names
 *
 * @typedef {object} NodeChange
 * @property {NodeRecord} before
 * @property {NodeRecord} after
 * @property {boolean} moved
 * @property {boolean} resized
 * @property {boolean} retyped
 * @property {boolean} renamed Its title is another.
 * @property {boolean} mode
 * @property {readonly ('collapsed' | 'pinned' | 'color' | 'bgcolor')[]} look
 * @property {readonly ValueChange[]} values
 * @property {Names} sockets
 * @property {readonly string[]} properties Names of those that changed.
 *
 * @typedef {object} LinkChange
 * @property {LinkRecord} link
 * @property {NodeRecord | undefined} from
 * @property {NodeRecord | undefined} to
 * @property {string} output
 * @property {string} input
 * @property {boolean} implied It came or went with a node at one of its ends.
 *
 * @typedef {object} PartDiff One graph: the whole, or a subgraph.
 * @property {GraphId | null} before Its id there; null where only the other side has it.
 * @property {GraphId | null} after
 * @property {string} name Empty for the graph itself.
 * @property {string | null} was The name that it had, where that was another.
 * @property {Names} ports
 * @property {{added: NodeRecord[], removed: NodeRecord[], changed: NodeChange[]}} nodes
 * @property {{added: LinkChange[], removed: LinkChange[]}} links
 * @property {Changes<GroupRecord>} groups
 * @property {Changes<RerouteRecord>} reroutes
 *
 * @typedef {object} GraphDiff
 * @property {readonly PartDiff[]} parts Only graphs that differ, the graph itself first.
 * @property {readonly string[]} extra Names of what the file says of itself that changed.
 * @property {boolean} empty
 */
/** @template T @typedef {{added: T[], removed: T[], changed: {before: T, after: T}[]}} Changes */
import { Graph as Index } from './graph.js'
import { asObject, asText, equal, isObject } from './json.js'
import { labelOf } from './labels.js'
import { NodeTypes } from './node_types.js'
import { Schema } from './schema.js'
import { INPUT_SIDE, OUTPUT_SIDE } from './sides.js'
import { Store } from './store.js'
import { EXPRESSIONS, widgetsOf } from './widget_values.js'
import { rowLabel } from './words.js'
import { HIDDEN_LINKS, load } from './workflow_load.js'

/** A node of another type in the place of one with the same id is that node changed; farther off it is another. */
const NEAR = 200
/** What the file says of itself and no person means: where the view was, which page wrote it, what links have beside themselves. */
const INCIDENTAL = new Set(['ds', 'frontendVersion', 'workflowRendererVersion', 'linkExtensions', 'reroutes', HIDDEN_LINKS])
const LOOK = /** @type {const} */ (['collapsed', 'pinned', 'color', 'bgcolor'])

/**
 * @param {unknown} before @param {unknown} after files, or prompts in API format, or pairs of both
 * @param {Schema} [schema] by which values have names
 * @returns {GraphDiff}
 */
export const diffGraphs = (before, after, schema = new Schema()) => diffSides(readGraph(before, schema), readGraph(after, schema))

/** @param {unknown} json @param {Schema} schema @returns {Side} */
export function readGraph(json, schema) {
  const whole = isObject(json) && !('nodes' in json) && isObject(json.workflow) ? json.workflow : json
  const store = new Store()
  store.load(load(isPrompt(whole) ? fileOfPrompt(whole) : whole).records)
  const graph = new Index(store)
  return { graph, types: new NodeTypes(schema, graph) }
}

/** @param {Side} before @param {Side} after @returns {GraphDiff} */
export function diffSides(before, after) {
  const pairs = pairGraphs(definitions(before), definitions(after))
  const types = new Map(pairs.flatMap(([left, right]) => (left && right ? [[left.key, right.key]] : [])))
  const parts = [[undefined, undefined], ...pairs].map(([left, right], index) => {
    const part = new Comparison(before, after, types).part(index === 0 ? '' : left?.key ?? null, index === 0 ? '' : right?.key ?? null)
    const name = right?.name ?? left?.name ?? ''
    return {
      ...part, name, was: left && right && left.name !== right.name ? left.name : null,
      ports: left && right ? difference([...ports(left.inputs), ...ports(left.outputs)], [...ports(right.inputs), ...ports(right.outputs)]) : { added: [], removed: [] }
    }
  }).filter((part) => part.before === null || part.after === null || part.was !== null || !isEmptyPart(part))
  const extra = changedFields(extraOf(before), extraOf(after)).filter((name) => !INCIDENTAL.has(name))
  return { parts, extra, empty: parts.length === 0 && extra.length === 0 }
}

/** @param {PartDiff} part */
const isEmptyPart = ({ nodes, links, groups, reroutes, ports: { added, removed } }) =>
  !added.length && !removed.length && [nodes, groups, reroutes].every((list) => !list.added.length && !list.removed.length && !list.changed.length) && !links.added.length && !links.removed.length

/** @param {Side} side @returns {GraphRecord[]} */
const definitions = (side) => [...side.graph.store.records()].filter((record) => record.kind === 'graph')

/** @param {Side} side @returns {Json} */
function extraOf(side) {
  const meta = side.graph.store.get('meta')
  return meta?.kind === 'meta' ? meta.extra : {}
}

/** By id, then by name. @param {readonly GraphRecord[]} before @param {readonly GraphRecord[]} after @returns {[GraphRecord | undefined, GraphRecord | undefined][]} */
function pairGraphs(before, after) {
  const { pairs, removed, added } = paired(before, after, ({ key }) => key, ({ name }) => name)
  return [...pairs, ...removed.map((left) => /** @type {[GraphRecord, undefined]} */ ([left, undefined])), ...added.map((right) => /** @type {[undefined, GraphRecord]} */ ([undefined, right]))]
}

/**
 * Pairs by the first name that both sides give, then what is left by the next. What has the same name twice is paired in order.
 * @template T
 * @param {readonly T[]} before @param {readonly T[]} after @param {((item: T, side: 'before' | 'after') => string)[]} names
 */
function paired(before, after, ...names) {
  /** @type {[T, T][]} */
  const pairs = []
  let [removed, added] = [[...before], [...after]]
  for (const nameOf of names) {
    /** @type {Map<string, T[]>} */
    const waiting = new Map()
    for (const item of removed) {
      const name = nameOf(item, 'before')
      const same = waiting.get(name)
      if (same) same.push(item)
      else waiting.set(name, [item])
    }
    for (const same of waiting.values()) same.reverse()
    /** @type {Set<T>} */
    const found = new Set()
    added = added.filter((item) => {
      const other = waiting.get(nameOf(item, 'after'))?.pop()
      if (other === undefined) return true
      pairs.push([other, item])
      found.add(other)
      return false
    })
    removed = removed.filter((item) => !found.has(item))
  }
  return { pairs, removed, added }
}

/** Each port as its name and type. @param {readonly Json[]} list */
const ports = (list) => list.map((port) => `${asText(port.label) || (asText(port.name) ?? '')}`)

/** Two lists of names, where one name may stand more than once. @param {readonly string[]} before @param {readonly string[]} after @returns {Names} */
function difference(before, after) {
  const { removed, added } = paired(before.map((name) => ({ name })), after.map((name) => ({ name })), ({ name }) => name)
  return { removed: removed.map(({ name }) => name), added: added.map(({ name }) => name) }
}

/** @param {Json} before @param {Json} after */
const changedFields = (before, after) => [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((name) => !equal(before[name], after[name]))

class Comparison {
  /** @param {Side} before @param {Side} after @param {ReadonlyMap<string, string>} types definitions of `before` as `after` names them */
  constructor(before, after, types) {
    this.before = before
    this.after = after
    this.types = types
  }

  /** @param {GraphId | null} before @param {GraphId | null} after */
  part(before, after) {
    const of = (/** @type {Side} */ { graph }, /** @type {GraphId | null} */ id) =>
      id === null ? { nodes: [], links: [], groups: [], reroutes: [] } : { nodes: graph.nodes(id), links: graph.links(id), groups: graph.groups(id), reroutes: graph.reroutes(id) }
    const [left, right] = [of(this.before, before), of(this.after, after)]
    const nodes = this.#nodes(left.nodes, right.nodes)
    return {
      before, after,
      nodes: { added: nodes.added, removed: nodes.removed, changed: nodes.pairs.flatMap(([from, to]) => this.#node(from, to) ?? []) },
      links: this.#links(left.links, right.links, nodes),
      groups: changes(paired(left.groups, right.groups, ({ key, title }) => `${key} ${title}`, ({ title }) => title, ({ bounds }) => String(bounds)), ['title', 'bounds', 'color', 'fontSize', 'pinned']),
      reroutes: changes(paired(left.reroutes, right.reroutes, ({ key }) => String(key)), ['pos', 'parent'])
    }
  }

  /** @param {readonly NodeRecord[]} before @param {readonly NodeRecord[]} after */
  #nodes(before, after) {
    const type = (/** @type {NodeRecord} */ node, /** @type {string} */ side) => (side === 'before' ? this.types.get(node.type) ?? node.type : node.type)
    const { pairs, removed, added } = paired(before, after,
      (node, side) => `${node.key} ${type(node, side)}`,
      (node, side) => `${type(node, side)}\n${node.title ?? ''}\n${Math.round(node.pos[0])} ${Math.round(node.pos[1])}`)
    const retyped = paired(removed, added, ({ key }) => String(key))
    const near = retyped.pairs.filter(([from, to]) => Math.hypot(from.pos[0] - to.pos[0], from.pos[1] - to.pos[1]) <= NEAR)
    const same = new Set(near.flat())
    return { pairs: [...pairs, ...near], removed: removed.filter((node) => !same.has(node)), added: added.filter((node) => !same.has(node)) }
  }

  /** @param {NodeRecord} before @param {NodeRecord} after @returns {NodeChange | null} null where nothing changed */
  #node(before, after) {
    const retyped = (this.types.get(before.type) ?? before.type) !== after.type
    /** @type {NodeChange} */
    const change = {
      before, after, retyped,
      moved: !equal(before.pos, after.pos),
      resized: !equal(before.size, after.size),
      renamed: (before.title ?? '') !== (after.title ?? ''),
      mode: before.mode !== after.mode,
      look: LOOK.filter((field) => before[field] !== after[field]),
      values: this.#values(before, after, retyped),
      sockets: retyped ? { added: [], removed: [] } : difference(sockets(before), sockets(after)),
      properties: before.properties === after.properties ? [] : changedFields(before.properties, after.properties).filter((name) => name !== EXPRESSIONS)
    }
    const { moved, resized, renamed, mode, look, values, properties } = change
    const same = !retyped && !moved && !resized && !renamed && !mode && !look.length && !values.length && !properties.length
    return same && !change.sockets.added.length && !change.sockets.removed.length ? null : change
  }

  /** @param {NodeRecord} before @param {NodeRecord} after @param {boolean} retyped @returns {ValueChange[]} */
  #values(before, after, retyped) {
    if (equal(before.values, after.values) && equal(before.properties[EXPRESSIONS], after.properties[EXPRESSIONS]) && !retyped) return []
    const [oldType, newType] = [this.before.types.of(before), this.after.types.of(after)]
    if (!oldType || !newType) return looseChanges(before, after)
    const old = new Map(widgetsOf(oldType, before).map((widget) => [widget.name, widget]))
    /** @type {ValueChange[]} */
    const found = []
    for (const widget of widgetsOf(newType, after)) {
      const { name } = widget
      const was = old.get(name)
      old.delete(name)
      if (retyped && !was) continue
      const label = labelOf(after, newType, name)
      const [from, to] = [was && shown(was), shown(widget)]
      if (!equal(from, to)) found.push({ name, label, from, to })
      if (was && was.control !== widget.control) found.push({ name: `${name} control`, label, from: was.control, to: widget.control })
    }
    if (!retyped) for (const [name, widget] of old) found.push({ name, label: labelOf(before, oldType, name), from: shown(widget), to: undefined })
    return found
  }

  /** @param {readonly LinkRecord[]} before @param {readonly LinkRecord[]} after @param {{pairs: readonly [NodeRecord, NodeRecord][]}} nodes */
  #links(before, after, { pairs }) {
    const names = { before: new Map(pairs.map(([from], index) => [from.id, index])), after: new Map(pairs.map(([, to], index) => [to.id, index])) }
    const end = (/** @type {LinkRecord} */ link, /** @type {'before' | 'after'} */ side, /** @type {'from' | 'to'} */ which) => {
      const key = link[which]
      if (key === INPUT_SIDE || key === OUTPUT_SIDE) return String(key)
      const node = this[side].graph.node(link.graph, key)
      const index = node && names[side].get(node.id)
      return index === undefined ? `${side} ${key}` : `pair ${index}`
    }
    const { removed, added } = paired(before, after, (link, side) =>
      `${end(link, side, 'from')}.${this.#socket(link, side, 'from')} ${end(link, side, 'to')}.${this.#socket(link, side, 'to')} ${link.hidden}`)
    const told = (/** @type {'before' | 'after'} */ side) => (/** @type {LinkRecord} */ link) => {
      const { graph } = this[side]
      return {
        link, from: graph.source(link), to: graph.reader(link), output: this.#label(link, side, 'from'), input: this.#label(link, side, 'to'),
        implied: [end(link, side, 'from'), end(link, side, 'to')].some((name) => name.startsWith(side))
      }
    }
    return { removed: removed.map(told('before')), added: added.map(told('after')) }
  }

  /** A socket's name, and which of those of that name it is. @param {LinkRecord} link @param {'before' | 'after'} side @param {'from' | 'to'} which */
  #socket(link, side, which) {
    const node = this[side].graph.node(link.graph, link[which])
    const [list, index] = which === 'from' ? [node?.outputs, link.fromSlot] : [node?.inputs, link.toSlot]
    return list?.length ? socketNames(list)[index] ?? String(index) : String(index)
  }

  /** @param {LinkRecord} link @param {'before' | 'after'} side @param {'from' | 'to'} which */
  #label(link, side, which) {
    const node = this[side].graph.node(link.graph, link[which])
    const slot = which === 'from' ? node?.outputs[link.fromSlot] : node?.inputs[link.toSlot]
    if (which === 'from' || !node) return asText(slot?.raw?.label) || (node && this[side].types.of(node)?.outputs[link.fromSlot]?.name) || slot?.name || link.type
    return labelOf(node, this[side].types.of(node), slot?.name ?? '')
  }
}

/** @type {WeakMap<readonly import('./types.js').Slot[], string[]>} */
const known = new WeakMap()

/** @param {readonly import('./types.js').Slot[]} list */
function socketNames(list) {
  let names = known.get(list)
  if (!names) {
    /** @type {Map<string, number>} */
    const seen = new Map()
    names = list.map(({ name }) => {
      const count = seen.get(name) ?? 0
      seen.set(name, count + 1)
      return count ? `${name} ${count}` : name
    })
    known.set(list, names)
  }
  return names
}

/** Sockets that a node has for itself: those of its widgets come and go with their links. @param {NodeRecord} node */
const sockets = ({ inputs, outputs }) => [...inputs, ...outputs].flatMap(({ name, widget }) => (widget === null ? name : []))

/** An expression stands for the number that it gives. @param {import('./widget_values.js').Widget} widget */
const shown = ({ expression, value }) => (expression === null ? value : `= ${expression}`)

/** Values of nodes whose type nobody knows. @param {NodeRecord} before @param {NodeRecord} after @returns {ValueChange[]} */
function looseChanges(before, after) {
  const [from, to] = [/** @type {Json} */ (before.values ?? {}), /** @type {Json} */ (after.values ?? {})]
  return changedFields(from, to).map((name) => ({ name, label: Array.isArray(after.values ?? before.values) ? `#${Number(name) + 1}` : rowLabel(name), from: from[name], to: to[name] }))
}

/**
 * @template {GroupRecord | RerouteRecord} T
 * @param {{pairs: [T, T][], removed: T[], added: T[]}} found @param {readonly string[]} fields
 * @returns {Changes<T>}
 */
function changes({ pairs, removed, added }, fields) {
  const of = (/** @type {T} */ record) => /** @type {Json} */ (/** @type {unknown} */ (record))
  return { added, removed, changed: pairs.filter(([from, to]) => fields.some((field) => !equal(of(from)[field], of(to)[field]))).map(([before, after]) => ({ before, after })) }
}

/** @param {unknown} json @returns {json is Record<string, Json>} */
function isPrompt(json) {
  const entries = isObject(json) ? Object.values(json) : []
  return entries.length > 0 && entries.every((entry) => typeof asObject(entry)?.class_type === 'string')
}

/** A prompt as a file without places; that it has a socket only says that there is a link. @param {Record<string, Json>} prompt */
function fileOfPrompt(prompt) {
  /** @type {[number, string, number, string, number, string][]} */
  const links = []
  /** @type {Map<string, {name: string, type: string, links: number[], widget: Json}[]>} */
  const outputs = new Map()
  const nodes = Object.entries(prompt).map(([id, entry]) => {
    /** @type {Json} */
    const values = {}
    /** @type {{name: string, type: string, link: number, widget: Json}[]} */
    const inputs = []
    for (const [name, value] of Object.entries(asObject(entry.inputs) ?? {})) {
      const [from, slot] = Array.isArray(value) ? value : []
      if (Array.isArray(value) && value.length === 2 && typeof from === 'string' && Number.isInteger(slot) && slot >= 0 && slot < 256 && Object.hasOwn(prompt, from)) {
        const key = links.length + 1
        links.push([key, from, slot, id, inputs.length, '*'])
        inputs.push({ name, type: '*', link: key, widget: { name } })
        const list = outputs.get(from) ?? []
        outputs.set(from, list)
        while (list.length <= slot) list.push({ name: `#${list.length}`, type: '*', links: [], widget: { name: '' } })
        list[slot]?.links.push(key)
      } else values[name] = value
    }
    const title = asText(asObject(entry._meta)?.title)
    return { id, type: entry.class_type, pos: [0, 0], size: [200, 100], ...(title !== null && { title }), inputs, widgets_values: values }
  })
  return { nodes: nodes.map((node) => ({ ...node, outputs: outputs.get(node.id) ?? [] })), links, version: 0.4 }
}
