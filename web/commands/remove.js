/**
 * Take things off the canvas, with the links that would end nowhere.
 *
 * @typedef {import('./context.js').Context} Context
 * @typedef {import('../model/types.js').NodeRecord} NodeRecord
 * @typedef {import('../model/types.js').RecordId} RecordId
 */
import { accepts } from '../model/accepts.js'
import { connect } from './connect.js'

/** @param {Context} context @param {Iterable<RecordId>} ids */
export function remove(context, ids) {
  const { store, graph } = context
  const gone = [...ids].filter((id) => store.has(id))
  if (!gone.length) return
  store.transact(gone.length === 1 ? 'Delete' : `Delete ${gone.length} things`, () => {
    for (const id of gone) {
      const record = store.get(id)
      if (record?.kind === 'node') for (const link of graph.linksOf(id)) store.remove(link.id)
      if (record?.kind === 'reroute') unhook(context, record)
      store.remove(id)
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
  const { store, graph } = context
  store.transact('Delete and reconnect', () => {
    for (const node of nodes) {
      const links = graph.linksOf(node.id)
      const into = links.filter((link) => link.to === node.key)
      const outOf = links.filter((link) => link.from === node.key)
      const joins = outOf.flatMap((out) => {
        const reader = graph.reader(out)
        const slot = reader?.inputs[out.toSlot]
        const feed = into.find((each) => slot && accepts(slot.type, each.type) && accepts(out.type, each.type))
        const source = feed && graph.source(feed)
        return reader && slot && feed && source ? [{ feed, source, reader, slot, index: out.toSlot }] : []
      })
      remove(context, [node.id])
      for (const { feed, source, reader, slot, index } of joins) {
        const from = /** @type {const} */ ({ node: source.id, side: 'out', index: feed.fromSlot, name: '', type: feed.type })
        connect(context, from, { node: reader.id, side: 'in', index, name: slot.name, type: slot.type })
      }
    }
  })
}
