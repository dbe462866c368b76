/**
 * A UI workflow file (0.4, or 1) as records. What is broken is mended or left out, each with a note; nothing throws.
 *
 * @typedef {import('./types.js').Entry} Entry
 * @typedef {import('./types.js').GraphId} GraphId
 * @typedef {import('./types.js').Key} Key
 * @typedef {import('./types.js').LinkRecord} LinkRecord
 * @typedef {import('./types.js').NodeRecord} NodeRecord
 * @typedef {import('./types.js').Pair} Pair
 * @typedef {import('./types.js').Slot} Slot
 * @typedef {import('./json.js').Json} Json
 */
import { t } from '../language/t.js'
import { recordId } from './graph.js'
import { asList, asObject, asText, isFinite, isObject } from './json.js'
import { INPUT_SIDE, OUTPUT_SIDE } from './sides.js'
import { readType, SlotPool } from './slots.js'

/** Where a graph's `extra` lists the links that are hidden: links are bare lists in 0.4 and hold no field of ours. */
export const HIDDEN_LINKS = 'easel_hidden_links'

/** Farther than this no picture shows a difference, and sums lose their digits. */
const FAR = 1e7
const LEAST = 10
/** @type {readonly Slot[]} */
const NO_SLOTS = []
/** @type {readonly Key[]} */
const NO_KEYS = []
/** @type {Json} */
const NOTHING = Object.freeze({})
const MOST = 20_000

/**
 * @param {unknown} json
 * @returns {{records: Entry[], notes: string[]}} `notes`: what was mended, one sentence each
 */
export function load(json) {
  const file = asObject(json) ?? {}
  const reader = new Reader()
  if (!isObject(json)) reader.note(t('The file holds no workflow: a JSON object was expected'))
  const { definitions } = file
  /** @type {import('./types.js').MetaRecord} */
  const meta = { id: 'meta', kind: 'meta', extra: asObject(file.extra) ?? {}, raw: isObject(json) ? emptied(file, ['nodes', 'links', 'groups']) : null }
  reader.records.push(meta)
  keepLost(meta, reader.graph('', file))
  const behind = { node: behindOf(file.last_node_id, reader.records, 'node'), link: behindOf(file.last_link_id, reader.records, 'link') }
  if (behind.node || behind.link) meta.behind = behind
  reader.definitions('', definitions)
  for (const title of circles(reader.records)) reader.note(t('The subgraph "{title}" contains itself: it cannot run until the node that stands for it is taken out of it', { title }))
  for (const name of sentTwice(reader.records)) reader.note(t('Two Set nodes send by the name "{name}": Get nodes take what the first one is given', { name }))
  return { records: reader.records, notes: reader.notes }
}

/** @param {{ lost?: readonly import('./types.js').LostLink[] }} record @param {import('./types.js').LostLink[]} lost */
function keepLost(record, lost) {
  if (lost.length) record.lost = lost
}

/** The highest key, where the file's own count is behind it; else 0. @param {unknown} count @param {readonly Entry[]} records @param {'node' | 'link'} kind */
function behindOf(count, records, kind) {
  if (!isFinite(count)) return 0
  let last = 0
  for (const record of records) if (record.kind === kind && isFinite(record.key) && record.key > last) last = record.key
  return last > count ? last : 0
}

/** Names of the subgraphs that contain themselves. @param {readonly Entry[]} records */
function circles(records) {
  const names = new Map(records.flatMap((record) => (record.kind === 'graph' ? [[record.key, record.name]] : [])))
  if (!names.size) return []
  /** @type {Map<GraphId, Set<string>>} */
  const uses = new Map([...names.keys()].map((key) => [key, new Set()]))
  for (const record of records) if (record.kind === 'node' && names.has(record.type)) uses.get(record.graph)?.add(record.type)
  return [...names].flatMap(([key, name]) => {
    const found = new Set(uses.get(key))
    for (const inner of found) for (const next of uses.get(inner) ?? []) found.add(next)
    return found.has(key) ? name : []
  })
}

/** @typedef {{node: NodeRecord, inputs: readonly unknown[], outputs: readonly unknown[], links: unknown[]}} Found A node with its sockets as the file has them, and the links that its inputs name. */

/** Names that more than one Set node of a graph sends by: Get nodes take from the first. @param {readonly Entry[]} records */
function sentTwice(records) {
  const seen = new Set()
  const twice = new Set()
  for (const record of records) {
    const name = record.kind === 'node' && record.type === 'SetNode' ? asText(asList(record.values)[0]) : null
    if (record.kind !== 'node' || !name) continue
    if (seen.has(`${record.graph} ${name}`)) twice.add(name)
    seen.add(`${record.graph} ${name}`)
  }
  return [...twice]
}

class Reader {
  /** @type {Entry[]} */
  records = []
  /** @type {string[]} */
  notes = []
  /** @type {Set<string>} */
  #graphs = new Set()
  /** @type {Map<string, string>} */
  #names = new Map()

  /** One string for all that are equal. @param {string} text */
  #name(text) {
    const known = this.#names.get(text)
    if (known === undefined) this.#names.set(text, text)
    return known ?? text
  }

  /** @param {string} sentence */
  note(sentence) {
    if (this.notes.length < 100) this.notes.push(sentence)
  }

  /** @param {GraphId} within @param {unknown} definitions */
  definitions(within, definitions) {
    for (const definition of asList(asObject(definitions)?.subgraphs)) {
      const id = isObject(definition) ? asText(definition.id) : null
      if (!isObject(definition) || id === null) {
        this.note(t('A subgraph definition without an id was left out'))
        continue
      }
      if (this.#graphs.has(id)) {
        this.note(t('The subgraph "{name}" is there twice: the second was left out', { name: asText(definition.name) ?? id }))
        continue
      }
      this.#graphs.add(id)
      const { definitions: nested } = definition
      /** @type {import('./types.js').GraphRecord} */
      const record = {
        id: recordId('graph', '', id), kind: 'graph', graph: within, key: id, z: this.records.length,
        name: asText(definition.name) ?? t('Subgraph'),
        inputs: asList(definition.inputs).filter(isObject), outputs: asList(definition.outputs).filter(isObject),
        raw: emptied(definition, ['nodes', 'links', 'groups', 'reroutes'])
      }
      this.records.push(record)
      keepLost(record, this.graph(id, definition))
      const stale = this.#staleAt(id, [...record.inputs, ...record.outputs])
      if (stale.length) record.stale = stale
      this.definitions(id, nested)
    }
  }

  /** @param {GraphId} graph @param {Json} file @returns {import('./types.js').LostLink[]} links that are not drawn, for the file alone */
  graph(graph, file) {
    const nodes = this.#nodes(graph, file)
    const { links, lost } = this.#links(graph, file, nodes)
    this.#slots(nodes, links)
    this.#groups(graph, file)
    this.#reroutes(graph, file)
    return lost
  }

  /** @param {GraphId} graph @param {Json} file @returns {Map<string, Found>} by key */
  #nodes(graph, file) {
    /** @type {Map<string, Found>} */
    const found = new Map()
    const raws = asList(file.nodes)
    let fresh = 0
    for (const raw of raws) {
      const id = Number(asObject(raw)?.id)
      if (Number.isSafeInteger(id) && id > fresh) fresh = id
    }
    raws.forEach((raw, z) => {
      if (!isObject(raw)) {
        this.note(t('Entry {z} of the nodes is no node: it was left out', { z }))
        return
      }
      let key = /** @type {Key} */ (raw.id)
      if (typeof key !== 'string' && !isFinite(key)) {
        key = ++fresh
        this.note(t('A {type} without an id was given the id {key}', { type: asText(raw.type) ?? t('node'), key }))
      } else if (found.has(String(key))) {
        const old = key
        key = ++fresh
        this.note(t('Two nodes have the id {old}: the second one, a {type}, now has {key}', { old, type: asText(raw.type) ?? t('node'), key }))
      }
      const node = this.#node(graph, key, z, raw)
      const inputs = asList(raw.inputs)
      found.set(String(key), { node, inputs, outputs: asList(raw.outputs), links: inputs.map((slot) => asObject(slot)?.link) })
      this.records.push(node)
    })
    return found
  }

  /** @param {GraphId} graph @param {Key} key @param {number} z @param {Json} raw @returns {NodeRecord} */
  #node(graph, key, z, raw) {
    const flags = asObject(raw.flags) ?? {}
    const type = asText(raw.type) ?? 'Unknown'
    const [pos, size] = [readPair(raw.pos), readSize(raw.size)]
    if (!pos) this.note(t('{type} {key} had no usable position: it was put at the origin', { type, key }))
    return {
      id: recordId('node', graph, key), kind: 'node', graph, key, z, type,
      pos: samePair(raw.pos, pos) ?? [0, 0],
      size: samePair(raw.size, size) ?? size,
      title: asText(raw.title),
      mode: isFinite(raw.mode) ? raw.mode : 0,
      collapsed: flags.collapsed === true,
      pinned: flags.pinned === true,
      color: asText(raw.color),
      bgcolor: asText(raw.bgcolor),
      inputs: NO_SLOTS,
      outputs: NO_SLOTS,
      values: Array.isArray(raw.widgets_values) ? raw.widgets_values : asObject(raw.widgets_values),
      properties: isEmpty(raw.properties) ? NOTHING : asObject(raw.properties) ?? NOTHING,
      raw: leanNode(raw)
    }
  }

  /** Links that ports list and that are not there. @param {GraphId} graph @param {readonly Json[]} ports */
  #staleAt(graph, ports) {
    const listed = ports.flatMap((port) => asList(port.linkIds))
    if (!listed.length) return listed
    const live = new Set(this.records.flatMap((record) => (record.kind === 'link' && record.graph === graph ? record.key : [])))
    return listed.filter((key) => !live.has(/** @type {Key} */ (key)))
  }

  /** @param {GraphId} graph @param {Json} file @param {Map<string, Found>} nodes */
  #links(graph, file, nodes) {
    /** @type {LinkRecord[]} */
    const links = []
    /** @type {import('./types.js').LostLink[]} */
    const lost = []
    const plain = graph === '' && !(isFinite(file.version) && file.version >= 1)
    const parents = new Map(
      asList(asObject(file.extra)?.linkExtensions).filter(isObject).map((entry) => [entry.id, entry.parentId])
    )
    const hidden = new Set(asList(asObject(file.extra)?.[HIDDEN_LINKS]))
    /** @type {Set<string>} */
    const seen = new Set()
    /** @type {Set<string>} */
    const taken = new Set()
    const definition = graph === '' ? null : file
    asList(file.links).forEach((raw, z) => {
      const link = readLink(raw)
      if (!link || seen.has(String(link.key))) {
        if (raw !== null) this.note(link ? t('The link {key} is there twice: the second was left out', { key: link.key }) : t('A link that is no link was left out'))
        return
      }
      seen.add(String(link.key))
      const to = this.#readerSlot(link, nodes, definition)
      const from = link.from === INPUT_SIDE ? definition !== null : nodes.has(String(link.from))
      if (to === null || !from) {
        this.note(t('The link {key} from {from} to {to} ends nowhere: it was left out', { key: link.key, from: link.from, to: link.to }))
        lost.push({ at: z, raw })
        return
      }
      const place = `${link.to}#${to}`
      if (link.to !== OUTPUT_SIDE && taken.has(place)) {
        this.note(t('Input {input} of node {node} held two links: the link {key} was left out', { input: to, node: link.to, key: link.key }))
        lost.push({ at: z, raw })
        return
      }
      taken.add(place)
      const parent = isObject(raw) ? raw.parentId : parents.get(link.key)
      const [source, reader] = [sameKey(nodes, link.from), sameKey(nodes, link.to)]
      links.push({
        id: recordId('link', graph, link.key), kind: 'link', graph, key: link.key, z,
        raw: plain && isPlain(raw, link, source, reader, to) ? null : raw,
        from: source, fromSlot: link.fromSlot, to: reader, toSlot: to, type: this.#name(link.type),
        reroute: typeof parent === 'number' || typeof parent === 'string' ? parent : null, hidden: hidden.has(link.key)
      })
    })
    for (const link of links) this.records.push(link)
    return { links, lost }
  }

  /** Sockets, now that it is known which links there are. @param {ReadonlyMap<string, Found>} nodes @param {readonly LinkRecord[]} links */
  #slots(nodes, links) {
    /** @type {Map<string, Key[]>} */
    const keysAt = new Map()
    const put = (/** @type {string} */ place, /** @type {Key} */ key) => {
      const keys = keysAt.get(place)
      if (keys) keys.push(key)
      else keysAt.set(place, [key])
    }
    for (const { key, from, fromSlot, to, toSlot } of links) {
      put(`${from}>${fromSlot}`, key)
      put(`${to}<${toSlot}`, key)
    }
    const pool = new SlotPool(new Set(links.map(({ key }) => key)))
    for (const [key, { node, inputs, outputs }] of nodes) {
      node.inputs = pool.list(inputs, 'link', (index) => keysAt.get(`${key}<${index}`) ?? NO_KEYS)
      node.outputs = pool.list(outputs, 'links', (index) => keysAt.get(`${key}>${index}`) ?? NO_KEYS)
    }
  }

  /**
   * The input that a link goes into: the one that names the link. The number that the link gives may be old.
   * @param {RawLink} link @param {Map<string, Found>} nodes @param {Json | null} definition
   */
  #readerSlot(link, nodes, definition) {
    if (link.to === OUTPUT_SIDE) return definition && link.toSlot < asList(definition.outputs).length ? link.toSlot : null
    const reader = nodes.get(String(link.to))
    if (!reader) return null
    if (reader.links[link.toSlot] === link.key) return link.toSlot
    const index = reader.links.indexOf(link.key)
    return index < 0 ? null : index
  }

  /** @param {GraphId} graph @param {Json} file */
  #groups(graph, file) {
    /** @type {Set<string>} */
    const seen = new Set()
    asList(file.groups).forEach((raw, z) => {
      if (!isObject(raw)) return
      const box = listOf(raw.bounding)
      if (box.length < 4 || !box.every(isFinite)) {
        this.note(t('The group "{title}" had no usable box: it was left out', { title: asText(raw.title) ?? '' }))
        return
      }
      const own = isFinite(raw.id) && !seen.has(String(raw.id)) ? raw.id : null
      let key = own ?? z + 1
      while (own === null && seen.has(String(key))) key++
      seen.add(String(key))
      const [x = 0, y = 0, w = 0, h = 0] = /** @type {number[]} */ (box)
      this.records.push({
        id: recordId('group', graph, key), kind: 'group', graph, key, z,
        title: asText(raw.title) ?? '',
        bounds: [near(x), near(y), Math.min(Math.max(w, LEAST), FAR), Math.min(Math.max(h, LEAST), FAR)],
        color: asText(raw.color),
        fontSize: isFinite(raw.font_size) ? raw.font_size : 24,
        pinned: asObject(raw.flags)?.pinned === true,
        raw
      })
    })
  }

  /** @param {GraphId} graph @param {Json} file */
  #reroutes(graph, file) {
    /** @type {Set<string>} */
    const seen = new Set()
    asList(file.reroutes ?? asObject(file.extra)?.reroutes).forEach((raw, z) => {
      if (!isObject(raw)) return
      const pos = readPair(raw.pos)
      if (!isFinite(raw.id) || !pos || seen.has(String(raw.id))) {
        this.note(t('A reroute without a usable id or position was left out'))
        return
      }
      seen.add(String(raw.id))
      this.records.push({
        id: recordId('reroute', graph, raw.id), kind: 'reroute', graph, key: raw.id, z, pos, raw,
        parent: isFinite(raw.parentId) ? raw.parentId : null
      })
    })
  }
}

/** A link's end names its node by number or by text: by whichever the node itself has. @param {Map<string, {node: NodeRecord}>} nodes @param {Key} key */
const sameKey = (nodes, key) => nodes.get(String(key))?.node.key ?? key

/** @typedef {{key: Key, from: Key, fromSlot: number, to: Key, toSlot: number, type: string}} RawLink */

/** @param {unknown} raw @returns {RawLink | null} */
export function readLink(raw) {
  const [key, from, fromSlot, to, toSlot, type] = Array.isArray(raw)
    ? raw
    : isObject(raw)
      ? [raw.id, raw.origin_id, raw.origin_slot, raw.target_id, raw.target_slot, raw.type]
      : []
  if (!isKey(key) || !isKey(from) || !isKey(to)) return null
  if (!isSlot(fromSlot) || !isSlot(toSlot)) return null
  return { key, from, fromSlot, to, toSlot, type: readType(type) }
}

/** @param {unknown} value @returns {value is Key} */
const isKey = (value) => typeof value === 'string' || isFinite(value)

/** @param {unknown} value @returns {value is number} */
const isSlot = (value) => Number.isInteger(value) && Number(value) >= 0

/** Pairs are lists, or objects with the fields 0 and 1. @param {unknown} value */
const listOf = (value) => (isObject(value) ? Object.keys(value).map((field) => value[field]) : asList(value))

/** @param {unknown} value @returns {Pair | null} */
export function readPair(value) {
  const [x, y] = isObject(value) ? [value['0'], value['1']] : asList(value)
  return isFinite(x) && isFinite(y) ? [near(x), near(y)] : null
}

/** The file's own pair where it says the same: one list then serves both. @param {unknown} raw @param {Pair | null} pair */
const samePair = (raw, pair) => (pair && Array.isArray(raw) && raw.length === 2 && raw[0] === pair[0] && raw[1] === pair[1] ? /** @type {Pair} */ (raw) : pair)

/** Would a link without a `raw` be saved just so? @param {unknown} raw @param {RawLink} link @param {Key} from @param {Key} to @param {number} slot */
const isPlain = (raw, link, from, to, slot) =>
  Array.isArray(raw) && raw.length === 6 && raw[0] === link.key && raw[1] === from && raw[2] === link.fromSlot &&
  raw[3] === to && raw[4] === slot && raw[5] === link.type

/** What saving needs of a node's object: of its sockets only whether it had any, since they are kept as slots. @param {Json} raw @returns {Json} */
function leanNode(raw) {
  const lean = { ...raw }
  if (raw.inputs !== undefined) lean.inputs = NO_SLOTS
  if (raw.outputs !== undefined) lean.outputs = NO_SLOTS
  if (isEmpty(raw.flags)) lean.flags = NOTHING
  if (isEmpty(raw.properties)) lean.properties = NOTHING
  return lean
}

/** @param {unknown} value */
const isEmpty = (value) => isObject(value) && Object.keys(value).length === 0

/** @param {unknown} value @returns {Pair} */
export function readSize(value) {
  const [w, h] = readPair(value) ?? [0, 0]
  return [Math.min(Math.max(w, 0) || 220, MOST), Math.min(Math.max(h, 0), MOST)]
}

/** @param {number} value */
const near = (value) => Math.min(Math.max(value, -FAR), FAR)

/**
 * What records hold of a graph is taken out of the file; each field keeps its place, so that it is saved in the file's order.
 *
 * @param {Json} file @param {readonly string[]} fields @returns {Json}
 */
function emptied(file, fields) {
  const rest = Object.entries(file).map(([field, value]) => [field, fields.includes(field) ? null : field === 'definitions' ? withoutSubgraphs(value) : value])
  return Object.fromEntries(rest)
}

/** @param {unknown} definitions */
function withoutSubgraphs(definitions) {
  return isObject(definitions) ? Object.fromEntries(Object.entries(definitions).map(([field, value]) => [field, field === 'subgraphs' ? null : value])) : null
}
