/**
 * From an item of the app to what it is about in the document as it is now. A node that has moved into or out of a subgraph
 * has another id; it is found by the mark that it carries.
 *
 * @typedef {import('../tools/editor.js').Editor} Editor
 * @typedef {import('../model/types.js').NodeRecord} NodeRecord
 * @typedef {import('../model/widget_values.js').Widget} Widget
 * @typedef {{ record: NodeRecord, promptId: string }} Found
 */
import { pathTo } from '../model/paths.js'
import { recordAt } from '../model/prompt_ids.js'
import { freshId, MARK } from './app_data.js'

/** @param {Editor} editor @param {import('./app_data.js').Ref} ref @returns {Found | null} */
export function findNode(editor, { node, mark }) {
  const there = recordAt(editor.store, node)
  if (there && (!mark || there.properties[MARK] === mark)) return { record: there, promptId: node }
  if (!mark) return null
  for (const record of editor.store.records()) {
    if (record.kind !== 'node' || record.properties[MARK] !== mark) continue
    const path = pathTo(editor.graph, record.graph)
    if (!path) continue
    const keys = path.map(id => editor.store.node(id)?.key ?? '')
    return { record, promptId: [...keys, record.key].join(':') }
  }
  return null
}

/** @param {Editor} editor @param {import('./app_data.js').AppInput} item @returns {(Found & { widget: Widget, feeder: string }) | null} */
export function findInput(editor, item) {
  const found = findNode(editor, item)
  const widget = found && editor.widgets(found.record.id).find(({ name }) => name === item.widget)
  if (!found || !widget) return null
  const slot = found.record.inputs.findIndex(({ name }) => name === item.widget)
  const feeder = slot >= 0 && editor.graph.linkInto(found.record, slot) ? editor.scene.feeder(found.record, slot) : ''
  return { ...found, widget, feeder }
}

/** The mark of a node, given to it where it has none; within a transaction. @param {Editor} editor @param {NodeRecord} node */
export function markOf(editor, node) {
  const had = node.properties[MARK]
  if (typeof had === 'string' && had) return had
  const mark = freshId()
  editor.store.update(node.id, { properties: { ...node.properties, [MARK]: mark } })
  return mark
}

/** The id in a prompt of a node; the shortest way where it is in a subgraph that is used more than once. @param {Editor} editor @param {NodeRecord} node */
export function promptIdOf(editor, node) {
  const path = pathTo(editor.graph, node.graph, editor.places.path) ?? []
  return [...path.map(id => editor.store.node(id)?.key ?? ''), node.key].join(':')
}
