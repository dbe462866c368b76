/**
 * What hands do by gestures, as commands too: for menus, for fingers, and for those who point with keys.
 *
 * @typedef {import('./editor.js').Editor} Editor
 * @typedef {import('../commands/registry.js').Command<Editor>} Command
 * @typedef {import('../model/types.js').LinkRecord} LinkRecord
 */
import { selectedNodes } from '../commands/context.js'
import { setHidden } from '../commands/links.js'
import { pullOut } from '../commands/remove.js'
import { addReroute, removeLinks } from '../commands/reroute.js'
import { t } from '../language/t.js'
import { drawHint } from '../view/draw_hint.js'
import { placeOn } from './stroke.js'

/** @param {Editor} editor @returns {LinkRecord[]} */
const selectedLinks = ({ store, selection }) => [...selection].flatMap((id) => store.link(id) ?? [])
/** @param {Editor} editor */
const someLinks = (editor) => selectedLinks(editor).length > 0
/** @param {Editor} editor */
const oneLink = (editor) => selectedLinks(editor).length === 1

/** The selected links, and those of the selected nodes. @param {Editor} editor @returns {LinkRecord[]} */
const linksOfSelection = (editor) =>
  [...new Set([...selectedLinks(editor), ...selectedNodes(editor).flatMap((node) => editor.graph.linksOf(node.id))])]

/** A sentence over the graph. @param {Editor} editor @param {string} text @returns {() => void} ends it */
const hint = (editor, text) => editor.paint((ctx, theme) => {
  const { x, y, zoom } = editor.camera
  ctx.translate(x, y)
  ctx.scale(1 / zoom, 1 / zoom)
  drawHint(ctx, theme, text, editor.viewSize)
})

/** The next drag does this. @param {Editor} editor @param {import('./navigation.js').Act} act @param {string} text */
function arm(editor, act, text) {
  editor.hands.arm(act, hint(editor, text))
  editor.updateCursor()
}

/** @param {Editor} editor @param {boolean} locked */
function lock(editor, locked) {
  const keys = editor.commands.keysOf('unlock')[0]
  if (locked) editor.hands.lock(true, hint(editor, keys ? t('Locked: {keys} unlocks the canvas.', { keys }) : t('The canvas is locked.')))
  else editor.hands.lock(false)
  editor.updateCursor()
}

/** @type {readonly Command[]} */
export const GESTURE_COMMANDS = [
  { id: 'cut_links', label: t('Cut links by hand'), keys: [], run: (editor) => arm(editor, 'cut', t('Draw a line across the links to cut.')) },
  { id: 'add_reroutes', label: t('Add reroutes by hand'), keys: [], run: (editor) => arm(editor, 'reroute', t('Draw a line across the links that get a reroute.')) },
  { id: 'select_box', label: t('Select with a box'), keys: [], run: (editor) => arm(editor, 'select', t('Draw a box round what to select.')) },
  { id: 'select_lasso', label: t('Select with a lasso'), keys: [], run: (editor) => arm(editor, 'lasso', t('Draw a loop round what to select.')) },
  { id: 'join_nodes', label: t('Join two nodes by hand'), keys: [], run: (editor) => arm(editor, 'join', t('Drag from one node to another to join them.')) },
  { id: 'lock', label: t('Lock the canvas'), keys: ['H'], enabled: ({ hands }) => !hands.locked, run: (editor) => lock(editor, true) },
  { id: 'unlock', label: t('Unlock the canvas'), keys: ['V'], enabled: ({ hands }) => hands.locked, run: (editor) => lock(editor, false) },
  {
    id: 'pull_out', label: t('Pull out of its links'), keys: [], enabled: (editor) => selectedNodes(editor).length > 0,
    run: (editor) => {
      if (!pullOut(editor, selectedNodes(editor))) editor.notify(t('There is no link to pull it out of'))
    }
  },
  {
    id: 'link_insert', label: t('Insert a node here'), keys: [], enabled: oneLink,
    run: (editor) => {
      const [link] = selectedLinks(editor)
      const place = link && placeOn(editor, link, editor.pointer)
      if (link && place) editor.emit('search', { point: place.point, screen: editor.toScreen(place.point), from: null, link: link.id })
    }
  },
  {
    id: 'link_reroute', label: t('Add a reroute'), keys: [], enabled: someLinks,
    run: (editor) => {
      const [link] = selectedLinks(editor)
      const place = link && placeOn(editor, link, editor.pointer)
      const id = link && place && addReroute(editor, [link], place.point, place.stretch)
      if (id) editor.select([id])
    }
  },
  {
    id: 'hide_links', label: t('Hide links'), keys: [], enabled: (editor) => linksOfSelection(editor).some(({ hidden }) => !hidden),
    run: (editor) => setHidden(editor, linksOfSelection(editor).map(({ id }) => id), true)
  },
  {
    id: 'show_links', label: t('Show links'), keys: [], enabled: (editor) => linksOfSelection(editor).some(({ hidden }) => hidden),
    run: (editor) => setHidden(editor, linksOfSelection(editor).map(({ id }) => id), false)
  },
  {
    id: 'link_delete', label: t('Delete the link'), keys: [], enabled: someLinks,
    run: (editor) => removeLinks(editor, selectedLinks(editor).map(({ id }) => id), t('Delete a link'))
  }
]
