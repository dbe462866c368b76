/**
 * Expressions of the open document, worked out again whenever what they may read changes: the results are a part of the
 * step that changed it. Undo and redo bring old results back with the rest; then only what is wrong is found anew.
 *
 * @typedef {import('./graph.js').Graph} Graph
 * @typedef {import('./types.js').Diff} Diff
 * @typedef {import('./types.js').Entry} Entry
 * @typedef {import('./types.js').GraphId} GraphId
 * @typedef {import('./types.js').NodeRecord} NodeRecord
 * @typedef {import('./types.js').RecordId} RecordId
 */
import { evaluate, ExpressionError, parse, renamed } from './expression.js'
import { isObject } from './json.js'
import { fileTitle } from './labels.js'
import { expressionsOf, Sheet } from './sheet.js'
import { EXPRESSIONS, withValue } from './widget_values.js'

/** Fields of a node that no expression reads. */
const UNREAD = new Set(['pos', 'size', 'z', 'collapsed', 'pinned', 'color', 'bgcolor', 'mode', 'outputs', 'raw'])

export class Expressions {
  /** Nodes with expressions, by graph. @type {Map<GraphId, Set<RecordId>>} */
  #having = new Map()
  /** @type {Map<RecordId, Map<string, ExpressionError>>} */
  #problems = new Map()
  /** Graphs whose problems are not found yet. @type {Set<GraphId>} */
  #stale = new Set()

  /** @param {import('./store.js').Store} store @param {Graph} graph @param {(type: string) => import('./schema.js').NodeType | undefined} typeOf the server's types: a subgraph has no widgets here */
  constructor(store, graph, typeOf) {
    this.store = store
    this.graph = graph
    this.typeOf = typeOf
    for (const record of store.records()) this.#index(undefined, record)
    store.index((before, after) => this.#index(before, after))
    store.derive((diff) => this.#derive(diff))
    store.listen((diff, source) => {
      if (source !== 'user') for (const graph of this.#touched(diff)) this.#stale.add(graph)
    })
  }

  /** What is wrong with a widget's expression. @param {RecordId} id @param {string} name @returns {ExpressionError | null} */
  problem(id, name) {
    const node = this.store.node(id)
    if (node && this.#stale.delete(node.graph)) this.#work(node.graph, false)
    return this.#problems.get(id)?.get(name) ?? null
  }

  /** Does any widget of a graph hold an expression? @param {import('./types.js').GraphId} graph */
  areIn(graph) {
    return this.#having.has(graph)
  }

  /** Other node types: all is looked at again when it is asked for. */
  schemaChanged() {
    for (const graph of this.#having.keys()) this.#stale.add(graph)
  }

  /**
   * What a text would give in this widget, without writing anything. Throws an ExpressionError.
   * @param {RecordId} id @param {string} name @param {string} source @returns {number}
   */
  preview(id, name, source) {
    const node = this.store.node(id)
    if (!node) return evaluate(parse(source), () => 0)
    return this.#sheet(node.graph, { [id]: { ...expressionsOf(node.properties), [name]: source } }).result(String(node.key), name)
  }

  /** @param {GraphId} graph @param {Record<RecordId, Readonly<Record<string, unknown>>>} [instead] */
  #sheet(graph, instead = {}) {
    const nodes = [...this.graph.ids(graph, 'node')].flatMap((id) => this.store.node(id) ?? [])
    return new Sheet(nodes.map((node) => {
      const type = this.typeOf(node.type)
      return {
        key: String(node.key), title: node.title || (type ? fileTitle(type) : node.type), type, values: node.values,
        expressions: instead[node.id] ?? expressionsOf(node.properties),
        linked: (name) => node.inputs.some((slot, index) => slot.name === name && this.graph.linkInto(node, index) !== undefined)
      }
    }))
  }

  /** @param {GraphId} graph @param {boolean} write */
  #work(graph, write) {
    const sheet = this.#sheet(graph)
    for (const id of this.#having.get(graph) ?? []) {
      const node = this.store.node(id)
      const type = node && this.typeOf(node.type)
      if (!node) continue
      /** @type {Map<string, ExpressionError>} */
      const problems = new Map()
      let values = node.values
      for (const name of Object.keys(expressionsOf(node.properties))) {
        try {
          values = withValue(type, { values }, name, sheet.result(String(node.key), name))
        } catch (error) {
          if (!(error instanceof ExpressionError)) throw error
          problems.set(name, error)
        }
      }
      if (problems.size) this.#problems.set(id, problems)
      else this.#problems.delete(id)
      if (write) this.store.update(id, { values })
    }
  }

  /** @param {Diff} diff */
  #derive(diff) {
    this.#rename(diff)
    for (const graph of this.#touched(diff)) {
      this.#stale.delete(graph)
      this.#work(graph, true)
    }
  }

  /** A node that gets another title goes on being read by it. @param {Diff} diff */
  #rename(diff) {
    if (this.#having.size === 0) return
    for (const [id, { from, to }] of Object.entries(diff.updated)) {
      const node = 'title' in to ? this.store.node(id) : undefined
      const type = node && this.typeOf(node.type)
      const readers = node ? (this.#having.get(node.graph) ?? []) : []
      if (!node) continue
      const titleOf = (/** @type {unknown} */ title) => (typeof title === 'string' && title) || (type ? fileTitle(type) : node.type)
      const [before, after] = [titleOf(from.title), titleOf(node.title)]
      const alike = [...this.graph.ids(node.graph, 'node')].filter((other) => other !== id && this.#titleOf(other) === before)
      // Where others are called so too, it was not clear which was meant.
      if (before === after || alike.length) continue
      const taken = [...this.graph.ids(node.graph, 'node')].some((other) => other !== id && this.#titleOf(other) === after)
      for (const reader of readers) {
        const properties = this.store.node(reader)?.properties
        for (const [name, source] of Object.entries(expressionsOf(properties))) {
          const next = renamed(String(source), before, taken || after.startsWith('#') || after.trim() !== after ? `#${node.key}` : after)
          if (properties && next !== source) this.store.update(reader, { properties: withExpression(this.store.node(reader)?.properties ?? properties, name, next) })
        }
      }
    }
  }

  /** @param {RecordId} id */
  #titleOf(id) {
    const node = this.store.node(id)
    const type = node && this.typeOf(node.type)
    return node && (node.title || (type ? fileTitle(type) : node.type))
  }

  /** Graphs with expressions that a change may concern. @param {Diff} diff @returns {Set<GraphId>} */
  #touched(diff) {
    /** @type {Set<GraphId>} */
    const graphs = new Set()
    if (this.#having.size === 0) return graphs
    const add = (/** @type {Entry | undefined} */ record) => {
      if ((record?.kind === 'node' || record?.kind === 'link') && this.#having.has(record.graph)) graphs.add(record.graph)
    }
    for (const record of [...Object.values(diff.added), ...Object.values(diff.removed)]) add(record)
    for (const [id, { to }] of Object.entries(diff.updated)) {
      if (!Object.keys(to).every((field) => UNREAD.has(field))) add(this.store.get(id))
    }
    return graphs
  }

  /** @param {Entry | undefined} before @param {Entry | undefined} after */
  #index(before, after) {
    if (before?.kind === 'node' && after?.kind === 'node' && before.properties === after.properties) return
    if (before?.kind === 'node' && has(before)) {
      const ids = this.#having.get(before.graph)
      ids?.delete(before.id)
      if (ids?.size === 0) this.#having.delete(before.graph)
      this.#problems.delete(before.id)
    }
    if (after?.kind !== 'node' || !has(after)) return
    const ids = this.#having.get(after.graph)
    if (ids) ids.add(after.id)
    else this.#having.set(after.graph, new Set([after.id]))
  }
}

/** @param {NodeRecord} node */
const has = (node) => Object.keys(expressionsOf(node.properties)).length > 0

/**
 * A node's properties with one expression set, or taken out.
 * @param {import('./types.js').Json} properties @param {string} name @param {string | null} source
 * @returns {import('./types.js').Json}
 */
export function withExpression(properties, name, source) {
  const { [name]: _old, ...others } = expressionsOf(properties)
  const all = source === null ? others : { ...others, [name]: source }
  if (Object.keys(all).length) return { ...properties, [EXPRESSIONS]: all }
  if (!isObject(properties[EXPRESSIONS])) return properties
  const { [EXPRESSIONS]: _gone, ...rest } = properties
  return rest
}

