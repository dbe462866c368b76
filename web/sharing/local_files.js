/** The files of this server in the place of those that a graph names otherwise: one step. */
import { setWidget } from '../commands/set_widget.js'
import { many, t } from '../language/t.js'
import { widgetsOf } from '../model/widget_values.js'

/**
 * @param {import('../tools/editor.js').Editor} editor
 * @param {ReadonlyMap<string, string>} names  what the graph says -> what the file is called here
 * @returns {number} how many values were changed
 */
export function useLocalFiles(editor, names) {
  const found = [...editor.store.records()].flatMap(record => {
    if (record.kind !== 'node') return []
    return widgetsOf(editor.types.of(record), record).flatMap(({ name, value, spec }) => {
      const local = typeof value === 'string' && (spec.kind === 'combo' || spec.kind === 'text') ? names.get(value.replaceAll('\\', '/')) : undefined
      return local === undefined ? [] : [{ id: record.id, name, local }]
    })
  })
  if (found.length) {
    editor.store.transact(many(found.length, 'Use a file of this server', 'Use {count} files of this server'), () => {
      for (const { id, name, local } of found) setWidget(editor, id, name, local)
    })
  }
  return found.length
}

/** All values of the open graph, muted nodes and insides of subgraphs too. @param {import('../tools/editor.js').Editor} editor @returns {{ type: string, inputs: Record<string, unknown> }[]} */
export function valuesOf(editor) {
  const sent = Object.values(/** @type {Record<string, { class_type: string, inputs: Record<string, unknown> }>} */ (editor.toPrompt().output))
  const held = [...editor.store.records()].flatMap(record => (record.kind === 'node' && editor.schema.get(record.type) ? [{ type: record.type, inputs: Object.fromEntries(widgetsOf(editor.types.of(record), record).map(({ name, value }) => [name, value])) }] : []))
  return [...sent.map(({ class_type: type, inputs }) => ({ type, inputs })), ...held]
}

/** What a file that was opened calls it, beside what it is called here. @param {readonly import('./needed.js').Item[]} items */
export const localNames = items => new Map(items.flatMap(({ state, name, as }) => (state === 'renamed' && as ? [/** @type {const} */ ([name, as])] : [])))

/** @param {number} count */
export const changedWords = count => (count ? many(count, 'One value now names the file of this server.', '{count} values now name files of this server.') : t('No node of the open graph names them.'))
