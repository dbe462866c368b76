/**
 * A list to choose from: a tree of folders, or what a typed text finds; with pictures where there are some. Only the rows in
 * view exist, so thousands of files are as quick as ten.
 *
 * @typedef {import('../model/choice_rows.js').Row} Row
 * @typedef {import('./request.js').EditRequest} EditRequest
 */
import { icon } from '../icons/icons.js'
import { t } from '../language/t.js'
import { flatRows, treeRows } from '../model/choice_rows.js'
import { choiceText } from '../model/value_text.js'
import { equal } from '../model/json.js'
import { fill, h } from '../panels/dom.js'
import { float } from '../panels/float.js'
import { VirtualList } from '../panels/virtual_list.js'
import { matching } from './matching.js'
import { recentOf, remember, setShowsRecent, showsRecent } from './recent.js'
import { remoteBar } from './remote_bar.js'

const ROW = 28
/** Of rows with pictures. */
const TALL = 44
const MOST_PIXELS = 360
/** Left free at the window's edge. */
const EDGE = 8

/**
 * @param {HTMLElement} host @param {EditRequest} request
 * @returns {import('./request.js').OpenEditor}
 */
export function openCombo(host, request) {
  const { spec, box } = request
  /** @type {readonly unknown[]} */
  let choices = spec.options ?? []
  const stage = host.getBoundingClientRect()
  const missing = choices.length > 0 && !spec.multiple && !spec.remote && !choices.includes(request.value)
  /** Folders that were opened or closed by hand. @type {Map<string, boolean>} */
  const folders = new Map()
  /** What is chosen of a list of which several may be. @type {Set<unknown> | null} */
  const several = spec.multiple ? new Set(Array.isArray(request.value) ? request.value : []) : null
  /** @type {(choice: unknown) => string | null} */
  let pictureOf = () => null
  /** One for each row, so that scrolling does not ask for them again. @type {WeakMap<Row, HTMLImageElement>} */
  const thumbs = new WeakMap()

  const field = h('input.field', { type: 'text', placeholder: choices.length ? t('Search {count}', { count: choices.length }) : spec.source ? t('Search') : '', 'aria-label': request.label, autocomplete: 'off', spellcheck: 'false' })
  const recent = h('button.recent', { type: 'button', 'aria-label': t('Recent ones first'), 'data-tip': t('Recent ones first'), 'aria-pressed': String(showsRecent()),
    onclick: () => {
      setShowsRecent(!showsRecent())
      recent.setAttribute('aria-pressed', String(showsRecent()))
      show()
      field.focus()
    } }, icon('clock', 15))
  /** @type {VirtualList<Row>} */
  const list = new VirtualList({ rowHeight: ROW, label: request.label, draw: drawRow, onChoose: choose, onActive: row => showLarge(row?.row === 'choice' ? row.choice : null) })
  const none = h('p.none', {}, choices.length || spec.source ? t('Nothing by that name.') : request.empty ?? t('There is nothing to choose from.'))
  const large = h('div.large', { 'aria-hidden': 'true', hidden: true })
  /** Where the choices come from an address of the server. */
  const remote = spec.source ? remoteBar(spec.source, { read: takeChoices }) : null
  const card = h(choices.length || remote ? 'div.combo' : 'div.combo.bare', {}, h('div.finding', {}, field, choices.length > 12 ? recent : ''), h('div.beside', {}, list.element, large), none, remote?.element)
  /** @type {{ value: unknown, all: boolean } | null} */
  let chosen = null
  let step = /** @type {1 | -1 | 0} */ (0)

  /** @param {readonly unknown[]} read @param {boolean} asked */
  function takeChoices(read, asked) {
    choices = read
    field.placeholder = choices.length ? t('Search {count}', { count: choices.length }) : t('Search')
    const next = spec.source.after && asked && !several ? choices.at(spec.source.after === 'first' ? 0 : -1) : undefined
    if (next === undefined) {
      show()
      const below = card.getBoundingClientRect().bottom + EDGE - innerHeight // it was placed when it was small
      if (below > 0) card.style.top = `${Math.max(EDGE, card.offsetTop - below)}px`
      return
    }
    chosen = { value: next, all: false }
    finish()
  }

  /** @param {Row} row */
  function drawRow(row) {
    if (row.row === 'head') return [h('span.head', {}, row.name)]
    const indent = h('span.indent')
    indent.style.width = `${row.depth * 14}px`
    if (row.row === 'folder') return [indent, icon(row.open ? 'down' : 'right', 12), h('span.name', {}, row.name), h('span.aside', {}, String(row.count))]
    const mark = several ? h('span.tick', {}, several.has(row.choice) ? '✓' : '') : ''
    const aside = row.folder || (equal(row.choice, request.value) && !several ? t('now') : '')
    return [indent, thumb(row) ?? '', mark, h('span.name', { title: String(row.choice) }, spec.labels ? choiceText(spec, row.choice) : row.name), aside ? h('span.aside', {}, aside) : '']
  }

  /** @param {Extract<Row, { row: 'choice' }>} row */
  function thumb(row) {
    if (list.options.rowHeight === ROW) return null
    const url = pictureOf(row.choice)
    if (!url) return h('span.thumb')
    let image = thumbs.get(row)
    if (!image) thumbs.set(row, (image = h('img.thumb', { src: url, alt: '', decoding: 'async' })))
    return image
  }

  /** @param {unknown} choice */
  function showLarge(choice) {
    const url = choice === null ? null : pictureOf(choice)
    if (url) fill(large, h('img', { src: url, alt: '', decoding: 'async' }))
    else fill(large)
  }

  /** @param {Row} row @param {Event} event */
  function choose(row, event) {
    if (row.row === 'head') return
    if (row.row === 'folder') return toggle(row)
    if (several) {
      if (!several.delete(row.choice)) several.add(row.choice)
      list.draw()
      return
    }
    chosen = { value: row.choice, all: /** @type {KeyboardEvent} */ (event).altKey === true }
    finish()
  }

  /** @param {Extract<Row, { row: 'folder' }>} row */
  function toggle(row) {
    folders.set(row.path, !row.open)
    show(list.active)
  }

  /** @param {number} [active] */
  function show(active) {
    const typed = field.value.trim()
    const rows = typed ? flatRows(matching([...choices], typed, choice => (spec.labels ? `${choice} ${choiceText(spec, choice)}` : String(choice)))) : treeRows(choices, { value: request.value, missing, recent: showsRecent() ? recentOf(request.list ?? '') : [], folders })
    none.hidden = rows.length > 0 || (remote !== null && !choices.length) // what it reads is told below
    list.element.hidden = rows.length === 0
    list.element.style.height = `${Math.min(rows.length * list.options.rowHeight, MOST_PIXELS) + 2}px`
    const { scrollTop } = list.element
    list.setItems(rows, active ?? start(rows, typed))
    if (active !== undefined) list.element.scrollTop = scrollTop
  }

  /** Where the arrows begin: at the first that is found, or at the value among all. @param {readonly Row[]} rows @param {string} typed */
  function start(rows, typed) {
    const first = rows.findIndex(row => row.row !== 'head')
    const now = rows.findLastIndex(row => row.row === 'choice' && equal(row.choice, request.value))
    return typed || now < 0 ? first : now
  }

  list.drivenBy(field)
  field.value = request.typed ?? ''
  field.addEventListener('input', () => show())
  field.addEventListener('keydown', event => {
    const row = list.items[list.active]
    const atEnd = field.selectionStart === field.value.length && field.value === ''
    if (event.key === 'Tab') {
      event.preventDefault()
      step = event.shiftKey ? -1 : 1
      finish()
    } else if (atEnd && row?.row === 'folder' && (event.key === 'ArrowRight' || event.key === 'ArrowLeft') && row.open === (event.key === 'ArrowLeft')) {
      event.preventDefault()
      toggle(row)
    } else if (atEnd && event.key === 'ArrowLeft' && row && row.row !== 'head' && row.depth > 0) {
      event.preventDefault()
      const parent = list.items.findLastIndex((other, index) => index < list.active && other.row === 'folder' && other.depth === row.depth - 1)
      if (parent >= 0) list.setActive(parent)
    }
    if (!event.ctrlKey && !event.metaKey) event.stopPropagation()
  })

  card.style.minWidth = `${Math.min(Math.max(box.width, 240), 460)}px`
  const found = request.pictures?.() ?? null
  if (found) {
    pictureOf = found
    list.options.rowHeight = TALL
    card.classList.add('pictured')
    large.hidden = false
  }
  const finish = float(card, {
    anchor: { x: stage.left + box.x, y: stage.top + box.y + 2, width: box.width, height: box.height },
    onClose: () => {
      remote?.stop()
      if (several && !equal([...several], request.value)) request.commit([...several])
      else if (chosen && (chosen.all || chosen.value !== request.value)) request.commit(chosen.value, { all: chosen.all })
      if (chosen) remember(request.list ?? '', chosen.value)
      request.closed()
      if (step) request.next(step)
    },
  })
  show()
  remote?.start()
  field.focus({ preventScroll: true })
  list.setActive(list.active)
  return { element: card, close: finish }
}
