/** Linking a node by keys: every link that it could get, in words; type to narrow them, Enter makes one. */
import { connect } from '../commands/connect.js'
import { linkChoices } from '../commands/link_choices.js'
import { t } from '../language/t.js'
import { humanise } from '../model/words.js'
import { icon } from '../icons/icons.js'
import { h } from './dom.js'
import { float } from './float.js'
import { VirtualList } from './virtual_list.js'

/** @typedef {import('../commands/link_choices.js').LinkChoice & { words: string, aside: string }} Row */

/**
 * @param {object} parts
 * @param {import('../tools/editor.js').Editor} parts.editor
 * @param {import('../app/names.js').Names} parts.names
 * @param {(type: string) => string} parts.colorOf
 * @param {import('../model/types.js').NodeRecord} parts.node
 * @param {import('./float.js').Anchor} parts.at
 * @param {{ side: string, name: string }} [parts.socket]  links of this one only
 * @param {(words: string) => void} [parts.onLinked]
 */
export function openLinkSearch({ editor, names, colorOf, node, at, socket, onLinked }) {
  const title = names.titleOf(node)
  const field = h('input', { type: 'text', placeholder: t('Link {title}', { title }), 'aria-label': t('Search for a link of {title}', { title }), autocomplete: 'off', spellcheck: 'false' })
  const none = h('p.none')
  const rows = linkChoices(editor, node).filter(({ own }) => !socket || (own.side === socket.side && own.name === socket.name)).map(describe)
  /** @type {VirtualList<Row>} */
  const list = new VirtualList({
    rowHeight: 34,
    label: t('Links that {title} could get', { title }),
    draw: row => {
      const mark = h('i.socket')
      mark.style.color = colorOf(row.own.side === 'out' ? row.own.type : row.other.type)
      return [mark, h('span.name', {}, row.words), h('span.aside', {}, row.aside)]
    },
    onChoose: row => {
      close()
      if (connect(editor, row.own, row.other) !== null) onLinked?.(row.words)
    },
  })
  const element = h('div.search.links', { role: 'dialog', 'aria-label': t('Link {title}', { title }) },
    h('div.head', {}, icon('link', 18), field),
    h('div.found', {}, list.element, none),
    h('div.foot', {}, h('span', {}, h('kbd', {}, '↑'), ' ', h('kbd', {}, '↓'), ' ', t('choose')), h('span', {}, h('kbd', {}, 'Enter'), ' ', t('link')), h('span', {}, h('kbd', {}, 'Esc'), ' ', t('leave'))))

  /** @param {import('../commands/link_choices.js').LinkChoice} choice @returns {Row} */
  function describe(choice) {
    const other = editor.store.node(choice.other.node)
    const there = `${other ? names.titleOf(other) : ''} · ${humanise(choice.other.name)}`
    const own = humanise(choice.own.name)
    return { ...choice, words: choice.own.side === 'in' ? `${own} ← ${there}` : `${own} → ${there}`, aside: choice.held ? t('instead of its link') : choice.own.type.toLowerCase() }
  }

  function search() {
    const words = field.value.toLowerCase().split(/\s+/u).filter(Boolean)
    const found = rows.filter(row => words.every(word => row.words.toLowerCase().includes(word)))
    none.hidden = found.length > 0
    none.textContent = rows.length ? t('No link of {title} has these words.', { title }) : t('Nothing in this graph fits {title}.', { title })
    list.element.hidden = found.length === 0
    list.setItems(found)
  }

  list.drivenBy(field)
  field.addEventListener('input', search)
  element.addEventListener('keydown', event => { if (event.key !== 'Escape') event.stopPropagation() })
  const close = float(element, { anchor: at, onClose: () => editor.focus() })
  search()
  field.focus()
}
