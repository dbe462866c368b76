/**
 * The wall of pictures: a list of options under headings by day, of which only those in view are in the page.
 *
 * @typedef {import('./pictures.js').Pictures} Pictures
 * @typedef {import('./selection.js').Selection} Selection
 */
import { many, t } from '../language/t.js'
import { h, setText } from '../panels/dom.js'
import { dayOf } from '../panels/times.js'
import { between, daysOf, headsBetween, layOut, placeOf } from './places.js'
import { ThumbQueue } from './thumb_queue.js'
import { Tile } from './tile.js'

/** Rows above and below what is seen. */
const MORE = 2
/** Screens a second from which it flies past, and how long it must rest until pictures are asked for, in ms. */
const FAST = 6
const REST = 90

export class Grid {
  /**
   * @param {object} parts
   * @param {Pictures} parts.pictures
   * @param {Selection} parts.selection
   * @param {() => number} parts.wanted  px of a tile
   * @param {() => void} parts.moved  it was scrolled, or laid out anew
   */
  constructor({ pictures, selection, wanted, moved }) {
    this.pictures = pictures
    this.selection = selection
    this.wanted = wanted
    this.moved = moved
    this.queue = new ThumbQueue()
    this.list = h('div.tiles', { role: 'listbox', tabindex: 0, 'aria-label': t('Pictures'), 'aria-multiselectable': 'true' })
    this.heads = h('div.heads')
    this.space = h('div.space', {}, this.heads, this.list)
    this.when = h('div.when', { 'aria-hidden': 'true', hidden: true })
    this.element = h('div.wall.scrolls', { tabindex: -1 }, this.space)
    this.places = layOut(0, [], 400, 160)
    /** @type {Map<number, Tile>} */
    this.tiles = new Map()
    /** @type {Tile[]} */
    this.free = []
    /** @type {Map<number, HTMLElement>} */
    this.shownHeads = new Map()
    /** @type {Uint32Array} */
    this.laid = new Uint32Array()
    this.frame = 0
    this.width = 0
    this.last = { top: 0, at: 0 }
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.rest = undefined
    this.element.addEventListener('scroll', () => this.scrolled(), { passive: true })
    this.resized = new ResizeObserver(() => {
      if (this.element.clientWidth !== this.width) this.lay()
      else this.draw()
    })
    this.resized.observe(this.element)
  }

  dispose() {
    this.resized.disconnect()
    cancelAnimationFrame(this.frame)
    clearTimeout(this.rest)
    this.tiles.forEach(tile => tile.rest())
  }

  /** Where everything lies, anew. What one looks at stays where it is on the screen. */
  lay() {
    const { pictures } = this
    const { scrollTop } = this.element
    const kept = this.places.count && scrollTop > 0 ? this.firstSeen() : null
    this.width = this.element.clientWidth
    const days = pictures.times.length && pictures.times.length === pictures.count ? daysOf(pictures.times) : []
    this.places = layOut(pictures.count, days, this.width || 400, this.wanted())
    this.laid = pictures.ids
    this.space.style.height = `${this.places.height}px`
    if (kept) {
      const index = pictures.indexOf(kept.id)
      if (index >= 0) this.element.scrollTop = placeOf(this.places, index).y - kept.offset
    }
    this.draw()
  }

  /** @returns {{ id: number, offset: number } | null} */
  firstSeen() {
    const { scrollTop } = this.element
    const [first] = between(this.places, scrollTop + this.places.step / 2, scrollTop + 1)
    const id = this.laid[first]
    return id === undefined ? null : { id, offset: placeOf(this.places, first).y - scrollTop }
  }

  scrolled() {
    const now = performance.now()
    const { scrollTop, clientHeight } = this.element
    const speed = Math.abs(scrollTop - this.last.top) / Math.max(1, clientHeight) / Math.max(0.008, (now - this.last.at) / 1000)
    this.last = { top: scrollTop, at: now }
    if (speed > FAST) {
      this.queue.hold(true)
      this.when.hidden = this.places.head === 0
    }
    clearTimeout(this.rest)
    this.rest = setTimeout(() => {
      this.queue.hold(false)
      this.when.hidden = true
      this.draw()
    }, REST)
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0
      this.draw()
    })
  }

  draw() {
    const { places, pictures, selection } = this
    const { scrollTop, clientHeight } = this.element
    const over = MORE * places.step
    const [first, last] = between(places, scrollTop - over, scrollTop + clientHeight + over)
    const pixels = places.side * devicePixelRatio
    /** @type {Map<number, Tile>} */
    const shown = new Map()
    for (let index = first; index < last; index++) {
      const id = /** @type {number} */ (this.laid[index])
      const tile = this.tiles.get(id)
      if (tile) {
        shown.set(id, tile)
        this.tiles.delete(id)
      }
    }
    for (const tile of this.tiles.values()) {
      tile.rest()
      this.free.push(tile)
    }
    for (let index = first; index < last; index++) {
      const id = /** @type {number} */ (this.laid[index])
      let tile = shown.get(id)
      if (!tile) {
        tile = this.free.pop() ?? this.newTile()
        shown.set(id, tile)
      }
      const { x, y } = placeOf(places, index)
      tile.place(x, y, places.side, index, places.count)
      tile.show(id, pictures.at(index), pixels)
      tile.mark(selection.ids.has(id), selection.active === id)
    }
    this.tiles = shown
    this.drawHeads(scrollTop, clientHeight)
    if (!this.queue.held) pictures.need(first, last)
    const active = selection.active !== null && shown.has(selection.active) ? `picture-${selection.active}` : null
    if (active !== this.list.getAttribute('aria-activedescendant')) {
      if (active) this.list.setAttribute('aria-activedescendant', active)
      else this.list.removeAttribute('aria-activedescendant')
    }
    this.moved()
  }

  newTile() {
    const tile = new Tile(this.queue)
    this.list.append(tile.element)
    return tile
  }

  /** @param {number} top @param {number} height */
  drawHeads(top, height) {
    const { places } = this
    const [first, last] = headsBetween(places, top, top + height)
    const before = this.shownHeads
    this.shownHeads = new Map()
    const spare = [...before].filter(([index]) => index < first || index >= last).map(([, element]) => element)
    for (let index = first; index < last; index++) {
      const section = places.sections[index]
      if (!section || section.at === null) continue
      let element = before.get(index) ?? spare.pop()
      if (!element) {
        element = h('h3', {}, h('span'), h('span.number'))
        this.heads.append(element)
      }
      element.style.transform = `translateY(${section.top}px)`
      setText(/** @type {Node} */ (element.firstChild), dayOf(section.at))
      setText(/** @type {Node} */ (element.lastChild), many(section.count, '{count} file', '{count} files'))
      this.shownHeads.set(index, element)
      if (index === first) setText(this.when, element.firstChild?.textContent ?? '')
    }
    spare.forEach(element => element.remove())
  }

  /** @param {number} index */
  reveal(index) {
    if (index < 0 || index >= this.places.count) return
    const { y } = placeOf(this.places, index)
    const { scrollTop, clientHeight } = this.element
    if (y - this.places.head < scrollTop) this.element.scrollTop = y - this.places.head
    else if (y + this.places.step > scrollTop + clientHeight) this.element.scrollTop = y + this.places.step - clientHeight
    this.draw()
  }

  /** @param {EventTarget | null} target @returns {Tile | null} */
  tileAt(target) {
    const element = target instanceof Element ? target.closest('.tile') : null
    if (!element) return null
    for (const tile of this.tiles.values()) if (tile.element === element) return tile
    return null
  }
}
