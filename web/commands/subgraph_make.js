/**
 * A selection becomes a subgraph: what is selected moves into a definition of its own, and an instance takes its place.
 *
 * @typedef {import('./context.js').Context} Context
 * @typedef {import('../model/types.js').GraphId} GraphId
 * @typedef {import('../model/types.js').GroupRecord} GroupRecord
 * @typedef {import('../model/types.js').Json} Json
 * @typedef {import('../model/types.js').Key} Key
 * @typedef {import('../model/types.js').LinkRecord} LinkRecord
 * @typedef {import('../model/types.js').NodeRecord} NodeRecord
 * @typedef {import('../model/types.js').RecordId} RecordId
 */
import { bounds } from '../geometry/rect.js'
import { many, t } from '../language/t.js'
import { recordId } from '../model/graph.js'
import { usedBy } from '../model/instances.js'
import { viewOf } from '../model/shape.js'
import { wireName } from '../model/wires.js'
import { uuid } from '../model/uuid.js'
import { INPUT_SIDE, OUTPUT_SIDE } from '../model/sides.js'
import { freshNode } from './add_node.js'
import { groupBox, moving } from './move.js'
import { bendsWithin, chainFrom, chainOf, dropIdle } from './reroute_chains.js'
import { carryIn } from './subgraph_proxies.js'
import { freeName, freshPort, freshSlot } from './subgraph_ports.js'

const SIDE_WIDTH = 160
const SIDE_GAP = 100

/** @typedef {{from: Key, fromSlot: number, links: LinkRecord[], port: Json}} Port One source and all that it feeds across the border. */

/** What would go inside: selected nodes and frames, with what lies in the frames. @param {Context} context @param {Iterable<RecordId>} ids */
export function chosen(context, ids) {
  const all = new Set([...ids, ...moving(context, ids)])
  const records = [...all].flatMap((id) => context.store.get(id) ?? [])
  return {
    nodes: /** @type {NodeRecord[]} */ (records.filter(({ kind }) => kind === 'node')),
    groups: /** @type {GroupRecord[]} */ (records.filter(({ kind }) => kind === 'group'))
  }
}

/**
 * @param {Context} context @param {Iterable<RecordId>} ids @param {string} [name]
 * @returns {RecordId | null} the instance; null where nothing is selected that can go into one
 */
export function makeSubgraph(context, ids, name = t('New subgraph')) {
  const { store, graph, graphId } = context
  const { nodes, groups } = chosen(context, ids)
  const told = leaveSenders(context, nodes)
  const box = bounds([...nodes.map(context.rectOf), ...groups.map(groupBox)])
  if (!nodes.length || !box) {
    if (!told) context.notify(t('Select the nodes that are to become a subgraph first'))
    return null
  }
  const keys = new Set(nodes.map(({ key }) => key))
  const links = linksOf(context, nodes)
  const inner = links.filter((link) => keys.has(link.from) && keys.has(link.to))
  const ins = ports(context, links.filter((link) => !keys.has(link.from)), 'in')
  const outs = ports(context, links.filter((link) => !keys.has(link.to)), 'out')
  return store.transact(t('Make a subgraph'), () => {
    const id = uuid()
    const bends = bendsWithin(context, inner)
    const passed = new Set(links.flatMap((link) => chainOf(context, link)))
    for (const link of links) store.remove(link.id)
    for (const record of [...nodes, ...groups, ...bends]) store.remove(record.id)
    const place = { w: SIDE_WIDTH, left: Math.round(box.x - SIDE_GAP - SIDE_WIDTH), right: Math.round(box.x + box.w + SIDE_GAP), y: Math.round(box.y) }
    store.put({
      id: recordId('graph', '', id), kind: 'graph', graph: '', key: id, z: graph.freshZ(), name: freeTitle(context, name), made: true,
      inputs: ins.map(({ port }) => port), outputs: outs.map(({ port }) => port),
      raw: {
        id, version: 1, state: { lastGroupId: 0, lastNodeId: 0, lastLinkId: 0, lastRerouteId: 0 }, revision: 0, config: {}, name: '',
        inputNode: { id: INPUT_SIDE, bounding: [place.left, place.y, place.w, 60] },
        outputNode: { id: OUTPUT_SIDE, bounding: [place.right, place.y, place.w, 60] }, inputs: [], outputs: [], widgets: [], extra: {}
      }
    })
    for (const record of [...nodes, ...groups]) store.put({ ...record, id: recordId(record.kind, id, record.key), graph: id })
    const went = new Set(bends)
    for (const bend of bends) store.put({ ...bend, id: recordId('reroute', id, bend.key), graph: id, parent: chainFrom(context, graphId, bend.parent, bends).find((each) => went.has(each))?.key ?? null })
    for (const link of inner) store.put({ ...link, id: recordId('link', id, link.key), graph: id, raw: null, reroute: chainFrom(context, graphId, link.reroute, bends).find((each) => went.has(each))?.key ?? null })
    putPortLinks(context, id, ins, outs)
    const instance = putInstance(context, id, box, ins, outs)
    carryIn(context, new Map(nodes.map(({ key }) => [String(key), key])), instance)
    dropIdle(context, graphId, passed)
    context.select([instance.id])
    return instance.id
  })
}

/**
 * A Set node stays outside where a Get node that stays outside reads it, in a subgraph that stays there too.
 * @param {Context} context @param {NodeRecord[]} nodes @param {NodeRecord} [into] the instance that they go into
 * @returns {boolean} whether one stays, which is told
 */
export function leaveSenders({ graph, graphId, notify }, nodes, into) {
  const left = graph.nodes(graphId).filter((node) => !nodes.includes(node) && node !== into)
  const within = new Set(left.flatMap(({ type }) => (graph.definition(type) ? [type, ...usedBy(graph, type)] : [])))
  const readers = [...left, ...[...within].flatMap((id) => graph.nodes(id))].filter(({ type }) => type === 'GetNode')
  const staying = new Set(readers.map(wireName))
  const kept = nodes.filter((node) => node.type === 'SetNode' && staying.has(wireName(node)))
  for (const node of kept) nodes.splice(nodes.indexOf(node), 1)
  if (kept.length) notify(many(kept.length, '{names} is read outside too: the Set node stays there', '{names} are read outside too: the Set nodes stay there', { names: kept.map((node) => `“${wireName(node)}”`).join(', ') }))
  return kept.length > 0
}

/** @param {Context} context @param {readonly NodeRecord[]} nodes @returns {LinkRecord[]} */
export function linksOf({ graph }, nodes) {
  /** @type {Map<RecordId, LinkRecord>} */
  const found = new Map()
  for (const node of nodes) for (const link of graph.linksOf(node.id)) found.set(link.id, link)
  return [...found.values()].sort((a, b) => a.z - b.z)
}

/**
 * One input for each source outside, one output for each source inside, from top to bottom of the nodes that they touch.
 * @param {Context} context @param {readonly LinkRecord[]} links @param {'in' | 'out'} side @returns {Port[]}
 */
export function ports(context, links, side) {
  const { graph, outputType } = context
  const near = (/** @type {LinkRecord} */ link) => (side === 'in' ? graph.reader(link) : graph.source(link))
  const slot = (/** @type {LinkRecord} */ link) => (side === 'in' ? link.toSlot : link.fromSlot)
  const [x, y] = [0, 1].map((axis) => (/** @type {LinkRecord} */ link) => near(link)?.pos[axis] ?? 0)
  const sorted = [...links].sort((a, b) => (y?.(a) ?? 0) - (y?.(b) ?? 0) || (x?.(a) ?? 0) - (x?.(b) ?? 0) || slot(a) - slot(b))
  /** @type {Map<string, Port>} */
  const found = new Map()
  for (const link of sorted) {
    const key = `${link.from} ${link.fromSlot}`
    const known = found.get(key)
    if (known) {
      known.links.push(link)
      continue
    }
    const source = graph.source(link)
    const socket = side === 'in' ? graph.reader(link)?.inputs[link.toSlot] : source?.outputs[link.fromSlot]
    const given = source ? outputType(source, link.fromSlot) : link.type
    const type = given === '*' || given === '' ? (socket?.type ?? link.type) : given
    const name = freeName([...found.values()].map(({ port }) => port), socket?.name || type.toLowerCase())
    found.set(key, { from: link.from, fromSlot: link.fromSlot, links: [link], port: freshPort(name, type) })
  }
  return [...found.values()]
}

/** @param {Context} context @param {GraphId} id @param {readonly Port[]} ins @param {readonly Port[]} outs */
function putPortLinks({ store, graph }, id, ins, outs) {
  const put = (/** @type {Key} */ from, /** @type {number} */ fromSlot, /** @type {Key} */ to, /** @type {number} */ toSlot, /** @type {string} */ type) => {
    const key = graph.freshKey(id, 'link')
    store.put({ id: recordId('link', id, key), kind: 'link', graph: id, key, z: graph.freshZ(), from, fromSlot, to, toSlot, type, reroute: null, hidden: false, raw: null })
  }
  ins.forEach(({ links, port }, index) => links.forEach(({ to, toSlot }) => put(INPUT_SIDE, index, to, toSlot, String(port.type))))
  outs.forEach(({ from, fromSlot, port }, index) => put(from, fromSlot, OUTPUT_SIDE, index, String(port.type)))
}

/** @param {Context} context @param {GraphId} id @param {import('../geometry/rect.js').Rect} box that it takes the place of @param {readonly Port[]} ins @param {readonly Port[]} outs @returns {NodeRecord} */
function putInstance({ store, graph, graphId, types }, id, box, ins, outs) {
  const type = types.get(id)
  if (!type) throw new Error('The definition was just made')
  const fresh = freshNode(type, graphId, graph.freshKey(graphId, 'node'), graph.freshZ())
  // Inputs that stand for a widget have a slot too: something is linked to each.
  const inputs = type.inputs.map(({ name, type: kind, widget }, index) => ({ ...freshSlot(name, kind, ins[index]?.port), widget: widget ? name : null }))
  // All is linked: what is inside keeps its values until the artist gives others.
  const node = { ...fresh, inputs, values: [] }
  const { layout } = viewOf(node, type, null)
  /** @type {[number, number]} */
  const pos = [Math.round(box.x + box.w / 2 - layout.width / 2), Math.round(box.y + box.h / 2 - (layout.height - 30) / 2)]
  const placed = { ...node, pos }
  store.put(placed)
  const put = (/** @type {LinkRecord} */ link, /** @type {Partial<LinkRecord>} */ ends) => {
    const key = graph.freshKey(graphId, 'link')
    store.put({ ...link, ...ends, id: recordId('link', graphId, key), key, z: graph.freshZ(), raw: null })
  }
  ins.forEach(({ links }, index) => put(/** @type {LinkRecord} */ (links[0]), { to: node.key, toSlot: index, reroute: links[0]?.reroute ?? null }))
  outs.forEach(({ links }, index) => links.forEach((link) => put(link, { from: node.key, fromSlot: index })))
  return placed
}

/** "New subgraph", "New subgraph 2", ... @param {Pick<Context, 'store'>} context @param {string} wanted */
export function freeTitle({ store }, wanted) {
  const taken = new Set([...store.records()].flatMap((record) => (record.kind === 'graph' ? record.name : [])))
  let name = wanted
  for (let count = 2; taken.has(name); count++) name = `${wanted} ${count}`
  return name
}
