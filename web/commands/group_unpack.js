/**
 * An old group node becomes the nodes that it stands for, with its values; a subgraph can be made of them then.
 *
 * @typedef {import('./context.js').Context} Context
 * @typedef {import('../model/types.js').Key} Key
 * @typedef {import('../model/types.js').NodeRecord} NodeRecord
 * @typedef {import('../model/types.js').RecordId} RecordId
 */
import { t } from '../language/t.js'
import { recordId } from '../model/graph.js'
import { expandGroups, GROUP } from '../model/group_nodes.js'
import { asList, isObject } from '../model/json.js'
import { load, save } from '../model/workflow.js'

/** Parts without a place stand this far apart. */
const APART = 300

/** @param {Context} context @param {NodeRecord} node */
export const isGroupNode = ({ types }, node) => GROUP.test(node.type) && types.get(node.type) !== undefined

/** @param {Context} context @param {NodeRecord} group @returns {RecordId[]} what came */
export function unpackGroup(context, group) {
  const { store, graph, types } = context
  const file = save(store)
  // Only this one is unfolded: the others are hidden behind another name.
  const nodes = asList(file.nodes).map((node) => (isObject(node) && String(node.id) !== String(group.key) && GROUP.test(String(node.type)) ? { ...node, type: 'hidden' } : node))
  const { records } = load(expandGroups({ ...file, nodes }, types.schema))
  const prefix = `${group.key}:`
  const inside = (/** @type {Key} */ key) => String(key).startsWith(prefix)
  return store.transact(t('Unpack the group node'), () => {
    for (const link of graph.linksOf(group.id)) store.remove(link.id)
    store.remove(group.id)
    /** @type {Map<string, Key>} */
    const keys = new Map()
    /** @type {RecordId[]} */
    const came = []
    records.forEach((record) => {
      if (record.kind !== 'node' || record.graph !== '' || !inside(record.key)) return
      const key = graph.freshKey(group.graph, 'node')
      const id = recordId('node', group.graph, key)
      const own = record.raw?.pos !== undefined
      const pos = /** @type {[number, number]} */ (own ? [group.pos[0] + record.pos[0], group.pos[1] + record.pos[1]] : [group.pos[0] + came.length * APART, group.pos[1]])
      const { raw: _raw, ...rest } = record
      store.put({ ...rest, id, key, graph: group.graph, z: graph.freshZ(), pos, raw: null })
      keys.set(String(record.key), key)
      came.push(id)
    })
    for (const record of records) {
      if (record.kind !== 'link' || record.graph !== '' || (!inside(record.from) && !inside(record.to))) continue
      const key = graph.freshKey(group.graph, 'link')
      const [from, to] = [keys.get(String(record.from)) ?? record.from, keys.get(String(record.to)) ?? record.to]
      store.put({ ...record, id: recordId('link', group.graph, key), key, graph: group.graph, z: graph.freshZ(), from, to, reroute: null, raw: null })
    }
    return came
  })
}
