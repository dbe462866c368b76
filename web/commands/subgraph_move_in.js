/**
 * What is selected goes into a subgraph that is there already: what feeds it and what it feeds stays so, by links inside
 * where the other end is there, through inputs and outputs else. One step.
 *
 * @typedef {import('./context.js').Context} Context
 * @typedef {import('../model/types.js').GraphId} GraphId
 * @typedef {import('../model/types.js').GraphRecord} GraphRecord
 * @typedef {import('../model/types.js').LinkRecord} LinkRecord
 * @typedef {import('../model/types.js').NodeRecord} NodeRecord
 * @typedef {import('../model/types.js').RecordId} RecordId
 */
import { bounds, centre } from '../geometry/rect.js'
import { t } from '../language/t.js'
import { asText } from '../model/json.js'
import { INPUT_SIDE, OUTPUT_SIDE } from '../model/sides.js'
import { linksOfInput } from '../model/subgraph_type.js'
import { isWire, SET, wireName } from '../model/wires.js'
import { groupBox, moveSide } from './move.js'
import { dropIdle } from './reroute_chains.js'
import { bordersOf, bySource, carry, putLink, usesOf } from './subgraph_carry.js'
import { chosen, leaveSenders, ports } from './subgraph_make.js'
import { addPort, keepingValues, removePort } from './subgraph_ports.js'
import { carryIn } from './subgraph_proxies.js'

const GAP = 60

/** What of these would go into an instance. @param {Context} context @param {Iterable<RecordId>} ids @param {NodeRecord} instance */
function goingIn(context, ids, instance) {
  const { nodes, groups } = chosen(context, ids)
  return { nodes: nodes.filter(({ id }) => id !== instance.id), groups }
}

/** Why they cannot go in; null where they can. @param {Context} context @param {readonly NodeRecord[]} nodes @param {NodeRecord} instance @param {GraphRecord} definition */
function whyNotIn(context, nodes, instance, definition) {
  if (!nodes.length) return t('Select the nodes that are to go into the subgraph, and the subgraph, first')
  const uses = usesOf(context, instance.type)
  if (uses > 1) return t('“{name}” is used {uses} times: make this one unique first', { name: definition.name, uses })
  const sent = new Set(context.graph.nodes(instance.type).filter(({ type }) => type === SET).map(wireName))
  const clash = nodes.find((node) => isWire(node) && sent.has(wireName(node)))
  return clash ? t('“{wire}” is sent by that name inside “{name}” too: rename one of them first', { wire: wireName(clash), name: definition.name }) : null
}

/** @param {Context} context @param {Iterable<RecordId>} ids @param {NodeRecord} instance @returns {boolean} whether they went in */
export function moveIn(context, ids, instance) {
  const definition = context.graph.definition(instance.type)
  if (!definition) return false
  const { nodes, groups } = goingIn(context, ids, instance)
  const problem = whyNotIn(context, nodes, instance, definition)
  if (problem === null) leaveSenders(context, nodes, instance)
  if (problem !== null || !nodes.length) {
    if (problem !== null) context.notify(problem)
    return false
  }
  context.store.transact(t('Move into the subgraph'), () => put(context, nodes, groups, instance))
  return true
}

/** @param {Context} context @param {readonly NodeRecord[]} nodes @param {readonly import('../model/types.js').GroupRecord[]} groups @param {NodeRecord} instance */
function put(context, nodes, groups, instance) {
  const { store, graph } = context
  const id = instance.type
  const { into, out, passed } = bordersOf(context, nodes)
  const around = graph.linksOf(instance.id)
  const fromIt = into.filter(({ from }) => from === instance.key)
  const toIt = out.filter(({ to }) => to === instance.key)
  const inputOf = (/** @type {LinkRecord} */ link) => instance.inputs[link.toSlot]?.name ?? ''

  // A source that feeds the subgraph already needs no other input.
  const ins = ports(context, into.filter(({ from }) => from !== instance.key), 'in').map((port) => {
    const known = around.find(({ to, from, fromSlot }) => to === instance.key && from === port.from && fromSlot === port.fromSlot)
    return { ...port, fresh: !known, name: known ? inputOf(known) : added(context, id, 'in', port.port) }
  })
  const outs = ports(context, out.filter(({ to }) => to !== instance.key), 'out').map((port) => ({ ...port, name: added(context, id, 'out', port.port) }))

  const by = room(context, nodes, groups, instance)
  const carried = keepingValues(context, id, () => {
    const came = carry(context, { nodes, groups, by }, instance.graph, id)
    for (const link of fromIt) {
      const last = graph.links(id).find(({ to, toSlot }) => to === OUTPUT_SIDE && toSlot === outputSlot(context, instance, link.fromSlot))
      if (last) putLink(context, id, { ...last, to: came.key(link.to), toSlot: link.toSlot })
    }
    for (const link of toIt) {
      for (const inner of linksOfInput(/** @type {GraphRecord} */ (graph.definition(id)), portAt(context, id, 'inputs', inputOf(link)), graph)) {
        store.update(inner.id, { from: came.key(link.from), fromSlot: link.fromSlot })
      }
    }
    for (const { links, name } of ins) {
      for (const link of links) putLink(context, id, { ...link, from: INPUT_SIDE, fromSlot: portAt(context, id, 'inputs', name), to: came.key(link.to), reroute: null })
    }
    for (const { links: [link], name } of outs) {
      if (link) putLink(context, id, { ...link, from: came.key(link.from), to: OUTPUT_SIDE, toSlot: portAt(context, id, 'outputs', name), reroute: null, hidden: false })
    }
    return came
  })

  const now = () => store.node(instance.id) ?? instance
  for (const { links: [link], fresh, name } of ins) {
    if (link && fresh) putLink(context, instance.graph, { ...link, to: instance.key, toSlot: now().inputs.findIndex((slot) => slot.name === name) })
  }
  for (const { links, name } of outs) {
    const fromSlot = now().outputs.findIndex((slot) => slot.name === name)
    for (const link of links) putLink(context, instance.graph, { ...link, from: instance.key, fromSlot })
  }
  // What only they used has no use any more.
  for (const name of new Set(toIt.map(inputOf))) removePort(context, id, 'in', portAt(context, id, 'inputs', name))
  for (const [link] of bySource(fromIt)) {
    const slot = link ? link.fromSlot : -1
    const name = instance.outputs[slot]?.name ?? ''
    const read = graph.linksFrom(now(), now().outputs.findIndex((each) => each.name === name)).length > 0
    if (!read) removePort(context, id, 'out', portAt(context, id, 'outputs', name))
  }
  carryIn(context, new Map([...carried.keys].map(([from, to]) => [String(from), to])), now())
  dropIdle(context, instance.graph, passed)
  context.select([instance.id])
}

/** @param {Context} context @param {GraphId} id @param {'in' | 'out'} side @param {import('../model/types.js').Json} port @returns {string} the name that it got */
function added(context, id, side, port) {
  const index = addPort(context, id, side, String(port.name), String(port.type))
  const definition = context.graph.definition(id)
  return asText((side === 'in' ? definition?.inputs : definition?.outputs)?.[index]?.name) ?? ''
}

/** @param {Context} context @param {GraphId} id @param {'inputs' | 'outputs'} field @param {string} name */
const portAt = ({ graph }, id, field, name) => graph.definition(id)?.[field].findIndex((port) => port.name === name) ?? -1

/** The output of the definition that one of an instance stands for: by name, or else by place. @param {Context} context @param {NodeRecord} instance @param {number} slot */
function outputSlot(context, instance, slot) {
  const index = portAt(context, instance.type, 'outputs', instance.outputs[slot]?.name ?? '')
  return index < 0 ? slot : index
}

/**
 * Room beside what is inside, on the side where they were; the side's box makes way. Returns how far they go.
 * @param {Context} context @param {readonly NodeRecord[]} nodes @param {readonly import('../model/types.js').GroupRecord[]} groups @param {NodeRecord} instance
 */
function room(context, nodes, groups, instance) {
  const { graph } = context
  const box = bounds([...nodes.map(context.rectOf), ...groups.map(groupBox)])
  const inside = bounds([...graph.nodes(instance.type).map(context.rectOf), ...graph.groups(instance.type).map(groupBox)])
  if (!box || !inside) return { x: 0, y: 0 }
  const left = centre(box).x < centre(context.rectOf(instance)).x
  const key = left ? INPUT_SIDE : OUTPUT_SIDE
  const side = graph.sides(instance.type).find((each) => each.key === key)
  if (side) {
    const far = Math.round(left ? inside.x - GAP - box.w - GAP - side.size[0] : inside.x + inside.w + GAP + box.w + GAP)
    moveSide(context, side.id, [left ? Math.min(side.pos[0], far) : Math.max(side.pos[0], far), side.pos[1]])
  }
  return {
    x: Math.round((left ? inside.x - GAP - box.w : inside.x + inside.w + GAP) - box.x),
    y: Math.round(centre(inside).y - centre(box).y)
  }
}
