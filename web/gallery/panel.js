/**
 * The gallery: every picture, video and sound in the folders of outputs and inputs, across sessions. Search, filters, the wall,
 * what is known of one, and what can be done with many.
 *
 * @typedef {import('./pictures.js').Item} Item
 * @typedef {import('./query.js').Query} Query
 */
import { storage } from '../app/storage.js'
import { icon } from '../icons/icons.js'
import { fromServer } from '../language/server.js'
import { many, t } from '../language/t.js'
import { fill, h, setText } from '../panels/dom.js'
import { openMenu } from '../panels/menu.js'
import { Deeds } from './deeds.js'
import { createAbout } from './details.js'
import { openFilters } from './filters.js'
import { Grid } from './grid.js'
import { installHands } from './hands.js'
import { Pictures } from './pictures.js'
import { SORTS, chipsOf, EVERYTHING, sortName } from './query.js'
import { Selection } from './selection.js'
import { createVerbs } from './verbs.js'

const KEY = 'easel.gallery'
const TILES = { least: 88, most: 400 }

/** @typedef {{ tile: number, about: boolean, beside: boolean, query: Query }} Kept */

/**
 * @param {object} parts
 * @param {import('../api/client.js').Client} parts.client
 * @param {import('../panels/toasts.js').Toasts} parts.toasts
 * @param {(file: File) => Promise<void>} parts.openFile  as a graph
 * @param {(file: import('../model/session.js').PictureRef) => void} parts.load  into a node
 * @returns {import('../panels/drawer.js').Panel}
 */
export function galleryPanel({ client, toasts, openFile, load }) {
  const kept = readKept()
  /** @type {Deeds['steps']} */
  let steps = []
  return {
    id: 'gallery',
    title: t('Gallery'),
    size: 'full',
    fill(body, close) {
      const pictures = new Pictures(client)
      const deeds = new Deeds({ client, pictures, toasts, openFile })
      deeds.steps = steps
      const selection = new Selection(() => draw())
      const grid = new Grid({ pictures, selection, wanted: () => kept.tile, moved: drawNews })
      const verbs = createVerbs({ deeds, pictures, selection, load, close, trashed: () => kept.query.trash })
      const about = createAbout({ client, deeds, actions: item => verbs.buttons([item.id], 'words'), search: text => set({ text }) })
      const drawer = /** @type {HTMLElement | null} */ (body.closest('.drawer'))
      /** @type {import('./filters.js').Overview | null} */
      let overview = null
      let closed = false

      const field = h('input.field', { type: 'search', placeholder: t('Search prompts, names, models'), 'aria-label': t('Search the gallery'), autocomplete: 'off', spellcheck: 'false', value: kept.query.text })
      const filterButton = h('button', { type: 'button', 'aria-haspopup': 'dialog', 'aria-expanded': 'false', 'data-tip': t('Leave out what is not wanted'), onclick: showFilters }, icon('filter', 15), t('Filters'))
      const sortButton = h('button', { type: 'button', 'aria-haspopup': 'menu', 'data-tip': t('The order of the files'), onclick: () => openMenu(SORTS.map(sort => ({ label: sortName(sort), checked: kept.query.sort === sort, run: () => set({ sort }) })), sortButton.getBoundingClientRect(), { label: t('The order of the files') }) })
      const zoom = h('input.zoom', { type: 'range', min: TILES.least, max: TILES.most, step: 4, value: kept.tile, 'aria-label': t('Size of the tiles'), 'data-tip': t('Size of the tiles'), oninput: () => resize(Number(zoom.value)) })
      const aboutButton = h('button.round.about-button', { type: 'button', 'aria-label': t('Details'), 'data-tip': t('Details'), 'data-keys': 'I', onclick: () => toggleAbout() }, icon('info'))
      const roomButton = h('button.round.beside', { type: 'button', onclick: () => setRoom(!kept.beside) })
      const chips = h('div.chips', { role: 'group', 'aria-label': t('Filters in use') })
      const count = h('span.count', { role: 'status' })
      const bar = h('div.chosen-bar')
      const news = h('button.news', { type: 'button', hidden: true, onclick: () => { grid.element.scrollTop = 0 } })
      const empty = h('div.empty-wall', { hidden: true })
      const room = h('div.room', {}, h('div.wall-room', {}, grid.element, grid.when, news, empty), about.element)
      const element = h('div.gallery', {}, h('div.tools', {}, field, filterButton, sortButton, zoom, aboutButton, roomButton), chips, h('div.line', {}, count, bar), room)
      body.append(element)

      /** @type {ReturnType<typeof setTimeout> | undefined} */
      let typing
      field.addEventListener('input', () => {
        clearTimeout(typing)
        typing = setTimeout(() => set({ text: field.value }), 120)
      })

      /** @param {Partial<Query>} change */
      function set(change) {
        kept.query = { ...kept.query, ...change }
        if (change.text !== undefined && field.value !== change.text) field.value = change.text
        keep(kept)
        drawTools()
        selection.clear()
        grid.element.scrollTop = 0
        first = null
        void pictures.search(kept.query)
      }

      async function showFilters() {
        await look()
        if (!overview || closed) return
        filterButton.setAttribute('aria-expanded', 'true')
        openFilters(filterButton, { query: kept.query, overview, change: set, onClose: () => filterButton.setAttribute('aria-expanded', 'false') })
      }

      async function look() {
        overview = await client.json('/easel/gallery/overview').catch(() => overview)
        if (overview) ({ scanning: pictures.scanning, unread: pictures.unread, problems: pictures.problems } = overview)
        drawCount()
      }

      /** @param {number} tile */
      function resize(tile) {
        kept.tile = Math.max(TILES.least, Math.min(TILES.most, Math.round(tile)))
        zoom.value = String(kept.tile)
        keep(kept)
        grid.lay()
      }

      function toggleAbout(on = !kept.about) {
        kept.about = on
        keep(kept)
        drawTools()
      }

      /** @param {boolean} beside  with the canvas at its side */
      function setRoom(beside) {
        kept.beside = beside
        keep(kept)
        drawTools()
      }

      function drawTools() {
        about.element.hidden = !kept.about
        aboutButton.setAttribute('aria-pressed', String(kept.about))
        if (drawer) drawer.dataset.size = kept.beside ? 'wide' : 'full'
        const label = kept.beside ? t('Over all of the canvas') : t('Beside the canvas')
        roomButton.setAttribute('aria-label', label)
        roomButton.dataset.tip = label
        fill(roomButton, icon(kept.beside ? 'larger' : 'panel'))
        fill(sortButton, sortName(kept.query.sort), icon('down', 12))
        const found = chipsOf(kept.query)
        fill(chips, found.map(({ label: words, without }) => h('button.chip', { type: 'button', 'aria-label': t('Take away: {filter}', { filter: words }), 'data-tip': words, onclick: () => set(without) }, h('span', {}, words), icon('close', 11))),
          found.length > 1 ? h('button.link', { type: 'button', onclick: () => set({ ...EVERYTHING, text: kept.query.text, sort: kept.query.sort }) }, t('Take all away')) : null,
          kept.query.trash ? h('button.link', { type: 'button', 'data-needs': 'write', onclick: () => void deeds.empty(null) }, t('Empty the trash')) : null)
        chips.hidden = !found.length
      }

      function drawCount() {
        const reading = pictures.unread ? ` · ${many(pictures.unread, '{count} still to be read', '{count} still to be read')}` : ''
        setText(count, pictures.failure ?? (pictures.asked ? many(pictures.count, '{count} file', '{count} files') + reading : t('Looking…')))
        count.classList.toggle('wrong', pictures.failure !== null || pictures.problems.length > 0)
        count.dataset.tip = fromServer(pictures.problems.join('\n'))
      }

      /** The newest one when one looked at the top. @type {number | null} */
      let first = null
      function drawNews() {
        if (grid.element.scrollTop < 8 || first === null || kept.query.sort !== 'newest') first = pictures.ids[0] ?? null
        const fresh = first === null ? 0 : pictures.indexOf(first)
        news.hidden = fresh <= 0
        if (fresh > 0) fill(news, icon('up', 13), many(fresh, '{count} new file', '{count} new files'))
      }

      function drawEmpty() {
        empty.hidden = pictures.count > 0 || !pictures.asked
        if (empty.hidden) return
        const { query } = kept
        const narrowed = query.text.trim() !== '' || chipsOf(query).length > 0
        if (pictures.failure) fill(empty, h('p', {}, t('The gallery cannot be read: {why}', { why: pictures.failure })), h('button.plain', { type: 'button', onclick: () => void pictures.search(query) }, t('Try again')))
        else if (query.trash && chipsOf(query).length === 1 && !query.text.trim()) fill(empty, h('p', {}, t('The trash is empty.')), h('button.plain', { type: 'button', onclick: () => set({ trash: false }) }, t('Back to the gallery')))
        else if (narrowed) fill(empty, h('p', {}, t('No file has all of this.')), h('button.plain', { type: 'button', onclick: () => set({ ...EVERYTHING, sort: query.sort }) }, t('Show everything')))
        else fill(empty, h('p', {}, t('Pictures you make gather here, and stay.')), h('button.plain', { type: 'button', onclick: close }, t('Back to the canvas')))
      }

      function draw() {
        grid.draw()
        const chosen = [...selection.ids]
        fill(bar, chosen.length ? [h('span.number', {}, t('{count} chosen', { count: chosen.length })), verbs.buttons(chosen, 'signs'), h('button.round', { type: 'button', 'aria-label': t('Choose none'), 'data-tip': t('Choose none'), 'data-keys': 'Escape', onclick: () => selection.clear() }, icon('close', 14))] : null)
        count.hidden = chosen.length > 0
        element.classList.toggle('gathering', selection.gathering)
        drawAbout()
      }

      function drawAbout() {
        const { active } = selection
        const index = active === null ? -1 : pictures.indexOf(active)
        about.show(index < 0 ? null : pictures.at(index), selection.ids.size)
      }

      pictures.listen(what => {
        if (closed) return
        if (what === 'list') {
          selection.keep(pictures.ids)
          grid.lay()
          drawCount()
          drawEmpty()
          drawAbout()
        } else if (what === 'items') draw()
        else drawCount()
      })
      installHands({ grid, pictures, selection, deeds, verbs, drawer, field, resize: by => resize(kept.tile * by), toggleAbout: () => toggleAbout() })
      drawTools()
      drawCount()
      void pictures.search(kept.query)
      void look()

      return () => {
        closed = true
        steps = deeds.steps
        clearTimeout(typing)
        grid.dispose()
        pictures.dispose()
      }
    },
  }
}

/** @returns {Kept} */
function readKept() {
  /** @type {Kept} */
  const plain = { tile: 168, about: innerWidth > 900, beside: false, query: EVERYTHING }
  try {
    const { tile, about, beside } = JSON.parse(storage('localStorage').getItem(KEY) ?? '{}')
    return { ...plain, ...(tile >= TILES.least && tile <= TILES.most ? { tile } : {}), ...(typeof about === 'boolean' ? { about } : {}), ...(typeof beside === 'boolean' ? { beside } : {}) }
  } catch {
    return plain // another version's, or nobody's
  }
}

/** What one has set, but not what one has searched for: that ends with the page. @param {Kept} kept */
function keep({ tile, about, beside }) {
  try {
    storage('localStorage').setItem(KEY, JSON.stringify({ tile, about, beside }))
  } catch {
    // Full, or forbidden: it holds as long as the page.
  }
}
