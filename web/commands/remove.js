/**
 * Take things off the canvas, with the links that would end nowhere.
 *
 * @typedef {import('./context.js').Context} Context
 * @typedef {import('../model/types.js').NodeRecord} NodeRecord
 * @typedef {import('../model/types.js').RecordId} RecordId
 */
import { many, t } from '../language/t.js'
import { accepts } from '../model/accepts.js'
import { connect } from './connect.js'
import { removeLinks, sweep } from './reroute.js'

/** @param {Context} context @param {Iterable<RecordId>} ids */
export function remove(context, ids) {
  const { store, graph } = context
  const gone = [...ids].filter((id) => store.has(id))
  if (!gone.length) return
  store.transact(many(gone.length, 'Delete', 'Delete {count} things'), () => {
    for (const id of gone) {
      const record = store.get(id)
      if (record?.kind === 'node') removeLinks(context, graph.linksOf(id).map((link) => link.id), t('Delete'))
      if (record?.kind === 'reroute') unhook(context, record)
      store.remove(id)
      if (record?.kind === 'link') sweep(context, [record])
    }
  })
  context.select([...context.selection].filter((id) => store.has(id)))
}

/** Links and reroutes behind a reroute go on to the one before it. @param {Context} context @param {import('../model/types.js').RerouteRecord} reroute */
function unhook({ store, graph }, reroute) {
  for (const link of graph.links(reroute.graph)) {
    if (link.reroute === reroute.key) store.update(link.id, { reroute: reroute.parent })
  }
  for (const other of graph.reroutes(reroute.graph)) {
    if (other.parent === reroute.key) store.update(other.id, { parent: reroute.parent })
  }
}

/**
 * Delete nodes, but join what came in to what went out, by type: as bypassing them would.
 * @param {Context} context @param {readonly NodeRecord[]} nodes
 */
export function removeAndReconnect(context, nodes) {
  context.store.transact(t('Delete and reconnect'), () => {
    for (const node of nodes) {
      pullOut(context, [node])
      remove(context, [node.id])
    }
  })
}

/**
 * Take nodes out of their links to all others, and join these by type. Links among the nodes stay.
 * @param {Context} context @param {readonly NodeRecord[]} nodes
 * @returns {boolean} whether there were any
 */
export function pullOut(context, nodes) {
  const { store, graph } = context
  const own = new Set(nodes.map(({ key }) => key))
  const links = [...new Set(nodes.flatMap(({ id }) => graph.linksOf(id)))]
  const into = links.filter((link) => own.has(link.to) && !own.has(link.from))
  const outOf = links.filter((link) => own.has(link.from) && !own.has(link.to))
  if (!into.length && !outOf.length) return false
  store.transact(t('Pull out of its links'), () => {
    const joins = outOf.flatMap((out) => {
      const [reader, giver] = [graph.reader(out), graph.source(out)]
      const slot = reader?.inputs[out.toSlot]
      const fits = into.filter((each) => slot && accepts(slot.type, each.type) && accepts(out.type, each.type))
      const feed = fits.find(({ to }) => to === giver?.key) ?? fits[0]
      const source = feed && graph.source(feed)
      return reader && slot && feed && source ? [{ feed, source, reader, slot, index: out.toSlot }] : []
    })
    removeLinks(context, [...into, ...outOf].map(({ id }) => id), t('Pull out of its links'))
    for (const { feed, source, reader, slot, index } of joins) {
      const from = /** @type {const} */ ({ node: source.id, side: 'out', index: feed.fromSlot, name: '', type: feed.type })
      connect(context, from, { node: reader.id, side: 'in', index, name: slot.name, type: slot.type })
    }
  })
  return true
}
