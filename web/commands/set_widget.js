/**
 * A widget's value, or what becomes of it after a run.
 *
 * @typedef {import('./context.js').Context} Context
 * @typedef {import('../model/types.js').RecordId} RecordId
 */
import { asObject } from '../model/json.js'
import { humanise } from '../model/words.js'
import { withValue } from '../model/widget_values.js'

/**
 * @param {Pick<Context, 'store' | 'types'>} context @param {RecordId} id @param {string} name @param {unknown} value
 * @param {'value' | 'control'} [kind]
 */
export function setWidget({ store, types }, id, name, value, kind = 'value') {
  const node = store.node(id)
  if (!node) return
  const type = types.of(node)
  const label = `Change ${humanise(name).toLowerCase()}`
  if (kind === 'control' && type?.controls && name in type.controls) {
    // A subgraph's values have no entry for it in the file: it is kept under a name of ours.
    const controls = { ...asObject(node.properties.easel_controls), [name]: value }
    store.transact(label, () => store.update(id, { properties: { ...node.properties, easel_controls: controls } }))
    return
  }
  const values = withValue(type, node, name, value, kind)
  store.transact(label, () => store.update(id, { values }))
}
