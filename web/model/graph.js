/**
 * What hangs on what: the store's nodes and links by graph and by socket, kept up to date with every change, so that no
 * question walks the whole document.
 *
 * @typedef {import('./types.js').RecordId} RecordId
 * @typedef {import('./types.js').GraphId} GraphId
 * @typedef {import('./types.js').Key} Key
 * @typedef {import('./types.js').Entry} Entry
 * @typedef {import('./types.js').NodeRecord} NodeRecord
 * @typedef {import('./types.js').LinkRecord} LinkRecord
 * @typedef {import('./types.js').GroupRecord} GroupRecord
 * @typedef {import('./types.js').RerouteRecord} RerouteRecord
 * @typedef {import('./types.js').GraphRecord} GraphRecord
 */

import { readSide, sidesOf } from './sides.js'

/**
 * @param {'node' | 'link' | 'group' | 'reroute' | 'graph'} kind @param {GraphId} graph @param {Key} key
 * @returns {RecordId}
 */
export const recordId = (kind, graph, key) => (graph === '' ? `${kind}:${key}` : `${kind}:${graph}/${key}`)

/** Kinds that lie in a graph and are drawn there. */
const MEMBERS = /** @type {const} */ (['node', 'link', 'group', 'reroute'])

/** @type {ReadonlySet<RecordId>} */
const NONE = new Set()

/** @typedef {{node: Set<RecordId>, link: Set<RecordId>, group: Set<RecordId>, reroute: Set<RecordId>}} Members */

export class Graph {
  /** @type {Map<GraphId, Members>} */
  #members = new Map()
  /** Links by the node that they touch. @type {Map<RecordId, Set<RecordId>>} */
  #touching = new Map()
  /** The link that an input holds. @type {Map<string, RecordId>} */
  #into = new Map()
  #top = 0
  /** The highest key seen, by kind and graph. @type {Map<string, number>} */
  #highest = new Map()
  #dispose

  /** @param {import('./store.js').Store} store */
  constructor(store) {
    this.store = store
    for (const record of store.records()) this.#add(record)
    this.#dispose = store.index((before, after) => this.#follow(before, after))
  }

  dispose() {
    this.#dispose()
  }

  /** @param {GraphId} graph @returns {readonly NodeRecord[]} back to front */
  nodes(graph) {
    return /** @type {NodeRecord[]} */ (this.#sorted(graph, 'node'))
  }

  /** @param {GraphId} graph @returns {readonly LinkRecord[]} */
  links(graph) {
    return /** @type {LinkRecord[]} */ (this.#sorted(graph, 'link'))
  }

  /** @param {GraphId} graph @returns {readonly GroupRecord[]} */
  groups(graph) {
    return /** @type {GroupRecord[]} */ (this.#sorted(graph, 'group'))
  }

  /** @param {GraphId} graph @returns {readonly RerouteRecord[]} */
  reroutes(graph) {
    return /** @type {RerouteRecord[]} */ (this.#sorted(graph, 'reroute'))
  }

  /** @param {GraphId} graph @param {'node' | 'link' | 'group' | 'reroute'} kind @returns {ReadonlySet<RecordId>} */
  ids(graph, kind) {
    return this.#members.get(graph)?.[kind] ?? NONE
  }

  /** A node, or a side of the subgraph. @param {GraphId} graph @param {Key} key */
  node(graph, key) {
    return this.at(recordId('node', graph, key))
  }

  /** A node, or a side of a subgraph, by its record's id. @param {RecordId} id @returns {NodeRecord | undefined} */
  at(id) {
    const node = this.store.node(id)
    if (node) return node
    const side = readSide(id)
    return side ? this.sides(side.graph).find(({ key }) => key === side.key) : undefined
  }

  /** The two sides of a subgraph; none of the root. @param {GraphId} graph @returns {readonly NodeRecord[]} */
  sides(graph) {
    const definition = graph === '' ? undefined : this.definition(graph)
    if (!definition) return []
    const { inputs, outputs } = sidesOf(definition, () => this.nodes(graph))
    return [inputs, outputs]
  }

  /** The definition of a subgraph. @param {GraphId} id @returns {GraphRecord | undefined} */
  definition(id) {
    const record = this.store.get(recordId('graph', '', id))
    return record?.kind === 'graph' ? record : undefined
  }

  /** All links that touch a node. @param {RecordId} node @returns {LinkRecord[]} */
  linksOf(node) {
    /** @type {LinkRecord[]} */
    const links = []
    for (const id of this.#touching.get(node) ?? NONE) {
      const link = this.store.link(id)
      if (link) links.push(link)
    }
    return links
  }

  /** Is a node's output linked to anything? @param {NodeRecord} node @param {number} slot */
  feeds(node, slot) {
    for (const id of this.#touching.get(node.id) ?? NONE) {
      const link = this.store.link(id)
      if (link && link.from === node.key && link.fromSlot === slot) return true
    }
    return false
  }

  /** The link that an input holds. @param {NodeRecord} node @param {number} slot @returns {LinkRecord | undefined} */
  linkInto(node, slot) {
    const id = this.#into.get(`${node.id}#${slot}`)
    return id === undefined ? undefined : this.store.link(id)
  }

  /** @param {NodeRecord} node @param {number} slot @returns {LinkRecord[]} */
  linksFrom(node, slot) {
    return this.linksOf(node.id).filter((link) => link.from === node.key && link.fromSlot === slot)
  }

  /** @param {LinkRecord} link */
  source(link) {
    return this.node(link.graph, link.from)
  }

  /** @param {LinkRecord} link */
  reader(link) {
    return this.node(link.graph, link.to)
  }

  /** Would a link from `from` to `to` close a circle? @param {NodeRecord} from @param {NodeRecord} to */
  wouldCycle(from, to) {
    return this.reach(from, 'up').has(to.id)
  }

  /** A node, and all that feed it (`up`) or that it feeds (`down`), however far. @param {NodeRecord} node @param {'up' | 'down'} way @returns {Set<RecordId>} */
  reach(node, way) {
    const found = new Set([node.id])
    const stack = [node]
    for (let at = stack.pop(); at; at = stack.pop()) {
      for (const link of this.linksOf(at.id)) {
        const next = way === 'up' ? link.to === at.key && this.source(link) : link.from === at.key && this.reader(link)
        if (!next || found.has(next.id)) continue
        found.add(next.id)
        stack.push(next)
      }
    }
    return found
  }

  /** A key that no record of that kind in the graph has or had. @param {GraphId} graph @param {'node' | 'link' | 'group' | 'reroute'} kind */
  freshKey(graph, kind) {
    return Math.max(this.#highest.get(`${kind} ${graph}`) ?? 0, this.#lastKey(graph, kind)) + 1
  }

  /** A place in front of everything. */
  freshZ() {
    return ++this.#top
  }

  /** The highest key that the file ever gave out: keys of removed nodes are not used again. @param {GraphId} graph @param {string} kind */
  #lastKey(graph, kind) {
    const record = graph === '' ? this.store.get('meta') : this.definition(graph)
    const raw = record && 'raw' in record ? /** @type {Record<string, unknown>} */ (record.raw ?? {}) : {}
    const state = /** @type {Record<string, unknown>} */ (raw.state ?? {})
    const last = raw[`last_${kind}_id`] ?? state[`last${kind[0]?.toUpperCase()}${kind.slice(1)}Id`]
    return typeof last === 'number' && Number.isFinite(last) ? last : 0
  }

  /** @param {GraphId} graph @param {'node' | 'link' | 'group' | 'reroute'} kind */
  #sorted(graph, kind) {
    const records = [...this.ids(graph, kind)].flatMap((id) => this.store.get(id) ?? [])
    return records.sort((a, b) => ('z' in a && 'z' in b ? a.z - b.z : 0))
  }

  /** @param {Entry | undefined} before @param {Entry | undefined} after */
  #follow(before, after) {
    if (this.store.size === 0) {
      // Another document begins: it counts its own keys.
      this.#highest.clear()
      this.#top = 0
    }
    if (before && after && before.kind !== 'link') {
      if ('z' in after && after.z > this.#top) this.#top = after.z
      return
    }
    if (before) this.#remove(before)
    if (after) this.#add(after)
  }

  /** @param {Entry} record */
  #add(record) {
    if ('z' in record && record.z > this.#top) this.#top = record.z
    if (!isMember(record)) return
    let members = this.#members.get(record.graph)
    if (!members) {
      members = { node: new Set(), link: new Set(), group: new Set(), reroute: new Set() }
      this.#members.set(record.graph, members)
    }
    members[record.kind].add(record.id)
    const place = `${record.kind} ${record.graph}`
    if (Number(record.key) > (this.#highest.get(place) ?? 0)) this.#highest.set(place, Number(record.key))
    if (record.kind !== 'link') return
    for (const key of [record.from, record.to]) {
      const node = recordId('node', record.graph, key)
      const links = this.#touching.get(node)
      if (links) links.add(record.id)
      else this.#touching.set(node, new Set([record.id]))
    }
    this.#into.set(`${recordId('node', record.graph, record.to)}#${record.toSlot}`, record.id)
  }

  /** @param {Entry} record */
  #remove(record) {
    if (!isMember(record)) return
    this.#members.get(record.graph)?.[record.kind].delete(record.id)
    if (record.kind !== 'link') return
    for (const key of [record.from, record.to]) {
      this.#touching.get(recordId('node', record.graph, key))?.delete(record.id)
    }
    const place = `${recordId('node', record.graph, record.to)}#${record.toSlot}`
    if (this.#into.get(place) === record.id) this.#into.delete(place)
  }
}

/** @param {Entry} record @returns {record is NodeRecord | LinkRecord | GroupRecord | RerouteRecord} */
const isMember = (record) => /** @type {readonly string[]} */ (MEMBERS).includes(record.kind)
