/**
 * Parts of a graph beside and under each other, in the order in which they stood, clear of what stays where it is.
 *
 * @typedef {import('../geometry/rect.js').Rect} Rect
 * @typedef {import('../model/types.js').RecordId} RecordId
 * @typedef {import('./arrange.js').Gaps} Gaps
 * @typedef {import('./layered.js').Laid} Laid
 */
import { bounds, grow, intersects } from '../geometry/rect.js'

/** Rows of parts are about this many times as wide as all of them are high. */
const SHAPE = 1.6

/**
 * @param {readonly Laid[]} parts @param {{x: number, y: number}} corner @param {readonly Rect[]} obstacles @param {Gaps} gaps
 * @returns {Map<RecordId, {x: number, y: number}>}
 */
export function pack(parts, corner, obstacles, gaps) {
  const order = [...parts].sort((a, b) => Number(b.linked) - Number(a.linked) || a.top - b.top || a.left - b.left)
  const area = order.reduce((sum, { w, h }) => sum + (w + gaps.along) * (h + gaps.across), 0)
  const room = Math.max(...order.map(({ w }) => w), Math.sqrt(area * SHAPE))
  /** @type {Map<RecordId, {x: number, y: number}>} */
  const placed = new Map()
  let [x, y, bottom] = [corner.x, corner.y, corner.y]
  for (const part of order) {
    if (x > corner.x && x + part.w > corner.x + room) {
      x = corner.x
      y = bottom + 2 * gaps.across
    }
    const boxes = clear(part.boxes.map((box) => ({ ...box, x: box.x + x, y: box.y + y })), obstacles, gaps.across)
    for (const box of boxes) placed.set(box.id, { x: box.x, y: box.y })
    const { y: top, h } = bounds(boxes) ?? { y, h: 0 }
    bottom = Math.max(bottom, top + h)
    x += part.w + gaps.along
  }
  return placed
}

/** @typedef {import('./layered.js').Laid['boxes'][number]} Placed */

/**
 * Where something stays in the way, what would lie under it moves down, and with it what is below in the same column.
 * @param {Placed[]} boxes @param {readonly Rect[]} obstacles @param {number} gap @returns {Placed[]}
 */
function clear(boxes, obstacles, gap) {
  if (!obstacles.length) return boxes
  /** @type {Map<number, Placed[]>} */
  const columns = new Map()
  for (const box of [...boxes].sort((a, b) => a.y - b.y)) {
    const column = columns.get(box.column)
    if (column) column.push(box)
    else columns.set(box.column, [box])
  }
  return [...columns.values()].flatMap((column) => {
    let free = -Infinity
    return column.map((box) => {
      let at = { ...box, y: Math.max(box.y, free) }
      for (let tries = 0; tries <= obstacles.length; tries++) {
        const hit = obstacles.find((obstacle) => intersects(grow(obstacle, gap - 1), at))
        if (!hit) break
        at = { ...at, y: hit.y + hit.h + gap }
      }
      free = at.y + at.h + gap
      return at
    })
  })
}
