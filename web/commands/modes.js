/**
 * Switches of nodes: muted, bypassed, collapsed, pinned, named.
 *
 * @typedef {import('./context.js').Context} Context
 * @typedef {import('../model/types.js').NodeRecord} NodeRecord
 * @typedef {import('../model/types.js').RecordId} RecordId
 */
import { t } from '../language/t.js'

/** All to `mode`, or all back if they are in it already. @param {Context} context @param {readonly NodeRecord[]} nodes @param {number} mode @param {string} label @param {string} back */
export function toggleMode({ store }, nodes, mode, label, back) {
  const next = nodes.every((node) => node.mode === mode) ? 0 : mode
  store.transact(next ? label : back, () => {
    for (const node of nodes) store.update(node.id, { mode: next })
  })
}

/** @param {Context} context @param {readonly NodeRecord[]} nodes @param {'collapsed' | 'pinned'} field @param {string} label @param {string} back */
export function toggleFlag({ store }, nodes, field, label, back) {
  const next = !nodes.every((node) => node[field])
  store.transact(next ? label : back, () => {
    for (const node of nodes) store.update(node.id, { [field]: next })
  })
}

/** @param {Context} context @param {RecordId} id @param {string} title empty for the type's own */
export function rename({ store }, id, title) {
  const record = store.get(id)
  const text = title.trim()
  store.transact(t('Rename'), () => {
    if (record?.kind === 'node') store.update(id, { title: text || null })
    else if (record?.kind === 'group') store.update(id, { title: text })
  })
}
