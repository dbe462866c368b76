/** Wires what is about subgraphs: the way in and out, their panel, and the library of one's own. */
import { t } from '../language/t.js'
import { ownNodes, askToKeep, subgraphsHere } from '../panels/blueprints.js'
import { createBreadcrumbs } from '../panels/breadcrumbs.js'
import { installPortEditor } from '../panels/port_editor.js'
import { subgraphPanel } from '../panels/subgraph_panel.js'
import { Blueprints } from './blueprints.js'

const WAIT = 2000

/**
 * @param {object} parts
 * @param {import('../tools/editor.js').Editor} parts.editor
 * @param {import('./names.js').Names} parts.names
 * @param {import('./document.js').OpenGraph} parts.graph
 * @param {import('../api/client.js').Client} parts.client
 * @param {import('../panels/toasts.js').Toasts} parts.toasts
 * @param {import('../panels/drawer.js').Drawer} parts.drawer
 * @param {import('../panels/library_sources.js').LibrarySources} parts.sources
 * @param {HTMLElement} parts.stage
 * @param {import('../widgets/host.js').WidgetHost} parts.widgets
 */
export function installSubgraphs({ editor, names, graph, client, toasts, drawer, sources, stage, widgets }) {
  const blueprints = new Blueprints({ editor, client, toasts })
  const panel = subgraphPanel({ editor, names })
  createBreadcrumbs(stage, { editor, names, graph })
  installPortEditor(widgets.host, editor)
  editor.on('graph', () => widgets.close())
  sources.add(subgraphsHere(editor))
  sources.add(ownNodes(blueprints))
  // The search should know them before it is first opened, and the first picture should not wait for them.
  setTimeout(() => void blueprints.read(), WAIT)

  const instance = () => {
    const nodes = [...editor.selection].flatMap(id => editor.store.node(id) ?? []).filter(node => editor.graph.definition(node.type))
    return nodes.length === 1 ? nodes[0] : undefined
  }
  editor.commands.register({
    id: 'subgraph_panel', label: t('Inputs, outputs and values of the subgraph'), keys: [], enabled: () => instance() !== undefined || editor.graphId !== '',
    run: () => drawer.toggle(panel),
  })
  editor.commands.register({
    id: 'publish_subgraph', label: t('Keep in the library'), keys: [], enabled: () => instance() !== undefined,
    run: () => {
      const node = instance()
      if (node) void askToKeep(editor, blueprints, node)
    },
  })
  return blueprints
}
