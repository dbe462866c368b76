/**
 * Selections: all, none, along the links, from node to node.
 *
 * @typedef {import('./context.js').Context} Context
 * @typedef {import('./core.js').Command} Command
 * @typedef {import('../model/types.js').RecordId} RecordId
 */
import { t } from '../language/t.js'
import { selectedNodes } from './context.js'
import { neighbour, walk } from './walk.js'

/** The selected nodes with all that feeds them, that they feed, or both, however far. @param {Context} context @param {readonly ('up' | 'down')[]} ways */
function selectAlong(context, ways) {
  /** @type {Set<RecordId>} */
  const found = new Set(context.selection)
  const { graph, store } = context
  if (ways.length === 2) {
    // Both ways at each step: what hangs together at all.
    const waiting = selectedNodes(context)
    for (let node = waiting.pop(); node; node = waiting.pop()) {
      found.add(node.id)
      for (const link of graph.linksOf(node.id)) {
        const next = link.from === node.key ? graph.reader(link) : graph.source(link)
        if (next && !found.has(next.id)) waiting.push(next)
      }
    }
  } else for (const way of ways) for (const node of selectedNodes(context)) for (const id of graph.reach(node, way)) found.add(id)
  const more = [...found].filter((id) => store.has(id))
  if (more.length === context.selection.size) context.notify(t('No more nodes are linked that way'))
  context.select(more)
}

/** @param {Context} context */
const someNodes = (context) => selectedNodes(context).length > 0

/** @type {readonly (readonly [string, number, number, string])[]} */
const WAYS = [
  ['Left', -1, 0, t('Select the node to the left')], ['Right', 1, 0, t('Select the node to the right')],
  ['Up', 0, -1, t('Select the node above')], ['Down', 0, 1, t('Select the node below')]
]

/** @type {readonly Command[]} */
export const SELECT_COMMANDS = [
  {
    id: 'select_all', label: t('Select all'), keys: ['Ctrl+A'],
    run: (context) => context.select((/** @type {const} */ (['node', 'group', 'reroute'])).flatMap((kind) => [...context.graph.ids(context.graphId, kind)]))
  },
  {
    id: 'select_none', label: t('Select nothing'), keys: ['Escape'], hidden: true,
    // With nothing selected it is the way out of a subgraph.
    run: (context) => (context.selection.size ? context.select([]) : context.places.leave())
  },
  { id: 'select_up', label: t('Select all that feeds it'), keys: [], enabled: someNodes, run: (context) => selectAlong(context, ['up']) },
  { id: 'select_down', label: t('Select all that it feeds'), keys: [], enabled: someNodes, run: (context) => selectAlong(context, ['down']) },
  { id: 'select_connected', label: t('Select all that is linked'), keys: [], enabled: someNodes, run: (context) => selectAlong(context, ['up', 'down']) },
  { id: 'next_node', label: t('Select the next node'), keys: [']'], run: (context) => walk(context, 1) },
  { id: 'previous_node', label: t('Select the previous node'), keys: ['['], run: (context) => walk(context, -1) },
  ...WAYS.map(([name, x, y, label]) => ({
    id: `go_${name.toLowerCase()}`, label, keys: [`Alt+Arrow${name}`],
    run: (/** @type {Context} */ context) => neighbour(context, x, y)
  }))
]
