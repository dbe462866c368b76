/** What a graph can be exported as. */
import { saveText, stem } from '../app/files.js'
import { t } from '../language/t.js'
import { openMenu } from '../panels/menu.js'

const later = () => import('../app/later.js')

/** In the order in which menus list them. */
const EXPORTS = ['download', 'share_file', 'export_api', 'export_picture', 'export_script']

/**
 * @typedef {object} Parts
 * @property {import('../tools/editor.js').Editor} editor
 * @property {import('../app/document.js').OpenGraph} graph
 * @property {import('../panels/toasts.js').Toasts} toasts
 */

/** @param {Parts} parts @returns {import('../commands/registry.js').Command<import('../tools/editor.js').Editor>[]} */
export function exportCommands({ editor, graph, toasts }) {
  return [
    { id: 'export', label: t('Export'), keys: [], run: () => {
      const { x, y, width } = editor.overlay.getBoundingClientRect()
      openExportMenu(editor, { x: x + width / 2 - 120, y: y + 48 })
    } },
    { id: 'export_api', label: t('Export as API JSON'), keys: [], run: () => {
      const { output } = editor.toPrompt()
      if (Object.keys(output).length) saveText(`${stem(graph.title) || 'graph'} (API).json`, JSON.stringify(output, null, 2))
      else toasts.show({ key: 'export', tone: 'warning', text: t('There is nothing in this graph that a server could run.'), detail: t('Add nodes first.') })
    } },
    { id: 'export_picture', label: t('Export as a picture'), keys: [], run: () => void later().then(({ askForPicture }) => askForPicture({ editor, graph, toasts })) },
    { id: 'export_script', label: t('Export as a Python script'), keys: [], run: () => void later().then(({ saveScript }) => saveScript({ editor, graph, toasts })) },
  ]
}

/** All of them at a place. @param {import('../tools/editor.js').Editor} editor @param {import('../panels/float.js').Anchor} anchor */
export function openExportMenu(editor, anchor) {
  openMenu(exportEntries(editor), anchor, { label: t('Export'), onClose: () => editor.focus() })
}

/** For menus of others. @param {import('../tools/editor.js').Editor} editor */
export const exportEntries = editor => EXPORTS.flatMap(id => {
  const found = editor.commands.get(id)
  return found ? [{ label: found.label, keys: editor.commands.keysOf(id)[0] ?? '', icon: id === 'export_picture' ? 'image' : 'download', run: () => void editor.run(id) }] : []
})
