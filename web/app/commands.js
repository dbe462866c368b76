/** The commands that are the page's and not the canvas's: run, files, panels, colours. */
import { selectedNodes } from '../commands/context.js'
import { pan } from '../geometry/viewport.js'
import { t } from '../language/t.js'
import { ARRANGE_COMMANDS } from '../layout/commands.js'
import { openLinkSearch } from '../panels/link_search.js'
import { openPalette } from '../panels/palette.js'
import { GRAPH_FILES, chooseFiles, download, saveGraph } from './files.js'

/**
 * @param {object} parts
 * @param {import('../tools/editor.js').Editor} parts.editor
 * @param {import('./names.js').Names} parts.names
 * @param {(type: string) => string} parts.colorOf
 * @param {import('./run.js').Runner} parts.runner
 * @param {import('./document.js').OpenGraph} parts.graph
 * @param {import('./bring_in.js').BringIn} parts.bringIn
 * @param {import('../panels/toasts.js').Toasts} parts.toasts
 * @param {import('../panels/drawer.js').Drawer} parts.drawer
 * @param {import('../panels/drawer.js').Panel} parts.graphs
 * @param {import('../panels/drawer.js').Panel} parts.outline
 * @param {import('../panels/drawer.js').Panel} parts.view
 * @param {import('../panels/drawer.js').Panel} parts.history
 * @param {import('../panels/drawer.js').Panel} parts.library
 * @param {import('./settings.js').Settings} parts.settings
 * @param {{ current: () => 'dark' | 'light' }} parts.colours
 * @param {() => Promise<void>} parts.refresh
 * @param {() => number} parts.runs  how many runs the top bar asks for
 */
export function registerCommands({ history, library, editor, names, colorOf, runner, graph, bringIn, toasts, drawer, graphs, outline, view, settings, colours, refresh, runs }) {
  /** @type {import('../commands/registry.js').Command<import('../tools/editor.js').Editor>[]} */
  const commands = [
    { id: 'run', label: t('Run'), keys: ['Ctrl+Enter'], anywhere: true, run: () => void runner.queue({ count: runs() }) },
    { id: 'run_front', label: t('Run before all that wait'), keys: ['Ctrl+Shift+Enter'], anywhere: true, run: () => void runner.queue({ count: runs(), front: true }) },
    { id: 'interrupt', label: t('Stop what runs'), keys: ['Ctrl+Alt+Enter'], anywhere: true, run: () => void runner.interrupt() },

    { id: 'open_file', label: t('Open a file'), keys: ['Ctrl+O'], anywhere: true, run: () => void openFile() },
    { id: 'save', label: t('Save'), keys: ['Ctrl+S'], anywhere: true, run: () => void saveGraph(graph, toasts) },
    { id: 'save_as', label: t('Save as'), keys: ['Ctrl+Shift+S'], anywhere: true, run: () => void saveGraph(graph, toasts, { as: true }) },
    { id: 'download', label: t('Download as JSON'), keys: [], run: () => download(graph) },

    { id: 'graphs', label: t('Graphs'), keys: ['W'], run: () => drawer.toggle(graphs) },
    { id: 'outline', label: t('Nodes in this graph'), keys: ['Ctrl+Shift+L'], run: () => drawer.toggle(outline) },
    { id: 'library', label: t('Library'), keys: ['N'], run: () => drawer.toggle(library) },
    { id: 'history', label: t('History'), keys: ['Ctrl+Alt+Z'], run: () => drawer.toggle(history) },
    { id: 'palette', label: t('Find a command'), keys: ['F3', 'Ctrl+Shift+P'], run: () => openPalette(editor) },
    { id: 'shortcuts', label: t('Keys and gestures'), keys: ['?', 'Ctrl+Shift+K'], run: async () => (await import('./later.js')).openShortcuts({ editor, settings, toasts }) },
    { id: 'inspector', label: t('Show or hide the details'), keys: ['I'], run: () => settings.set('inspector', !settings.values.inspector) },
    { id: 'link_node', label: t('Link the node'), keys: ['Shift+L'], enabled: () => selectedNodes(editor).length === 1, run: linkNode },
    { id: 'view', label: t('View'), keys: [], run: () => drawer.toggle(view) },
    { id: 'minimap', label: t('Show or hide the map'), keys: ['Alt+Shift+M'], run: () => settings.set('minimap', !settings.values.minimap) },
    { id: 'canvas_info', label: t('Show or hide drawing times'), keys: [], run: () => settings.set('canvasInfo', !settings.values.canvasInfo) },
    { id: 'focus_mode', label: t('Hide or show all round the canvas'), keys: ['Ctrl+Space'], run: toggleFocus },
    { id: 'theme', label: t('Dark or light colours'), keys: [], run: () => settings.set('theme', colours.current() === 'dark' ? 'light' : 'dark') },
    { id: 'routes', label: t('Routes for programs'), keys: [], run: () => void window.open('/easel/api', '_blank', 'noopener') },
    { id: 'refresh', label: t('Read models and node types again'), keys: ['R'], run: () => void readAgain() },
  ]
  ;[...commands, ...ARRANGE_COMMANDS].forEach(command => editor.commands.register(command))

  /** What is round the canvas comes and goes; the graph stays where it is on the screen. */
  function toggleFocus() {
    const before = editor.overlay.getBoundingClientRect()
    document.documentElement.toggleAttribute('data-focus')
    const after = editor.overlay.getBoundingClientRect()
    editor.setCamera(pan(editor.camera, { x: before.left - after.left, y: before.top - after.top }))
  }

  function linkNode() {
    const [node] = selectedNodes(editor)
    const rect = node && editor.titleRect(node.id)
    if (!node || !rect) return
    const { left, top } = editor.overlay.getBoundingClientRect()
    openLinkSearch({ editor, names, colorOf, node, at: { x: rect.x + left, y: rect.y + top, width: rect.w, height: rect.h } })
  }

  async function openFile() {
    const [file] = await chooseFiles(GRAPH_FILES)
    if (file) await bringIn.openFile(file)
  }

  async function readAgain() {
    try {
      await refresh()
      toasts.show({ key: 'refresh', tone: 'done', text: t('Models and node types are up to date.') })
    } catch (error) {
      toasts.show({ key: 'refresh', tone: 'error', text: t('Node types could not be read.'), detail: /** @type {Error} */ (error).message })
    }
  }
}
