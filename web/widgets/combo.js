/** A list to choose from, searched by typing. Only the rows in view exist, so thousands of files are as quick as ten. */
import { h } from '../panels/dom.js'
import { float } from '../panels/float.js'
import { VirtualList } from '../panels/virtual_list.js'
import { matching } from './matching.js'

const ROW = 28
const MOST_ROWS = 12

/**
 * @param {HTMLElement} host @param {import('./request.js').EditRequest} request  `spec.options` is the list
 * @returns {import('./request.js').OpenEditor}
 */
export function openCombo(host, request) {
  /** @type {any[]} */
  const choices = request.spec.options ?? []
  const stage = host.getBoundingClientRect()
  const field = h('input.field', { type: 'text', placeholder: choices.length ? `Search ${choices.length}` : '', 'aria-label': request.label,
    autocomplete: 'off', spellcheck: 'false' })
  /** @type {VirtualList<any>} */
  const list = new VirtualList({
    rowHeight: ROW,
    label: request.label,
    draw: choice => [h('span.name', { title: String(choice) }, String(choice)), choice === request.value ? h('span.aside', {}, 'now') : ''],
    onChoose: choice => {
      chosen = { value: choice }
      finish()
    },
  })
  const none = h('p.none', {}, choices.length ? 'Nothing by that name.' : request.empty ?? 'There is nothing to choose from.')
  const card = h('div.combo', {}, field, list.element, none)
  /** @type {{ value: any } | null} */
  let chosen = null
  let step = /** @type {1 | -1 | 0} */ (0)

  function filter() {
    const found = matching(choices, field.value)
    none.hidden = found.length > 0
    list.element.hidden = found.length === 0
    list.element.style.height = `${Math.min(found.length, MOST_ROWS) * ROW + 2}px`
    list.setItems(found, field.value ? 0 : Math.max(0, found.indexOf(request.value)))
  }

  list.drivenBy(field)
  field.value = request.typed ?? ''
  field.addEventListener('input', filter)
  field.addEventListener('keydown', event => {
    if (event.key === 'Tab') {
      event.preventDefault()
      step = event.shiftKey ? -1 : 1
      finish()
    }
    if (!event.ctrlKey && !event.metaKey) event.stopPropagation()
  })

  const { box } = request
  card.style.minWidth = `${Math.min(Math.max(box.width, 220), 420)}px`
  const finish = float(card, {
    anchor: { x: stage.left + box.x, y: stage.top + box.y + 2, width: box.width, height: box.height },
    onClose: () => {
      if (chosen && chosen.value !== request.value) request.commit(chosen.value)
      request.closed()
      if (step) request.next(step)
    },
  })
  filter()
  field.focus({ preventScroll: true })
  list.setActive(list.active)
  return { element: card, close: finish }
}
