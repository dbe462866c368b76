/**
 * The points that links pass on their way, followed from the reader back to the source.
 *
 * @typedef {import('./context.js').Context} Context
 * @typedef {import('../model/types.js').GraphId} GraphId
 * @typedef {import('../model/types.js').Key} Key
 * @typedef {import('../model/types.js').LinkRecord} LinkRecord
 * @typedef {import('../model/types.js').RerouteRecord} RerouteRecord
 * @typedef {Pick<Context, 'store' | 'graph'>} Model
 */
import { recordId } from '../model/graph.js'

/** Reroutes from `key` towards the source. `gone`: ones that may have left the document already. @param {Model} context @param {GraphId} graph @param {Key | null} key @param {readonly RerouteRecord[]} [gone] @returns {RerouteRecord[]} */
export function chainFrom({ store }, graph, key, gone = []) {
  /** @type {Set<RerouteRecord>} */
  const passed = new Set()
  for (let at = key; at !== null;) {
    const here = store.get(recordId('reroute', graph, at)) ?? gone.find((each) => each.key === at)
    // A file may hold a circle.
    if (here?.kind !== 'reroute' || passed.has(here)) break
    passed.add(here)
    at = here.parent
  }
  return [...passed]
}

/** @param {Model} context @param {LinkRecord} link */
export const chainOf = (context, link) => chainFrom(context, link.graph, link.reroute)

/** Reroutes that these links pass and no other. @param {Model} context @param {readonly LinkRecord[]} links of one graph @returns {RerouteRecord[]} */
export function bendsWithin(context, links) {
  const first = links[0]
  if (!first) return []
  const own = new Set(links.map(({ id }) => id))
  const passed = new Set(links.flatMap((link) => chainOf(context, link)))
  if (!passed.size) return []
  const others = context.graph.links(first.graph).filter(({ id, reroute }) => reroute !== null && !own.has(id))
  const elsewhere = new Set(others.flatMap((link) => chainOf(context, link)))
  return [...passed].filter((each) => !elsewhere.has(each))
}

/** Take away those reroutes that no link passes any more. @param {Model} context @param {GraphId} graph @param {Iterable<RerouteRecord>} reroutes */
export function dropIdle(context, graph, reroutes) {
  const asked = [...reroutes]
  if (!asked.length) return
  const used = new Set(context.graph.links(graph).flatMap((link) => chainOf(context, link).map(({ id }) => id)))
  for (const { id, graph: place } of asked) if (place === graph && !used.has(id)) context.store.remove(id)
}
