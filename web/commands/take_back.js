/**
 * One thing that is different from an older version, made as it was there.
 *
 * @typedef {import('./context.js').Context} Context
 * @typedef {import('../model/diff_steps.js').DiffStep} DiffStep
 * @typedef {import('../model/types.js').LinkRecord} LinkRecord
 * @typedef {import('../model/types.js').NodeRecord} NodeRecord
 */
import { t } from '../language/t.js'
import { INPUT_SIDE, OUTPUT_SIDE } from '../model/sides.js'
import { remove } from './remove.js'
import { removeLinks } from './reroute.js'

/** Can it be taken back by itself? @param {Context} context @param {DiffStep} step */
export function canTakeBack({ store, graph }, { kind, part, node, change, link, group, groupChange }) {
  if (part.before !== part.after) return false
  if (change) return store.has(change.after.id) && !change.retyped && !change.sockets.added.length && !change.sockets.removed.length
  if (node) return kind === 'added' ? store.has(node.id) : !store.has(node.id) && (store.has('meta') && (node.graph === '' || graph.definition(node.graph) !== undefined))
  if (link) return kind === 'added' ? store.has(link.link.id) : fits({ store, graph }, link.link, link.from, link.to)
  if (group) return kind === 'added' ? store.has(group.id) : !store.has(group.id)
  return groupChange !== undefined && store.has(groupChange.after.id)
}

/** @param {Context} context @param {DiffStep} step */
export function takeBack(context, { kind, part, node, change, link, group, groupChange }) {
  const { store } = context
  store.transact(t('Take a change back'), () => {
    if (change) {
      const { before, after } = change
      const { pos, size, title, mode, collapsed, pinned, color, bgcolor, values, properties } = before
      store.update(after.id, { pos, size, title, mode, collapsed, pinned, color, bgcolor, values, properties })
    } else if (node && kind === 'added') remove(context, [node.id])
    else if (node) {
      store.put(node)
      for (const { link: lost, from, to } of part.links.removed) if ((from?.key === node.key || to?.key === node.key) && fits(context, lost, from, to)) putLink(context, lost)
    } else if (link && kind === 'added') removeLinks(context, [link.link.id], t('Take a change back'))
    else if (link) {
      const reader = context.graph.reader(link.link)
      const held = reader && context.graph.linkInto(reader, link.link.toSlot)
      if (held) removeLinks(context, [held.id], t('Take a change back'))
      putLink(context, link.link)
    } else if (group && kind === 'added') remove(context, [group.id])
    else if (group) store.put(group)
    else if (groupChange) {
      const { title, bounds, color, fontSize, pinned } = groupChange.before
      store.update(groupChange.after.id, { title, bounds, color, fontSize, pinned })
    }
  })
}

/** Both its sockets are there as they were. @param {Pick<Context, 'store' | 'graph'>} context @param {LinkRecord} link @param {NodeRecord | undefined} from @param {NodeRecord | undefined} to */
function fits({ graph }, link, from, to) {
  const [source, reader] = [graph.source(link), graph.reader(link)]
  if (!source || !reader || !from || !to) return false
  const same = (/** @type {string | undefined} */ before, /** @type {string | undefined} */ now) => before !== undefined && before === now
  return (link.from === INPUT_SIDE || source.type === from.type) && (link.to === OUTPUT_SIDE || reader.type === to.type) &&
    same(from.outputs[link.fromSlot]?.name, source.outputs[link.fromSlot]?.name) && same(to.inputs[link.toSlot]?.name, reader.inputs[link.toSlot]?.name)
}

/** By its own id, or by another where that is taken; past the points that it went by only where they are. @param {Context} context @param {LinkRecord} link */
function putLink({ store, graph }, link) {
  const key = store.has(link.id) ? graph.freshKey(link.graph, 'link') : link.key
  const id = link.id.slice(0, link.id.length - String(link.key).length) + String(key)
  const reroute = link.reroute !== null && graph.reroutes(link.graph).some((point) => point.key === link.reroute) ? link.reroute : null
  store.put({ ...link, id, key, reroute, ...(key !== link.key && { raw: null }) })
}
