/**
 * Switches of nodes: muted, bypassed, collapsed, pinned, coloured, named.
 *
 * @typedef {import('./context.js').Context} Context
 * @typedef {import('../model/types.js').NodeRecord} NodeRecord
 * @typedef {import('../model/types.js').RecordId} RecordId
 */
import { bounds, grow } from '../geometry/rect.js'
import { recordId } from '../model/graph.js'

/** All to `mode`, or all back if they are in it already. @param {Context} context @param {readonly NodeRecord[]} nodes @param {number} mode @param {string} label */
export function toggleMode({ store }, nodes, mode, label) {
  const next = nodes.every((node) => node.mode === mode) ? 0 : mode
  store.transact(next ? label : `Undo ${label.toLowerCase()}`, () => {
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

/** @param {Context} context @param {Iterable<RecordId>} ids @param {string | null} colour `#rrggbb`, or null for none */
export function setColour({ store }, ids, colour) {
  store.transact('Colour', () => {
    for (const id of ids) {
      const record = store.get(id)
      if (record?.kind === 'node') store.update(id, { color: colour, bgcolor: colour })
      else if (record?.kind === 'group') store.update(id, { color: colour })
    }
  })
}

/** @param {Context} context @param {RecordId} id @param {string} title empty for the type's own */
export function rename({ store }, id, title) {
  const record = store.get(id)
  const text = title.trim()
  store.transact('Rename', () => {
    if (record?.kind === 'node') store.update(id, { title: text || null })
    else if (record?.kind === 'group') store.update(id, { title: text })
  })
}

/** A frame round things. @param {Context} context @param {Iterable<RecordId>} ids @returns {RecordId | null} */
export function group(context, ids) {
  const { store, graph, graphId } = context
  const box = bounds([...ids].flatMap((id) => {
    const node = store.node(id)
    const inner = store.group(id)
    if (node) return context.rectOf(node)
    return inner ? { x: inner.bounds[0], y: inner.bounds[1], w: inner.bounds[2], h: inner.bounds[3] } : []
  }))
  if (!box) return null
  const { x, y, w, h } = grow(box, 20)
  const key = graph.freshKey(graphId, 'group')
  const id = recordId('group', graphId, key)
  store.transact('Frame', () => {
    store.put({
      id, kind: 'group', graph: graphId, key, z: graph.freshZ(), title: 'Frame', bounds: [x, y - 24, w, h + 24], color: null,
      fontSize: 24, pinned: false, raw: null
    })
  })
  context.select([id])
  return id
}
