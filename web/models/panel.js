/**
 * The panel of models: kinds, folders, families, search, a wall of cards; beside it what is known of one.
 *
 * @typedef {import('./catalogue.js').Model} Model
 * @typedef {import('./catalogue.js').Wanted} Wanted
 */
import { storage } from '../app/storage.js'
import { icon } from '../icons/icons.js'
import { many, numberText, t } from '../language/t.js'
import { fill, h, setText } from '../panels/dom.js'
import { dragOut } from '../panels/library_drag.js'
import { openMenu } from '../panels/menu.js'
import { createAbout } from './about.js'
import { Catalogue, kindName, UNKNOWN } from './catalogue.js'
import { InGraph } from './in_graph.js'
import { createMissing } from './missing.js'
import { Wall } from './wall.js'

const KEY = 'easel.models'
/** How long changes of the graph are gathered, in ms. */
const REST = 250

/**
 * @param {object} parts
 * @param {import('../tools/editor.js').Editor} parts.editor
 * @param {import('../api/client.js').Client} parts.client
 * @param {import('../panels/toasts.js').Toasts} parts.toasts
 * @param {import('../app/results.js').Results} parts.results
 * @param {HTMLElement} parts.stage
 * @param {() => import('../view/theme.js').Theme} parts.theme
 * @param {() => Promise<void>} parts.refresh  the nodes' own lists of files
 * @returns {import('../panels/drawer.js').Panel}
 */
export function modelsPanel({ editor, client, toasts, results, stage, theme, refresh }) {
  const kept = readKept()
  return {
    id: 'models',
    title: t('Models'),
    size: 'wide',
    fill(body) {
      const inGraph = new InGraph(editor, toasts)
      const catalogue = new Catalogue(client, () => draw(true))
      const wall = new Wall({ onActive: choose, onTake: model => inGraph.use(model) })
      const about = createAbout({
        client, toasts, inGraph, results: () => results.list, changed: () => void catalogue.load(), back: () => { element.classList.remove('reading'); wall.element.focus() },
        showNode: id => { editor.select([id]); editor.reveal(id) },
      })
      const missing = createMissing({ inGraph, editor })

      const field = h('input.field', { type: 'search', placeholder: t('Search names, families, tags'), 'aria-label': t('Search models'), autocomplete: 'off', spellcheck: 'false', value: kept.text })
      const kinds = h('div.kinds', { role: 'tablist', 'aria-label': t('Kinds of models') })
      const folderButton = h('button.chip', { type: 'button', 'aria-haspopup': 'menu', 'data-tip': t('The folder to look in'), onclick: () => openMenu(folderEntries(), folderButton.getBoundingClientRect(), { label: t('The folder to look in') }) })
      const familyButton = h('button.chip', { type: 'button', 'aria-haspopup': 'menu', 'data-tip': t('The family of models that it is for'), onclick: () => openMenu(familyEntries(), familyButton.getBoundingClientRect(), { label: t('The family of models that it is for') }) })
      const sortButton = h('button.chip', { type: 'button', 'aria-haspopup': 'menu', 'data-tip': t('The order of the models'), onclick: () => openMenu(sortEntries(), sortButton.getBoundingClientRect(), { label: t('The order of the models') }) })
      const starButton = h('button.chip', { type: 'button', 'data-tip': t('Only those with a star'), onclick: () => set({ starred: !kept.starred }) }, icon('star', 13), t('Starred'))
      const againButton = h('button.round', { type: 'button', 'aria-label': t('Read the folders again'), 'data-tip': t('Read the folders again'), 'data-command': 'refresh', onclick: () => { void refresh().catch(() => undefined); void catalogue.load() } }, icon('repeat', 15))
      const count = h('span.count', { role: 'status' })
      const empty = h('div.empty-wall', { hidden: true })
      const element = h('div.models', {},
        h('div.tools', {}, field, againButton), kinds, h('div.chips', {}, folderButton, familyButton, starButton, sortButton, count), missing.element,
        h('div.room', {}, h('div.wall-room', {}, wall.element, empty), about.element))
      body.append(element)

      field.addEventListener('input', () => set({ text: field.value }))
      field.addEventListener('keydown', event => {
        if (event.key !== 'ArrowDown' || !wall.models.length) return
        event.preventDefault()
        wall.element.focus()
        if (wall.active < 0) wall.setActive(0, true)
      })
      kinds.addEventListener('keydown', event => {
        const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
        if (step === undefined) return
        const all = catalogue.shownKinds()
        const next = all[(all.indexOf(kept.kind) + step + all.length) % all.length]
        if (next) set({ kind: next, folder: '', family: '' })
        event.preventDefault()
        ;/** @type {HTMLElement | null} */ (kinds.querySelector('[aria-selected=true]'))?.focus()
      })
      const drag = dragOut(wall.element, {
        editor, stage, theme,
        pick: event => {
          const model = wall.models[wall.at(event.target)]
          return model ? { type: inGraph.loaderType(model.kind), title: model.title, drop: point => drop(model, point) } : null
        },
        onDrag: dragging => body.closest('.drawer')?.classList.toggle('away', dragging),
      })

      /** @param {Model} model @param {import('../model/types.js').Point} point */
      function drop(model, point) {
        if (model.kind === 'embeddings') inGraph.use(model)
        else inGraph.add(model, point)
      }

      /** @param {Partial<Wanted>} change */
      function set(change) {
        Object.assign(kept, change)
        keep(kept)
        draw(false)
      }

      /** @param {Model | null} model @param {boolean} byHand */
      function choose(model, byHand) {
        if (byHand && drag.justDragged()) return
        about.show(model)
        element.classList.toggle('reading', model !== null && (byHand || element.classList.contains('reading')))
      }

      /** @param {boolean} same */
      function draw(same) {
        const all = catalogue.shownKinds()
        if (catalogue.read && !all.includes(kept.kind)) kept.kind = all[0] ?? 'checkpoints'
        if (kept.folder && !catalogue.folders(kept.kind).some(([folder]) => folder === kept.folder)) kept.folder = ''
        if (kept.family && !catalogue.families(kept.kind).some(([family]) => family === kept.family)) kept.family = ''
        drawKinds(all)
        fill(folderButton, icon('folder', 13), h('span', {}, kept.folder || t('All folders')), icon('down', 11))
        fill(familyButton, icon('filter', 13), h('span', {}, kept.family ? familyName(kept.family) : t('All families')), icon('down', 11))
        fill(sortButton, h('span', {}, sortName(kept.sort)), icon('down', 11))
        familyButton.setAttribute('aria-pressed', String(kept.family !== ''))
        folderButton.setAttribute('aria-pressed', String(kept.folder !== ''))
        starButton.setAttribute('aria-pressed', String(kept.starred))
        const found = catalogue.search(kept)
        wall.show(found, same)
        const counted = many(found.length, '{count} model', '{count} models')
        setText(count, catalogue.unread ? t('{counted}, {unread} still being read', { counted, unread: numberText(catalogue.unread) }) : catalogue.read ? counted : '')
        drawEmpty(found.length)
        missing.draw()
      }

      /** @param {string[]} all */
      function drawKinds(all) {
        const focused = kinds.contains(document.activeElement)
        fill(kinds, all.map(kind => h('button', { type: 'button', role: 'tab', 'aria-selected': String(kind === kept.kind), tabindex: kind === kept.kind ? 0 : -1, onclick: () => set({ kind, folder: '', family: '' }) }, kindName(kind), h('span.number', {}, numberText(catalogue.of(kind).length)))))
        if (focused) /** @type {HTMLElement | null} */ (kinds.querySelector('[aria-selected=true]'))?.focus()
      }

      /** @param {number} found */
      function drawEmpty(found) {
        empty.hidden = found > 0 || (!catalogue.read && !catalogue.failure)
        if (empty.hidden) return
        const narrowed = kept.text || kept.folder || kept.family || kept.starred
        if (catalogue.failure) fill(empty, h('p', {}, catalogue.failure), h('button.plain', { type: 'button', onclick: () => void catalogue.load() }, t('Try again')))
        else if (narrowed && catalogue.of(kept.kind).length) fill(empty, h('p', {}, t('No model fits.')), h('button.plain', { type: 'button', onclick: () => { field.value = ''; set({ text: '', folder: '', family: '', starred: false }) } }, t('Show all')))
        else fill(empty, h('p', {}, t('There are no files in models/{folder} yet. Put some there, then read the folders again.', { folder: kept.kind })), h('button.plain', { type: 'button', onclick: () => void catalogue.load() }, t('Read again')))
      }

      /** @returns {import('../panels/menu.js').MenuEntry[]} */
      function folderEntries() {
        return [{ label: t('All folders'), checked: !kept.folder, run: () => set({ folder: '' }) }, 'line',
          ...catalogue.folders(kept.kind).map(([folder, number]) => ({ label: `${'\u2003'.repeat(folder.split('/').length - 1)}${folder.split('/').at(-1)} (${numberText(number)})`, checked: kept.folder === folder, run: () => set({ folder }) }))]
      }

      /** @returns {import('../panels/menu.js').MenuEntry[]} */
      function familyEntries() {
        return [{ label: t('All families'), checked: !kept.family, run: () => set({ family: '' }) }, 'line',
          ...catalogue.families(kept.kind).map(([family, number]) => ({ label: `${familyName(family)} (${numberText(number)})`, checked: kept.family === family, run: () => set({ family }) }))]
      }

      /** @returns {import('../panels/menu.js').MenuEntry[]} */
      function sortEntries() {
        return /** @type {const} */ (['name', 'newest', 'largest']).map(sort => ({ label: sortName(sort), checked: kept.sort === sort, run: () => set({ sort }) }))
      }

      /** @type {ReturnType<typeof setTimeout> | undefined} */
      let timer
      const endListening = editor.store.listen(() => { // a drag tells of every step
        timer ??= setTimeout(() => {
          timer = undefined
          missing.draw()
          about.refresh()
        }, REST)
      })
      const endSelection = editor.on('selection', () => about.refresh())
      about.show(null)
      draw(false)
      void catalogue.load()
      return () => {
        clearTimeout(timer)
        endListening()
        endSelection()
        about.end()
        wall.end()
        catalogue.end()
      }
    },
  }
}

/** @param {string} family */
const familyName = family => (family === UNKNOWN ? t('Unknown') : family)

/** @param {import('./catalogue.js').Sort} sort */
const sortName = sort => (sort === 'name' ? t('By name') : sort === 'newest' ? t('Newest first') : t('Largest first'))

/** @returns {Wanted} */
function readKept() {
  /** @type {Wanted} */
  const usual = { kind: 'checkpoints', folder: '', text: '', family: '', starred: false, sort: 'name' }
  try {
    const { kind, sort } = JSON.parse(storage('localStorage')?.getItem(KEY) ?? '{}')
    return { ...usual, ...(typeof kind === 'string' ? { kind } : {}), ...(['name', 'newest', 'largest'].includes(sort) ? { sort } : {}) }
  } catch {
    return usual
  }
}

/** @param {Wanted} wanted */
function keep({ kind, sort }) {
  try {
    storage('localStorage')?.setItem(KEY, JSON.stringify({ kind, sort }))
  } catch {
    return // it is only where one looked last
  }
}
