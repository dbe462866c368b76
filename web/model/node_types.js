/**
 * The type of a node by its name: one that the server told of, or a subgraph of this document, which looks like any other
 * node from outside.
 *
 * @typedef {import('./graph.js').Graph} Graph
 * @typedef {import('./json.js').Json} Json
 * @typedef {import('./schema.js').NodeType} NodeType
 * @typedef {import('./schema.js').Schema} Schema
 * @typedef {import('./types.js').Entry} Entry
 * @typedef {import('./types.js').NodeRecord} NodeRecord
 */
import { GROUP } from './group_nodes.js'
import { groupType } from './group_type.js'
import { grownType } from './grown.js'
import { getType } from './virtual_types.js'
import { narrowed } from './matching.js'
import { around, GET, namesIn, SET } from './wires.js'
import { withProxies } from './proxies.js'
import { subgraphType } from './subgraph_type.js'

/** Subgraphs in subgraphs: a definition that holds itself is not followed for ever. */
const DEEPEST = 32

export class NodeTypes {
  /** By definition. @type {Map<string, {schema: Schema, stamp: number, type: NodeType, text: string}>} */
  #subgraphs = new Map()
  /** Types of instances that list widgets of their own, by their properties. @type {WeakMap<Json, {base: NodeType, stamp: number, type: NodeType, text: string}>} */
  #own = new WeakMap()
  /** Rises with every change that could show on an instance. */
  #stamp = 0
  /** Types of Get nodes, which offer the names there are, by graph. @type {Map<string, {stamp: number, names: string, type: NodeType}>} */
  #getters = new Map()
  /** Rises with every change of what is sent by name. */
  #sent = 0
  /** How deep in definitions a question is. */
  #depth = 0

  /** @param {Schema} schema @param {Graph} graph */
  constructor(schema, graph) {
    this.schema = schema
    this.graph = graph
    graph.store.index((before, after) => {
      if (matters(before, after)) this.#stamp++
      if ((before?.kind === 'node' && before.type === SET) || (after?.kind === 'node' && after.type === SET)) this.#sent++
    })
  }

  /** @param {string} name @returns {NodeType | undefined} */
  get(name) {
    const known = this.schema.get(name)
    if (known) return known
    const definition = this.graph.definition(name)
    if (!definition && GROUP.test(name)) {
      const meta = this.graph.store.get('meta')
      return meta?.kind === 'meta' ? groupType(name, meta.extra.groupNodes, this.schema) : undefined
    }
    if (!definition || this.#depth > DEEPEST) return undefined
    const kept = this.#subgraphs.get(name)
    if (kept?.schema === this.schema && kept.stamp === this.#stamp) return kept.type
    this.#depth++
    const type = subgraphType(definition, this.graph, this)
    this.#depth--
    if (this.#depth > 0) return type // it may have been cut off where it holds itself
    const text = JSON.stringify(type)
    // An equal type stays the same object, so that what was laid out by it stays.
    const same = kept?.schema === this.schema && kept.text === text ? kept.type : type
    this.#subgraphs.set(name, { schema: this.schema, stamp: this.#stamp, type: same, text })
    return same
  }

  /** The type as this node shows it: an instance of a subgraph may have widgets of its own, another node inputs that its choices or its links bring. @param {NodeRecord} node @returns {NodeType | undefined} */
  of(node) {
    if (node.type === GET) return this.#getter(node.graph)
    const base = this.get(node.type)
    if (base?.declared) {
      const linked = new Set(node.inputs.filter((_, index) => this.graph.linkInto(node, index)).map(({ name }) => name))
      const type = grownType(base, node.values, (name) => linked.has(name))
      return type.matches ? narrowed(type, node, this.graph) : type
    }
    if (base?.matches) return narrowed(base, node, this.graph)
    if (!base?.places || !(node.properties.proxyWidgets || node.properties.easel_controls)) return base
    const kept = this.#own.get(node.properties)
    if (kept?.base === base && kept.stamp === this.#stamp) return kept.type
    const type = withProxies(base, node.properties, this.graph, this)
    const text = JSON.stringify(type)
    const same = kept?.base === base && kept.text === text ? kept.type : type
    this.#own.set(node.properties, { base, stamp: this.#stamp, type: same, text })
    return same
  }

  /** @param {string} graphId */
  #getter(graphId) {
    const kept = this.#getters.get(graphId)
    const stamp = this.#sent + this.#stamp
    if (kept?.stamp === stamp) return kept.type
    const names = namesIn(this.graph, around(this.graph, graphId))
    const text = names.join('\n')
    const type = kept?.names === text ? kept.type : getType(names)
    this.#getters.set(graphId, { stamp, names: text, type })
    return type
  }
}

/** Could this change be seen on an instance of a subgraph? @param {Entry | undefined} before @param {Entry | undefined} after */
function matters(before, after) {
  const record = after ?? before
  if (!record || record.kind === 'meta' || record.kind === 'group' || record.kind === 'reroute') return false
  if (record.kind === 'graph') return true
  if (record.graph === '') return false
  if (before?.kind !== 'node' || after?.kind !== 'node') return true
  return before.values !== after.values || before.inputs !== after.inputs || before.properties !== after.properties || before.title !== after.title
}
