/**
 * Adding a node: type a few letters, see the node as it will be, press Enter. Released links show only what fits; chips
 * filter by what a type takes, gives, and belongs to, and so do `in:`, `out:` and `cat:` among the words.
 *
 * @typedef {import('../model/schema.js').NodeType} NodeType
 * @typedef {import('../model/types.js').SocketRef} SocketRef
 * @typedef {{ takes: string | null, gives: string | null, category: string | null }} Filters
 */
import { icon } from '../icons/icons.js'
import { t } from '../language/t.js'
import { categoryWords } from '../model/words.js'
import { fill, h } from './dom.js'
import { float } from './float.js'
import { openMenu } from './menu.js'
import { drawSample } from './node_sample.js'
import { VirtualList } from './virtual_list.js'

const ROW = 34
const SAMPLE = 232

/**
 * @param {object} parts
 * @param {(query: string, filters: Filters & { from: SocketRef | null }) => readonly NodeType[]} parts.find  best first
 * @param {SocketRef | null} parts.from
 * @param {{ takes: readonly string[], gives: readonly string[], category: readonly string[] }} parts.choices  of the filters
 * @param {{ x: number, y: number }} parts.at  client px
 * @param {string} [parts.title]
 * @param {string} [parts.verb]  what Enter does
 * @param {(type: NodeType) => void} parts.onChoose
 * @param {() => void} parts.onClose
 * @param {(type: string) => string} parts.colorOf
 * @param {readonly string[]} parts.recent  names of types, latest first
 * @param {{ theme: import('../view/theme.js').Theme, pictures: import('../view/pictures.js').Pictures }} parts.drawing
 */
export function openSearch({ find, from: released, choices, at, title = t('Add a node'), verb = t('add'), onChoose, onClose, colorOf, recent, drawing }) {
  let from = released
  /** @type {Filters} */
  const filters = { takes: null, gives: null, category: null }
  const field = h('input', { type: 'text', placeholder: title, 'aria-label': t('Search for a node'), autocomplete: 'off', spellcheck: 'false', enterkeyhint: 'done' })
  const filter = h('button.filter', { type: 'button' })
  filter.onclick = () => {
    from = null
    search()
    field.focus()
  }
  const card = h('div.card.scrolls', { 'aria-live': 'polite' })
  const none = h('p.none')
  /** @type {VirtualList<NodeType>} */
  const list = new VirtualList({
    rowHeight: ROW,
    label: t('Node types'),
    draw: type => [h('span.name', {}, highlight(type.title, field.value)), tagOf(type), ...aside(type)],
    onChoose: type => {
      close()
      onChoose(type)
    },
    onActive: type => drawCard(type),
  })

  const chips = /** @type {const} */ ([
    ['takes', t('Takes'), t('Only nodes with an input of a type, also typed: in:IMAGE')], ['gives', t('Gives'), t('Only nodes with an output of a type, also typed: out:IMAGE')],
    ['category', t('In'), t('Only nodes of a category, also typed: cat:image')],
  ]).map(([name, label, tip]) => {
    const button = h('button.chip', { type: 'button', 'aria-haspopup': 'menu', 'data-tip': tip })
    const draw = () => {
      const value = filters[name] === null ? null : wordsOf(name, filters[name])
      button.setAttribute('aria-pressed', String(value !== null))
      button.setAttribute('aria-label', t('Filter: {label} {value}', { label: label.toLowerCase(), value: value ?? (name === 'category' ? t('all categories') : t('any type')) }))
      fill(button, value !== null && name !== 'category' ? socketMark(filters[name] ?? '', colorOf) : null, h('span', {}, `${label} ${value ?? (name === 'category' ? t('all') : t('any'))}`), icon('down', 12))
    }
    /** @param {string | null} value */
    const choose = value => {
      filters[name] = value
      draw()
      search()
      field.focus()
    }
    button.onclick = () => {
      const box = button.getBoundingClientRect()
      const anchor = { x: box.left, y: box.top, width: box.width, height: box.height }
      openMenu([
        { label: name === 'category' ? t('All categories') : t('Any type'), checked: filters[name] === null, run: () => choose(null) },
        'line',
        ...choices[name].map(value => ({ label: wordsOf(name, value), checked: filters[name] === value, ...(name === 'category' ? {} : { colour: colorOf(value) }), run: () => choose(value) })),
      ], anchor, { label })
    }
    button.addEventListener('widen', draw)
    draw()
    return button
  })

  const element = h('div.search', { role: 'dialog', 'aria-label': title },
    h('div.head', {}, icon('search', 18), field, filter),
    h('div.chips', {}, chips),
    h('div.body', {}, h('div.found', {}, list.element, none), card),
    h('div.foot', {}, h('span', {}, h('kbd', {}, '↑'), ' ', h('kbd', {}, '↓'), ' ', t('choose')), h('span', {}, h('kbd', {}, 'Enter'), ` ${verb}`), h('span', {}, h('kbd', {}, 'Esc'), ' ', t('leave')), h('span.example', {}, 'in:IMAGE, out:MASK')))

  function search() {
    const found = find(field.value, { ...filters, from })
    filter.hidden = from === null
    if (from) {
      fill(filter, socketMark(from.type, colorOf), from.side === 'out' ? t('takes {types}', { types: from.type }) : t('gives {types}', { types: from.type }), icon('close', 12))
      filter.setAttribute('aria-label', t('Only nodes that fit {type}. Press to show all.', { type: from.type }))
    }
    none.hidden = found.length > 0
    const narrowed = from !== null || Object.values(filters).some(value => value !== null)
    const typed = field.value.trim()
    if (none.hidden) fill(none)
    else fill(none, typed ? (narrowed ? t('No node that fits is called “{name}”.', { name: typed }) : t('No node is called “{name}”.', { name: typed })) : t('No node fits here.'), ' ', narrowed ? h('button.link', { type: 'button', onclick: widen }, t('Search all nodes')) : t('Try fewer letters.'))
    list.element.hidden = found.length === 0
    list.setItems([...found])
  }

  /** Nothing is left out any more but by the typed words. */
  function widen() {
    from = null
    for (const name of /** @type {const} */ (['takes', 'gives', 'category'])) filters[name] = null
    chips.forEach(chip => chip.dispatchEvent(new Event('widen')))
    search()
    field.focus()
  }

  /** @param {NodeType} type */
  function aside(type) {
    const last = !field.value && recent.includes(type.name)
    return [h('span.aside', {}, last ? [icon('clock', 12), ' '] : null, categoryWords(type.category))]
  }

  /** @param {NodeType | null} type */
  function drawCard(type) {
    if (!type) return fill(card)
    const sample = h('canvas.node-sample', { role: 'img', 'aria-label': `${type.title} ${inWords(type)}` })
    drawSample(sample, type, { ...drawing, width: SAMPLE })
    fill(card,
      h('h3', {}, type.title), h('p.path', {}, type.category ? categoryWords(type.category) : type.module), sample,
      type.description ? h('p.about', {}, type.description) : null,
      type.later ? h('p.about', {}, t('Not in this version yet: it needs support for {what}.', { what: type.later })) : null,
      h('p.path', {}, inWords(type)))
    card.scrollTop = 0
  }

  list.drivenBy(field)
  field.addEventListener('input', search)
  element.addEventListener('keydown', event => {
    if (event.key === 'Tab') {
      event.preventDefault()
      if (!event.repeat) walk(event.shiftKey ? -1 : 1) // held down, it is the press that opened the search
    }
    if (event.key !== 'Escape') event.stopPropagation()
  })

  /** From the field to the filters and round again. @param {1 | -1} step */
  function walk(step) {
    const all = [field, ...(filter.hidden ? [] : [filter]), ...chips, ...none.querySelectorAll('button')]
    const index = all.indexOf(/** @type {any} */ (document.activeElement))
    all.at((index + step) % all.length)?.focus()
  }

  const close = float(element, { anchor: at, onClose })
  search()
  field.focus()
  return close
}

/** @param {keyof Filters} filter @param {string | null} value */
const wordsOf = (filter, value) => (filter === 'category' ? categoryWords(value ?? '') : value ?? '')

/** @param {NodeType} type */
function inWords(type) {
  const takes = [...new Set(type.inputs.filter(input => !input.widget).map(input => input.type.toLowerCase()))]
  const gives = [...new Set(type.outputs.map(output => output.type.toLowerCase()))]
  return [takes.length ? t('takes {types}', { types: takes.join(', ') }) : '', gives.length ? t('gives {types}', { types: gives.join(', ') }) : ''].filter(Boolean).join(' · ')
}

/** A word on a type that is not like the others. @param {NodeType} type */
export function tagOf(type) {
  const word = type.later ? t('not yet') : type.deprecated ? t('old') : type.experimental ? t('trial') : ''
  return word && h('span.tag', {}, word)
}

/** @param {string} type @param {(type: string) => string} colorOf */
function socketMark(type, colorOf) {
  const mark = h('i.socket')
  mark.style.color = colorOf(type)
  return mark
}

/** The typed words, marked in the title. @param {string} title @param {string} query */
export function highlight(title, query) {
  const words = query.toLowerCase().split(/\s+/u).filter(word => word && !/^(?:in|out|cat):/u.test(word))
  const lower = title.toLowerCase()
  const marks = new Array(title.length).fill(false)
  for (const word of words) {
    const at = lower.indexOf(word)
    if (at >= 0) marks.fill(true, at, at + word.length)
  }
  /** @type {Node[]} */
  const parts = []
  for (let start = 0; start < title.length;) {
    let end = start + 1
    while (end < title.length && marks[end] === marks[start]) end += 1
    const text = title.slice(start, end)
    parts.push(marks[start] ? h('mark', {}, text) : document.createTextNode(text))
    start = end
  }
  return h('span', {}, parts)
}
