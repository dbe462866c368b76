/**
 * The picture and, over it, the mask as a tinted layer: two canvases of the picture's own pixels, moved and scaled as one.
 *
 * @typedef {import('./mask.js').Mask} Mask
 * @typedef {import('../geometry/rect.js').Rect} Rect
 */
import { t } from '../language/t.js'
import { h } from '../panels/dom.js'

/** Pixels put on the layer at once. */
const AT_ONCE = 1_000_000

export class Sheet {
  /** @type {[number, number, number]} */
  #colour = [255, 0, 0]

  /** @param {ImageBitmap} picture @param {Mask} mask */
  constructor(picture, mask) {
    this.mask = mask
    this.picture = h('canvas', { width: picture.width, height: picture.height })
    this.picture.getContext('2d', { alpha: false })?.drawImage(picture, 0, 0)
    this.layer = h('canvas.mask', { width: picture.width, height: picture.height })
    this.element = h('div.sheet', {}, this.picture, this.layer)
    const ctx = this.layer.getContext('2d')
    if (!ctx) throw new Error(t('The browser gives no canvas of this size to draw on.'))
    this.ctx = ctx
  }

  /** @param {string} colour `#rrggbb` @param {number} shown 0 to 1 */
  setLook(colour, shown) {
    const number = Number.parseInt(colour.slice(1), 16)
    this.#colour = [number >> 16 & 255, number >> 8 & 255, number & 255]
    this.layer.style.opacity = String(shown)
    this.draw(this.mask.rect)
  }

  /** Show how the mask is now in a rectangle. @param {Rect | null} rect */
  draw(rect) {
    const box = rect && this.mask.clip(rect)
    if (!box) return
    const rows = Math.max(1, Math.floor(AT_ONCE / box.w))
    for (let y = box.y; y < box.y + box.h; y += rows) this.#part({ ...box, y, h: Math.min(rows, box.y + box.h - y) })
  }

  /** @param {Rect} rect */
  #part({ x, y, w, h: height }) {
    const image = this.ctx.createImageData(w, height)
    const [r, g, b] = this.#colour
    const { data, width } = this.mask
    for (let row = 0, to = 0; row < height; row++) {
      for (let at = (y + row) * width + x, end = at + w; at < end; at++, to += 4) {
        image.data[to] = r
        image.data[to + 1] = g
        image.data[to + 2] = b
        image.data[to + 3] = /** @type {number} */ (data[at])
      }
    }
    this.ctx.putImageData(image, x, y)
  }

  /** The picture's colours, for the bucket. */
  pixels() {
    const { width, height } = this.picture
    const image = /** @type {CanvasRenderingContext2D} */ (this.picture.getContext('2d')).getImageData(0, 0, width, height)
    return { width, height, data: image.data }
  }

  /** Let go of the memory at once. */
  dispose() {
    for (const canvas of [this.picture, this.layer]) canvas.width = canvas.height = 0
  }
}
