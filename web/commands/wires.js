/**
 * Wires without lines, made and renamed.
 *
 * @typedef {import('./context.js').Context} Context
 * @typedef {import('../model/types.js').NodeRecord} NodeRecord
 * @typedef {import('../model/types.js').RecordId} RecordId
 * @typedef {import('../model/types.js').SocketRef} SocketRef
 */
import { t } from '../language/t.js'
import { usedBy } from '../model/instances.js'
import { freeWireName, GET, sender, senders, SET, wireName } from '../model/wires.js'
import { freshNode } from './add_node.js'
import { connect } from './connect.js'
import { renamedWire } from './subgraph_values.js'

const APART = 36

/** Send an output by a name that Get nodes know. @param {Context} context @param {SocketRef} from @param {import('../geometry/vec.js').Point} point where the output is @returns {RecordId | null} */
export function sendByName(context, from, point) {
  const { store, graph, graphId, types } = context
  const source = graph.at(from.node)
  const type = types.get(SET)
  if (!source || !type) return null
  const kind = context.outputType(source, Math.max(from.index, 0))
  const name = freeWireName(graph, graphId, from.name || kind)
  return store.transact(t('Send by name'), () => {
    const node = wireNode(context, type, name, kind, { x: point.x + APART, y: point.y - 13 })
    connect(context, { ...from, type: kind }, { node: node.id, side: 'in', index: 0, name: kind, type: kind })
    context.select([node.id])
    return node.id
  })
}

/** Take the lines off an output: what they fed takes it by name from now on. @param {Context} context @param {SocketRef} from @param {import('../geometry/vec.js').Point} point where the output is @param {(socket: SocketRef) => import('../geometry/vec.js').Point | null} pointOf @returns {RecordId | null} the Set node */
export function sendLinks(context, from, point, pointOf) {
  const { store, graph } = context
  const source = graph.at(from.node)
  const links = source ? graph.linksFrom(source, from.index) : []
  return store.transact(t('Send the links by name'), () => {
    const id = sendByName(context, from, point)
    const setter = id === null ? undefined : store.node(id)
    if (!setter) return null
    for (const link of links) {
      const reader = graph.reader(link)
      const slot = reader?.inputs[link.toSlot]
      if (!reader || !slot) continue
      const to = /** @type {const} */ ({ node: reader.id, side: 'in', index: link.toSlot, name: slot.name, type: slot.type })
      takeByName(context, to, wireName(setter), pointOf(to) ?? point)
    }
    context.select([setter.id])
    return setter.id
  })
}

/** Lines in place of a wire: whatever takes it in its own graph is linked to what feeds it. @param {Context} context @param {NodeRecord} setter */
export function drawLines(context, setter) {
  const { store, graph } = context
  const link = graph.linkInto(setter, 0)
  const source = link && graph.source(link)
  if (!link || !source) {
    context.notify(t('Nothing is linked to this Set node: there is nothing to draw lines from'))
    return
  }
  const from = /** @type {const} */ ({ node: source.id, side: 'out', index: link.fromSlot, name: '', type: link.type })
  store.transact(t('Draw the lines'), () => {
    const getters = readers(context, setter, wireName(setter))
    for (const getter of getters.filter((node) => node.graph === setter.graph)) relink(context, getter, from)
    relink(context, setter, from)
    // Subgraphs within may go on taking it.
    if (getters.every((node) => node.graph === setter.graph)) {
      for (const each of graph.linksOf(setter.id)) store.remove(each.id)
      store.remove(setter.id)
    }
  })
  context.select([source.id])
}

/** All that a wire's node feeds is fed by `from`; a Get node goes. @param {Context} context @param {NodeRecord} node @param {SocketRef} from */
function relink(context, node, from) {
  const { store, graph } = context
  for (const out of graph.linksFrom(node, 0)) {
    const reader = graph.reader(out)
    const slot = reader?.inputs[out.toSlot]
    store.remove(out.id)
    if (reader && slot) connect(context, from, { node: reader.id, side: 'in', index: out.toSlot, name: slot.name, type: slot.type })
  }
  if (node.type === GET) store.remove(node.id)
}

/** Feed an input from what is sent by a name. @param {Context} context @param {SocketRef} to @param {string} name @param {import('../geometry/vec.js').Point} point where the input is @returns {RecordId | null} */
export function takeByName(context, to, name, point) {
  const { store, graph, graphId, types } = context
  const type = types.get(GET)
  if (!type) return null
  return store.transact(name ? t('Take {name}', { name }) : t('Take by name'), () => {
    const from = sender(graph, name, [graphId, ...(graphId === '' ? [] : [''])])
    const kind = from ? context.outputType(from, 0) : to.type
    const node = wireNode(context, type, name, kind === '*' ? to.type : kind, { x: point.x - APART - 150, y: point.y - 13 })
    connect(context, { node: node.id, side: 'out', index: 0, name: kind, type: kind }, to)
    context.select([node.id])
    return node.id
  })
}

/** @param {Context} context @param {import('../model/schema.js').NodeType} type @param {string} name @param {string} kind @param {{x: number, y: number}} at @returns {NodeRecord} */
function wireNode({ store, graph, graphId }, type, name, kind, at) {
  const fresh = freshNode(type, graphId, graph.freshKey(graphId, 'node'), graph.freshZ())
  const slot = { name: kind, type: kind, widget: null, raw: null }
  /** @type {NodeRecord} */
  const node = {
    ...fresh, pos: [Math.round(at.x), Math.round(at.y)], values: [name],
    title: `${type.name === GET ? 'Get_' : 'Set_'}${name}`, properties: { ...fresh.properties, previousName: name },
    inputs: type.name === SET ? [slot] : [], outputs: [slot]
  }
  store.put(node)
  return node
}

/** Another name for what a Set node sends, or for what a Get node takes. Get nodes follow their Set node. @param {Pick<Context, 'store' | 'graph' | 'notify'>} context @param {NodeRecord} node @param {string} wanted */
export function renameWire(context, node, wanted) {
  const { store, graph } = context
  const old = wireName(node)
  if (wanted === old) return
  if (node.type === GET) {
    store.transact(t('Take by another name'), () => store.update(node.id, fieldsOf(renamedWire(node, old, wanted))))
    return
  }
  const taken = senders(graph, node.graph).some((other) => other.id !== node.id && wireName(other) === wanted)
  const name = taken ? freeWireName(graph, node.graph, wanted) : wanted.trim()
  if (taken) context.notify(t('“{wanted}” is sent here already: this one is named “{name}”', { wanted, name }))
  const others = senders(graph, node.graph).some((other) => other.id !== node.id && wireName(other) === old)
  store.transact(t('Send by another name'), () => {
    store.update(node.id, fieldsOf(renamedWire(node, old, name)))
    if (old === '' || others) return
    for (const getter of readers(context, node, old)) store.update(getter.id, fieldsOf(renamedWire(getter, old, name)))
  })
}

/** @param {NodeRecord} node */
const fieldsOf = ({ title, values, properties }) => ({ title, values, properties })

/** Get nodes that hear a Set node: in its graph, and in subgraphs within it that have no such name of their own. @param {Pick<Context, 'graph'>} context @param {NodeRecord} setter @param {string} name @returns {NodeRecord[]} */
export function readers({ graph }, setter, name) {
  const inner = [...usedBy(graph, setter.graph)].filter((id) => id !== setter.graph && !senders(graph, id).some((node) => wireName(node) === name))
  return [setter.graph, ...inner].flatMap((id) => graph.nodes(id).filter((node) => node.type === GET && wireName(node) === name))
}

/** Pasted Set nodes whose names are taken get others, and the Get nodes that came with them follow. @param {Context} context @param {Iterable<RecordId>} ids */
export function freePastedWires({ store, graph }, ids) {
  const came = [...ids].flatMap((id) => store.node(id) ?? [])
  for (const setter of came.filter(({ type }) => type === SET)) {
    const name = wireName(setter)
    const first = senders(graph, setter.graph).find((node) => wireName(node) === name)
    if (name === '' || !first || first.id === setter.id) continue
    const next = freeWireName(graph, setter.graph, name)
    for (const node of came) {
      const now = store.node(node.id)
      if (now && (node.id === setter.id || (node.type === GET && wireName(now) === name))) store.update(node.id, fieldsOf(renamedWire(now, name, next)))
    }
  }
}

