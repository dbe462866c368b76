/** All that is about nodes as such and not about this graph: menus, search, library, colours, help, and the steps done. */
import { Used } from '../app/used.js'
import { t } from '../language/t.js'
import { installMenus } from './context_menu.js'
import { historyPanel } from './history.js'
import { libraryPanel } from './library.js'
import { LibrarySources } from './library_sources.js'
import { openNodeHelp } from './node_help.js'
import { installSearch } from './node_search.js'
import { installOwnColour } from './own_colour.js'

/**
 * @param {object} parts
 * @param {import('../tools/editor.js').Editor} parts.editor
 * @param {import('../app/settings.js').Settings} parts.settings
 * @param {(type: string) => string} parts.colorOf
 * @param {() => import('../view/theme.js').Theme} parts.theme
 * @param {HTMLElement} parts.stage
 * @param {(type: string) => ReturnType<Parameters<typeof openNodeHelp>[1]['page']>} parts.helpPage
 * @param {(graph: unknown) => boolean} parts.insertExample
 */
export function installNodePanels({ editor, settings, colorOf, theme, stage, helpPage, insertExample }) {
  const used = new Used()
  const sources = new LibrarySources()
  /** @param {import('../model/schema.js').NodeType} type */
  const explain = type => openNodeHelp(type, { colorOf, drawing: { theme: theme(), pictures: editor.pictures }, page: () => helpPage(type.name), insert: insertExample })
  installMenus({ editor, stage })
  installSearch({ editor, used, sources, colorOf, theme, stage })
  installOwnColour(editor)
  editor.on('help', ({ node: id }) => {
    const node = editor.store.node(id)
    const type = node && editor.types.get(node.type)
    if (type) explain(type)
    else if (node) editor.notify(t('Nothing is known here of “{type}”: the server has no such node type', { type: node.type }))
  })
  return { sources, history: historyPanel({ editor }), library: libraryPanel({ editor, settings, used, sources, theme, stage, explain }) }
}
