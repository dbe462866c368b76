/**
 * A mask: one byte a pixel, 0 for what stays and 255 for what is selected. What changes it works on regions, and undo
 * keeps tiles, so that a stroke on a picture of 4,000 pixels costs what the stroke covers.
 *
 * @typedef {import('../geometry/rect.js').Rect} Rect
 * @typedef {Rect & {data: Uint8ClampedArray}} Region How much of each pixel of a rectangle is meant: 0 to 255.
 */

export const TILE = 64

export class Mask {
  /** @param {number} width @param {number} height @param {Uint8ClampedArray} [data] */
  constructor(width, height, data = new Uint8ClampedArray(width * height)) {
    this.width = width
    this.height = height
    this.data = data
    this.columns = Math.ceil(width / TILE)
    this.rows = Math.ceil(height / TILE)
  }

  /** @returns {Rect} */
  get rect() {
    return { x: 0, y: 0, w: this.width, h: this.height }
  }

  /** Whole pixels of the mask that a rectangle touches; null where it misses. @param {Rect} rect @returns {Rect | null} */
  clip({ x, y, w, h }) {
    const left = Math.max(0, Math.floor(x))
    const top = Math.max(0, Math.floor(y))
    const right = Math.min(this.width, Math.ceil(x + w))
    const bottom = Math.min(this.height, Math.ceil(y + h))
    return right > left && bottom > top ? { x: left, y: top, w: right - left, h: bottom - top } : null
  }

  /** Tiles that a rectangle touches. @param {Rect} rect @returns {number[]} */
  tilesIn(rect) {
    const box = this.clip(rect)
    if (!box) return []
    /** @type {number[]} */
    const tiles = []
    for (let row = Math.floor(box.y / TILE); row * TILE < box.y + box.h; row++) {
      for (let column = Math.floor(box.x / TILE); column * TILE < box.x + box.w; column++) tiles.push(row * this.columns + column)
    }
    return tiles
  }

  /** @param {number} tile @returns {Rect} */
  tileRect(tile) {
    const [x, y] = [(tile % this.columns) * TILE, Math.floor(tile / this.columns) * TILE]
    return { x, y, w: Math.min(TILE, this.width - x), h: Math.min(TILE, this.height - y) }
  }

  /** A copy of the pixels of a rectangle that lies inside. @param {Rect} rect @returns {Uint8ClampedArray} */
  read({ x, y, w, h }) {
    const copy = new Uint8ClampedArray(w * h)
    for (let row = 0; row < h; row++) {
      const from = (y + row) * this.width + x
      copy.set(this.data.subarray(from, from + w), row * w)
    }
    return copy
  }

  /** @param {Rect} rect inside @param {Uint8ClampedArray} pixels */
  write({ x, y, w, h }, pixels) {
    for (let row = 0; row < h; row++) this.data.set(pixels.subarray(row * w, row * w + w), (y + row) * this.width + x)
  }

  /** @param {Rect} rect inside @param {number} value */
  fill({ x, y, w, h }, value) {
    for (let row = y; row < y + h; row++) this.data.fill(value, row * this.width + x, row * this.width + x + w)
  }

  /** The smallest rectangle that holds all that is selected; null for an empty mask. @returns {Rect | null} */
  bounds() {
    const { data, width, height } = this
    let [left, right, top, bottom] = [width, -1, -1, -1]
    for (let y = 0; y < height; y++) {
      const row = y * width
      let x = 0
      while (x < width && data[row + x] === 0) x++
      if (x === width) continue
      if (top < 0) top = y
      bottom = y
      if (x < left) left = x
      let end = width - 1
      while (end > right && data[row + end] === 0) end--
      if (end > right) right = end
    }
    return top < 0 ? null : { x: left, y: top, w: right - left + 1, h: bottom - top + 1 }
  }
}

/** Select what a region covers, or let go of it. @param {Mask} mask @param {Region} region inside @param {boolean} erase */
export function combine({ data, width }, { x, y, w, h, data: cover }, erase) {
  for (let row = 0; row < h; row++) {
    const at = (y + row) * width + x
    for (let column = 0; column < w; column++) {
      const part = /** @type {number} */ (cover[row * w + column])
      if (part === 0) continue
      const old = /** @type {number} */ (data[at + column])
      data[at + column] = erase ? (old * (255 - part)) / 255 : old + ((255 - old) * part) / 255
    }
  }
}

/** @param {Mask} mask */
export function invert({ data }) {
  for (let at = 0; at < data.length; at++) data[at] = 255 - /** @type {number} */ (data[at])
}
