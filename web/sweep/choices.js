/** The list of widgets that may be swept, at a button: type to narrow it, Enter takes one. */
import { t } from '../language/t.js'
import { icon } from '../icons/icons.js'
import { labelOf } from '../model/labels.js'
import { writeValue } from '../model/value_text.js'
import { h } from '../panels/dom.js'
import { float } from '../panels/float.js'
import { VirtualList } from '../panels/virtual_list.js'
import { short } from './texts.js'

/** What one sweeps most: first in the list. */
const USUAL = ['seed', 'noise_seed', 'steps', 'cfg', 'sampler_name', 'scheduler', 'denoise', 'text', 'ckpt_name', 'lora_name', 'strength_model']

/** Where an element lies, for what floats beside it. @param {Element} element @returns {import('../panels/float.js').Anchor} */
export function anchorOf(element) {
  const { x, y, width, height } = element.getBoundingClientRect()
  return { x, y, width, height }
}

/**
 * @param {object} parts
 * @param {import('./draft.js').Draft} parts.draft
 * @param {import('../panels/float.js').Anchor} parts.anchor
 * @param {(node: string, widget: string) => void} parts.choose
 */
export function openChoices({ draft, anchor, choose }) {
  const taken = new Set(draft.axes.flatMap(({ targets }) => targets.map(({ node, widget }) => `${node} ${widget}`)))
  const { editor } = draft
  const rows = draft.offered().flatMap(({ node, title, widgets }) => {
    const record = editor.store.node(node)
    return widgets.filter(({ name }) => !taken.has(`${node} ${name}`)).map(widget => ({
      node, widget: widget.name, label: labelOf(record, record && editor.types.of(record), widget.name), title,
      value: short(writeValue(widget), 24), rank: (editor.selection.has(node) ? -100 : 0) + (USUAL.includes(widget.name) ? USUAL.indexOf(widget.name) : 50),
    }))
  }).sort((a, b) => a.rank - b.rank)
  const field = h('input', { type: 'text', placeholder: t('Which widget?'), 'aria-label': t('Search for a widget to sweep'), autocomplete: 'off', spellcheck: 'false' })
  const none = h('p.none')
  /** @type {VirtualList<typeof rows[number]>} */
  const list = new VirtualList({
    rowHeight: 34,
    label: t('Widgets of this graph'),
    draw: row => [h('span.name', {}, row.label, h('span.quiet', {}, ` · ${row.title}`)), h('span.aside', {}, row.value)],
    onChoose: row => {
      close()
      choose(row.node, row.widget)
    },
  })
  const element = h('div.search.links', { role: 'dialog', 'aria-label': t('Choose a widget') }, h('div.head', {}, icon('search', 18), field), h('div.found', {}, list.element, none))

  function search() {
    const words = field.value.toLowerCase().split(/\s+/u).filter(Boolean)
    const byName = (/** @type {typeof rows[number]} */ row) => (words.every(word => `${row.label} ${row.widget}`.toLowerCase().includes(word)) ? 0 : 1)
    const found = rows.filter(row => words.every(word => `${row.label} ${row.title} ${row.widget}`.toLowerCase().includes(word))).sort((a, b) => byName(a) - byName(b))
    none.hidden = found.length > 0
    none.textContent = rows.length ? t('No widget has these words.') : t('This graph has no widget that could take other values.')
    list.element.hidden = found.length === 0
    list.setItems(found)
  }

  list.drivenBy(field)
  field.addEventListener('input', search)
  element.addEventListener('keydown', event => { if (event.key !== 'Escape') event.stopPropagation() })
  const close = float(element, { anchor })
  search()
  field.focus()
}
