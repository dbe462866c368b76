/**
 * The panel of saved graphs: folders, tags, favourites, words that are in them; what was open lately, saved or not; and one's
 * own subgraphs.
 *
 * @typedef {import('../app/document.js').OpenGraph} OpenGraph
 * @typedef {import('./graph_rows.js').Row} Row
 * @typedef {import('./graph_rows.js').Sort} Sort
 * @typedef {{ kind: 'recent', name: string, title: string, info: import('../api/documents.js').DocumentInfo }} RecentRow
 * @typedef {{ kind: 'subgraph', name: string, title: string, entry: import('./library_sources.js').LibraryEntry }} SubgraphRow
 * @typedef {Row | RecentRow | SubgraphRow} AnyRow
 */
import { GraphLibrary } from '../api/library.js'
import { GRAPH_FILES, chooseFiles, saveGraph } from '../app/files.js'
import { icon } from '../icons/icons.js'
import { many, t } from '../language/t.js'
import { fill, h } from './dom.js'
import { GraphActs } from './graph_acts.js'
import { dragToFolders } from './graph_drag.js'
import { allTags, baseName, folderOf, graphRows, joined } from './graph_rows.js'
import { openMenu } from './menu.js'
import { ago, exactTime } from './times.js'
import { VirtualList } from './virtual_list.js'

export { ago as when } from './times.js'

const ROW = 60
const RECENT = 100
const SEARCH_WAIT = 120
const MOST_TAGS = 12
const LOOK_AGAIN = 1500
/** @type {readonly ('graphs' | 'recent' | 'subgraphs')[]} */
const PARTS = ['graphs', 'recent', 'subgraphs']

/** Over closing and opening the panel. */
const kept = { part: /** @type {typeof PARTS[number]} */ ('graphs'), folder: '', sort: /** @type {Sort} */ ('changed') }

/**
 * @param {object} parts
 * @param {OpenGraph} parts.graph
 * @param {import('../api/client.js').Client} parts.client
 * @param {import('./toasts.js').Toasts} parts.toasts
 * @param {import('./library_sources.js').LibrarySources} parts.sources
 * @param {(file: File) => Promise<void>} parts.openFile
 * @param {(name: string) => Promise<void>} parts.openStored  throws Error
 * @param {() => void} parts.newGraph
 * @param {() => void} parts.openTemplates
 * @param {(anchor: DOMRect) => void} parts.openExports
 * @returns {import('./drawer.js').Panel}
 */
export function graphsPanel({ graph, client, toasts, sources, openFile, openStored, newGraph, openTemplates, openExports }) {
  const library = new GraphLibrary(client)
  return {
    id: 'graphs',
    title: t('Graphs'),
    fill(body, close) {
      const field = h('input.field', { type: 'search', placeholder: t('Search names, tags, nodes and prompts'), 'aria-label': t('Search saved graphs'), autocomplete: 'off' })
      const tabs = h('div.segments', { role: 'group', 'aria-label': t('What is listed') })
      const way = h('nav.way', { 'aria-label': t('Folder') })
      const sorting = h('select', { 'aria-label': t('Order'), 'data-tip': t('Order; favourites always come first') },
        ...(/** @type {[Sort, string][]} */ ([['changed', t('Last changed')], ['opened', t('Last opened')], ['name', t('Name')], ['nodes', t('Number of nodes')]])).map(([value, text]) => h('option', { value, selected: value === kept.sort }, text)))
      const makeFolder = h('button.round', { type: 'button', 'data-needs': 'write', 'aria-label': t('New folder'), 'data-tip': t('New folder'), onclick: () => void acts.makeFolder(kept.folder) }, icon('addFolder'))
      const place = h('div.place', {}, way, sorting, makeFolder)
      const chips = h('div.chips', { role: 'group', 'aria-label': t('Only those with this tag') })
      const none = h('p.none', { role: 'status' })
      const exports = h('button', { type: 'button', 'aria-haspopup': 'menu', 'data-tip': t('Save this graph as a file, a picture or a script'), onclick: () => openExports(exports.getBoundingClientRect()) }, icon('download'), t('Export'))
      /** @type {VirtualList<AnyRow>} */
      const list = new VirtualList({ rowHeight: ROW, label: t('Saved graphs'), draw: drawRow, onChoose: row => choose(row) })
      list.element.classList.add('graph-list')
      const found = h('div.body.found', {}, none, list.element)
      body.append(
        h('div.tools', {}, field,
          h('button', { type: 'button', onclick: () => { newGraph(); close() }, 'data-tip': t('Begin with an empty canvas') }, icon('file'), t('New')),
          h('button', { type: 'button', onclick: fromFile, 'data-tip': t('Open a JSON file, or a picture that carries its graph'), 'data-command': 'open_file' }, icon('upload'), t('Open file')),
          h('button', { type: 'button', onclick: openTemplates, 'data-tip': t('Graphs to begin with'), 'data-command': 'templates' }, icon('templates'), t('Templates')),
          h('button', { type: 'button', onclick: () => void saveGraph(graph, toasts).then(() => read()), 'data-tip': t('Save on the server'), 'data-command': 'save' }, icon('save'), t('Save')),
          h('button', { type: 'button', onclick: () => void saveGraph(graph, toasts, { as: true }).then(() => read()), 'data-tip': t('Save under another name'), 'data-command': 'save_as' }, t('Save as')),
          exports),
        tabs, place, chips, found)
      list.drivenBy(field)

      /** @type {readonly import('../api/library.js').SavedGraph[] | null} */
      let graphs = null
      /** Of all graphs, whatever was searched. @type {string[]} */
      let tags = []
      /** @type {readonly string[]} */
      let folders = []
      /** @type {readonly import('../api/documents.js').DocumentInfo[] | null} */
      let recent = null
      let failure = ''
      let tag = ''
      let turn = 0
      let ended = false
      let lookedAgain = false
      const acts = new GraphActs({ library, graph, toasts, changed: () => read() })

      async function read() {
        const mine = ++turn
        const query = field.value.trim()
        try {
          if (kept.part === 'recent') recent = (await graph.documents.list({ limit: RECENT })).documents
          else if (kept.part === 'graphs') {
            const found = await library.list(query)
            if (ended || mine !== turn) return
            graphs = found.graphs
            folders = found.folders
            if (!query) tags = allTags(graphs)
            if (tag && !tags.includes(tag)) tag = ''
            if (kept.folder && !folders.includes(kept.folder)) kept.folder = ''
          }
          failure = ''
        } catch (error) {
          failure = /** @type {Error} */ (error).message
        }
        if (ended || mine !== turn) return
        draw()
        // The server looks into them meanwhile.
        if (!lookedAgain && graphs?.some(({ nodes }) => nodes === undefined)) {
          lookedAgain = true
          setTimeout(() => { if (!ended && mine === turn) void read() }, LOOK_AGAIN)
        }
      }

      /** @returns {AnyRow[]} */
      function rowsNow() {
        const words = field.value.toLowerCase().split(/\s+/u).filter(Boolean)
        const fits = (/** @type {string} */ text) => words.every(word => text.toLowerCase().includes(word))
        if (kept.part === 'recent') return (recent ?? []).filter(({ name }) => fits(name ?? t('Untitled'))).map(info => ({ kind: 'recent', name: info.id, title: info.name ?? t('Untitled'), info }))
        if (kept.part === 'subgraphs') {
          return sources.all.flatMap(source => source.entries()).filter(({ title, about = '' }) => fits(`${title} ${about}`)).map(entry => ({ kind: 'subgraph', name: entry.id, title: entry.title, entry }))
        }
        return graphRows({ graphs: graphs ?? [], folders, folder: kept.folder, tag, sort: kept.sort, searched: words.length > 0 })
      }

      function draw() {
        const active = list.items[list.active]?.name
        const { scrollTop } = list.element
        const rows = rowsNow()
        fill(tabs, PARTS.map(part => h('button', { type: 'button', 'aria-pressed': String(part === kept.part), onclick: () => show(part) }, { graphs: t('Saved'), recent: t('Recent'), subgraphs: t('Subgraphs') }[part])))
        place.hidden = kept.part !== 'graphs'
        drawWay()
        chips.hidden = kept.part !== 'graphs' || !tags.length
        fill(chips, tags.slice(0, MOST_TAGS).map(each => h('button.chip', { type: 'button', 'aria-pressed': String(each === tag), onclick: () => { tag = each === tag ? '' : each; draw() } }, icon('tag', 12), each)))
        const words = emptyWords(rows.length)
        none.hidden = !words
        fill(none, words, failure ? [' ', h('button.link', { type: 'button', onclick: () => void read() }, t('Try again'))] : null)
        list.element.hidden = rows.length === 0
        const at = rows.findIndex(({ name }) => name === active)
        list.setItems(rows, at >= 0 ? at : rows.length ? 0 : -1)
        if (at >= 0) list.element.scrollTop = scrollTop
        list.draw()
      }

      /** @param {number} count of rows */
      function emptyWords(count) {
        if (failure) return failure
        if (count) return ''
        if (kept.part === 'subgraphs') return t('Keep a subgraph here from its menu: “Keep in the library”.')
        if (kept.part === 'recent') return recent === null ? t('Reading…') : t('Nothing was open yet.')
        if (graphs === null) return t('Reading…')
        if (field.value.trim() || tag) return t('No graph fits that.')
        return kept.folder ? t('This folder is empty. Drag graphs onto it, or save one as “{name}”.', { name: `${kept.folder}/…` }) : t('Nothing saved yet. Save keeps this graph on the server under a name.')
      }

      function drawWay() {
        const parts = kept.folder ? kept.folder.split('/') : []
        const step = (/** @type {string} */ folder, /** @type {string} */ title, /** @type {boolean} */ here) => h('button', { type: 'button', dataset: { folder }, 'aria-current': here ? 'true' : undefined, onclick: () => enter(folder) }, title)
        fill(way, step('', t('All graphs'), parts.length === 0), parts.map((part, index) => [icon('right', 12), step(parts.slice(0, index + 1).join('/'), part, index === parts.length - 1)]))
      }

      /** @param {typeof PARTS[number]} part */
      function show(part) {
        kept.part = part
        draw()
        void read()
      }

      /** @param {string} folder */
      function enter(folder) {
        kept.folder = folder
        field.value = ''
        tag = ''
        draw()
        void read()
        field.focus()
      }

      /** @param {AnyRow} row @returns {(Node | string)[]} */
      function drawRow(row) {
        const act = h('span.act', { 'aria-hidden': 'true', dataset: { act: 'more' }, 'data-tip': t('More') }, icon('more'))
        if (row.kind === 'folder') {
          return [h('span.onto', { dataset: { folder: row.name } }, thumb(null, 'folder'), words(row.title, [many(row.count, '{count} graph', '{count} graphs')]), act)]
        }
        if (row.kind === 'subgraph') return [thumb(null, 'nodes'), words(row.title, [row.entry.about ?? '']), act]
        if (row.kind === 'recent') {
          const { info } = row
          return [thumb(info.thumbnail === null ? null : graph.documents.thumbnailUrl(info.id, info.thumbnail), 'file'), words(row.title, [ago(info.time), info.stored === null ? t('never saved') : '', many(info.nodes, '{count} node', '{count} nodes')], graph.tabs.byId(info.id) !== undefined), h('span')]
        }
        const { graph: saved, where } = row
        const star = h('span.star', { 'aria-hidden': 'true', dataset: { needs: 'write', act: 'star', on: String(saved.favourite === true) }, 'data-tip': saved.favourite ? t('Take out of the favourites') : t('Add to the favourites') }, icon(saved.favourite ? 'starred' : 'star', 15))
        return [
          thumb(saved.picture ?? null, 'file'),
          words(row.title, [where, ago(saved.modified), saved.nodes === undefined ? '' : many(saved.nodes, '{count} node', '{count} nodes'), ...(saved.tags ?? []).map(each => `#${each}`)], graph.stored === row.name, exactTime(saved.modified)),
          star, act]
      }

      /** @param {string | null} address @param {string} glyph */
      const thumb = (address, glyph) => h('span.thumb', {}, address ? h('img', { src: address, alt: '', draggable: 'false' }) : icon(glyph, 18))
      /** @param {string} title @param {readonly string[]} small @param {boolean} [now] @param {string} [tip] */
      const words = (title, small, now = false, tip = '') => h('span.words', { 'data-tip': tip || undefined }, h('span.title', { dir: 'auto', class: now ? 'title now' : 'title' }, title), h('span.small', {}, small.filter(Boolean).join(' · ')))

      /** @param {AnyRow} row */
      function choose(row) {
        if (drag.justDragged()) return
        if (row.kind === 'folder') enter(row.name)
        else if (row.kind === 'subgraph') {
          const { editor } = graph
          row.entry.add(editor.toCanvas({ x: editor.viewSize.w / 2, y: editor.viewSize.h / 2 }))
          close()
          editor.focus()
        } else void open(row)
      }

      /** @param {Extract<AnyRow, { kind: 'graph' | 'recent' }>} row */
      async function open(row) {
        try {
          if (row.kind === 'recent') await graph.openDocument(row.info)
          else {
            await openStored(row.name)
            void library.mark([row.name], { opened: true }).catch(() => undefined) // only the order of a list
          }
          close()
        } catch (error) {
          const absent = /** @type {{ status?: number }} */ (error).status === 404
          toasts.show({ key: 'library', tone: 'error', text: t('“{name}” could not be opened.', { name: row.title }), detail: absent ? t('It is not there any more: it was moved or deleted elsewhere.') : /** @type {Error} */ (error).message })
          await read()
        }
      }

      /** @param {import('./float.js').Anchor} at */
      function menu(at) {
        const row = list.items[list.active]
        if (!row || row.kind === 'recent') return
        const back = { label: row.title, onClose: () => field.focus() }
        if (row.kind === 'subgraph') openMenu([{ label: t('Add in the middle'), icon: 'add', run: () => choose(row) }, ...(row.entry.menu ?? [])], at, back)
        else {
          openMenu([
            { label: t('Open'), icon: row.kind === 'folder' ? 'folder' : 'file', keys: 'Enter', run: () => choose(row) },
            ...(row.kind === 'graph' ? [
              { needs: 'write', label: t('Favourite'), checked: row.graph.favourite === true, run: () => void acts.favourite(row.graph) },
              { needs: 'write', label: t('Tags'), icon: 'tag', run: () => void acts.tag(row.graph, tags) },
            ] : []),
            'line',
            { needs: 'write', label: t('Rename'), icon: 'pencil', keys: 'F2', run: () => void acts.rename(row) },
            { needs: 'write', label: t('Move to a folder'), icon: 'folder', run: () => void acts.moveTo(row, folders) },
            ...(row.kind === 'graph' ? [{ needs: 'write', label: t('Duplicate'), icon: 'copy', run: () => void acts.duplicate(row) }] : []),
            'line',
            { needs: 'write', label: t('Delete'), icon: 'trash', keys: 'Delete', danger: true, run: () => void acts.remove(row) },
          ], at, back)
        }
      }

      /** Beside the row that is the active one. */
      function menuAtRow() {
        const box = list.element.getBoundingClientRect()
        menu({ x: box.left + 96, y: Math.min(box.bottom, box.top + (list.active + 1) * ROW - list.element.scrollTop) })
      }

      list.element.addEventListener('click', event => {
        const pressed = event.target instanceof Element ? event.target.closest('[data-act]') : null
        const row = list.items[list.indexAt(event)]
        if (!(pressed instanceof HTMLElement) || !row) return
        event.stopImmediatePropagation()
        const place = pressed.getBoundingClientRect() // the rows are drawn anew
        list.setActive(list.items.indexOf(row), false)
        if (pressed.dataset.act === 'star') void (row.kind === 'graph' && acts.favourite(row.graph))
        else menu(place)
      }, true)
      list.element.addEventListener('contextmenu', event => {
        event.preventDefault()
        const index = list.indexAt(event)
        if (index < 0) return
        list.setActive(index, false)
        menu({ x: event.clientX, y: event.clientY })
      })
      field.addEventListener('keydown', event => {
        const row = list.items[list.active]
        const real = row && (row.kind === 'graph' || row.kind === 'folder') ? row : null
        if (event.key === 'ContextMenu' || (event.key === 'F10' && event.shiftKey)) menuAtRow()
        else if (event.key === 'F2' && real) void acts.rename(real)
        else if (event.key === 'Delete' && real && !field.value) void acts.remove(real)
        else if (event.key === 'Backspace' && !field.value && kept.part === 'graphs' && kept.folder) enter(folderOf(kept.folder))
        else return
        event.preventDefault()
        event.stopPropagation()
      })
      /** @type {ReturnType<typeof setTimeout> | undefined} */
      let timer
      field.addEventListener('input', () => {
        clearTimeout(timer)
        if (kept.part === 'graphs') timer = setTimeout(() => void read(), SEARCH_WAIT)
        else draw()
      })
      sorting.addEventListener('change', () => {
        kept.sort = /** @type {Sort} */ (sorting.value)
        draw()
      })

      const drag = dragToFolders(body, {
        pick: event => {
          const row = list.items[list.indexAt(event)]
          if (!row || (row.kind !== 'graph' && row.kind !== 'folder') || (event.target instanceof Element && event.target.closest('[data-act]'))) return null
          return row
        },
        fits: (from, folder) => folder !== folderOf(from.name) && folder !== from.name && !folder.startsWith(`${from.name}/`),
        drop: (from, folder) => void acts.move(from.name, joined(folder, baseName(from.name)), list.items.some(row => row.kind === 'folder' && row.name === from.name)),
      })

      async function fromFile() {
        const [file] = await chooseFiles(GRAPH_FILES)
        if (!file) return
        await openFile(file)
        close()
      }

      const ends = [graph.listen(() => { if (kept.part !== 'recent') list.draw() }), sources.listen(() => { if (kept.part === 'subgraphs') draw() })]
      draw()
      void read()
      return () => {
        ended = true
        clearTimeout(timer)
        drag.end()
        ends.forEach(end => end())
      }
    },
  }
}
