/**
 * Reroutes: points that links pass. Those of one output form a tree: each names the one before it, a link names its last.
 *
 * @typedef {import('./context.js').Context} Context
 * @typedef {import('../geometry/vec.js').Point} Point
 * @typedef {import('../model/types.js').GraphId} GraphId
 * @typedef {import('../model/types.js').Key} Key
 * @typedef {import('../model/types.js').LinkRecord} LinkRecord
 * @typedef {import('../model/types.js').RecordId} RecordId
 * @typedef {import('../model/types.js').RerouteRecord} RerouteRecord
 * @typedef {Pick<Context, 'store' | 'graph'>} Base
 */
import { many, t } from '../language/t.js'
import { recordId } from '../model/graph.js'
import { chainFrom } from './reroute_chains.js'

/** @param {Base} context @param {GraphId} graph @param {Key} key @returns {RerouteRecord | undefined} */
export function rerouteOf({ store }, graph, key) {
  const record = store.get(recordId('reroute', graph, key))
  return record?.kind === 'reroute' ? record : undefined
}

/** A reroute and those before it, the nearest to the source first. @param {Base} context @param {GraphId} graph @param {Key | null} last @returns {RerouteRecord[]} */
export const chain = (context, graph, last) => chainFrom(context, graph, last).reverse()

/** Links that pass a reroute. @param {Base} context @param {RerouteRecord} reroute @returns {LinkRecord[]} */
export function linksThrough(context, reroute) {
  return context.graph.links(reroute.graph).filter((link) =>
    link.reroute !== null && chain(context, link.graph, link.reroute).some(({ id }) => id === reroute.id))
}

/**
 * One more reroute on the way of links of one output, all at the same stretch of it.
 * @param {Context} context @param {readonly LinkRecord[]} links @param {Point} point
 * @param {number} stretch how many reroutes of the links lie before it
 * @returns {RecordId | null}
 */
export function addReroute(context, links, point, stretch) {
  const { store, graph } = context
  const [first] = links
  if (!first) return null
  const before = chain(context, first.graph, first.reroute)[stretch - 1]
  const key = graph.freshKey(first.graph, 'reroute')
  const id = recordId('reroute', first.graph, key)
  store.transact(t('Add a reroute'), () => {
    store.put({
      id, kind: 'reroute', graph: first.graph, key, z: graph.freshZ(), parent: before?.key ?? null, raw: null,
      pos: [Math.round(point.x), Math.round(point.y)]
    })
    for (const link of links) {
      const after = chain(context, link.graph, link.reroute)[stretch]
      if (after) store.update(after.id, { parent: key })
      else store.update(link.id, { reroute: key })
    }
  })
  return id
}

/**
 * Where a stroke crosses links it leaves reroutes: one for all links of an output that it crosses at the same stretch.
 * @param {Context} context @param {readonly {link: LinkRecord, stretch: number, point: Point}[]} crossings
 * @returns {RecordId[]}
 */
export function addReroutes(context, crossings) {
  /** @type {Map<string, {link: LinkRecord, stretch: number, point: Point}[]>} */
  const groups = new Map()
  for (const crossing of crossings) {
    const { link, stretch } = crossing
    const before = chain(context, link.graph, link.reroute)[stretch - 1]
    const place = JSON.stringify([link.graph, link.from, link.fromSlot, before?.key ?? null])
    groups.set(place, [...(groups.get(place) ?? []), crossing])
  }
  return context.store.transact(many(groups.size, 'Add a reroute', 'Add {count} reroutes'), () =>
    [...groups.values()].flatMap((group) => {
      const middle = group.reduce((sum, { point }) => ({ x: sum.x + point.x / group.length, y: sum.y + point.y / group.length }), { x: 0, y: 0 })
      return addReroute(context, group.map(({ link }) => link), middle, group[0]?.stretch ?? 0) ?? []
    }))
}

/** Take links away, and the reroutes that none passes any more. @param {Base} context @param {Iterable<RecordId>} ids @param {string} label */
export function removeLinks(context, ids, label) {
  const links = [...ids].flatMap((id) => context.store.link(id) ?? [])
  context.store.transact(label, () => {
    for (const link of links) context.store.remove(link.id)
    sweep(context, links)
  })
}

/** Remove the reroutes of links that are gone, where nothing else passes them. @param {Base} context @param {readonly LinkRecord[]} gone */
export function sweep(context, gone) {
  for (const link of gone) {
    for (const reroute of chain(context, link.graph, link.reroute).reverse()) {
      // The incumbent keeps some that hold the end of a link to come.
      if (isPassed(context, reroute) || reroute.raw?.floating) break
      context.store.remove(reroute.id)
    }
  }
}

/** @param {Base} context @param {RerouteRecord} reroute */
function isPassed({ store, graph }, reroute) {
  for (const id of graph.ids(reroute.graph, 'link')) if (store.link(id)?.reroute === reroute.key) return true
  return graph.reroutes(reroute.graph).some(({ parent }) => parent === reroute.key)
}
