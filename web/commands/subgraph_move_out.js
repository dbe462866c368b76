/**
 * What is selected inside a subgraph comes out of it, beside the instance, and takes along the values that the instance gave
 * it. What it was linked to stays so: by links outside where the other end is there, through inputs and outputs else. One step.
 *
 * @typedef {import('./context.js').Context} Context
 * @typedef {import('../model/types.js').GraphRecord} GraphRecord
 * @typedef {import('../model/types.js').NodeRecord} NodeRecord
 * @typedef {import('../model/types.js').RecordId} RecordId
 */
import { bounds, centre, intersects } from '../geometry/rect.js'
import { t } from '../language/t.js'
import { asList, asText } from '../model/json.js'
import { proxiesOf } from '../model/proxies.js'
import { INPUT_SIDE, OUTPUT_SIDE } from '../model/sides.js'
import { isWire } from '../model/wires.js'
import { groupBox } from './move.js'
import { dropIdle } from './reroute_chains.js'
import { bordersOf, carry, putLink, usesOf } from './subgraph_carry.js'
import { chosen, ports } from './subgraph_make.js'
import { addPort, keepingValues, removePort } from './subgraph_ports.js'
import { carryOut } from './subgraph_proxies.js'
import { contentsWithValues } from './subgraph_values.js'

const GAP = 60

/** @param {Context} context @param {Iterable<RecordId>} ids in the subgraph @param {NodeRecord} instance @returns {readonly RecordId[]} what came out */
export function moveOut(context, ids, instance) {
  const definition = context.graph.definition(instance.type)
  const { nodes, groups } = chosen(context, ids)
  // Names that are sent are known inside, and may mean another thing outside.
  const going = nodes.filter((node) => !isWire(node))
  if (!definition || !going.length) {
    context.notify(nodes.length ? t('What sends and takes by name stays in the subgraph') : t('Select the nodes that are to come out first'))
    return []
  }
  const uses = usesOf(context, instance.type)
  if (uses > 1) {
    context.notify(t('“{name}” is used {uses} times: make this one unique first', { name: definition.name, uses }))
    return []
  }
  return context.store.transact(t('Move out of the subgraph'), () => take(context, going, groups, instance, definition))
}

/** @param {Context} context @param {readonly NodeRecord[]} nodes @param {readonly import('../model/types.js').GroupRecord[]} groups @param {NodeRecord} instance @param {GraphRecord} definition */
function take(context, nodes, groups, instance, definition) {
  const { store, graph } = context
  const id = instance.type
  const outer = instance.graph
  const keys = new Set(nodes.map(({ key }) => key))
  const { into, out, passed } = bordersOf(context, nodes)
  const around = graph.linksOf(instance.id)
  const fromSide = into.filter(({ from }) => from === INPUT_SIDE)
  const toSide = out.filter(({ to }) => to === OUTPUT_SIDE)
  const nameAt = (/** @type {'inputs' | 'outputs'} */ field, /** @type {number} */ index) => asText(definition[field][index]?.name) ?? ''
  const now = () => store.node(instance.id) ?? instance
  const slotOf = (/** @type {'inputs' | 'outputs'} */ field, /** @type {string} */ name) => now()[field].findIndex((slot) => slot.name === name)
  const portAt = (/** @type {'inputs' | 'outputs'} */ field, /** @type {string} */ name) => graph.definition(id)?.[field].findIndex((port) => port.name === name) ?? -1
  const added = (/** @type {'in' | 'out'} */ side, /** @type {import('../model/types.js').Json} */ port) => {
    const index = addPort(context, id, side, String(port.name), String(port.type))
    return asText(graph.definition(id)?.[side === 'in' ? 'inputs' : 'outputs'][index]?.name) ?? ''
  }

  const values = new Map(contentsWithValues(context, instance, definition).map((node) => [node.key, node]))
  const moved = nodes.map((node) => ({ ...(values.get(node.key) ?? node), mode: node.mode === 0 ? instance.mode : node.mode }))
  const by = beside(context, nodes, groups, instance)
  // What it was fed from and is fed to outside, before that changes.
  const feeders = new Map(fromSide.flatMap((link) => {
    const feeder = around.find(({ to, toSlot }) => to === instance.key && instance.inputs[toSlot]?.name === nameAt('inputs', link.fromSlot))
    return feeder ? [[link, feeder]] : []
  }))
  const readers = new Map(toSide.map((link) => [link, around.filter(({ from, fromSlot }) => from === instance.key && instance.outputs[fromSlot]?.name === nameAt('outputs', link.toSlot))]))
  const feeds = ports(context, into.filter(({ from }) => from !== INPUT_SIDE), 'out').map((port) => {
    const known = graph.links(id).find(({ to, from, fromSlot }) => to === OUTPUT_SIDE && from === port.from && fromSlot === port.fromSlot)
    return { ...port, fresh: !known, name: known ? nameAt('outputs', known.toSlot) : added('out', port.port) }
  })
  const reads = ports(context, out.filter(({ to }) => to !== OUTPUT_SIDE), 'in').map((port) => ({ ...port, name: added('in', port.port) }))

  const carried = keepingValues(context, id, () => {
    // They go to where the instance is; the lists of what the instances around it show follow.
    const came = carry(context, { nodes: moved, groups, by }, id, outer)
    carryOut(context, now(), new Map([...came.keys].map(([from, to]) => [String(from), to])))
    if (proxiesOf(instance.properties).some(({ node }) => [...keys].map(String).includes(node))) {
      const proxyWidgets = asList(instance.properties.proxyWidgets).filter((entry) => !proxiesOf({ proxyWidgets: [entry] }).some(({ node }) => [...keys].map(String).includes(node)))
      store.update(instance.id, { properties: { ...instance.properties, proxyWidgets } })
    }
    for (const { links: [link], fresh, name } of feeds) {
      if (link && fresh) putLink(context, id, { ...link, to: OUTPUT_SIDE, toSlot: portAt('outputs', name), reroute: null, hidden: false })
    }
    for (const { links, name } of reads) for (const link of links) putLink(context, id, { ...link, from: INPUT_SIDE, fromSlot: portAt('inputs', name) })
    return came
  })

  for (const [link, feeder] of feeders) putLink(context, outer, { ...link, from: feeder.from, fromSlot: feeder.fromSlot, to: carried.key(link.to), reroute: feeder.reroute })
  for (const [link, links] of readers) for (const reader of links) store.update(reader.id, { from: carried.key(link.from), fromSlot: link.fromSlot })
  for (const { links, name } of feeds) {
    for (const link of links) putLink(context, outer, { ...link, from: instance.key, fromSlot: slotOf('outputs', name), to: carried.key(link.to), reroute: null })
  }
  for (const { links: [link], name } of reads) {
    if (link) putLink(context, outer, { ...link, from: carried.key(link.from), to: instance.key, toSlot: slotOf('inputs', name), reroute: null, hidden: false })
  }
  // Inputs and outputs that only they used.
  for (const name of new Set(fromSide.map(({ fromSlot }) => nameAt('inputs', fromSlot)))) {
    const port = portAt('inputs', name)
    if (!graph.links(id).some(({ from, fromSlot }) => from === INPUT_SIDE && fromSlot === port)) removePort(context, id, 'in', port)
  }
  for (const name of new Set(toSide.map(({ toSlot }) => nameAt('outputs', toSlot)))) {
    const port = portAt('outputs', name)
    if (!graph.links(id).some(({ to, toSlot }) => to === OUTPUT_SIDE && toSlot === port)) removePort(context, id, 'out', port)
  }
  dropIdle(context, id, passed)
  return carried.ids
}

/** How far they go: to the side of the instance on which they were of the rest, below what lies there. @param {Context} context @param {readonly NodeRecord[]} nodes @param {readonly import('../model/types.js').GroupRecord[]} groups @param {NodeRecord} instance */
function beside(context, nodes, groups, instance) {
  const box = bounds([...nodes.map(context.rectOf), ...groups.map(groupBox)])
  const rest = bounds(context.graph.nodes(instance.type).filter((node) => !nodes.includes(node)).map(context.rectOf))
  const own = context.rectOf(instance)
  if (!box) return { x: 0, y: 0 }
  const left = rest !== null && centre(box).x < centre(rest).x
  const place = { ...box, x: left ? own.x - GAP - box.w : own.x + own.w + GAP, y: centre(own).y - box.h / 2 }
  const others = context.graph.nodes(instance.graph).map(context.rectOf).sort((a, b) => a.y - b.y)
  for (const other of others) if (intersects(other, place)) place.y = other.y + other.h + GAP / 2
  return { x: Math.round(place.x - box.x), y: Math.round(place.y - box.y) }
}
