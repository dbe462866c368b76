/**
 * Nodes, frames and the links among them go from one graph into another: the plain part of moving things into a subgraph
 * and out of it.
 *
 * @typedef {import('./context.js').Context} Context
 * @typedef {import('../geometry/vec.js').Point} Point
 * @typedef {import('../model/types.js').GraphId} GraphId
 * @typedef {import('../model/types.js').GroupRecord} GroupRecord
 * @typedef {import('../model/types.js').Key} Key
 * @typedef {import('../model/types.js').LinkRecord} LinkRecord
 * @typedef {import('../model/types.js').NodeRecord} NodeRecord
 * @typedef {import('../model/types.js').RecordId} RecordId
 * @typedef {import('../model/types.js').RerouteRecord} RerouteRecord
 */
import { recordId } from '../model/graph.js'
import { instancesOf, usedBy } from '../model/instances.js'
import { bendsWithin, chainFrom, chainOf } from './reroute_chains.js'
import { linksOf } from './subgraph_make.js'

/** How often a subgraph is used: what only unused subgraphs hold does not count. @param {Pick<Context, 'graph'>} context @param {GraphId} id */
export function usesOf({ graph }, id) {
  const live = new Set(['', ...usedBy(graph, '')])
  return instancesOf(graph, id).filter((node) => live.has(node.graph)).length
}

/** Links of nodes by what is at their other end: another of the nodes, or not. @param {Context} context @param {readonly NodeRecord[]} nodes */
export function bordersOf(context, nodes) {
  const keys = new Set(nodes.map(({ key }) => key))
  const links = linksOf(context, nodes)
  return {
    links, inner: links.filter(({ from, to }) => keys.has(from) && keys.has(to)),
    into: links.filter(({ from }) => !keys.has(from)), out: links.filter(({ to }) => !keys.has(to)),
    passed: new Set(links.flatMap((link) => chainOf(context, link)))
  }
}

/** Where records went: what they are called there, and their records' ids. */
class Carried {
  /** @type {Map<Key, Key>} */
  keys = new Map()
  /** @type {RecordId[]} */
  ids = []

  /** @param {Key} key that a node had @returns {Key} */
  key = (key) => this.keys.get(key) ?? key
}

/**
 * Take nodes and frames out of their graph and put them, with the links among them, into another. Other links of theirs are
 * gone afterwards.
 * @param {Context} context @param {{nodes: readonly NodeRecord[], groups: readonly GroupRecord[], by: Point}} what nodes as they are to be there
 * @param {GraphId} from @param {GraphId} to @returns {Carried}
 */
export function carry(context, { nodes, groups, by }, from, to) {
  const { store, graph } = context
  const { links, inner } = bordersOf(context, nodes)
  const bends = bendsWithin(context, inner)
  for (const record of [...links, ...nodes, ...groups, ...bends]) store.remove(record.id)
  const carried = new Carried()
  // Keys that are free there stay.
  const taken = new Set(graph.nodes(to).map(({ key }) => String(key)))
  const free = nodes.filter(({ key }) => !taken.has(String(key)))
  for (const node of [...free, ...nodes.filter((each) => !free.includes(each))]) {
    const key = taken.has(String(node.key)) ? graph.freshKey(to, 'node') : node.key
    const id = recordId('node', to, key)
    store.put({ ...node, id, key, graph: to, z: graph.freshZ(), pos: [node.pos[0] + by.x, node.pos[1] + by.y] })
    carried.keys.set(node.key, key)
    carried.ids.push(id)
  }
  for (const group of groups) {
    const [x, y, w, h] = group.bounds
    const key = graph.freshKey(to, 'group')
    const id = recordId('group', to, key)
    store.put({ ...group, id, key, graph: to, z: graph.freshZ(), bounds: [x + by.x, y + by.y, w, h] })
    carried.ids.push(id)
  }
  const bend = carryBends(context, bends, by, from, to)
  for (const link of inner) putLink(context, to, { ...link, from: carried.key(link.from), to: carried.key(link.to), reroute: bend(link.reroute) })
  return carried
}

/** @param {Context} context @param {readonly RerouteRecord[]} bends @param {Point} by @param {GraphId} from @param {GraphId} to @returns {(key: Key | null) => Key | null} what the nearest of them on a way is called now */
function carryBends(context, bends, by, from, to) {
  const { store, graph } = context
  /** @type {Map<Key, Key>} */
  const keys = new Map()
  for (const bend of bends) {
    const key = graph.freshKey(to, 'reroute')
    keys.set(bend.key, key)
    store.put({ ...bend, id: recordId('reroute', to, key), key, graph: to, z: graph.freshZ(), pos: [bend.pos[0] + by.x, bend.pos[1] + by.y], parent: null })
  }
  const now = (/** @type {Key | null} */ last) => keys.get(chainFrom(context, from, last, bends).find(({ key }) => keys.has(key))?.key ?? NaN) ?? null
  for (const { key, parent } of bends) store.update(recordId('reroute', to, keys.get(key) ?? key), { parent: now(parent) })
  return now
}

/** @param {Pick<Context, 'store' | 'graph'>} context @param {GraphId} to @param {LinkRecord} link as it is to be, but for its key */
export function putLink({ store, graph }, to, link) {
  const key = graph.freshKey(to, 'link')
  store.put({ ...link, id: recordId('link', to, key), key, graph: to, z: graph.freshZ(), raw: null })
}

/** What many links have in common: those of one output together. @param {readonly LinkRecord[]} links @returns {LinkRecord[][]} */
export function bySource(links) {
  /** @type {Map<string, LinkRecord[]>} */
  const found = new Map()
  for (const link of links) found.set(`${link.from} ${link.fromSlot}`, [...(found.get(`${link.from} ${link.fromSlot}`) ?? []), link])
  return [...found.values()]
}
