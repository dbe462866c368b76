/**
 * Boxes whose sides lie along the axes. Width and height are never negative.
 *
 * @typedef {import('./vec.js').Point} Point
 * @typedef {{readonly x: number, readonly y: number, readonly w: number, readonly h: number}} Rect
 */

/** The box between two corners. @param {Point} a @param {Point} b @returns {Rect} */
export const between = (a, b) => ({
  x: Math.min(a.x, b.x), y: Math.min(a.y, b.y), w: Math.abs(a.x - b.x), h: Math.abs(a.y - b.y)
})

/** @param {Rect} rect @param {Point} point */
export const contains = (rect, point) =>
  point.x >= rect.x && point.x < rect.x + rect.w && point.y >= rect.y && point.y < rect.y + rect.h

/** Do two boxes share any point? @param {Rect} a @param {Rect} b */
export const intersects = (a, b) => a.x <= b.x + b.w && b.x <= a.x + a.w && a.y <= b.y + b.h && b.y <= a.y + a.h

/** Does `outer` hold all of `inner`? @param {Rect} outer @param {Rect} inner */
export const holds = (outer, inner) =>
  inner.x >= outer.x && inner.y >= outer.y &&
  inner.x + inner.w <= outer.x + outer.w && inner.y + inner.h <= outer.y + outer.h

/** @param {Rect} rect @param {number} margin negative to shrink @returns {Rect} */
export const grow = (rect, margin) => ({
  x: rect.x - margin, y: rect.y - margin, w: Math.max(0, rect.w + 2 * margin), h: Math.max(0, rect.h + 2 * margin)
})

/** @param {Rect} rect @param {Point} by @returns {Rect} */
export const move = (rect, by) => ({ x: rect.x + by.x, y: rect.y + by.y, w: rect.w, h: rect.h })

/** @param {Rect} rect @returns {Point} */
export const centre = (rect) => ({ x: rect.x + rect.w / 2, y: rect.y + rect.h / 2 })

/** The smallest box round all of them; null for none. @param {Iterable<Rect>} rects @returns {Rect | null} */
export function bounds(rects) {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity]
  for (const rect of rects) {
    left = Math.min(left, rect.x)
    top = Math.min(top, rect.y)
    right = Math.max(right, rect.x + rect.w)
    bottom = Math.max(bottom, rect.y + rect.h)
  }
  return left === Infinity ? null : { x: left, y: top, w: right - left, h: bottom - top }
}
