/**
 * Definitions of subgraphs that travel: with copied nodes as text, into another document or back into the same, and as
 * copies for one instance alone.
 *
 * @typedef {import('./context.js').Context} Context
 * @typedef {import('../model/types.js').Entry} Entry
 * @typedef {import('../model/types.js').GraphId} GraphId
 * @typedef {import('../model/types.js').GraphRecord} GraphRecord
 * @typedef {import('../model/types.js').NodeRecord} NodeRecord
 * @typedef {import('../model/store.js').Store} Store
 */
import { t } from '../language/t.js'
import { recordId } from '../model/graph.js'
import { usedBy } from '../model/instances.js'
import { uuid } from '../model/uuid.js'
import { freeTitle } from './subgraph_make.js'

/** @typedef {Exclude<Entry, import('../model/types.js').MetaRecord | GraphRecord>} Member */

const KINDS = /** @type {const} */ (['node', 'link', 'group', 'reroute'])

/** Which document a text was copied in, so that what comes back is known. @type {WeakMap<object, string>} */
const tokens = new WeakMap()

/** @param {Store} store */
export function documentToken(store) {
  const meta = store.get('meta')
  const key = (meta?.kind === 'meta' && meta.raw) || store
  let token = tokens.get(key)
  if (!token) tokens.set(key, (token = uuid()))
  return token
}

/** What lies in a subgraph. @param {Pick<Context, 'store' | 'graph'>} context @param {GraphId} id @returns {Member[]} */
const members = ({ store, graph }, id) => KINDS.flatMap((kind) => [...graph.ids(id, kind)].flatMap((each) => /** @type {Member | undefined} */ (store.get(each)) ?? []))

/** The definitions that nodes need, with all that lies in them. @param {Pick<Context, 'store' | 'graph'>} context @param {readonly NodeRecord[]} nodes @returns {Entry[]} */
export function definitionsFor(context, nodes) {
  const { graph } = context
  /** @type {Set<GraphId>} */
  const needed = new Set()
  for (const { type } of nodes) {
    if (needed.has(type) || !graph.definition(type)) continue
    needed.add(type)
    for (const inner of usedBy(graph, type)) needed.add(inner)
  }
  return [...needed].flatMap((id) => {
    const definition = graph.definition(id)
    return definition ? [{ ...definition, graph: '' }, ...members(context, id)] : []
  })
}

/**
 * Put the definitions of a file into the document: one that is there already, and the same, is used. Returns under which ids
 * they are known now.
 * @param {Context} context @param {readonly Entry[]} records of the file @param {{known?: boolean, always?: boolean}} [how]
 *   `known`: it was copied in this document, so an id means the same; `always`: make copies of all.
 * @returns {Map<GraphId, GraphId>}
 */
export function bringDefinitions(context, records, { known = false, always = false } = {}) {
  const { store, graph } = context
  const definitions = /** @type {GraphRecord[]} */ (records.filter(({ kind }) => kind === 'graph'))
  const inside = (/** @type {GraphId} */ id) => /** @type {Member[]} */ (records.filter((record) => 'graph' in record && record.kind !== 'graph' && record.graph === id))
  const same = (/** @type {GraphRecord} */ one) => {
    const other = graph.definition(one.key)
    return other && (known || fingerprint(one, inside(one.key)) === fingerprint(other, members(context, one.key)))
  }
  /** @type {Map<GraphId, GraphId>} */
  const ids = new Map()
  /** @type {Set<GraphId>} */
  const fresh = new Set()
  for (const definition of definitions) {
    const there = graph.definition(definition.key)
    if (there && !always && same(definition)) ids.set(definition.key, definition.key)
    else {
      fresh.add(definition.key)
      ids.set(definition.key, there || always ? uuid() : definition.key)
    }
  }
  // One that uses another that got a new id is another too.
  for (let changed = true; changed;) {
    changed = false
    for (const { key } of definitions) {
      if (fresh.has(key) || !inside(key).some((record) => record.kind === 'node' && fresh.has(record.type) && ids.get(record.type) !== record.type)) continue
      fresh.add(key)
      ids.set(key, uuid())
      changed = true
    }
  }
  for (const definition of definitions) {
    const id = ids.get(definition.key)
    if (!fresh.has(definition.key) || id === undefined) continue
    store.put({ ...definition, id: recordId('graph', '', id), graph: '', key: id, z: graph.freshZ(), made: true })
    putInside(context, inside(definition.key), id, ids)
  }
  return ids
}

/** @param {Context} context @param {readonly Member[]} inside @param {GraphId} id @param {ReadonlyMap<GraphId, GraphId>} types */
function putInside({ store }, inside, id, types) {
  for (const record of inside) {
    const moved = { ...record, id: recordId(record.kind, id, record.key), graph: id }
    store.put(moved.kind === 'node' ? { ...moved, type: types.get(moved.type) ?? moved.type } : moved)
  }
}

/** What makes a definition what it is, without how this document counts. @param {GraphRecord} definition @param {readonly Member[]} inside */
function fingerprint({ name, inputs, outputs }, inside) {
  const bare = inside.map(({ id: _id, graph: _graph, z: _z, raw: _raw, ...rest }) => [`${rest.kind} ${rest.key}`, rest.kind === 'node' ? { ...rest, inputs: rest.inputs.map(slotOf), outputs: rest.outputs.map(slotOf) } : rest])
  const port = (/** @type {import('../model/types.js').Json} */ { linkIds: _ids, ...rest }) => rest
  return JSON.stringify([name, inputs.map(port), outputs.map(port), bare.sort(([a], [b]) => (String(a) < String(b) ? -1 : 1))])
}

/** @param {import('../model/types.js').Slot} slot */
const slotOf = ({ name, type, widget }) => [name, type, widget]

/** Give one instance a definition of its own. @param {Context} context @param {NodeRecord} instance @returns {GraphId | null} */
export function makeUnique(context, instance) {
  const { store, graph } = context
  const definition = graph.definition(instance.type)
  if (!definition) return null
  return store.transact(t('Make {name} unique', { name: definition.name }), () => {
    const id = uuid()
    store.put({ ...definition, id: recordId('graph', '', id), graph: '', key: id, z: graph.freshZ(), name: freeTitle(context, `${definition.name} copy`), made: true })
    putInside(context, members(context, instance.type), id, new Map())
    store.update(instance.id, { type: id })
    return id
  })
}
