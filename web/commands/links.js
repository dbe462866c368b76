/**
 * What is done to links that are there: their ends moved, hidden and shown, nodes joined without pointing at a socket.
 *
 * @typedef {import('./context.js').Context} Context
 * @typedef {import('../model/types.js').LinkRecord} LinkRecord
 * @typedef {import('../model/types.js').NodeRecord} NodeRecord
 * @typedef {import('../model/types.js').RecordId} RecordId
 * @typedef {import('../model/types.js').SocketRef} SocketRef
 */
import { many, t } from '../language/t.js'
import { accepts } from '../model/accepts.js'
import { viewOf } from '../model/shape.js'
import { connect } from './connect.js'
import { chain, linksThrough, rerouteOf, sweep } from './reroute.js'

/**
 * Give links another end. They keep their reroutes, unless these lead from an output that they no longer come from.
 * @param {Context} context @param {readonly {link: LinkRecord, end: SocketRef}[]} moved each with the end that stays
 * @param {SocketRef} target
 */
export function moveLinks(context, moved, target) {
  const { store } = context
  const ids = new Set(moved.map(({ link }) => link.id))
  store.transact(many(moved.length, 'Move a link', 'Move {count} links'), () => {
    const keeps = moved.map(({ link, end }) => {
      const [first] = chain(context, link.graph, link.reroute)
      return end.side === 'out' || !first || linksThrough(context, first).every(({ id }) => ids.has(id))
    })
    for (const id of ids) store.remove(id)
    moved.forEach(({ link, end }, index) => {
      const id = connect(context, end, target)
      if (id === null) return
      const kept = keeps[index] && link.reroute !== null && rerouteOf(context, link.graph, link.reroute)
      store.update(id, { hidden: link.hidden, ...(kept && { reroute: link.reroute }) })
    })
    sweep(context, moved.map(({ link }) => link))
  })
}

/** @param {Context} context @param {Iterable<RecordId>} ids @param {boolean} hidden */
export function setHidden({ store }, ids, hidden) {
  const links = [...ids].filter((id) => store.link(id))
  store.transact(hidden ? many(links.length, 'Hide a link', 'Hide {count} links') : many(links.length, 'Show a link', 'Show {count} links'), () => {
    for (const id of links) store.update(id, { hidden })
  })
}

/**
 * The sockets that would join two nodes best: the most telling type, into an input that is free, the first of its like.
 * @param {Context} context @param {NodeRecord} from @param {NodeRecord} to
 * @returns {{out: SocketRef, into: SocketRef} | null} null where nothing fits
 */
export function bestPair(context, from, to) {
  if (from.id === to.id || context.graph.wouldCycle(from, to)) return null
  const [outs, ins] = [socketsOf(context, from, 'out'), socketsOf(context, to, 'in')]
  let best = null
  let most = 0
  for (const out of outs) {
    for (const { widget, ...into } of ins) {
      if (!accepts(into.type, out.type) || (widget !== null && out.type === '*')) continue
      const held = into.index >= 0 && context.graph.linkInto(to, into.index)
      if (held && held.from === from.key && held.fromSlot === out.index) continue
      const score = (held ? 1 : 4) + (into.type === '*' || out.type === '*' ? 0 : 2) + (widget === null ? 8 : 0)
      if (score <= most) continue
      most = score
      best = { out, into }
    }
  }
  return best
}

/** The sockets of a node, those of its widgets too. @param {Context} context @param {NodeRecord} node @param {'in' | 'out'} [only] one side @returns {(SocketRef & {widget: string | null})[]} */
export function socketsOf({ types, outputType }, node, only) {
  return viewOf(node, types.of(node), null).layout.sockets
    .filter(({ side }) => only === undefined || side === only)
    .map(({ side, index, name, type, widget }) => ({ node: node.id, side, index, name, widget, type: side === 'out' ? outputType(node, index) : type }))
}

/** Join two nodes by what fits best, this way round or the other. @param {Context} context @param {NodeRecord} a @param {NodeRecord} b @returns {RecordId | null} */
export function lazyConnect(context, a, b) {
  const pair = bestPair(context, a, b) ?? bestPair(context, b, a)
  if (!pair) {
    context.notify(t('These two nodes have no sockets that fit each other'))
    return null
  }
  return connect(context, pair.out, pair.into)
}
