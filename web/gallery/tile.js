/** One picture of the grid. Tiles are few and used again: what scrolls out of view comes back as another picture. */
import { icon } from '../icons/icons.js'
import { dateText, many, t } from '../language/t.js'
import { fill, h } from '../panels/dom.js'
import { bitmapOf } from '../view/media.js'
import { fileUrl, thumbUrl } from './pictures.js'

/** @typedef {import('./pictures.js').Item} Item */

/** First frames of videos that are kept, newest last. @type {Map<string, ImageBitmap>} */
const frames = new Map()
const FRAMES_KEPT = 40

export class Tile {
  /** @param {import('./thumb_queue.js').ThumbQueue} queue */
  constructor(queue) {
    this.queue = queue
    this.image = h('img', { alt: '', draggable: 'false', decoding: 'async' })
    this.marks = h('span.marks')
    this.instead = h('span.instead')
    this.element = h('div.tile', { role: 'option', draggable: 'true' }, this.instead, this.image, h('span.chosen', {}, icon('check', 14)), this.marks)
    /** @type {number | null} */
    this.id = null
    this.pixels = 0
    this.index = -1
    this.where = ''
    this.chosen = false
    this.active = false
    /** @type {Item | null} */
    this.item = null
  }

  /** @param {number} id @param {Item | null} item @param {number} pixels  of its side, on the device */
  show(id, item, pixels) {
    const fine = pixels > 256 ? 512 : 256
    if (this.id === id && this.item === item && this.pixels === fine) return
    const same = this.id === id && this.item !== null && item !== null && this.item.version === item.version && this.pixels === fine
    this.id = id
    this.item = item
    this.pixels = fine
    this.element.id = `picture-${id}`
    this.element.dataset.media = item?.media ?? ''
    this.element.setAttribute('aria-label', item ? describe(item) : t('Picture'))
    if (!same) this.picture(item, fine)
    const marked = Boolean(item && (item.favourite || item.rating || item.media === 'video'))
    if (marked || this.marks.firstChild) fill(this.marks, item?.favourite ? icon('heart', 13) : null, item?.rating ? h('span', {}, `${item.rating} ★`) : null, item?.media === 'video' ? icon('play', 12) : null)
  }

  /** @param {Item | null} item @param {number} pixels */
  picture(item, pixels) {
    this.queue.drop(this.image)
    this.element.dataset.state = ''
    if (this.instead.firstChild) fill(this.instead)
    if (!item) return
    const name = () => fill(this.instead, icon(item.media === 'video' ? 'film' : item.media === 'audio' ? 'sound' : 'image', 20), h('span', {}, item.filename))
    if (item.media === 'image') return this.queue.want(this.image, thumbUrl(item, pixels), name)
    name()
    if (item.media === 'video') void this.frame(item)
  }

  /** @param {Item} item */
  async frame(item) {
    const key = `${item.id} ${item.version}`
    const bitmap = frames.get(key) ?? (await bitmapOf(fileUrl(item), 'video').catch(() => null))
    if (!bitmap) return
    frames.set(key, bitmap)
    for (const [old, first] of frames) {
      if (frames.size <= FRAMES_KEPT) break
      frames.delete(old)
      first.close()
    }
    if (this.item !== item) return
    const canvas = h('canvas', { width: bitmap.width, height: bitmap.height })
    canvas.getContext('2d')?.drawImage(bitmap, 0, 0)
    fill(this.instead, canvas)
  }

  /** @param {boolean} chosen @param {boolean} active */
  mark(chosen, active) {
    if (this.chosen !== chosen || !this.element.hasAttribute('aria-selected')) this.element.setAttribute('aria-selected', String(chosen))
    if (this.active !== active) this.element.classList.toggle('active', active)
    this.chosen = chosen
    this.active = active
  }

  /** Only what differs is written: most tiles of a frame are where they were. @param {number} x @param {number} y @param {number} side @param {number} index @param {number} count */
  place(x, y, side, index, count) {
    const where = `${x} ${y} ${side} ${index} ${count}`
    if (this.where === where) return
    this.where = where
    this.index = index
    const { style } = this.element
    style.transform = `translate(${x}px, ${y}px)`
    style.width = style.height = `${side}px`
    style.visibility = ''
    this.element.setAttribute('aria-posinset', String(index + 1))
    this.element.setAttribute('aria-setsize', String(count))
  }

  /** Nothing is shown in it until it is used again. */
  rest() {
    this.queue.drop(this.image)
    this.id = null
    this.item = null
    this.where = ''
    this.index = -1
    for (const name of ['id', 'aria-label', 'aria-posinset']) this.element.removeAttribute(name)
    this.element.style.visibility = 'hidden'
  }
}

/** @param {Item} item */
function describe(item) {
  const stars = item.rating ? `, ${many(item.rating, '{count} star', '{count} stars')}` : ''
  return `${item.filename}, ${dateText(item.time * 1000)}${stars}${item.favourite ? `, ${t('favourite')}` : ''}`
}
