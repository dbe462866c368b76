/**
 * The card of filters: what is left out of the wall. Models, tags and folders come from the server with their counts.
 *
 * @typedef {import('./query.js').Query} Query
 * @typedef {object} Overview
 * @property {[string, number][]} models
 * @property {[string, number][]} loras
 * @property {[string, number][]} tags
 * @property {[string, string, number][]} folders  kind, folder, count
 * @property {number} files
 * @property {number} trashed
 * @property {number} unread
 * @property {boolean} scanning
 * @property {string[]} problems
 */
import { t } from '../language/t.js'
import { fill, h } from '../panels/dom.js'
import { float } from '../panels/float.js'
import { mediaName } from './query.js'

/** Names that are listed at once: more are found by typing. */
const LISTED = 200

/**
 * @param {HTMLElement} anchor
 * @param {object} parts
 * @param {Query} parts.query
 * @param {Overview} parts.overview
 * @param {(change: Partial<Query>) => void} parts.change
 * @param {() => void} parts.onClose
 */
export function openFilters(anchor, { query, overview, change, onClose }) {
  let now = query
  /** @param {Partial<Query>} part */
  const set = part => {
    now = { ...now, ...part }
    change(part)
  }

  const models = [...overview.models, ...overview.loras]
  const names = h('div.names.scrolls', { role: 'group', 'aria-label': t('Models'), tabindex: -1 })
  const field = h('input.field', { type: 'search', placeholder: t('Find a model'), 'aria-label': t('Find a model'), autocomplete: 'off', oninput: () => drawNames() })
  function drawNames() {
    const words = field.value.toLowerCase().split(/\s+/u).filter(Boolean)
    const found = models.filter(([name]) => words.every(word => name.toLowerCase().includes(word)))
    const chosen = new Set(now.models)
    found.sort(([left], [right]) => Number(chosen.has(right)) - Number(chosen.has(left)))
    fill(names, found.slice(0, LISTED).map(([name, count]) => h('label.name', { 'data-tip': name },
      h('input', { type: 'checkbox', checked: chosen.has(name), onchange: (/** @type {Event} */ event) => {
        const on = /** @type {HTMLInputElement} */ (event.target).checked
        set({ models: on ? [...now.models, name] : now.models.filter(other => other !== name) })
      } }), h('span', {}, name), h('span.number.quiet', {}, count))),
    found.length ? null : h('p.quiet', {}, models.length ? t('No model has this in its name.') : t('No file says which model made it.')))
  }

  const element = h('div.gallery-filters', { role: 'dialog', 'aria-label': t('Filters') },
    choices(t('From'), [['', t('All')], ['output', t('Outputs')], ['input', t('Inputs')]], now.kind, kind => set({ kind })),
    choices(t('What'), /** @type {[Query['media'], string][]} */ (['', 'image', 'video', 'audio'].map(media => [media, mediaName(/** @type {Query['media']} */ (media))])), now.media, media => set({ media })),
    choices(t('Stars, at least'), /** @type {[number, string][]} */ ([0, 1, 2, 3, 4, 5].map(stars => [stars, stars ? `${stars} ★` : t('Any')])), now.rating, rating => set({ rating })),
    h('div.switches', {},
      toggle(t('Favourites'), now.favourite, favourite => set({ favourite })),
      toggle(t('With a graph'), now.graph, graph => set({ graph })),
      toggle(t('In the trash'), now.trash, trash => set({ trash }))),
    h('div.pair', {},
      labelled(t('From day'), h('input.field', { type: 'date', value: now.since, onchange: (/** @type {Event} */ event) => set({ since: valueOf(event) }) })),
      labelled(t('Until day'), h('input.field', { type: 'date', value: now.until, onchange: (/** @type {Event} */ event) => set({ until: valueOf(event) }) }))),
    h('div.pair', {},
      labelled(t('Folder'), picker([['*', t('All')], ...foldersOf(overview)], now.folder ?? '*', folder => set({ folder: folder === '*' ? null : folder }))),
      labelled(t('Tag'), picker([['', t('Any')], ...overview.tags.map(([tag, count]) => /** @type {[string, string]} */ ([tag, `${tag} (${count})`]))], now.tag, tag => set({ tag })))),
    h('div.models', {}, h('h3', {}, t('Models')), field, names),
    h('p.quiet.hint', {}, t('In the search field, all words must be there, as beginnings; “in quotes” as they stand, -word not. negative:word looks at what was not wanted.')))
  drawNames()
  const box = anchor.getBoundingClientRect()
  const close = float(element, { anchor: { x: box.left, y: box.top, width: box.width, height: box.height }, onClose })
  const first = element.querySelector('button')
  first?.focus({ preventScroll: true })
  return close
}

/** @param {Overview} overview @returns {[string, string][]} */
function foldersOf({ folders }) {
  /** @type {Map<string, number>} */
  const counts = new Map()
  for (const [, folder, count] of folders) {
    // A folder holds what is in its folders too.
    const parts = folder ? folder.split('/') : []
    for (let depth = 1; depth <= parts.length; depth++) {
      const name = parts.slice(0, depth).join('/')
      counts.set(name, (counts.get(name) ?? 0) + count)
    }
  }
  return [...counts].sort(([left], [right]) => left.localeCompare(right)).map(([name, count]) => [name, `${name} (${count})`])
}

/** @param {Event} event */
const valueOf = event => /** @type {HTMLInputElement} */ (event.target).value

/** @param {string} label @param {HTMLElement} field */
const labelled = (label, field) => h('label', {}, h('span', {}, label), field)

/** @template {string | number} Value @param {string} label @param {[Value, string][]} values @param {Value} value @param {(value: Value) => void} change */
function choices(label, values, value, change) {
  const buttons = values.map(([each, name]) => h('button', { type: 'button', 'aria-pressed': String(each === value), onclick: () => {
    change(each)
    buttons.forEach((button, index) => button.setAttribute('aria-pressed', String(values[index]?.[0] === each)))
  } }, name))
  return h('div.choice', { role: 'group', 'aria-label': label }, h('span.label', {}, label), h('div.segments', {}, buttons))
}

/** @param {string} label @param {boolean} on @param {(on: boolean) => void} change */
function toggle(label, on, change) {
  return h('label.switch', {}, h('span', {}, label), h('input', { type: 'checkbox', role: 'switch', checked: on, onchange: (/** @type {Event} */ event) => change(/** @type {HTMLInputElement} */ (event.target).checked) }))
}

/** @param {[string, string][]} values @param {string} value @param {(value: string) => void} change */
function picker(values, value, change) {
  const known = values.some(([each]) => each === value)
  return h('select.field', { value: known ? value : values[0]?.[0], onchange: (/** @type {Event} */ event) => change(valueOf(event)) },
    values.map(([each, name]) => h('option', { value: each, selected: each === value }, name)))
}
