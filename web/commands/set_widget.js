/**
 * A widget's value, or what becomes of it after a run.
 *
 * @typedef {import('./context.js').Context} Context
 * @typedef {import('../model/types.js').RecordId} RecordId
 */
import { humanise } from '../model/words.js'
import { withValue } from '../model/widget_values.js'

/**
 * @param {Pick<Context, 'store' | 'types'>} context @param {RecordId} id @param {string} name @param {unknown} value
 * @param {'value' | 'control'} [kind]
 */
export function setWidget({ store, types }, id, name, value, kind = 'value') {
  const node = store.node(id)
  if (!node) return
  const values = withValue(types.get(node.type), node, name, value, kind)
  store.transact(`Change ${humanise(name).toLowerCase()}`, () => store.update(id, { values }))
}
