/**
 * The way of a link from its source through its reroutes to its reader, in the shape that the artist likes: as curves, as
 * straight lines, or along the axes with round corners. Each is a list of curves for each stretch between two points.
 *
 * @typedef {import('./bezier.js').Bezier} Bezier
 * @typedef {import('./vec.js').Point} Point
 * @typedef {'spline' | 'straight' | 'elbow' | 'hidden'} LinkShape
 */
import { line, linkCurve } from './bezier.js'
import { add, distance, lerp, scale, subtract } from './vec.js'

/** @type {readonly LinkShape[]} */
export const LINK_SHAPES = ['spline', 'straight', 'elbow', 'hidden']

const RADIUS = 10
/** How far an elbow goes straight out of a socket before it may turn. */
const STUB = 16
/** How far a hidden link is still seen at its sockets. */
export const HIDDEN_STUB = 22

/** @param {readonly Point[]} points the ends and the reroutes between them @param {LinkShape} shape @returns {Bezier[][]} for each stretch */
export function linkPath(points, shape) {
  return points.slice(1).map((to, index) => {
    const from = points[index] ?? to
    if (shape === 'straight') return [line(from, to)]
    if (shape === 'elbow') return elbow(from, to, index === 0, index === points.length - 2)
    return [stretch(points, index, from, to)]
  })
}

/** What is left of a hidden link: its two ends. @param {Point} from @param {Point} to @returns {Bezier[]} */
export const stubs = (from, to) => [
  line(from, { x: from.x + HIDDEN_STUB, y: from.y }), line({ x: to.x - HIDDEN_STUB, y: to.y }, to)
]

/** Sockets are left and reached along the axis; through a reroute the way goes on as it came. @param {readonly Point[]} points @param {number} index @param {Point} from @param {Point} to @returns {Bezier} */
function stretch(points, index, from, to) {
  const [before, after] = [points[index - 1], points[index + 2]]
  const plain = linkCurve(from, to)
  if (!before && !after) return plain
  const reach = distance(from, to) * 0.28
  return {
    a: from, d: to,
    b: before ? add(from, along(before, to, reach)) : { x: from.x + Math.min(plain.b.x - from.x, reach * 1.5), y: from.y },
    c: after ? subtract(to, along(from, after, reach)) : { x: to.x - Math.min(to.x - plain.c.x, reach * 1.5), y: to.y }
  }
}

/** @param {Point} from @param {Point} to @param {number} length @returns {Point} */
function along(from, to, length) {
  const far = distance(from, to)
  return far === 0 ? { x: length, y: 0 } : scale(subtract(to, from), length / far)
}

/** @param {Point} from @param {Point} to @param {boolean} first `from` is a socket @param {boolean} last `to` is one @returns {Bezier[]} */
function elbow(from, to, first, last) {
  const [out, into] = [first ? STUB : 0, last ? STUB : 0]
  const middle = (from.x + to.x) / 2
  const points = to.x - from.x >= out + into || (!first && !last)
    ? [from, { x: middle, y: from.y }, { x: middle, y: to.y }, to]
    : [
        from, { x: from.x + out, y: from.y }, { x: from.x + out, y: (from.y + to.y) / 2 },
        { x: to.x - into, y: (from.y + to.y) / 2 }, { x: to.x - into, y: to.y }, to
      ]
  return rounded(points)
}

/** Lines through the points, with round corners. @param {readonly Point[]} points @returns {Bezier[]} */
function rounded(points) {
  /** @type {Bezier[]} */
  const pieces = []
  let at = points[0]
  for (let i = 1; at && i < points.length; i++) {
    const [corner, next] = [points[i], points[i + 1]]
    if (!corner) break
    if (!next) {
      pieces.push(line(at, corner))
      break
    }
    const [before, after] = [distance(at, corner), distance(corner, next)]
    const radius = Math.min(RADIUS, before / 2, after / 2)
    if (radius < 0.5) continue
    const [a, d] = [lerp(corner, at, radius / before), lerp(corner, next, radius / after)]
    pieces.push(line(at, a), { a, b: lerp(a, corner, 0.55), c: lerp(d, corner, 0.55), d })
    at = d
  }
  return pieces
}
