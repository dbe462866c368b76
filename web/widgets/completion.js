/**
 * Words offered under the caret while one types: arrows choose, Tab or Enter takes, Escape goes away. The focus never
 * leaves the field.
 *
 * @typedef {HTMLInputElement | HTMLTextAreaElement} Field
 * @typedef {{text: string, label?: string, aside?: string, tone?: string, back?: number}} Offer
 *   `text` is what is put in; `back`: how far before its end the caret goes.
 * @typedef {{from: number, to: number, offers: Offer[]}} Offers The offers for the letters from `from` to `to`.
 */
import { h } from '../panels/dom.js'
import { VirtualList } from '../panels/virtual_list.js'

const ROW = 26
const MOST_ROWS = 8

export class Completion {
  /** @type {Offers | null} */
  #offers = null
  #asked = 0

  /**
   * @param {Field} field
   * @param {object} options
   * @param {(text: string, caret: number) => Offers | null | Promise<Offers | null>} options.find
   * @param {() => {x: number, y: number, height: number}} options.caret where the letters stand, client px
   * @param {string} options.label
   * @param {boolean} [options.slow] Enter takes an offer only after the arrows chose one: it has a use of its own
   */
  constructor(field, { find, caret, label, slow = false }) {
    this.field = field
    this.find = find
    this.caret = caret
    this.slow = slow
    this.chosen = false
    /** @type {VirtualList<Offer>} */
    this.list = new VirtualList({
      rowHeight: ROW,
      label,
      draw: offer => [h('span.name', { dataset: { tone: offer.tone ?? '' } }, offer.label ?? offer.text), h('span.aside', {}, offer.aside ?? '')],
      onChoose: offer => this.take(offer),
    })
    this.card = h('div.completion.floating', {}, this.list.element)
    field.addEventListener('input', event => {
      if (!(event instanceof InputEvent) || !event.isComposing) void this.ask()
    })
    field.addEventListener('blur', () => this.close())
    field.addEventListener('scroll', () => this.close())
    field.addEventListener('pointerdown', () => this.close())
  }

  get open() {
    return this.#offers !== null
  }

  /** Looks for offers at the caret. Answers that come late are dropped. */
  async ask() {
    const asked = ++this.#asked
    const { value, selectionStart: caret } = this.field
    if (caret === null || caret !== this.field.selectionEnd) return this.close()
    const offers = await this.find(value, caret)
    if (asked !== this.#asked || this.field.value !== value || this.field.selectionStart !== caret) return
    if (!offers?.offers.length || document.activeElement !== this.field) return this.close()
    const only = offers.offers.length === 1 && offers.offers[0]?.text === value.slice(offers.from, offers.to)
    if (only) return this.close() // it stands there already
    this.#show(offers)
  }

  /** @param {Offers} offers */
  #show(offers) {
    this.#offers = offers
    this.chosen = false
    if (!this.card.isConnected) document.body.append(this.card)
    const { field, list } = this
    list.field = /** @type {HTMLInputElement} */ (field)
    for (const [name, value] of [['aria-controls', list.id], ['aria-expanded', 'true'], ['aria-autocomplete', 'list']]) field.setAttribute(name ?? '', value ?? '')
    list.element.style.height = `${Math.min(offers.offers.length, MOST_ROWS) * ROW + 2}px`
    list.setItems(offers.offers)
    const { x, y, height } = this.caret()
    const { width, height: tall } = this.card.getBoundingClientRect()
    const above = y + height + 4 + tall > innerHeight && y - tall - 4 > 0
    this.card.style.left = `${Math.round(Math.max(8, Math.min(x, innerWidth - width - 8)))}px`
    this.card.style.top = `${Math.round(above ? y - tall - 4 : y + height + 4)}px`
  }

  close() {
    this.#asked++
    if (!this.#offers) return
    this.#offers = null
    this.card.remove()
    for (const name of ['aria-controls', 'aria-expanded', 'aria-activedescendant']) this.field.removeAttribute(name)
  }

  /** @param {Offer} offer */
  take(offer) {
    const offers = this.#offers
    if (!offers) return
    const { field } = this
    this.close()
    field.setSelectionRange(offers.from, offers.to)
    // The field's own undo goes on working, where the browser can.
    if (!document.execCommand('insertText', false, offer.text)) field.setRangeText(offer.text, offers.from, offers.to, 'end')
    const end = offers.from + offer.text.length - (offer.back ?? 0)
    field.setSelectionRange(end, end)
    field.dispatchEvent(new Event('input', { bubbles: true }))
    void this.ask()
  }

  /** Whether the key was meant for the list. @param {KeyboardEvent} event */
  key(event) {
    const items = this.#offers?.offers
    if (!items || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return false
    const { list } = this
    const steps = /** @type {Record<string, number>} */ ({ ArrowDown: 1, ArrowUp: -1, PageDown: MOST_ROWS, PageUp: -MOST_ROWS })
    const step = steps[event.key]
    if (step !== undefined) {
      this.chosen = true
      const far = Math.abs(step) > 1
      const next = list.active + step
      list.setActive(far ? Math.max(0, Math.min(items.length - 1, next)) : (next + items.length) % items.length)
    } else if (event.key === 'Escape') this.close()
    else if ((event.key === 'Tab' || (event.key === 'Enter' && (this.chosen || !this.slow))) && !event.shiftKey && items[list.active]) this.take(/** @type {Offer} */ (items[list.active]))
    else return false
    event.preventDefault()
    event.stopPropagation()
    return true
  }
}
