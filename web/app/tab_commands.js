/** Tabs by keys: those that browsers leave to pages. */
import { t } from '../language/t.js'
import { askText } from '../panels/dialog.js'
import { checkName } from './files.js'
import { titleOf } from './tabs.js'

/** Digits for the first tabs; the last digit is the last tab, as in browsers. */
const DIGITS = 9

/**
 * @param {object} parts
 * @param {import('./document.js').OpenGraph} parts.graph
 * @param {import('../panels/toasts.js').Toasts} parts.toasts
 * @param {() => void} parts.openList
 * @returns {import('../commands/registry.js').Command<import('../tools/editor.js').Editor>[]}
 */
export function tabCommands({ graph, toasts, openList }) {
  const { tabs } = graph
  /** @typedef {import('./tab.js').Tab} Tab */

  /** @param {Tab[]} going */
  async function close(going) {
    await tabs.close(going)
    const unsaved = going.filter(tab => tab.dirty && tabs.closed.includes(tab))
    if (!unsaved.length) return
    toasts.show({
      key: 'closed', text: unsaved.length === 1 ? t('Closed “{name}”, which was not saved.', { name: titleOf(/** @type {Tab} */ (unsaved[0])) }) : t('Closed {count} graphs that were not saved.', { count: unsaved.length }),
      detail: unsaved.length === 1 ? t('It stays among the recent graphs.') : t('They stay among the recent graphs.'),
      action: { label: t('Reopen'), run: () => void reopen(unsaved) },
    })
  }

  /** @param {Tab[]} gone */
  async function reopen(gone) {
    for (const tab of gone) await tabs.reopen(tab)
  }

  /** @param {Tab} [tab] */
  async function rename(tab = tabs.shown) {
    const name = await askText({ title: t('Rename the graph'), label: t('Name'), value: tab.name ?? '', verb: t('Rename'), check: checkName })
    if (name === null || name === tab.name) return
    try {
      await graph.rename(tab, name)
    } catch (error) {
      toasts.show({ key: 'rename', tone: 'error', text: t('The graph could not be renamed.'), detail: /** @type {Error} */ (error).message })
    }
  }

  return [
    { id: 'new_graph', label: t('New graph'), keys: ['Ctrl+Alt+N'], anywhere: true, run: () => graph.openBlank() },
    { id: 'close_tab', label: t('Close the tab'), keys: ['Alt+W'], run: (_, tab = tabs.shown) => void close([tab]) },
    { id: 'close_others', label: t('Close the other tabs'), keys: [], enabled: () => tabs.list.length > 1, run: (_, tab = tabs.shown) => void close(tabs.list.filter(each => each !== tab)) },
    { id: 'close_all', label: t('Close all tabs'), keys: [], run: () => void close([...tabs.list]) },
    { id: 'reopen_tab', label: t('Reopen the tab that was closed last'), keys: ['Alt+Shift+T'], anywhere: true, enabled: () => tabs.closed.length > 0, run: () => { toasts.dismiss('closed'); void tabs.reopen() } },
    { id: 'next_tab', label: t('Show the next tab'), keys: ['Alt+PageDown'], anywhere: true, enabled: () => tabs.list.length > 1, run: () => void tabs.step(1) },
    { id: 'previous_tab', label: t('Show the previous tab'), keys: ['Alt+PageUp'], anywhere: true, enabled: () => tabs.list.length > 1, run: () => void tabs.step(-1) },
    { id: 'all_tabs', label: t('List all tabs'), keys: ['Alt+0'], run: openList },
    { id: 'rename_graph', label: t('Rename the graph'), keys: [], run: (_, tab) => void rename(tab) },
    { id: 'duplicate_graph', label: t('Duplicate the graph'), keys: [], run: (_, tab = tabs.shown) => void graph.duplicate(tab) },
    ...Array.from({ length: DIGITS }, (_, index) => ({
      id: `tab_${index + 1}`, label: t('Show tab {number}', { number: index + 1 }), keys: [`Alt+${index + 1}`], hidden: true,
      run: () => {
        const tab = index === DIGITS - 1 ? tabs.list.at(-1) : tabs.list[index]
        if (tab) void tabs.show(tab)
      },
    })),
  ]
}
