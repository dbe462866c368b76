/**
 * The editor's own commands, with the keys that an artist's fingers know.
 *
 * @typedef {import('./context.js').Context & import('./context.js').Viewing} Full
 * @typedef {import('./registry.js').Command<Full>} Command
 */
import { bounds } from '../geometry/rect.js'
import { fit, zoomTo } from '../geometry/viewport.js'
import { t } from '../language/t.js'
import { duplicate } from './clipboard.js'
import { COLOUR_COMMANDS } from './colour.js'
import { CONNECT_COMMANDS } from './connect_selected.js'
import { selectedNodes } from './context.js'
import { BYPASSED, MUTED } from '../model/modes.js'
import { FRAME_COMMANDS } from './frames.js'
import { toggleFlag, toggleMode } from './modes.js'
import { align, distribute, fitSize, groupBox, move, moving, origins } from './move.js'
import { remove, removeAndReconnect } from './remove.js'
import { REPLACE_COMMANDS } from './replace.js'
import { SELECT_COMMANDS } from './selecting.js'
import { SUBGRAPH_COMMANDS } from './subgraph.js'
import { copyToClipboard, pasteFromClipboard } from './system_clipboard.js'

const NUDGE = 10
const ZOOM = 1.25

/** @param {Full} context */
const some = (context) => context.selection.size > 0
/** @param {Full} context */
const someNodes = (context) => selectedNodes(context).length > 0
/** @param {number} mode @returns {(context: Full) => boolean} */
const allAre = (mode) => (context) => selectedNodes(context).every((node) => node.mode === mode)
/** @param {number} count @returns {(context: Full) => boolean} */
const atLeast = (count) => (context) => selectedNodes(context).length >= count

/** @type {Command[]} */
const editing = [
  { id: 'undo', label: t('Undo'), keys: ['Ctrl+Z'], enabled: ({ store }) => store.undoLabel !== null, run: ({ store }) => store.undo() },
  {
    id: 'redo', label: t('Redo'), keys: ['Ctrl+Shift+Z', 'Ctrl+Y'],
    enabled: ({ store }) => store.redoLabel !== null, run: ({ store }) => store.redo()
  },
  { id: 'delete', label: t('Delete'), keys: ['Delete', 'Backspace'], enabled: some, run: (context) => remove(context, context.selection) },
  {
    id: 'delete_reconnect', label: t('Delete and reconnect'), keys: ['Shift+Delete', 'Shift+Backspace'], enabled: someNodes,
    run: (context) => removeAndReconnect(context, selectedNodes(context))
  },
  { id: 'copy', label: t('Copy'), keys: ['Ctrl+C'], native: true, enabled: some, run: (context) => void copyToClipboard(context) },
  {
    id: 'cut', label: t('Cut'), keys: ['Ctrl+X'], native: true, enabled: some,
    run: (context) => {
      void copyToClipboard(context)
      remove(context, context.selection)
    }
  },
  { id: 'copy_text', label: t('Copy as text'), keys: [], enabled: someNodes, run: (context) => void copyToClipboard(context, true) },
  { id: 'paste', label: t('Paste'), keys: ['Ctrl+V'], native: true, run: (context) => void pasteFromClipboard(context, false) },
  { id: 'paste_links', label: t('Paste with links'), keys: ['Ctrl+Shift+V'], run: (context) => void pasteFromClipboard(context, true) },
  { id: 'duplicate', label: t('Duplicate'), keys: ['Ctrl+D'], enabled: some, run: (context) => duplicate(context, context.selection) },
  {
    id: 'duplicate_links', label: t('Duplicate with links'), keys: ['Ctrl+Shift+D'], enabled: some,
    run: (context) => duplicate(context, context.selection, { links: true })
  }
]

/** @type {readonly (readonly [import('./move.js').Side, string])[]} */
const SIDES = [
  ['left', t('Align left edges')], ['column', t('Align middles in a column')], ['right', t('Align right edges')],
  ['top', t('Align top edges')], ['row', t('Align middles in a row')], ['bottom', t('Align bottom edges')]
]

/** @type {Command[]} */
const nodes = [
  {
    id: 'search', label: t('Add a node'), keys: ['Tab', 'Shift+A'],
    run: (context) => context.emit('search', { point: context.pointer, screen: context.toScreen(context.pointer), from: null })
  },
  {
    id: 'bypass', label: t('Bypass'), keys: ['Ctrl+B'], enabled: someNodes, checked: allAre(BYPASSED),
    run: (context) => toggleMode(context, selectedNodes(context), BYPASSED, t('Bypass'), t('Undo bypass'))
  },
  {
    id: 'mute', label: t('Mute'), keys: ['Ctrl+M'], enabled: someNodes, checked: allAre(MUTED),
    run: (context) => toggleMode(context, selectedNodes(context), MUTED, t('Mute'), t('Undo mute'))
  },
  {
    id: 'collapse', label: t('Collapse'), keys: ['Alt+C'], enabled: someNodes, checked: (context) => selectedNodes(context).every(({ collapsed }) => collapsed),
    run: (context) => toggleFlag(context, selectedNodes(context), 'collapsed', t('Collapse'), t('Expand'))
  },
  {
    id: 'pin', label: t('Pin'), keys: ['P'], enabled: someNodes, checked: (context) => selectedNodes(context).every(({ pinned }) => pinned),
    run: (context) => toggleFlag(context, selectedNodes(context), 'pinned', t('Pin'), t('Unpin'))
  },
  {
    id: 'rename', label: t('Rename'), keys: ['F2'], enabled: some,
    run: (context) => {
      const id = [...context.selection][0] ?? ''
      const [node, frame] = [context.store.node(id), context.store.group(id)]
      const rect = context.titleRect(id)
      if (node && rect) context.emit('edit-title', { node, rect })
      else if (frame && rect) context.emit('edit-group-title', { group: frame, rect })
    }
  },
  {
    id: 'edit', label: t('Edit the first value'), keys: ['Enter'], enabled: someNodes,
    run: (context) => {
      const node = selectedNodes(context)[0]
      const widget = node && context.widgets(node.id)[0]
      if (widget) context.editWidget(node.id, widget.name, { select: true })
    }
  },
  {
    id: 'help', label: t('Explain the node'), keys: ['F1'], enabled: (context) => selectedNodes(context).length === 1,
    run: (context) => context.emit('help', { node: selectedNodes(context)[0]?.id ?? '' })
  },
  {
    id: 'menu', label: t('Open the menu'), keys: ['ContextMenu', 'Shift+F10'], hidden: true,
    run: (context) => {
      const id = [...context.selection][0] ?? ''
      const rect = context.titleRect(id)
      const screen = rect ? { x: rect.x + 12, y: rect.y + rect.h } : context.toScreen(context.pointer)
      const target = context.store.node(id)
        ? /** @type {const} */ ({ kind: 'node', node: id, part: 'title' })
        : context.store.group(id) ? /** @type {const} */ ({ kind: 'group', group: id, part: 'title' }) : /** @type {const} */ ({ kind: 'canvas' })
      context.emit('menu', { point: context.pointer, screen, target })
    }
  },
  { id: 'resize_fit', label: t('Fit the size to what it holds'), keys: [], enabled: someNodes, run: (context) => fitSize(context, selectedNodes(context)) },
  ...SIDES.map(([side, label]) => ({
    id: `align_${side}`, label, keys: [], enabled: atLeast(2),
    run: (/** @type {Full} */ context) => align(context, selectedNodes(context), side)
  })),
  {
    id: 'distribute_x', label: t('Distribute across'), keys: [], enabled: atLeast(3),
    run: (context) => distribute(context, selectedNodes(context), 'x')
  },
  {
    id: 'distribute_y', label: t('Distribute down'), keys: [], enabled: atLeast(3),
    run: (context) => distribute(context, selectedNodes(context), 'y')
  }
]

/** @type {readonly (readonly [string, number, number, string, string])[]} */
const ARROWS = [
  ['Left', -1, 0, t('Move left'), t('Move far left')], ['Right', 1, 0, t('Move right'), t('Move far right')],
  ['Up', 0, -1, t('Move up'), t('Move far up')], ['Down', 0, 1, t('Move down'), t('Move far down')]
]

/** @type {Command[]} */
const moves = ARROWS.flatMap(([name, x, y, label, far]) => [
  {
    id: `nudge_${name.toLowerCase()}`, label, keys: [`Arrow${name}`], hidden: true, enabled: some,
    run: (/** @type {Full} */ context) => nudge(context, x, y, NUDGE)
  },
  {
    id: `nudge_far_${name.toLowerCase()}`, label: far, keys: [`Shift+Arrow${name}`], hidden: true,
    enabled: some, run: (/** @type {Full} */ context) => nudge(context, x, y, NUDGE * 10)
  }
])

/** @param {Full} context @param {number} x @param {number} y @param {number} step */
function nudge(context, x, y, step) {
  move(context, origins(context, moving(context, context.selection)), { x: x * step, y: y * step })
}

/** @type {Command[]} */
const viewing = [
  { id: 'fit', label: t('Show everything'), keys: ['.', 'Home'], run: (context) => show(context, allBoxes(context), 1) },
  {
    id: 'fit_selection', label: t('Show the selection'), keys: ['F'],
    run: (context) => show(context, some(context) ? selectedBoxes(context) : allBoxes(context), 1.5)
  },
  { id: 'zoom_in', label: t('Zoom in'), keys: ['Alt+=', '+', '='], run: (context) => zoom(context, context.camera.zoom * ZOOM) },
  { id: 'zoom_out', label: t('Zoom out'), keys: ['Alt+-', '-'], run: (context) => zoom(context, context.camera.zoom / ZOOM) },
  { id: 'zoom_full', label: t('Zoom to 100%'), keys: ['Ctrl+0'], run: (context) => zoom(context, 1) }
]

/** @param {Full} context @param {number} level */
const zoom = (context, level) =>
  context.setCamera(zoomTo(context.camera, level, { x: context.viewSize.w / 2, y: context.viewSize.h / 2 }), { smooth: true })

/** @param {Full} context @param {readonly import('../geometry/rect.js').Rect[]} boxes @param {number} most */
function show(context, boxes, most) {
  const box = bounds(boxes)
  if (box) context.setCamera(fit(box, context.viewSize.w, context.viewSize.h, { most }), { smooth: true })
}

/** @param {Full} context */
const allBoxes = (context) => [
  ...context.graph.nodes(context.graphId).map(context.rectOf), ...context.graph.sides(context.graphId).map(context.rectOf), ...context.graph.groups(context.graphId).map(groupBox)
]

/** @param {Full} context */
const selectedBoxes = (context) => [...context.selection].flatMap((id) => {
  const [node, frame] = [context.store.node(id), context.store.group(id)]
  return node ? context.rectOf(node) : frame ? groupBox(frame) : []
})

/** @type {readonly Command[]} */
export const CORE_COMMANDS = [
  ...editing, ...nodes, ...REPLACE_COMMANDS, ...CONNECT_COMMANDS, ...FRAME_COMMANDS, ...COLOUR_COMMANDS, ...SUBGRAPH_COMMANDS, ...moves, ...SELECT_COMMANDS, ...viewing
]
