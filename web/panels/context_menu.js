/** Menus that the canvas asks for: what was pressed decides which commands are offered. */
import { t } from '../language/t.js'
import { NODE_COLOURS } from '../model/node_colours.js'
import { addEntries } from './add_menu.js'
import { openMenu } from './menu.js'
import { noteEntries } from './note_links.js'
import { targetEntries } from './target_menu.js'
import { widgetEntries } from './widget_menu.js'

/**
 * @typedef {import('./menu.js').MenuEntry} MenuEntry
 * @typedef {{ title: string, icon?: string, of: readonly Offer[] }} Sub  a menu beside the menu
 * @typedef {string | Sub} Offer  the id of a command; `-` is a line
 */

const COLOURS = { title: t('Colour'), of: ['colour_none', ...NODE_COLOURS.map(({ id }) => `colour_${id}`), '-', 'colour_own'] }

/** Commands by what was pressed. Those that are not there, or do not apply, are left out, and so are menus with nothing in them. @type {Record<string, readonly Offer[]>} */
const OFFERED = {
  node: [
    'picture_mask', 'picture_crop',
    { title: t('Picture'), icon: 'image', of: ['picture_large', 'picture_load', '-', 'picture_copy', 'picture_paste', 'picture_save', 'picture_open'] }, '-',
    'repair', 'repair_other', '-', 'run_to_here', 'run_branch', 'freeze', 'thaw', 'sweep_widget', '-', 'help', 'rename', { title: t('Shape'), of: ['collapse', 'pin', 'resize_fit'] }, COLOURS, '-',
    'mute', 'bypass', '-',
    'app_output', '-',
    'copy', 'cut', 'duplicate', { title: t('Copy otherwise'), of: ['copy_text', 'duplicate_links', 'paste_links'] }, '-',
    'replace', 'group', '-',
    'enter_subgraph', 'subgraph_panel', 'make_subgraph', 'move_into_subgraph', 'move_out_of_subgraph', 'unpack_subgraph', 'unique_subgraph', 'publish_subgraph', '-',
    {
      title: t('Line up'),
      of: [
        'align_left', 'align_column', 'align_right', '-', 'align_top', 'align_row', 'align_bottom', '-', 'distribute_x', 'distribute_y', '-', 'arrange_selection'
      ]
    },
    { title: t('Links'), of: ['connect_selected', 'pull_out', 'hide_links', 'show_links'] },
    { title: t('Select'), of: ['select_up', 'select_down', 'select_connected', '-', 'select_all'] }, '-',
    'delete', 'delete_reconnect',
  ],
  group: [
    'rename', COLOURS, 'frame_fit', 'frame_select', 'arrange_frame', '-', 'frame_mute', 'frame_bypass', '-', 'duplicate', '-', 'unframe', 'frame_delete',
  ],
  reroute: ['delete'],
  link: ['link_insert', 'link_reroute', '-', 'hide_links', 'show_links', '-', 'link_delete'],
  canvas: ['search', 'frame_here', 'palette', 'leave_subgraph', 'paste', 'paste_links', '-', 'select_all', 'fit', '-', 'undo', 'redo', 'history', '-',
    { title: t('Arrange'), of: ['arrange_all', 'arrange_down', 'arrange_close', 'arrange_wide'] },
    { title: t('By hand'), of: ['select_box', 'select_lasso', '-', 'cut_links', 'add_reroutes', 'join_nodes', '-', 'lock', 'unlock'] },
    { title: t('Links'), of: ['links_spline', 'links_straight', 'links_elbow', 'links_hidden'] },
    { title: t('While moving'), of: ['guides', 'snap_grid'] }, { title: t('Heat'), of: ['heat_time', 'heat_memory'] }, 'repair_all', '-', 'run', 'save', 'graphs', 'library'],
}

/** @type {Readonly<Record<string, string>>} */
const ICONS = {
  search: 'add', link_insert: 'add', link_delete: 'trash', copy: 'copy', delete: 'trash', frame_delete: 'trash', undo: 'undo', redo: 'redo', fit: 'fit', run: 'play', save: 'save',
  graphs: 'folder', help: 'help', library: 'library', history: 'clock', picture_mask: 'brush', picture_crop: 'crop',
}

const DANGER = new Set(['delete', 'link_delete', 'frame_delete'])

/** Words that say enough in a menu beside the menu that says the rest. @type {Readonly<Record<string, string>>} */
const SHORT = { colour_none: t('None'), colour_own: t('Another one'), ...Object.fromEntries(NODE_COLOURS.map(({ id, title }) => [`colour_${id}`, title])) }

/** @type {Readonly<Record<string, string>>} */
const NAMES = { node: t('Menu of the node'), canvas: t('Menu of the canvas'), group: t('Menu of the group'), link: t('Menu of the link'), reroute: t('Menu of the reroute') }

/** @type {Readonly<Record<string, string>>} */
const DOTS = Object.fromEntries(NODE_COLOURS.map(({ id, frame }) => [`colour_${id}`, frame]))

/**
 * @param {object} parts
 * @param {import('../tools/editor.js').Editor} parts.editor
 * @param {HTMLElement} parts.stage
 */
export function installMenus({ editor, stage }) {
  editor.on('menu', ({ point, screen, target }) => {
    const kind = target.kind === 'widget' || target.kind === 'socket' ? 'node' : target.kind
    /** @param {string} id */
    const run = id => void (id === 'search' ? editor.emit('search', { point, screen, from: null }) : editor.run(id))
    const pressed = targetEntries(editor, target, point)
    const entries = pressed.alone ? pressed.entries : [...pressed.entries, ...offered(editor, OFFERED[kind] ?? [], run)]
    if (target.kind === 'canvas') entries.splice(1, 0, { label: t('Add by category'), entries: addEntries(editor, point) })
    const own = target.kind === 'widget' ? widgetEntries(editor, target.node, target.name) : []
    if (own.length) entries.unshift(...own, 'line')
    const links = 'node' in target ? noteEntries(editor, target.node) : []
    if (links.length) entries.unshift(...links, 'line')
    const box = stage.getBoundingClientRect()
    if (entries.length) openMenu(entries, { x: screen.x + box.left, y: screen.y + box.top }, { label: NAMES[kind] ?? t('Menu'), onClose: () => editor.focus() })
  })
}

/** @param {import('../tools/editor.js').Editor} editor @param {readonly Offer[]} offers @param {(id: string) => void} run @returns {MenuEntry[]} */
function offered(editor, offers, run) {
  return offers.flatMap(offer => {
    if (offer === '-') return /** @type {MenuEntry[]} */ (['line'])
    if (typeof offer !== 'string') {
      const entries = offered(editor, offer.of, run)
      return entries.some(entry => entry !== 'line') ? [{ label: offer.title, entries, ...(offer.icon ? { icon: offer.icon } : {}) }] : []
    }
    const command = editor.commands.get(offer)
    if (!command || (command.enabled && !command.enabled(editor))) return []
    return [{
      label: SHORT[offer] ?? command.label, keys: editor.commands.keysOf(offer)[0] ?? '', danger: DANGER.has(offer),
      ...(ICONS[offer] ? { icon: ICONS[offer] } : {}), ...(DOTS[offer] ? { colour: DOTS[offer] } : {}),
      ...(command.checked ? { checked: command.checked(editor) } : {}),
      command: offer,
      run: () => run(offer),
    }]
  })
}
