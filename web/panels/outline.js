/**
 * The graph as a tree: nodes, and under each its widgets and links. For screen readers and the keyboard what the canvas
 * is for the eye. Enter on a node selects it and brings it into view, Enter on a widget edits it, Delete removes.
 */
import { t } from '../language/t.js'
import { humanise } from '../model/words.js'
import { fill, h } from './dom.js'
import { stateWord } from './state_word.js'

/** @typedef {{ id: string, level: 1 | 2, node: string, widget: string | null, name: string, aside: string, open: boolean | null }} Row */

/**
 * @param {object} parts
 * @param {import('../tools/editor.js').Editor} parts.editor
 * @param {import('../model/session.js').Session} parts.session
 * @param {import('../app/names.js').Names} parts.names
 * @param {(node: string, widget: string) => void} parts.editWidget
 * @returns {import('./drawer.js').Panel}
 */
export function outlinePanel({ editor, session, names, editWidget }) {
  return {
    id: 'outline',
    title: t('Nodes in this graph'),
    fill(body) {
      const tree = h('div.body.scrolls.tree', { role: 'tree', 'aria-label': t('Nodes') })
      body.append(tree)
      /** @type {Set<string>} */
      const expanded = new Set()
      let current = ''

      /** @returns {Row[]} */
      function rows() {
        const nodes = editor.graph.nodes(editor.graphId).toSorted((left, right) => left.pos[0] - right.pos[0] || left.pos[1] - right.pos[1])
        return nodes.flatMap(node => {
          const open = expanded.has(node.id)
          const status = session.status(names.promptId(node.id) ?? '')
          /** @type {Row} */
          const head = { id: node.id, level: 1, node: node.id, widget: null, name: names.titleOf(node), open,
            aside: stateWord(node, status, session.notices(node.id)) || `#${node.key}` }
          return open ? [head, ...children(node)] : [head]
        })
      }

      /** @param {import('../model/types.js').NodeRecord} node @returns {Row[]} */
      function children(node) {
        const links = node.inputs.flatMap((slot, index) => {
          const link = editor.graph.linkInto(node, index)
          const source = link && editor.graph.source(link)
          return source ? [/** @type {Row} */ ({ id: `${node.id} < ${slot.name}`, level: 2, node: node.id, widget: null, name: humanise(slot.name), aside: t('from {title}', { title: names.titleOf(source) }), open: null })] : []
        })
        return [...links, ...editor.widgets(node.id).filter(widget => !names.isLinked(node.id, widget.name)).map(widget => /** @type {Row} */ ({
          id: `${node.id} ${widget.name}`, level: 2, node: node.id, widget: widget.name, name: humanise(widget.label || widget.name),
          aside: String(widget.value).slice(0, 80), open: null,
        }))]
      }

      function draw() {
        const all = rows()
        if (!all.some(row => row.id === current)) current = [...editor.selection].find(id => all.some(row => row.id === id)) ?? all[0]?.id ?? ''
        const hadFocus = tree.contains(document.activeElement)
        fill(tree, all.length ? all.map(row => {
          const line = h('div.line', {}, h('span.name', {}, row.name), h('span.small', {}, row.aside))
          if (row.level === 2) line.style.paddingLeft = '26px'
          return h('div', { role: 'treeitem', 'aria-level': row.level, 'aria-expanded': row.open === null ? undefined : String(row.open),
            'aria-selected': String(row.level === 1 && editor.selection.has(row.node)), 'aria-label': `${row.name}, ${row.aside}`,
            tabindex: row.id === current ? 0 : -1, dataset: { id: row.id },
            onclick: () => { current = row.id; act(row) } }, line)
        }) : h('p.none', {}, t('The canvas is empty. Press Tab on it to add a node.')))
        if (hadFocus) focusCurrent()
      }

      function focusCurrent() {
        /** @type {HTMLElement | null} */ (tree.querySelector(`[data-id="${CSS.escape(current)}"]`))?.focus()
      }

      /** @param {Row} row */
      function act(row) {
        editor.select([row.node])
        editor.reveal(row.node)
        draw()
        if (row.widget !== null) editWidget(row.node, row.widget)
        else focusCurrent()
      }

      tree.addEventListener('keydown', event => {
        const all = rows()
        const at = all.findIndex(row => row.id === current)
        const row = all[at]
        if (!row) return
        let next = at
        if (event.key === 'ArrowDown') next = Math.min(all.length - 1, at + 1)
        else if (event.key === 'ArrowUp') next = Math.max(0, at - 1)
        else if (event.key === 'Home') next = 0
        else if (event.key === 'End') next = all.length - 1
        else if (event.key === 'ArrowRight' && row.level === 1) expanded.add(row.node)
        else if (event.key === 'ArrowLeft' && row.level === 1) expanded.delete(row.node)
        else if (event.key === 'ArrowLeft') next = all.findIndex(other => other.id === row.node)
        else if (event.key === 'Enter' || event.key === ' ') {
          event.preventDefault()
          event.stopPropagation()
          return act(row) // an editor that it opened has the keyboard now
        } else if ((event.key === 'Delete' || event.key === 'Backspace') && row.level === 1) {
          editor.select([row.node])
          editor.run('delete')
        } else return
        event.preventDefault()
        event.stopPropagation()
        current = all[next]?.id ?? current
        draw()
        focusCurrent()
      })

      const ends = [editor.store.listen(draw), session.listen(draw), editor.on('selection', draw), editor.on('graph', draw)]
      draw()
      return () => ends.forEach(end => end())
    },
  }
}
