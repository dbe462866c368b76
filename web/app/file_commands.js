/** Commands about graphs as files: versions, templates, what changed since the last save. */
import { t } from '../language/t.js'
import { FOLDER } from './document.js'

const later = () => import('./later.js')

/**
 * @param {object} parts
 * @param {import('../tools/editor.js').Editor} parts.editor
 * @param {import('./document.js').OpenGraph} parts.graph
 * @param {import('./names.js').Names} parts.names
 * @param {import('../panels/toasts.js').Toasts} parts.toasts
 * @param {HTMLElement} parts.stage
 * @param {import('../panels/drawer.js').Drawer} parts.drawer
 * @param {import('../panels/drawer.js').Panel} parts.versions
 * @param {import('../panels/drawer.js').Panel} parts.templates
 * @returns {import('../commands/registry.js').Command<import('../tools/editor.js').Editor>[]}
 */
export function fileCommands({ editor, graph, names, toasts, stage, drawer, versions, templates }) {
  return [
    { id: 'versions', label: t('Versions'), keys: ['Ctrl+Alt+V'], run: () => drawer.toggle(versions) },
    { id: 'templates', label: t('Templates'), keys: ['Ctrl+Alt+T'], run: () => drawer.toggle(templates) },
    { id: 'compare_saved', label: t('Compare with the saved file'), keys: [], enabled: () => graph.stored !== null, run: () => void compareWithFile() },
  ]

  async function compareWithFile() {
    const { stored } = graph
    if (stored === null) return
    try {
      const [{ diffViewOf }, before] = await Promise.all([later(), graph.client.readUserFile(`${FOLDER}/${stored}.json`)])
      diffViewOf({ editor, names, stage }).open({ before, name: t('the saved file “{name}”', { name: stored }) })
    } catch (error) {
      toasts.show({ key: 'version', tone: 'error', text: t('The saved file could not be read.'), detail: /** @type {Error} */ (error).message })
    }
  }
}
