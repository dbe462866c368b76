/**
 * One stroke of a brush or an eraser. How much of a pixel the stroke covers is the most that any part of it covers, so
 * that a stroke that crosses itself is nowhere stronger than its opacity.
 *
 * @typedef {import('../geometry/vec.js').Point} Point
 * @typedef {import('../geometry/rect.js').Rect} Rect
 * @typedef {{radius: number, hardness: number, opacity: number, erase: boolean}} Brush
 *   `hardness` and `opacity` from 0 to 1; at hardness 1 the edge is one pixel wide.
 */

export class Stroke {
  /** Of each tile, how much the stroke covers. @type {Map<number, Uint8ClampedArray>} */
  #cover = new Map()
  /** @type {{point: Point, radius: number} | null} */
  #last = null

  /** The history's step must be open. @param {import('./mask.js').Mask} mask @param {import('./history.js').History} history @param {Brush} brush */
  constructor(mask, history, brush) {
    this.mask = mask
    this.history = history
    this.brush = brush
  }

  /** On to a point of the picture. @param {Point} point @param {number} [pressure] 0 to 1 @returns {Rect | null} what changed */
  to(point, pressure = 1) {
    const here = { point, radius: Math.max(0.5, this.brush.radius * pressure) }
    const from = this.#last ?? here
    this.#last = here
    const most = Math.max(from.radius, here.radius) + 1
    const [left, top] = [Math.min(from.point.x, point.x) - most, Math.min(from.point.y, point.y) - most]
    const rect = this.mask.clip({
      x: left, y: top, w: Math.max(from.point.x, point.x) + most - left, h: Math.max(from.point.y, point.y) + most - top
    })
    if (rect) for (const tile of this.mask.tilesIn(rect)) this.#paint(tile, rect, from, here)
    return rect
  }

  /** @param {number} tile @param {Rect} rect @param {{point: Point, radius: number}} from @param {{point: Point, radius: number}} to */
  #paint(tile, rect, from, to) {
    const { mask, brush } = this
    const box = mask.tileRect(tile)
    const before = this.history.before(tile)
    let cover = this.#cover.get(tile)
    if (!cover) this.#cover.set(tile, (cover = new Uint8ClampedArray(box.w * box.h)))
    const [dx, dy] = [to.point.x - from.point.x, to.point.y - from.point.y]
    const length = dx * dx + dy * dy
    const reach = (Math.max(from.radius, to.radius) + 0.5) ** 2
    const left = Math.max(rect.x, box.x)
    const right = Math.min(rect.x + rect.w, box.x + box.w)
    for (let y = Math.max(rect.y, box.y); y < Math.min(rect.y + rect.h, box.y + box.h); y++) {
      for (let x = left; x < right; x++) {
        const at = (y - box.y) * box.w + x - box.x
        // Most of a wide brush lies where it lay a moment ago.
        if (cover[at] === 255) continue
        const [px, py] = [x + 0.5 - from.point.x, y + 0.5 - from.point.y]
        const share = length > 0 ? Math.min(1, Math.max(0, (px * dx + py * dy) / length)) : 1
        const [rx, ry] = [px - share * dx, py - share * dy]
        const square = rx * rx + ry * ry
        if (square >= reach) continue
        const part = coverage(Math.sqrt(square), from.radius + (to.radius - from.radius) * share, brush.hardness)
        if (part <= /** @type {number} */ (cover[at])) continue
        cover[at] = part
        const old = /** @type {number} */ (before[at])
        const strength = (part / 255) * brush.opacity
        mask.data[y * mask.width + x] = brush.erase ? old * (1 - strength) : old + (255 - old) * strength
      }
    }
  }
}

/** How much of a pixel a round brush covers. @param {number} distance of its middle @param {number} radius @param {number} hardness @returns {number} 0 to 255 */
export function coverage(distance, radius, hardness) {
  const soft = radius * (1 - hardness)
  const edge = Math.max(soft, 1)
  const part = Math.min(1, Math.max(0, (radius + 0.5 * Math.min(1, edge) - distance) / edge))
  return 255 * (soft > 1 ? part * part * (3 - 2 * part) : part)
}
