/** Menus and the search that the canvas asks for: what was pressed decides which commands are offered. */
import { disconnect } from '../commands/connect.js'
import { searchTypes } from '../model/search.js'
import { openMenu } from './menu.js'
import { openSearch } from './search.js'

/** Commands by what was pressed; `-` is a line. Those that do not apply are left out. @type {Record<string, readonly string[]>} */
const OFFERED = {
  node: ['rename', 'collapse', 'pin', '-', 'mute', 'bypass', '-', 'copy', 'cut', 'duplicate', 'duplicate_links', 'group', '-', 'delete', 'delete_reconnect'],
  group: ['rename', 'duplicate', '-', 'delete'],
  reroute: ['delete'],
  link: [],
  canvas: ['search', 'paste', '-', 'select_all', 'fit', '-', 'undo', 'redo', '-', 'run', 'save', 'graphs'],
}

/** @type {Readonly<Record<string, string>>} */
const ICONS = { search: 'add', copy: 'copy', delete: 'trash', undo: 'undo', redo: 'redo', fit: 'fit', run: 'play', save: 'save', graphs: 'folder' }

/**
 * @param {object} parts
 * @param {import('../tools/editor.js').Editor} parts.editor
 * @param {(type: string) => string} parts.colorOf
 * @param {HTMLElement} parts.stage
 */
export function installMenus({ editor, colorOf, stage }) {
  /** @param {import('../model/types.js').Point} screen  px of the canvas, as client px */
  const client = screen => {
    const box = stage.getBoundingClientRect()
    return { x: screen.x + box.left, y: screen.y + box.top }
  }

  editor.on('menu', ({ point, screen, target }) => {
    const kind = target.kind === 'widget' || target.kind === 'socket' ? 'node' : target.kind
    /** @type {import('./menu.js').MenuEntry[]} */
    const entries = (OFFERED[kind] ?? []).flatMap(id => {
      if (id === '-') return /** @type {import('./menu.js').MenuEntry[]} */ (['line'])
      const command = editor.commands.get(id)
      if (!command || (command.enabled && !command.enabled(editor))) return []
      return [{
        label: command.label, keys: editor.commands.keysOf(id)[0] ?? '', danger: id === 'delete',
        ...(ICONS[id] ? { icon: ICONS[id] } : {}),
        run: () => void (id === 'search' ? editor.emit('search', { point, screen, from: null }) : editor.run(id)),
      }]
    })
    if (target.kind === 'link') entries.push({ label: 'Delete the link', icon: 'trash', danger: true, run: () => disconnect(editor, target.link) })
    if (entries.length) openMenu(entries, client(screen), { label: `Menu of the ${kind}`, onClose: () => editor.focus() })
  })

  const used = readUsed()
  editor.on('search', ({ point, screen, from }) => {
    const at = client(screen)
    const { bottom } = stage.getBoundingClientRect()
    const width = Math.min(660, innerWidth - 16)
    openSearch({
      from,
      at: { x: Math.min(at.x, innerWidth - width - 8), y: Math.max(8, Math.min(at.y, bottom - SEARCH_HEIGHT)) },
      colorOf,
      find: (query, socket) => searchTypes(editor.schema, query, { from: socket, used }),
      onChoose: type => {
        used.set(type.name, (used.get(type.name) ?? 0) + 1)
        keepUsed(used)
        editor.addNode(type.name, { point, from })
      },
      onClose: () => editor.focus(),
    })
  })
}

/** About what the search takes, so that it stays off the results. */
const SEARCH_HEIGHT = 476
const USED = 'easel.used'

/** How often each type was added, in this browser. @returns {Map<string, number>} */
function readUsed() {
  try {
    return new Map(Object.entries(JSON.parse(localStorage.getItem(USED) ?? '{}')).filter(([, count]) => typeof count === 'number'))
  } catch {
    return new Map()
  }
}

/** @param {Map<string, number>} used */
function keepUsed(used) {
  try {
    localStorage.setItem(USED, JSON.stringify(Object.fromEntries(used)))
  } catch {
    // Storage that is full: the order is remembered until the page closes.
  }
}
