/**
 * A text field whose words are coloured: the field itself shows only the caret and what is selected, and a layer of the
 * same shape behind it shows the letters. Very long texts stay plain.
 */
import { marksOf, MOST_MARKED } from '../model/prompt_marks.js'
import { h } from '../panels/dom.js'

export class MarksLayer {
  /** @param {HTMLTextAreaElement} field in the page already @param {{choices: boolean}} options */
  constructor(field, options) {
    this.field = field
    this.options = options
    this.element = h('div.edit-marks', { 'aria-hidden': 'true' })
    field.before(this.element)
    field.addEventListener('input', () => this.draw())
    field.addEventListener('scroll', () => this.follow())
    this.draw()
  }

  get plain() {
    return this.field.value.length > MOST_MARKED
  }

  draw() {
    const { field, element } = this
    const { value } = field
    field.classList.toggle('marked', !this.plain)
    element.hidden = this.plain
    if (this.plain) return element.replaceChildren()
    // A line that ends the text would have no height of its own.
    element.replaceChildren(...marksOf(value, this.options).map(({ from, to, mark }) => (mark === 'plain' ? value.slice(from, to) : h('span', { dataset: { mark } }, value.slice(from, to)))), '\u200b')
    this.follow()
  }

  /** Lies where the field does, scrolled as it is. */
  follow() {
    const { field, element } = this
    for (const side of /** @type {const} */ (['left', 'top', 'height'])) element.style[side] = field.style[side]
    // Without the field's scroll bar, so that lines break at the same letters.
    element.style.width = `${field.clientWidth}px`
    element.style.setProperty('--letters', field.style.getPropertyValue('--letters'))
    element.scrollTop = field.scrollTop
  }

  /** Where a letter stands, client px; null where nothing is drawn. @param {number} at @returns {{x: number, y: number, height: number} | null} */
  place(at) {
    if (this.plain) return null
    const walker = document.createTreeWalker(this.element, NodeFilter.SHOW_TEXT)
    let left = at
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const length = node.textContent?.length ?? 0
      if (left > length) {
        left -= length
        continue
      }
      const range = document.createRange()
      range.setStart(node, left)
      range.collapse(true)
      const box = range.getClientRects()[0] ?? node.parentElement?.getBoundingClientRect()
      return box ? { x: box.left, y: box.top, height: box.height } : null
    }
    return null
  }

  remove() {
    this.element.remove()
  }
}
