/**
 * Cards of models, as many as there are, at the cost of those in view. One stop for the keyboard: the arrows walk the cards,
 * Enter takes one.
 *
 * @typedef {import('./catalogue.js').Model} Model
 */
import { icon } from '../icons/icons.js'
import { t } from '../language/t.js'
import { h } from '../panels/dom.js'
import { pictureOf } from './catalogue.js'

const LEAST = 128
const GAP = 8
const EDGE = 16
const WORDS = 46
/** Rows above and below those in view. */
const SPARE = 2

let walls = 0

export class Wall {
  /**
   * @param {object} parts
   * @param {(model: Model | null, byHand: boolean) => void} parts.onActive
   * @param {(model: Model) => void} parts.onTake
   */
  constructor({ onActive, onTake }) {
    this.onActive = onActive
    this.onTake = onTake
    this.id = `models-${++walls}`
    /** @type {Model[]} */
    this.models = []
    this.active = -1
    this.columns = 1
    this.card = LEAST
    /** What is drawn, by place. @type {Map<number, { model: Model, element: HTMLElement }>} */
    this.drawn = new Map()
    this.space = h('div.space')
    this.element = h('div.models-wall.scrolls', { role: 'listbox', id: this.id, tabindex: 0, 'aria-label': t('Models') }, this.space)
    this.element.addEventListener('scroll', () => this.draw())
    this.element.addEventListener('keydown', event => this.#key(event))
    this.element.addEventListener('click', event => {
      const index = this.at(event.target)
      if (index >= 0) this.setActive(index, true)
    })
    this.element.addEventListener('dblclick', event => {
      const model = this.models[this.at(event.target)]
      if (model) this.onTake(model)
    })
    this.watch = new ResizeObserver(() => this.lay())
    this.watch.observe(this.element)
  }

  end() {
    this.watch.disconnect()
  }

  /** @param {Model[]} models @param {boolean} same  the same question: what is looked at stays */
  show(models, same) {
    const before = this.models[this.active]
    const stays = before ? models.findIndex(model => model.kind === before.kind && model.name === before.name) : -1
    this.models = models
    if (!same) this.element.scrollTop = 0
    this.active = stays
    this.lay()
    this.onActive(models[stays] ?? null, false)
  }

  lay() {
    const width = this.element.clientWidth - 2 * EDGE
    if (width <= 0) return
    this.columns = Math.max(1, Math.floor((width + GAP) / (LEAST + GAP)))
    this.card = Math.floor((width - GAP * (this.columns - 1)) / this.columns)
    const rows = Math.ceil(this.models.length / this.columns)
    this.space.style.height = `${rows * (this.card + WORDS + GAP) + EDGE}px`
    for (const { element } of this.drawn.values()) element.remove()
    this.drawn.clear()
    this.draw()
  }

  draw() {
    const step = this.card + WORDS + GAP
    const { scrollTop, clientHeight } = this.element
    const first = Math.max(0, Math.floor(scrollTop / step) - SPARE) * this.columns
    const last = Math.min(this.models.length, (Math.ceil((scrollTop + clientHeight) / step) + SPARE) * this.columns)
    for (const [index, { model, element }] of this.drawn) {
      if (index >= first && index < last && this.models[index] === model) continue
      element.remove()
      this.drawn.delete(index)
    }
    for (let index = first; index < last; index += 1) {
      const model = /** @type {Model} */ (this.models[index])
      let shown = this.drawn.get(index)
      if (!shown) {
        shown = { model, element: this.#draw(model, index) }
        this.drawn.set(index, shown)
        this.space.append(shown.element)
      }
      shown.element.setAttribute('aria-selected', String(index === this.active))
    }
    if (this.drawn.has(this.active)) this.element.setAttribute('aria-activedescendant', `${this.id}-${this.active}`)
    else this.element.removeAttribute('aria-activedescendant')
  }

  /** @param {Model} model @param {number} index */
  #draw(model, index) {
    const url = pictureOf(model)
    const about = [model.family === null ? t('Being read…') : model.family || model.is || t('Unknown'), model.precision].filter(Boolean).join(' · ')
    const element = h('div.model-card', { role: 'option', id: `${this.id}-${index}`, 'aria-setsize': this.models.length, 'aria-posinset': index + 1, dataset: { index: String(index) }, 'data-tip': model.name },
      h('div.frame', {}, url ? h('img', { src: url, alt: '', loading: 'lazy', decoding: 'async', draggable: 'false' }) : icon('model', 28), model.starred ? h('span.mark', {}, icon('starred', 14)) : null),
      h('span.title', {}, model.title), ' ', h('span.small', {}, about))
    element.style.width = `${this.card}px`
    element.style.height = `${this.card + WORDS}px`
    element.style.transform = `translate(${EDGE + (index % this.columns) * (this.card + GAP)}px, ${Math.floor(index / this.columns) * (this.card + WORDS + GAP)}px)`
    element.querySelector('img')?.addEventListener('error', event => /** @type {HTMLElement} */ (event.target).replaceWith(icon('model', 28)))
    return element
  }

  /** @param {number} index @param {boolean} byHand */
  setActive(index, byHand) {
    this.active = index
    const step = this.card + WORDS + GAP
    const top = Math.floor(index / this.columns) * step
    const { scrollTop, clientHeight } = this.element
    if (top < scrollTop) this.element.scrollTop = top
    else if (top + step > scrollTop + clientHeight) this.element.scrollTop = top + step - clientHeight
    this.draw()
    this.onActive(this.models[index] ?? null, byHand)
  }

  /** @param {EventTarget | null} target */
  at(target) {
    const card = target instanceof Element ? target.closest('.model-card') : null
    return card instanceof HTMLElement ? Number(card.dataset.index) : -1
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || !this.models.length) return
    const rows = Math.max(1, Math.floor(this.element.clientHeight / (this.card + WORDS + GAP)))
    /** @type {Record<string, number>} */
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -this.columns, ArrowDown: this.columns, PageUp: -this.columns * rows, PageDown: this.columns * rows, Home: -Infinity, End: Infinity }
    const step = steps[event.key]
    if (step !== undefined) {
      const next = this.active < 0 ? 0 : Math.min(this.models.length - 1, Math.max(0, this.active + step))
      this.setActive(next, true)
    } else if (event.key === 'Enter' && this.models[this.active]) this.onTake(/** @type {Model} */ (this.models[this.active]))
    else return
    event.preventDefault()
    event.stopPropagation()
  }
}
