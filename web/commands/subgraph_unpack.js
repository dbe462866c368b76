/**
 * An instance of a subgraph is replaced by what is in it, nothing lost: values that it gave go into the nodes, links through
 * its sockets are joined, frames and reroutes come along. What it was made of stays for its other instances.
 *
 * @typedef {import('./context.js').Context} Context
 * @typedef {import('../geometry/vec.js').Point} Point
 * @typedef {import('../model/types.js').Entry} Entry
 * @typedef {import('../model/types.js').Key} Key
 * @typedef {import('../model/types.js').LinkRecord} LinkRecord
 * @typedef {import('../model/types.js').NodeRecord} NodeRecord
 * @typedef {import('../model/types.js').Pair} Pair
 * @typedef {import('../model/types.js').RecordId} RecordId
 */
import { bounds, centre } from '../geometry/rect.js'
import { t } from '../language/t.js'
import { recordId } from '../model/graph.js'
import { INPUT_SIDE, OUTPUT_SIDE } from '../model/sides.js'
import { groupBox } from './move.js'
import { chainFrom } from './reroute_chains.js'
import { carryOut } from './subgraph_proxies.js'
import { contentsWithValues } from './subgraph_values.js'

/** @param {Context} context @param {NodeRecord} instance @returns {RecordId[]} what came */
export function unpack(context, instance) {
  const definition = context.graph.definition(instance.type)
  if (!definition) return []
  return context.store.transact(t('Unpack {name}', { name: definition.name }), () => new Unpacking(context, instance, definition).run())
}

class Unpacking {
  /** The key that an inner node has now. @type {Map<string, Key>} */
  #keys = new Map()
  /** The key that an inner reroute has now. @type {Map<Key, Key>} */
  #bends = new Map()
  /** @type {RecordId[]} */
  #came = []

  /** @param {Context} context @param {NodeRecord} instance @param {import('../model/types.js').GraphRecord} definition */
  constructor(context, instance, definition) {
    this.context = context
    this.instance = instance
    this.definition = definition
  }

  run() {
    const { context, instance } = this
    const around = context.graph.linksOf(instance.id)
    const nodes = contentsWithValues(context, instance, this.definition)
    const by = this.#shift(nodes)
    for (const link of around) context.store.remove(link.id)
    context.store.remove(instance.id)
    this.#nodes(nodes, by)
    this.#frames(by)
    this.#linkUp(around)
    carryOut(context, instance, this.#keys)
    context.select(this.#came)
    return this.#came
  }

  /** From where things lie inside to where the instance was. @param {readonly NodeRecord[]} nodes @returns {Point} */
  #shift(nodes) {
    const { context, instance, definition } = this
    const box = bounds([...nodes.map(context.rectOf), ...context.graph.groups(definition.key).map(groupBox)])
    if (!box) return { x: 0, y: 0 }
    const [from, to] = [centre(box), centre(context.rectOf(instance))]
    // What was made a subgraph and is unpacked again must not creep by rounding.
    const whole = (/** @type {number} */ by) => (Math.abs(by) < 1.5 ? 0 : Math.round(by))
    return { x: whole(to.x - from.x), y: whole(to.y - from.y) }
  }

  /** Nodes keep their keys where those are free. @param {readonly NodeRecord[]} nodes @param {Point} by */
  #nodes(nodes, by) {
    const { graph } = this.context
    const outer = this.instance.graph
    const taken = new Set(graph.nodes(outer).map(({ key }) => String(key)))
    const free = nodes.filter(({ key }) => !taken.has(String(key)))
    for (const node of [...free, ...nodes.filter((each) => !free.includes(each))]) {
      const key = taken.has(String(node.key)) ? graph.freshKey(outer, 'node') : node.key
      this.#keys.set(String(node.key), key)
      const mode = node.mode === 0 ? this.instance.mode : node.mode
      this.#put({ ...node, id: recordId('node', outer, key), key, graph: outer, z: graph.freshZ(), mode, pos: moved(node.pos, by) })
    }
  }

  /** Frames and reroutes. @param {Point} by */
  #frames(by) {
    const { context: { graph, store }, instance: { graph: outer }, definition } = this
    for (const group of graph.groups(definition.key)) {
      const key = graph.freshKey(outer, 'group')
      const [x, y, w, h] = group.bounds
      this.#put({ ...group, id: recordId('group', outer, key), key, graph: outer, z: graph.freshZ(), bounds: [x + by.x, y + by.y, w, h] })
    }
    const bends = graph.reroutes(definition.key)
    for (const bend of bends) {
      const key = graph.freshKey(outer, 'reroute')
      this.#bends.set(bend.key, key)
      store.put({ ...bend, id: recordId('reroute', outer, key), key, graph: outer, z: graph.freshZ(), pos: moved(bend.pos, by), parent: null })
    }
    for (const { key, parent } of bends) store.update(recordId('reroute', outer, this.#bends.get(key) ?? key), { parent: this.#bend(parent) })
  }

  /** @param {Entry & {id: RecordId}} record */
  #put(record) {
    this.context.store.put(record)
    this.#came.push(record.id)
  }

  /** @param {Key | null} key */
  #bend = (key) => (key === null ? null : (this.#bends.get(key) ?? null))

  /** @param {readonly LinkRecord[]} around links of the instance */
  #linkUp(around) {
    const { context: { graph }, definition } = this
    for (const link of graph.links(definition.key)) {
      const [source, to] = [this.#source(link, around), this.#keys.get(String(link.to))]
      if (link.to !== OUTPUT_SIDE && source && to !== undefined) this.#link({ ...link, ...source, to, reroute: this.#behind(this.#bend(link.reroute), source.reroute) })
    }
    for (const outer of around) {
      if (outer.from !== this.instance.key) continue
      const last = graph.links(definition.key).find((link) => link.to === OUTPUT_SIDE && link.toSlot === this.#outputSlot(outer.fromSlot))
      const source = last && this.#source(last, around)
      if (!last || !source) continue
      this.#link({ ...outer, from: source.from, fromSlot: source.fromSlot, reroute: this.#behind(outer.reroute, this.#behind(this.#bend(last.reroute), source.reroute)) })
    }
  }

  /** What feeds an inner link now, and the last reroute on the way to the border. @param {LinkRecord} link @param {readonly LinkRecord[]} around @returns {{from: Key, fromSlot: number, reroute: Key | null} | null} */
  #source(link, around) {
    if (link.from !== INPUT_SIDE) {
      const from = this.#keys.get(String(link.from))
      return from === undefined ? null : { from, fromSlot: link.fromSlot, reroute: null }
    }
    const name = this.definition.inputs[link.fromSlot]?.name
    const outer = around.find((each) => each.to === this.instance.key && this.instance.inputs[each.toSlot]?.name === name)
    return outer ? { from: outer.from, fromSlot: outer.fromSlot, reroute: outer.reroute } : null
  }

  /** The output of the definition that one of the instance stands for: by name, or else by place. @param {number} slot */
  #outputSlot(slot) {
    const name = this.instance.outputs[slot]?.name
    if (this.definition.outputs[slot]?.name === name) return slot
    const index = this.definition.outputs.findIndex((port) => port.name === name)
    return index < 0 ? slot : index
  }

  /** One way of reroutes put behind another. @param {Key | null} later its last one, nearest the reader @param {Key | null} earlier @returns {Key | null} the last of both */
  #behind(later, earlier) {
    if (later === null || earlier === null) return later ?? earlier
    const chain = chainFrom(this.context, this.instance.graph, later)
    const first = chain.at(-1)
    if (first && !chain.some(({ key }) => key === earlier)) this.context.store.update(first.id, { parent: earlier })
    return later
  }

  /** @param {LinkRecord} link */
  #link(link) {
    const { store, graph } = this.context
    const outer = this.instance.graph
    const key = graph.freshKey(outer, 'link')
    store.put({ ...link, id: recordId('link', outer, key), key, graph: outer, z: graph.freshZ(), raw: null })
  }
}

/** @param {Pair} pos @param {Point} by @returns {Pair} */
const moved = (pos, by) => [pos[0] + by.x, pos[1] + by.y]
