/**
 * All node types by category, one's favourites, and what others bring (`LibrarySources`). Typing finds, Enter or a click
 * adds in the middle of the view, dragging puts it where one wants, into a link too.
 *
 * @typedef {import('./library_rows.js').Row} Row
 */
import { insertType } from '../commands/insert.js'
import { freePlace } from '../geometry/free_place.js'
import { TITLE } from '../geometry/layout.js'
import { centre } from '../geometry/rect.js'
import { icon } from '../icons/icons.js'
import { t } from '../language/t.js'
import { fill, h } from './dom.js'
import { dragOut } from './library_drag.js'
import { categories, libraryRows } from './library_rows.js'
import { openMenu } from './menu.js'
import { drawSample, sampleOf } from './node_sample.js'
import { highlight, tagOf } from './search.js'
import { VirtualList } from './virtual_list.js'

const ROW = 30
const SAMPLE = 268

/**
 * @param {object} parts
 * @param {import('../tools/editor.js').Editor} parts.editor
 * @param {import('../app/settings.js').Settings} parts.settings
 * @param {import('../app/used.js').Used} parts.used
 * @param {import('./library_sources.js').LibrarySources} parts.sources
 * @param {() => import('../view/theme.js').Theme} parts.theme
 * @param {HTMLElement} parts.stage
 * @param {(type: import('../model/schema.js').NodeType) => void} parts.explain
 * @returns {import('./drawer.js').Panel}
 */
export function libraryPanel({ editor, settings, used, sources, theme, stage, explain }) {
  /** Ids of branches: they stay open from one visit to the next. */
  const open = new Set(['favourites'])
  return {
    id: 'library',
    title: t('Library'),
    fill(body, close) {
      const field = h('input.field', { type: 'search', placeholder: t('Search all nodes'), 'aria-label': t('Search the library'), autocomplete: 'off', spellcheck: 'false' })
      const about = h('div.about')
      const none = h('p.none')
      /** @type {VirtualList<Row>} */
      const list = new VirtualList({ rowHeight: ROW, label: t('Library'), draw: drawRow, onChoose: (row, event) => choose(row, event), onActive: row => drawAbout(row) })
      list.element.classList.add('library')
      body.append(h('div.tools', {}, field), h('div.body.found', {}, list.element, none), about)
      list.drivenBy(field)
      let tree = categories(editor.schema.types.values())
      let treeOf = editor.schema

      /** @param {Row} row */
      function drawRow(row) {
        const space = h('span.indent')
        space.style.width = `${row.depth * 14}px`
        if (row.kind === 'words') return [space, h('span.name.quiet', {}, row.title)]
        if (row.kind === 'branch') {
          return [space, icon(row.open ? 'down' : 'right', 12), h('span.name.branch', {}, row.title), h('span.reader', {}, `, ${row.open ? t('open') : t('closed')}`), h('span.aside', {}, String(row.count))]
        }
        const name = h('span.name', {}, highlight(row.title, field.value))
        if (row.kind === 'entry') return [space, icon('nodes', 14), name]
        return [space, name, tagOf(row.type), starOf(row.type.name)]
      }

      /** @param {string} name of a type */
      function starOf(name) {
        const on = settings.values.favourites.includes(name)
        return h('button.star', {
          type: 'button', tabindex: -1, 'aria-label': on ? t('Take out of the favourites') : t('Add to the favourites'), 'aria-pressed': String(on),
          'data-tip': on ? t('Take out of the favourites') : t('Add to the favourites'),
          onclick: (/** @type {Event} */ event) => {
            event.stopPropagation()
            toggle(name)
          },
        }, icon(on ? 'starred' : 'star', 14))
      }

      /** @param {string} name */
      function toggle(name) {
        const { favourites } = settings.values
        settings.set('favourites', favourites.includes(name) ? favourites.filter(other => other !== name) : [...favourites, name])
      }

      /** @param {Row} row @param {Event} event */
      function choose(row, event) {
        if (drag.justDragged()) return
        if (row.kind === 'branch') unfold(row, !row.open)
        else if (row.kind !== 'words') {
          put(row, middle(row), null)
          if (innerWidth <= 700 || event instanceof KeyboardEvent) done()
        }
      }

      /** The node was what was wanted: the canvas has the keyboard, and on a phone the view. */
      function done() {
        if (innerWidth <= 700) close()
        editor.focus()
      }

      /** @param {Row} row @param {import('../model/types.js').Point} point @param {import('../model/types.js').LinkRecord | null} link */
      function put(row, point, link) {
        if (row.kind === 'entry') row.entry.add(point)
        if (row.kind !== 'type') return
        used.add(row.type.name)
        if (link) insertType(editor, row.type.name, link, point)
        else editor.addNode(row.type.name, { point })
      }

      /** Where a node lies on no other, as near to the middle of what the drawer leaves of the view as can be. @param {Row} row */
      function middle(row) {
        const left = innerWidth > 700 ? body.getBoundingClientRect().right - stage.getBoundingClientRect().left : 0
        const [from, to] = [editor.toCanvas({ x: left, y: 0 }), editor.toCanvas({ x: editor.viewSize.w, y: editor.viewSize.h })]
        const view = { x: from.x, y: from.y, w: to.x - from.x, h: to.y - from.y }
        const { w, h } = row.kind === 'type' ? sampleOf(row.type).rect : { w: 240, h: 160 }
        const { x, y } = freePlace({ w, h }, centre(view), view, editor.scene.nodesIn(view).map(editor.rectOf))
        return { x: x + w / 2, y: y + TITLE / 2 }
      }

      /** @param {Row} row @param {boolean} wide */
      function unfold(row, wide) {
        if (row.kind !== 'branch') return
        if (wide) open.add(row.id)
        else open.delete(row.id)
        draw(row.id)
      }

      /** @param {Row | null} row */
      function drawAbout(row) {
        const type = row?.kind === 'type' ? row.type : row?.kind === 'entry' ? row.entry.type : undefined
        const words = row?.kind === 'type' ? row.type.description : row?.kind === 'entry' ? row.entry.about : ''
        about.hidden = !type && !words
        if (about.hidden) return
        const sample = type ? h('canvas.node-sample', { role: 'img', 'aria-label': t('The node {title}', { title: type.title }) }) : null
        if (sample && type) drawSample(sample, type, { theme: theme(), pictures: editor.pictures, width: SAMPLE, zoom: 0.8 })
        fill(about, sample, type?.later ? h('p', {}, t('Not in this version yet: it needs support for {what}.', { what: type.later })) : null, words ? h('p.quiet', {}, words) : null)
      }

      /** @param {string} [stay] id of the row that stays the active one */
      function draw(stay) {
        if (treeOf !== editor.schema) {
          treeOf = editor.schema
          tree = categories(treeOf.types.values())
        }
        const { scrollTop } = list.element
        const rows = libraryRows({ schema: editor.schema, tree, query: field.value, favourites: settings.values.favourites, sources: sources.all, open, used: used.counts })
        none.hidden = rows.length > 0
        none.textContent = t('No node is called “{name}”.', { name: field.value.trim() })
        list.element.hidden = rows.length === 0
        const at = stay === undefined ? 0 : rows.findIndex(({ id }) => id === stay)
        list.setItems(rows, rows.length ? Math.max(0, at) : -1)
        if (stay !== undefined) {
          list.element.scrollTop = scrollTop
          list.setActive(Math.max(0, at))
        }
      }

      const redraw = () => draw(list.items[list.active]?.id ?? '')
      const drag = dragOut(list.element, {
        editor, stage, theme,
        pick: event => {
          const row = list.items[list.indexAt(event)]
          if (!row || row.kind === 'branch' || row.kind === 'words' || (event.target instanceof Element && event.target.closest('.star'))) return null
          return { type: row.kind === 'type' ? row.type : row.entry.type ?? null, title: row.title, drop: (point, link) => { put(row, point, link); done() } }
        },
        onDrag: dragging => { body.parentElement?.classList.toggle('away', dragging && innerWidth <= 700) },
      })

      field.addEventListener('input', () => draw())
      field.addEventListener('keydown', event => {
        const row = list.items[list.active]
        if (!row || field.value || (event.key !== 'ArrowRight' && event.key !== 'ArrowLeft')) return
        event.preventDefault()
        if (row.kind === 'branch') unfold(row, event.key === 'ArrowRight')
      })
      list.element.addEventListener('contextmenu', event => {
        event.preventDefault()
        const index = list.indexAt(event)
        if (index >= 0) list.setActive(index, false)
        menu({ x: event.clientX, y: event.clientY })
      })
      field.addEventListener('keydown', event => {
        if (event.key !== 'ContextMenu' && !(event.key === 'F10' && event.shiftKey)) return
        event.preventDefault()
        event.stopPropagation()
        const box = list.element.getBoundingClientRect()
        menu({ x: box.left + 40, y: Math.min(box.bottom, box.top + (list.active + 1) * ROW - list.element.scrollTop) })
      })

      /** @param {{ x: number, y: number }} at */
      function menu(at) {
        const row = list.items[list.active]
        if (!row || row.kind === 'words' || row.kind === 'branch') return
        const starred = row.kind === 'type' && settings.values.favourites.includes(row.type.name)
        openMenu([
          { label: t('Add in the middle'), icon: 'add', run: () => put(row, middle(row), null) },
          ...(row.kind === 'type' ? [
            { label: t('Favourite'), checked: starred, run: () => toggle(row.type.name) },
            { label: t('Explain the node'), icon: 'help', run: () => explain(row.type) },
          ] : row.entry.menu ?? []),
        ], at, { label: row.title })
      }

      /** What can be seen of the settings: others may change them too. */
      let shown = settings.values.favourites
      const ends = [
        sources.listen(redraw),
        settings.listen(() => {
          if (settings.values.favourites === shown) return
          shown = settings.values.favourites
          redraw()
        }),
      ]
      draw()
      return () => ends.forEach(end => end())
    },
  }
}
