/**
 * A listbox that holds only the rows in view, so that ten thousand file names cost as much as ten. The focus
 * stays in the text field that drives it (`aria-activedescendant`).
 *
 * @template Item
 */
import { h } from './dom.js'

let lists = 0

/** @template Item */
export class VirtualList {
  /**
   * @param {object} options
   * @param {number} options.rowHeight  CSS px, the same for all
   * @param {(item: Item, index: number) => (Node | string)[]} options.draw  what a row holds
   * @param {(item: Item, event: Event) => void} options.onChoose
   * @param {(item: Item | null) => void} [options.onActive]
   * @param {(item: Item) => Record<string, string>} [options.data]  of a row, for `dataset`
   * @param {string} options.label
   */
  constructor(options) {
    this.options = options
    this.id = `list-${++lists}`
    /** @type {Item[]} */
    this.items = []
    this.active = -1
    this.space = h('div.space')
    this.element = h('div.list.scrolls', { role: 'listbox', id: this.id, 'aria-label': options.label, tabindex: -1 }, this.space)
    this.element.addEventListener('scroll', () => this.draw())
    this.element.addEventListener('pointerdown', event => event.preventDefault()) // the field keeps the focus
    this.element.addEventListener('click', event => {
      const index = this.indexAt(event)
      if (index >= 0) options.onChoose(/** @type {Item} */ (this.items[index]), event)
    })
    this.element.addEventListener('pointermove', event => {
      const index = this.indexAt(event)
      if (index >= 0 && index !== this.active && (event.movementX || event.movementY)) this.setActive(index, false)
    })
    /** @type {HTMLElement | null} */
    this.field = null
  }

  /** Lets a text field, or the list itself, drive the list: arrows, pages, Home and End with Ctrl, Enter. @param {HTMLElement} field */
  drivenBy(field) {
    this.field = field
    if (field === this.element) field.tabIndex = 0
    else {
      field.setAttribute('role', 'combobox')
      field.setAttribute('aria-controls', this.id)
      field.setAttribute('aria-expanded', 'true')
      field.setAttribute('aria-autocomplete', 'list')
    }
    field.addEventListener('keydown', event => {
      const page = Math.max(1, Math.floor(this.element.clientHeight / this.options.rowHeight) - 1)
      const last = this.items.length - 1
      /** @type {Record<string, number>} */
      const steps = { ArrowDown: this.active >= last ? 0 : this.active + 1, ArrowUp: this.active <= 0 ? last : this.active - 1,
        PageDown: Math.min(last, this.active + page), PageUp: Math.max(0, this.active - page) }
      if (event.ctrlKey || field === this.element) Object.assign(steps, { Home: 0, End: last })
      const next = steps[event.key]
      if (next !== undefined) {
        event.preventDefault()
        this.setActive(next)
      } else if (event.key === 'Enter' && this.active >= 0 && !event.isComposing) {
        event.preventDefault()
        event.stopPropagation()
        this.options.onChoose(/** @type {Item} */ (this.items[this.active]), event)
      }
    })
  }

  /** @param {Item[]} items @param {number} [active] */
  setItems(items, active = items.length ? 0 : -1) {
    this.items = items
    this.space.style.height = `${items.length * this.options.rowHeight}px`
    this.element.scrollTop = 0
    this.setActive(active)
  }

  /** @param {number} index @param {boolean} [scroll] */
  setActive(index, scroll = true) {
    this.active = index
    const { rowHeight } = this.options
    if (scroll && index >= 0) {
      const top = index * rowHeight
      const { scrollTop, clientHeight } = this.element
      if (top < scrollTop) this.element.scrollTop = top
      else if (top + rowHeight > scrollTop + clientHeight) this.element.scrollTop = top + rowHeight - clientHeight
    }
    this.draw()
    this.field?.setAttribute('aria-activedescendant', index >= 0 ? `${this.id}-${index}` : '')
    this.options.onActive?.(this.items[index] ?? null)
  }

  draw() {
    const { rowHeight, draw, data } = this.options
    const first = Math.max(0, Math.floor(this.element.scrollTop / rowHeight) - 4)
    const count = Math.ceil((this.element.clientHeight || 400) / rowHeight) + 8
    const rows = this.items.slice(first, first + count).map((item, offset) => {
      const index = first + offset
      const row = h('div.row', { role: 'option', id: `${this.id}-${index}`, 'aria-selected': String(index === this.active),
        'aria-setsize': this.items.length, 'aria-posinset': index + 1, dataset: { ...data?.(item), index: String(index) } }, draw(item, index))
      row.style.transform = `translateY(${index * rowHeight}px)`
      row.style.height = `${rowHeight}px`
      return row
    })
    this.space.replaceChildren(...rows)
  }

  /** @param {Event} event */
  indexAt(event) {
    const row = event.target instanceof Element ? event.target.closest('.row') : null
    return row instanceof HTMLElement ? Number(row.dataset.index) : -1
  }
}
