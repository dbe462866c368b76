/**
 * Adding a node: type a few letters, see what it takes and gives, press Enter. Released links show only what fits.
 *
 * @typedef {import('../model/schema.js').NodeType} NodeType
 * @typedef {import('../model/types.js').SocketRef} SocketRef
 */
import { humanise } from '../model/words.js'
import { icon } from '../icons/icons.js'
import { fill, h } from './dom.js'
import { float } from './float.js'
import { VirtualList } from './virtual_list.js'

const ROW = 34

/**
 * @param {object} parts
 * @param {(query: string, from: SocketRef | null) => readonly NodeType[]} parts.find  best first
 * @param {SocketRef | null} parts.from
 * @param {{ x: number, y: number }} parts.at  client px
 * @param {(type: NodeType) => void} parts.onChoose
 * @param {() => void} parts.onClose
 * @param {(type: string) => string} parts.colorOf
 */
export function openSearch({ find, from: released, at, onChoose, onClose, colorOf }) {
  let from = released
  const field = h('input', { type: 'text', placeholder: 'Add a node', 'aria-label': 'Search for a node', autocomplete: 'off', spellcheck: 'false' })
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
    label: 'Node types',
    draw: type => [h('span.name', {}, highlight(type.title, field.value)), tagOf(type), h('span.aside', {}, type.category)],
    onChoose: type => {
      close()
      onChoose(type)
    },
    onActive: type => drawCard(type),
  })
  const element = h('div.search', { role: 'dialog', 'aria-label': 'Add a node' },
    h('div.head', {}, icon('search', 18), field, filter),
    h('div.body', {}, h('div.found', {}, list.element, none), card),
    h('div.foot', {}, h('span', {}, h('kbd', {}, '↑'), ' ', h('kbd', {}, '↓'), ' choose'), h('span', {}, h('kbd', {}, 'Enter'), ' add'), h('span', {}, h('kbd', {}, 'Esc'), ' leave')))

  function search() {
    const found = find(field.value, from)
    filter.hidden = from === null
    if (from) {
      fill(filter, socketMark(from.type, colorOf), `${from.side === 'out' ? 'takes' : 'gives'} ${from.type}`, icon('close', 12))
      filter.setAttribute('aria-label', `Only nodes that fit ${from.type}. Press to show all.`)
    }
    none.hidden = found.length > 0
    none.textContent = field.value ? `No node is called “${field.value}”.` : 'No node fits here.'
    list.element.hidden = found.length === 0
    list.setItems([...found])
  }

  /** @param {NodeType | null} type */
  function drawCard(type) {
    if (!type) return fill(card)
    fill(card,
      h('h3', {}, type.title), h('p.path', {}, type.category || type.module),
      type.description ? h('p.about', {}, type.description) : null,
      type.later ? h('p.about', {}, `Not in this version yet: it needs support for ${type.later}.`) : null,
      socketList('Takes', type.inputs.map(input => ({ name: humanise(input.label || input.name), type: input.type, quiet: input.widget !== null, optional: input.optional }))),
      socketList('Gives', type.outputs.map(output => ({ name: humanise(output.name), type: output.type, quiet: false, optional: false }))))
  }

  /** @param {string} title @param {{ name: string, type: string, quiet: boolean, optional: boolean }[]} sockets */
  function socketList(title, sockets) {
    if (!sockets.length) return null
    return [h('h4', {}, title), h('ul.sockets', {}, sockets.map(({ name, type, quiet, optional }) =>
      h('li', {}, socketMark(type, colorOf, quiet), h('span', {}, name), h('span.type', {}, optional ? `${type.toLowerCase()}, optional` : type.toLowerCase()))))]
  }

  list.drivenBy(field)
  field.addEventListener('input', search)
  element.addEventListener('keydown', event => {
    if (event.key === 'Tab') event.preventDefault() // Tab opened it; the field keeps the keyboard
    if (event.key !== 'Escape') event.stopPropagation()
  })
  const close = float(element, { anchor: at, onClose })
  search()
  field.focus()
  return close
}

/** @param {NodeType} type */
function tagOf(type) {
  const word = type.later ? 'not yet' : type.deprecated ? 'old' : type.experimental ? 'trial' : ''
  return word && h('span.tag', {}, word)
}

/** @param {string} type @param {(type: string) => string} colorOf @param {boolean} [quiet] */
function socketMark(type, colorOf, quiet = false) {
  const mark = h('i.socket', { class: quiet ? 'socket widget' : 'socket' })
  mark.style.color = colorOf(type)
  return mark
}

/** The typed words, marked in the title. @param {string} title @param {string} query */
function highlight(title, query) {
  const words = query.toLowerCase().split(/\s+/u).filter(Boolean)
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
