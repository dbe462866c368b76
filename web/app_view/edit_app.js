/**
 * Changes to the app of the open graph, each a step that can be undone.
 *
 * @typedef {import('../tools/editor.js').Editor} Editor
 * @typedef {import('./app_data.js').App} App
 */
import { t } from '../language/t.js'
import { emptyApp, freshId, isNewer, readApp, withApp } from './app_data.js'
import { canBeShown, labelOf } from './describe.js'
import { findNode, markOf, promptIdOf } from './references.js'

/** @param {Editor} editor */
const extraOf = editor => {
  const meta = editor.store.get('meta')
  return meta?.kind === 'meta' ? meta.extra : {}
}

/** @param {Editor} editor */
export const appOf = editor => readApp(extraOf(editor))

/** @param {Editor} editor */
export const isFromNewer = editor => isNewer(extraOf(editor))

/** @param {Editor} editor @param {string} label of the step @param {(app: App) => App | null} change */
export function changeApp(editor, label, change) {
  if (isFromNewer(editor)) return editor.notify(t('The app of this graph was made by a newer Easel: it is left as it is.'))
  editor.store.transact(label, () => {
    const next = change(appOf(editor) ?? emptyApp())
    editor.store.update('meta', { extra: withApp(extraOf(editor), next) })
  })
  return undefined
}

/** @param {Editor} editor @param {string} id of the record @param {string} name of the widget @returns {boolean} whether it is in the app now */
export function toggleInput(editor, id, name) {
  const node = editor.store.node(id)
  const widget = editor.widget(id, name)
  if (!node || !widget) return false
  const there = inputFor(editor, id, name)
  if (there) {
    changeApp(editor, t('Take {name} out of the app', { name: labelOf(widget) }), app => ({ ...app, items: app.items.filter(item => item.id !== there.id) }))
    return false
  }
  if (!canBeShown(widget)) {
    editor.notify(t('Values of this kind cannot be shown in a form.'))
    return false
  }
  changeApp(editor, t('Show {name} in the app', { name: labelOf(widget) }), app => ({
    ...app,
    items: [...app.items, {
      kind: 'input', id: freshId(), node: promptIdOf(editor, node), mark: markOf(editor, node), widget: name, label: '', help: '',
      wide: widget.spec.kind === 'text' && widget.spec.multiline, value: widget.value,
    }],
  }))
  return inputFor(editor, id, name) !== undefined
}

/** @param {Editor} editor @param {string} id of the record @returns {boolean} whether it is in the app now */
export function toggleOutput(editor, id) {
  const node = editor.store.node(id)
  if (!node) return false
  const there = outputFor(editor, id)
  if (there) {
    changeApp(editor, t('Take a result out of the app'), app => ({ ...app, outputs: app.outputs.filter(output => output.id !== there.id) }))
    return false
  }
  changeApp(editor, t('Show a result in the app'), app => ({
    ...app, outputs: [...app.outputs, { id: freshId(), node: promptIdOf(editor, node), mark: markOf(editor, node), label: '' }],
  }))
  return outputFor(editor, id) !== undefined
}

/** @param {Editor} editor @param {string} id @param {string} name */
export const inputFor = (editor, id, name) => appOf(editor)?.items.find(item => item.kind === 'input' && item.widget === name && findNode(editor, item)?.record.id === id)

/** @param {Editor} editor @param {string} id */
export const outputFor = (editor, id) => appOf(editor)?.outputs.find(output => findNode(editor, output)?.record.id === id)
