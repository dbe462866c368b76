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

/** A number kept within its range, on its grid. @param {import('../model/schema.js').NumberSpec} spec @param {number} value */
export function fitNumber(spec, value) {
  if (!Number.isFinite(value)) return spec.default
  let fitted = Math.min(Math.max(value, spec.min), spec.max)
  if (spec.round > 0) {
    const snapped = Math.round(fitted / spec.round) * spec.round
    fitted = Math.min(Math.max(Number(snapped.toPrecision(15)), spec.min), spec.max)
  }
  return spec.integer ? Math.round(fitted) : fitted
}
