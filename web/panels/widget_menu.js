/**
 * What the menu offers for the widget that was pressed, above what it offers for the node.
 *
 * @typedef {import('../tools/editor.js').Editor} Editor
 */
import { resetWidget, setWidget } from '../commands/set_widget.js'
import { clipboard } from '../commands/system_clipboard.js'
import { t } from '../language/t.js'
import { isDefault, readValue, writeValue } from '../model/value_text.js'
import { humanise, inSentence } from '../model/words.js'

/** @param {Editor} editor @param {string} node @param {string} name @returns {import('./menu.js').MenuEntry[]} */
export function widgetEntries(editor, node, name) {
  const widget = editor.widget(node, name)
  const record = editor.store.node(node)
  if (!widget || !record) return []
  const label = humanise(widget.label || name)
  const input = record.inputs.findIndex(slot => slot.name === name)
  if (input >= 0 && editor.graph.linkInto(record, input)) return []
  const others = editor.alike(node, name).length - 1
  const number = widget.spec.kind === 'number' && record.type !== 'PrimitiveNode' && editor.schema.get(record.type)
  /** @type {import('./menu.js').MenuEntry[]} */
  const entries = []
  if (!isDefault(widget)) entries.push({ label: t('Reset {name}', { name: inSentence(label) }), keys: 'Backspace', run: () => void resetWidget(editor, node, name) })
  if (number && widget.expression) entries.push({ label: t('Keep its value, drop the expression'), run: () => setWidget(editor, node, name, widget.value) })
  else if (number) entries.push({ label: t('Work {name} out from others', { name: inSentence(label) }), run: () => editor.editWidget(node, name, { typed: '=' }) })
  if (editor.commands.get('sweep_widget')) entries.push({ label: t('Sweep {name}…', { name: inSentence(label) }), icon: 'grid', command: 'sweep_widget', run: () => void editor.run('sweep_widget', { node, widget: name }) })
  entries.push({ label: t('Copy its value'), run: () => void clipboard().writeText(writeValue(widget)).catch(() => editor.notify(t('The browser did not let the page use the clipboard'))) })
  entries.push({ label: t('Paste a value'), run: () => void paste() })
  const mark = record.properties.easel_app
  const shown = mark !== undefined && appItems(editor).some(item => item?.mark === mark && item.widget === name)
  entries.push({ label: shown ? t('Take out of the app') : t('Show in the app'), run: () => void inApp() })
  if (others > 0) entries.push({ label: others === 1 ? t('Same for the other selected node') : t('Same for all {count} selected nodes', { count: others + 1 }), run: () => editor.setWidgets(node, name, widget.value) })
  return entries

  async function inApp() {
    const { toggleInput } = await import('../app/later.js')
    if (toggleInput(editor, node, name)) editor.notify(t('It is shown in the app now.'))
  }

  async function paste() {
    const text = await clipboard().readText().catch(() => null)
    if (text === null) return editor.notify(t('The browser did not let the page read the clipboard'))
    const value = widget && readValue(widget, text)
    if (value === undefined) editor.notify(t('“{value}” is no value for {name}.', { value: text.trim().slice(0, 40), name: inSentence(label) }))
    else setWidget(editor, node, name, value)
    return undefined
  }
}

/** What the app of the graph shows, as the file has it. @param {Editor} editor @returns {any[]} */
function appItems(editor) {
  const meta = editor.store.get('meta')
  const items = meta?.kind === 'meta' ? /** @type {any} */ (meta.extra.easel)?.app?.items : []
  return Array.isArray(items) ? items : []
}
