/**
 * Nodes as text: what the clipboard holds is a small workflow, so it can be sent, kept and pasted in another page.
 *
 * @typedef {import('./context.js').Context} Context
 * @typedef {import('../geometry/vec.js').Point} Point
 * @typedef {import('../model/types.js').Key} Key
 * @typedef {import('../model/types.js').LinkRecord} LinkRecord
 * @typedef {import('../model/types.js').RecordId} RecordId
 */
import { bounds } from '../geometry/rect.js'
import { t } from '../language/t.js'
import { recordId } from '../model/graph.js'
import { holdsItself, usedBy } from '../model/instances.js'
import { asList } from '../model/json.js'
import { Store } from '../model/store.js'
import { bringDefinitions, definitionsFor, documentToken } from './subgraph_copy.js'
import { load, save } from '../model/workflow.js'
import { FORMAT, nodesIn } from './pasted_text.js'
import { chain } from './reroute.js'
import { freePastedWires } from './wires.js'

/** Letters in a line of readable text. */
const LINE = 120

/**
 * The selection as text; null where nothing is selected that can be copied.
 * @param {Context} context @param {Iterable<RecordId>} ids @param {{readable?: boolean}} [options] laid out for the eye
 */
export function copyText(context, ids, { readable = false } = {}) {
  const { store, graph } = context
  const records = [...ids].flatMap((id) => store.get(id) ?? []).filter(({ kind }) => kind === 'node' || kind === 'group')
  if (!records.length) return null
  const keys = new Set(records.flatMap((record) => (record.kind === 'node' ? record.key : [])))
  /** @type {LinkRecord[]} */
  const inner = []
  /** What they pass on their way. @type {Map<Key, import('../model/types.js').RerouteRecord>} */
  const bends = new Map()
  /** @type {unknown[]} */
  const outer = []
  for (const record of records) {
    if (record.kind !== 'node') continue
    for (const link of graph.linksOf(record.id)) {
      if (link.to !== record.key) continue
      if (keys.has(link.from)) {
        inner.push({ ...link, id: recordId('link', '', link.key), graph: '' })
        for (const reroute of chain(context, link.graph, link.reroute)) bends.set(reroute.key, { ...reroute, id: recordId('reroute', '', reroute.key), graph: '' })
      } else outer.push([link.from, link.fromSlot, link.to, link.toSlot, link.type])
    }
  }
  const part = new Store()
  const nodeRecords = records.flatMap((record) => (record.kind === 'node' ? record : []))
  const atRoot = records.map((record) => /** @type {import('../model/types.js').Entry} */ ({ ...record, id: 'key' in record ? recordId(record.kind, '', record.key) : record.id, graph: '' }))
  part.load([...atRoot, ...inner, ...bends.values(), ...definitionsFor(context, nodeRecords)])
  const { nodes, links, groups, definitions, extra } = save(part)
  const text = { format: FORMAT, version: 1, ...(definitions !== undefined && { definitions, document: documentToken(store) }), nodes, links, groups, outer, ...(extra !== undefined && { extra }) }
  return readable ? layOut(text) : JSON.stringify(text)
}

/** JSON of which each line says one thing: what is short stays on its line. @param {unknown} value @param {string} [indent] @returns {string} */
function layOut(value, indent = '') {
  const short = JSON.stringify(value)
  if (short.length + indent.length <= LINE || typeof value !== 'object' || value === null) return short
  const deeper = `${indent}  `
  if (Array.isArray(value)) return `[\n${value.map((item) => deeper + layOut(item, deeper)).join(',\n')}\n${indent}]`
  const entries = Object.entries(value).filter(([, item]) => item !== undefined)
  return `{\n${entries.map(([name, item]) => `${deeper}${JSON.stringify(name)}: ${layOut(item, deeper)}`).join(',\n')}\n${indent}}`
}

/**
 * Put nodes from text on the canvas, with fresh ids and the links among them; `links` also links their inputs to the
 * nodes that fed the copied ones, where those are still there.
 * @param {Context} context @param {string} text
 * @typedef {{point?: Point | null, by?: Point, links?: boolean, label?: string, copies?: boolean}} Where
 *   `point`: their middle goes there; else moved by `by`. `copies`: subgraphs in the text become subgraphs of their own.
 * @param {Where} [where]
 * @returns {RecordId[] | null} what came; null where the text holds no nodes
 */
export function pasteText(context, text, { point = null, by = { x: 24, y: 24 }, links = false, label = t('Paste'), copies = false } = {}) {
  const json = nodesIn(text)
  if (!json) return null
  const { store } = context
  const { records: all } = load(json)
  if (!all.some(({ kind }) => kind === 'graph')) return paste(context, all, json, { point, by, links, label, copies })
  return store.transact(label, () => {
    const types = bringDefinitions(context, all, { known: json.document === documentToken(store), always: copies })
    const renamed = all.map((record) => (record.kind === 'node' && record.graph === '' ? { ...record, type: types.get(record.type) ?? record.type } : record))
    return paste(context, renamed.filter((record) => fitsIn(context, record)), json, { point, by, links, label, copies })
  })
}

/** A node that would make a subgraph hold itself is refused. @param {Context} context @param {import('../model/types.js').Entry} record */
function fitsIn({ graph, graphId, notify }, record) {
  if (record.kind !== 'node' || record.graph !== '' || !graph.definition(record.type)) return true
  const fits = !holdsItself(graph, graphId, record.type) && !usedBy(graph, record.type).has(record.type)
  if (!fits) notify(t('“{name}” cannot be put here: it would contain itself', { name: graph.definition(record.type)?.name ?? '' }))
  return fits
}

/**
 * @param {Context} context @param {readonly import('../model/types.js').Entry[]} all @param {Record<string, unknown>} json
 * @param {Required<Where>} where
 */
function paste(context, all, json, { point, by, links, label }) {
  const { store, graph, graphId } = context
  const records = all.filter((record) => 'graph' in record && record.kind !== 'graph' && record.graph === '')
  const boxes = records.flatMap((record) =>
    record.kind === 'node' ? { x: record.pos[0], y: record.pos[1] - 30, w: record.size[0], h: record.size[1] + 30 } :
    record.kind === 'group' ? { x: record.bounds[0], y: record.bounds[1], w: record.bounds[2], h: record.bounds[3] } : []
  )
  const box = bounds(boxes)
  if (!box) return []
  const shift = point ? { x: Math.round(point.x - box.x - box.w / 2), y: Math.round(point.y - box.y - box.h / 2) } : by
  /** @type {Map<Key, Key>} */
  const keys = new Map()
  /** @type {RecordId[]} */
  const fresh = []
  const next = { node: graph.freshKey(graphId, 'node'), link: graph.freshKey(graphId, 'link'), group: graph.freshKey(graphId, 'group'), reroute: graph.freshKey(graphId, 'reroute') }
  /** @type {Map<Key, Key>} */
  const bends = new Map(records.flatMap((record) => (record.kind === 'reroute' ? [[record.key, next.reroute++]] : [])))
  const bend = (/** @type {Key | null} */ key) => (key === null ? null : (bends.get(key) ?? null))
  store.transact(label, () => {
    for (const record of records) {
      if (record.kind === 'node') {
        const key = next.node++
        keys.set(record.key, key)
        const id = recordId('node', graphId, key)
        store.put({ ...record, id, graph: graphId, key, z: graph.freshZ(), pos: [record.pos[0] + shift.x, record.pos[1] + shift.y] })
        fresh.push(id)
      } else if (record.kind === 'group') {
        const key = next.group++
        const [x, y, w, h] = record.bounds
        const id = recordId('group', graphId, key)
        store.put({ ...record, id, graph: graphId, key, z: graph.freshZ(), bounds: [x + shift.x, y + shift.y, w, h] })
        fresh.push(id)
      } else if (record.kind === 'reroute') {
        const key = bend(record.key) ?? 0
        const id = recordId('reroute', graphId, key)
        const pos = /** @type {import('../model/types.js').Pair} */ ([record.pos[0] + shift.x, record.pos[1] + shift.y])
        store.put({ ...record, id, graph: graphId, key, z: graph.freshZ(), parent: bend(record.parent), pos, raw: null })
        fresh.push(id)
      }
    }
    const put = (/** @type {Key} */ from, /** @type {number} */ fromSlot, /** @type {Key} */ to, /** @type {number} */ toSlot, /** @type {string} */ type, /** @type {LinkRecord | null} */ like = null) => {
      const key = next.link++
      store.put({
        id: recordId('link', graphId, key), kind: 'link', graph: graphId, key, z: graph.freshZ(), from, fromSlot, to, toSlot, type,
        reroute: bend(like?.reroute ?? null), hidden: like?.hidden ?? false, raw: null
      })
    }
    for (const record of records) {
      if (record.kind !== 'link') continue
      const [from, to] = [keys.get(record.from), keys.get(record.to)]
      if (from !== undefined && to !== undefined) put(from, record.fromSlot, to, record.toSlot, record.type, record)
    }
    for (const entry of links ? asList(json.outer) : []) {
      const [from, fromSlot, to, toSlot, type] = /** @type {[Key, number, Key, number, string]} */ (asList(entry))
      const [source, reader] = [graph.node(graphId, from), keys.get(to)]
      const slot = reader === undefined ? undefined : graph.node(graphId, reader)?.inputs[toSlot]
      if (source && reader !== undefined && slot && source.outputs[fromSlot]?.type === type) put(from, fromSlot, reader, toSlot, type)
    }
    freePastedWires(context, fresh)
  })
  context.select(fresh)
  return fresh
}

/** Copies beside the originals. @param {Context} context @param {Iterable<RecordId>} ids @param {{by?: Point, links?: boolean}} [options] */
export function duplicate(context, ids, options = {}) {
  const text = copyText(context, ids)
  return text === null ? null : pasteText(context, text, { ...options, label: t('Duplicate') })
}
