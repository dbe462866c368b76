/**
 * Loops of points.
 *
 * @typedef {import('./rect.js').Rect} Rect
 * @typedef {import('./vec.js').Point} Point
 */
import { centre, contains } from './rect.js'

/** Does a point lie in the loop? @param {readonly Point[]} loop @param {Point} point */
export function inLoop(loop, { x, y }) {
  let inside = false
  let last = loop.at(-1)
  for (const at of loop) {
    if (last && at.y > y !== last.y > y && x < ((last.x - at.x) * (y - at.y)) / (last.y - at.y) + at.x) inside = !inside
    last = at
  }
  return inside
}

/** Does the loop hold a box's middle or a corner, or does it pass through the box? @param {readonly Point[]} loop @param {Rect} rect */
export function loopTakes(loop, rect) {
  const { x, y, w, h } = rect
  const corners = [centre(rect), { x, y }, { x: x + w, y }, { x, y: y + h }, { x: x + w, y: y + h }]
  return corners.some((corner) => inLoop(loop, corner)) || loop.some((point) => contains(rect, point))
}
