/**
 * The graph as a tree that is edited by the same commands as the canvas: for screen readers and the keyboard what the canvas
 * is for the eye. The node under the caret is selected, so every key of the canvas works on it; Enter edits a value or
 * chooses a link, Delete takes out what the row is, the menu key opens the node's menu.
 *
 * Only rows in view are elements, so that a graph of thousands costs what one of twenty does.
 */
import { disconnect } from '../commands/connect.js'
import { t } from '../language/t.js'
import { fill, h } from './dom.js'
import { openLinkSearch } from './link_search.js'
import { outlineRows } from './outline_rows.js'

/** @typedef {import('./outline_rows.js').Row} Row */

const ROW = 28
const AROUND = 6

/**
 * @param {object} parts
 * @param {import('../tools/editor.js').Editor} parts.editor
 * @param {import('../model/session.js').Session} parts.session
 * @param {import('../app/names.js').Names} parts.names
 * @param {(type: string) => string} parts.colorOf
 * @param {(node: string, widget: string) => void} parts.editWidget
 * @returns {import('./drawer.js').Panel}
 */
export function outlinePanel({ editor, session, names, colorOf, editWidget }) {
  return {
    id: 'outline',
    title: t('Nodes in this graph'),
    fill(body) {
      const find = h('input.field', { type: 'search', placeholder: t('Find a node'), 'aria-label': t('Find a node'), autocomplete: 'off', spellcheck: 'false' })
      const add = h('button', { type: 'button', 'data-command': 'search', 'data-tip': t('Search all nodes'), onclick: () => editor.run('search') }, t('Add a node'))
      const space = h('div.space', { role: 'none' })
      const tree = h('div.body.scrolls.tree', { role: 'tree', 'aria-label': t('Nodes'), 'data-first': true }, space)
      const none = h('p.none')
      const said = h('p.reader', { role: 'status' })
      body.append(h('div.tools', {}, find, add), none, tree, said)

      /** @type {Set<string>} */
      const open = new Set()
      /** @type {Row[]} */
      let rows = []
      let current = ''
      let drawing = 0

      function read() {
        rows = outlineRows({ editor, session, names, open, words: find.value })
        if (!rows.some(row => row.id === current)) current = rows.find(row => editor.selection.has(row.node))?.id ?? rows[0]?.id ?? ''
        none.hidden = rows.length > 0
        none.textContent = find.value ? t('No node has these words.') : t('The canvas is empty. Add a node to begin.')
        tree.hidden = rows.length === 0
        space.style.height = `${rows.length * ROW}px`
        draw()
      }

      function draw() {
        const hadFocus = tree.contains(document.activeElement)
        const first = Math.max(0, Math.floor(tree.scrollTop / ROW) - AROUND)
        const last = first + Math.ceil((tree.clientHeight || 600) / ROW) + 2 * AROUND
        const at = rows.findIndex(row => row.id === current)
        // The row with the caret stays an element wherever one scrolls: the keyboard would be lost with it.
        const shown = rows.map((row, index) => /** @type {const} */ ([row, index])).filter(([, index]) => (index >= first && index < last) || index === at)
        fill(space, shown.map(([row, index]) => element(row, index)))
        if (hadFocus) focusCurrent()
      }

      /** @param {Row} row @param {number} index */
      function element(row, index) {
        const line = h('div', { role: 'treeitem', 'aria-level': row.level, 'aria-setsize': row.of, 'aria-posinset': row.place, 'aria-label': row.says,
          'aria-expanded': row.open === null ? undefined : String(row.open), 'aria-selected': String(row.level === 1 && editor.selection.has(row.node)),
          tabindex: row.id === current ? 0 : -1, dataset: { id: row.id, kind: row.kind }, title: row.name,
          onclick: () => { go(row); act(row) } },
        h('div.line', {}, h('span.name', {}, row.name), h('span.small', {}, row.aside)))
        line.style.transform = `translateY(${index * ROW}px)`
        return line
      }

      function focusCurrent() {
        const line = tree.querySelector(`[data-id="${CSS.escape(current)}"]`)
        if (line instanceof HTMLElement && line !== document.activeElement) line.focus({ preventScroll: true })
      }

      /** The caret goes there, and its node is selected. @param {Row} row @param {boolean} [more] what was selected stays so */
      function go(row, more = false) {
        current = row.id
        const top = rows.indexOf(row) * ROW
        if (top < tree.scrollTop) tree.scrollTop = top
        else if (top + ROW > tree.scrollTop + tree.clientHeight) tree.scrollTop = top + ROW - tree.clientHeight
        if (row.node) editor.select(more ? [...editor.selection, row.node] : [row.node])
        draw()
        tree.focus({ preventScroll: true })
        focusCurrent()
      }

      /** @param {Row} row */
      function act(row) {
        if (row.kind === 'leave') return editor.run('leave_subgraph')
        editor.reveal(row.node)
        if (row.kind === 'enter') editor.run('enter_subgraph')
        else if (row.kind === 'widget' && row.widget !== undefined) editWidget(row.node, row.widget)
        else if (row.socket) chooseLink(row)
      }

      /** @param {Row} row */
      function chooseLink({ node: id, socket, id: line }) {
        const node = editor.store.node(id)
        if (!node) return
        const { left, top, width, height } = /** @type {HTMLElement} */ (tree.querySelector(`[data-id="${CSS.escape(line)}"]`)).getBoundingClientRect()
        openLinkSearch({ editor, names, colorOf, node, at: { x: left, y: top, width, height }, socket, onLinked: words => { said.textContent = t('Linked: {link}', { link: words }) } })
      }

      /** @param {Row} row @returns {boolean} whether there was anything to take out */
      function remove(row) {
        if (row.kind === 'node') {
          const next = rows.filter(other => other.level === 1)
          const at = next.indexOf(row)
          current = (next[at + 1] ?? next[at - 1])?.id ?? ''
          return Boolean(editor.run('delete'))
        }
        const node = editor.store.node(row.node)
        const link = node && row.socket?.side === 'in' ? editor.graph.linkInto(node, row.socket.index) : undefined
        if (link) disconnect(editor, link.id)
        return link !== undefined
      }

      /** @param {Row} row */
      function menu(row) {
        const line = tree.querySelector(`[data-id="${CSS.escape(row.id)}"]`)?.getBoundingClientRect()
        const stage = editor.overlay.getBoundingClientRect()
        if (!line || !row.node) return
        const screen = { x: line.left + 40 - stage.left, y: line.bottom - stage.top }
        /** @type {import('../model/types.js').Target} */
        const target = row.widget === undefined ? { kind: 'node', node: row.node, part: 'title' } : { kind: 'widget', node: row.node, name: row.widget, part: 'value' }
        editor.emit('menu', { point: editor.toCanvas(screen), screen, target })
      }

      /** @param {KeyboardEvent} event @param {Row} row @param {number} at @returns {boolean} whether it meant something here */
      function onKey(event, row, at) {
        const page = Math.max(1, Math.floor(tree.clientHeight / ROW) - 1)
        /** @type {Record<string, number>} */
        const steps = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + page, PageUp: at - page, Home: 0, End: rows.length - 1 }
        const step = event.ctrlKey || event.altKey || event.metaKey ? undefined : steps[event.key]
        if (step !== undefined) {
          const next = rows[Math.min(rows.length - 1, Math.max(0, step))]
          if (next) go(next, event.shiftKey)
        } else if (event.key === 'ContextMenu' || (event.key === 'F10' && event.shiftKey)) menu(row)
        else if (event.ctrlKey || event.metaKey || event.altKey) return false
        else if (event.key === 'ArrowRight' && row.open === false) open.add(row.node), read()
        else if (event.key === 'ArrowRight' && row.open) go(rows[at + 1] ?? row)
        else if (event.key === 'ArrowLeft' && row.open) open.delete(row.node), read()
        else if (event.key === 'ArrowLeft' && row.level === 2) go(rows.find(other => other.id === row.node) ?? row)
        else if (event.key === 'Enter' || event.key === ' ') act(row)
        else if (event.key === 'Delete' || event.key === 'Backspace') return remove(row)
        else return ofCanvas(event) || event.key.startsWith('Arrow')
        return true
      }

      /** A plain key that the canvas knows does the same here; on other controls plain keys are their own. @param {KeyboardEvent} event */
      function ofCanvas(event) {
        const command = event.key === 'Tab' || event.key === 'Escape' ? undefined : editor.commands.forKey(event)
        if (!command || command.native) return false
        editor.run(command.id)
        return true
      }

      tree.addEventListener('keydown', event => {
        const at = rows.findIndex(row => row.id === current)
        const row = rows[at]
        if (!row || !onKey(event, row, at)) return
        event.preventDefault()
        event.stopPropagation()
      })
      tree.addEventListener('contextmenu', event => {
        const id = event.target instanceof Element ? event.target.closest('[data-id]')?.getAttribute('data-id') : null
        const row = rows.find(other => other.id === id)
        if (!row) return
        event.preventDefault()
        go(row)
        menu(row)
      })
      tree.addEventListener('scroll', draw)
      find.addEventListener('input', read)
      find.addEventListener('keydown', event => {
        if (event.key !== 'ArrowDown' && event.key !== 'Enter') return
        event.preventDefault()
        if (rows[0]) go(rows[0])
      })

      // Who came from the tree goes back to it: after a search, a menu, an edit.
      const home = () => {
        read()
        if (tree.hidden) find.focus()
        else focusCurrent()
      }
      body.addEventListener('focusin', () => { editor.home = home })
      const pressed = () => { editor.home = null }
      editor.overlay.addEventListener('focus', pressed)

      let follow = false
      const soon = () => {
        drawing ||= requestAnimationFrame(() => {
          drawing = 0
          read()
          const row = follow ? rows.find(other => other.id === current) : undefined
          follow = false
          if (row && document.activeElement !== add && body.contains(document.activeElement)) go(row) // such as to a node that was just added
        })
      }
      const ends = [
        editor.store.listen(soon), session.listen(soon), editor.on('graph', soon),
        editor.on('selection', () => {
          const [only] = editor.selection
          if (editor.selection.size === 1 && only && !rows.some(row => row.id === current && row.node === only)) {
            current = only
            follow = true
          }
          soon()
        }),
        () => {
          cancelAnimationFrame(drawing)
          editor.overlay.removeEventListener('focus', pressed)
          if (editor.home === home) editor.home = null
        },
      ]
      const size = new ResizeObserver(() => draw())
      size.observe(tree)
      read()
      return () => {
        size.disconnect()
        ends.forEach(end => end())
      }
    },
  }
}
