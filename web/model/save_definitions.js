/**
 * What the file says of a subgraph besides its contents: which links its ports hold, the keys that it has given out, and
 * whether it is written at all.
 *
 * @typedef {import('./types.js').GraphId} GraphId
 * @typedef {import('./types.js').GraphRecord} GraphRecord
 * @typedef {import('./types.js').Json} Json
 * @typedef {import('./workflow_save.js').Section} Section
 */
import { asList, asObject, isFinite } from './json.js'
import { INPUT_SIDE, OUTPUT_SIDE } from './sides.js'

/** @param {GraphRecord} graph @param {Section} inner what lies in it @returns {Json} */
export function definitionHead(graph, inner) {
  const raw = graph.raw ?? { version: 1, revision: 0, config: {}, widgets: [], extra: {} }
  /** @type {Json} */
  const file = 'id' in raw ? { ...raw, name: graph.name } : { id: graph.key, ...raw, name: graph.name }
  file.id = graph.key // a copy has another than what it was made from
  const state = keysGiven(asObject(raw.state), inner)
  if (state) file.state = state
  const stale = new Set(graph.stale ?? [])
  file.inputs = graph.inputs.map((port, slot) => withLinks(port, stale, inner.links.flatMap((link) => (link.from === INPUT_SIDE && link.fromSlot === slot ? link.key : []))))
  file.outputs = graph.outputs.map((port, slot) => withLinks(port, stale, inner.links.flatMap((link) => (link.to === OUTPUT_SIDE && link.toSlot === slot ? link.key : []))))
  return file
}

/** A port with the links that it has now, in the order that it had them. @param {Json} port @param {ReadonlySet<unknown>} stale @param {readonly unknown[]} keys */
function withLinks(port, stale, keys) {
  const listed = asList(port.linkIds)
  const kept = listed.filter((key) => keys.includes(key) || stale.has(key))
  const all = [...kept, ...keys.filter((key) => !listed.includes(key))]
  return all.length === listed.length && kept.length === listed.length ? port : { ...port, linkIds: all }
}

/** The highest keys that were ever given out, where they are higher than the file says. @param {Json | null} state @param {Section} inner @returns {Json | null} */
function keysGiven(state, inner) {
  /** @type {Json} */
  const next = { ...state }
  let differs = state === null
  for (const [field, records] of /** @type {const} */ ([
    ['lastGroupId', inner.groups], ['lastNodeId', inner.nodes], ['lastLinkId', inner.links], ['lastRerouteId', inner.reroutes]
  ])) {
    const given = isFinite(next[field]) ? next[field] : 0
    const last = records.reduce((most, { key }) => (isFinite(key) && key > most ? key : most), given)
    if (state !== null && (last === given || !(field in state))) continue
    next[field] = last
    differs = true
  }
  return differs ? next : null
}

/** Definitions that were made here and that no node uses any more: they are not written. @param {(graph: GraphId) => Section} section @param {readonly GraphRecord[]} graphs all of them @returns {Set<GraphId>} */
export function unused(section, graphs) {
  const made = graphs.filter((graph) => graph.made)
  if (!made.length) return new Set()
  const known = new Set(graphs.map(({ key }) => key))
  const live = new Set(graphs.flatMap(({ made: here, key }) => (here ? [] : key)))
  const stack = ['', ...live]
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    for (const { type } of section(at).nodes) {
      if (live.has(type) || !known.has(type)) continue
      live.add(type)
      stack.push(type)
    }
  }
  return new Set(made.flatMap(({ key }) => (live.has(key) ? [] : key)))
}
