/**
 * The curve of a link: out of its source to the right, into its reader from the left.
 *
 * @typedef {import('./vec.js').Point} Point
 * @typedef {import('./rect.js').Rect} Rect
 * @typedef {{readonly a: Point, readonly b: Point, readonly c: Point, readonly d: Point}} Bezier Cubic: a, d are the ends.
 */
import { clamp, distance } from './vec.js'

/** @param {Point} from @param {Point} to @returns {Bezier} */
export function linkCurve(from, to) {
  const ahead = to.x - from.x
  const reach = ahead >= 0 ? Math.max(ahead * 0.5, Math.min(distance(from, to) * 0.4, 40)) : clamp(-ahead * 0.5 + 40, 40, 220)
  return { a: from, b: { x: from.x + reach, y: from.y }, c: { x: to.x - reach, y: to.y }, d: to }
}

/** @param {Bezier} curve @param {number} t from 0 to 1 @returns {Point} */
export function pointAt({ a, b, c, d }, t) {
  const s = 1 - t
  const [wa, wb, wc, wd] = [s * s * s, 3 * s * s * t, 3 * s * t * t, t * t * t]
  return { x: wa * a.x + wb * b.x + wc * c.x + wd * d.x, y: wa * a.y + wb * b.y + wc * c.y + wd * d.y }
}

/** A box that holds the curve; not the smallest one, but easy: that of its four points. @param {Bezier} curve @returns {Rect} */
export function curveBounds({ a, b, c, d }) {
  const x = Math.min(a.x, b.x, c.x, d.x)
  const y = Math.min(a.y, b.y, c.y, d.y)
  return { x, y, w: Math.max(a.x, b.x, c.x, d.x) - x, h: Math.max(a.y, b.y, c.y, d.y) - y }
}

/** How far a point lies from the curve, within about a pixel on curves of usual length. @param {Bezier} curve @param {Point} point */
export function distanceTo(curve, point) {
  const pieces = clamp(Math.ceil(distance(curve.a, curve.d) / 24), 8, 64)
  let nearest = Infinity
  let last = curve.a
  for (let i = 1; i <= pieces; i++) {
    const next = pointAt(curve, i / pieces)
    nearest = Math.min(nearest, distanceToSegment(last, next, point))
    last = next
  }
  return nearest
}

/** @param {Point} a @param {Point} b @param {Point} point */
function distanceToSegment(a, b, point) {
  const length = (b.x - a.x) ** 2 + (b.y - a.y) ** 2
  const t = length === 0 ? 0 : clamp(((point.x - a.x) * (b.x - a.x) + (point.y - a.y) * (b.y - a.y)) / length, 0, 1)
  return distance(point, { x: a.x + t * (b.x - a.x), y: a.y + t * (b.y - a.y) })
}
