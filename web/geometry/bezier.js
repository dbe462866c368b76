/**
 * The curve of a link: out of its source to the right, into its reader from the left.
 *
 * @typedef {import('./vec.js').Point} Point
 * @typedef {import('./rect.js').Rect} Rect
 * @typedef {{readonly a: Point, readonly b: Point, readonly c: Point, readonly d: Point}} Bezier Cubic: a, d are the ends.
 */
import { clamp, distance } from './vec.js'

/** How far a link's curve goes straight on at its ends. @param {number} x1 @param {number} y1 @param {number} x2 @param {number} y2 */
export function reachOf(x1, y1, x2, y2) {
  const ahead = x2 - x1
  return ahead >= 0 ? Math.max(ahead * 0.5, Math.min(Math.hypot(ahead, y2 - y1) * 0.4, 40)) : clamp(-ahead * 0.5 + 40, 40, 220)
}

/** @param {Point} from @param {Point} to @returns {Bezier} */
export function linkCurve(from, to) {
  const reach = reachOf(from.x, from.y, to.x, to.y)
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

/** Points along the curve, close enough that the way between two of them is straight to the eye. @param {Bezier} curve @returns {Point[]} */
function sample(curve) {
  const pieces = isStraight(curve) ? 1 : clamp(Math.ceil(distance(curve.a, curve.d) / 24), 8, 64)
  return Array.from({ length: pieces + 1 }, (_, index) => pointAt(curve, index / pieces))
}

/** @param {Bezier} curve */
const isStraight = ({ a, b, c, d }) => b.x === a.x && b.y === a.y && c.x === d.x && c.y === d.y

/** A straight line as a curve. @param {Point} a @param {Point} d @returns {Bezier} */
export const line = (a, d) => ({ a, b: a, c: d, d })

/** The curve's point nearest to a point, within about a pixel on curves of usual length. @param {Bezier} curve @param {Point} point @returns {Point} */
export function nearestOn(curve, point) {
  let nearest = curve.a
  let least = Infinity
  let last = curve.a
  for (const next of sample(curve)) {
    const at = nearestOnSegment(last, next, point)
    const gap = distance(at, point)
    if (gap < least) {
      least = gap
      nearest = at
    }
    last = next
  }
  return nearest
}

/** How far a point lies from the curve. @param {Bezier} curve @param {Point} point */
export const distanceTo = (curve, point) => distance(nearestOn(curve, point), point)

/** Where the way from `p` to `q` crosses the curve first; null where it does not. @param {Bezier} curve @param {Point} p @param {Point} q @returns {Point | null} */
export function crossing(curve, p, q) {
  /** @type {Point | null} */
  let first = null
  const points = sample(curve)
  for (let i = 1; i < points.length; i++) {
    const [a, b] = [points[i - 1], points[i]]
    const at = a && b && meet(a, b, p, q)
    if (at && (!first || distance(p, at) < distance(p, first))) first = at
  }
  return first
}

/** Where two segments meet; parallel ones do not. @param {Point} a @param {Point} b @param {Point} p @param {Point} q @returns {Point | null} */
function meet(a, b, p, q) {
  const [r, s] = [{ x: b.x - a.x, y: b.y - a.y }, { x: q.x - p.x, y: q.y - p.y }]
  const cross = r.x * s.y - r.y * s.x
  if (cross === 0) return null
  const t = ((p.x - a.x) * s.y - (p.y - a.y) * s.x) / cross
  const u = ((p.x - a.x) * r.y - (p.y - a.y) * r.x) / cross
  return t >= 0 && t <= 1 && u >= 0 && u <= 1 ? { x: a.x + t * r.x, y: a.y + t * r.y } : null
}

/** @param {Point} a @param {Point} b @param {Point} point @returns {Point} */
function nearestOnSegment(a, b, point) {
  const length = (b.x - a.x) ** 2 + (b.y - a.y) ** 2
  const t = length === 0 ? 0 : clamp(((point.x - a.x) * (b.x - a.x) + (point.y - a.y) * (b.y - a.y)) / length, 0, 1)
  return { x: a.x + t * (b.x - a.x), y: a.y + t * (b.y - a.y) }
}
