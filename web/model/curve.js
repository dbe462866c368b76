/**
 * Curves on a unit square: points from left to right, and a smooth line through them that never swings past them
 * (Fritsch and Carlson's monotone cubic).
 *
 * @typedef {readonly [x: number, y: number]} Knot
 */
import { asList, isFinite, isObject } from './json.js'

/** @type {readonly Knot[]} */
export const STRAIGHT = [[0, 0], [1, 1]]
/** Points of a curve, at most. */
const MOST_KNOTS = 64
/** Points closer than this would be one above the other. */
const APART = 1e-4

/** The points of a value, whatever the file holds: pairs, or objects with x and y, alone or as `points`. @param {unknown} value @returns {Knot[]} */
export function knotsOf(value) {
  const listed = isObject(value) ? asList(value.points) : asList(value)
  const knots = listed.flatMap((each) => {
    const [x, y] = Array.isArray(each) ? each : isObject(each) ? [each.x, each.y] : []
    return isFinite(x) && isFinite(y) ? [/** @type {Knot} */ ([unit(x), unit(y)])] : []
  })
  return knots.length ? sorted(knots) : [...STRAIGHT]
}

/** The value with other points, in the form that it had. @param {unknown} value @param {readonly Knot[]} knots */
export function withKnots(value, knots) {
  const first = isObject(value) ? asList(value.points)[0] : asList(value)[0]
  const points = knots.map(([x, y]) => (isObject(first) ? { x: short(x), y: short(y) } : [short(x), short(y)]))
  return isObject(value) ? { ...value, points } : points
}

/** @param {number} value */
const unit = (value) => Math.min(Math.max(value, 0), 1)
/** @param {number} value */
const short = (value) => Number(value.toFixed(4))

/** Left to right, each a little right of the one before. @param {readonly Knot[]} knots @returns {Knot[]} */
function sorted(knots) {
  return [...knots].sort((a, b) => a[0] - b[0]).filter(([x], index, all) => index === 0 || x - (all[index - 1]?.[0] ?? 0) >= APART)
}

/** A point moved, between its neighbours. @param {readonly Knot[]} knots @param {number} index @param {Knot} to @returns {Knot[]} */
export function moved(knots, index, [x, y]) {
  const low = index > 0 ? (knots[index - 1]?.[0] ?? 0) + APART * 10 : 0
  const high = index < knots.length - 1 ? (knots[index + 1]?.[0] ?? 1) - APART * 10 : 1
  return knots.map((knot, at) => (at === index ? [Math.min(Math.max(x, low), Math.max(low, high)), unit(y)] : knot))
}

/** @param {readonly Knot[]} knots @param {Knot} knot @returns {{knots: Knot[], index: number}} `index` of the new one; -1 where there is no room */
export function added(knots, knot) {
  const next = sorted([...knots, [unit(knot[0]), unit(knot[1])]])
  if (next.length === knots.length || next.length > MOST_KNOTS) return { knots: [...knots], index: -1 }
  return { knots: next, index: next.findIndex(([x, y]) => !knots.some((old) => old[0] === x && old[1] === y)) }
}

/** Two always stay. @param {readonly Knot[]} knots @param {number} index */
export const removed = (knots, index) => (knots.length > 2 ? knots.filter((_, at) => at !== index) : [...knots])

/** The point within reach of a place. @param {readonly Knot[]} knots @param {Knot} at @param {Knot} reach @returns {number} -1 for none */
export function knotNear(knots, [x, y], [reachX, reachY]) {
  let [nearest, least] = [-1, 1]
  knots.forEach(([knotX, knotY], index) => {
    const far = Math.hypot((knotX - x) / reachX, (knotY - y) / reachY)
    if (far < least) [nearest, least] = [index, far]
  })
  return nearest
}

/** The curve's height over x; level before its first point and after its last. @param {readonly Knot[]} knots @returns {(x: number) => number} */
export function smooth(knots) {
  const count = knots.length
  const [xs, ys] = [knots.map(([x]) => x), knots.map(([, y]) => y)]
  const slopes = Array.from({ length: count - 1 }, (_, i) => (at(ys, i + 1) - at(ys, i)) / (at(xs, i + 1) - at(xs, i)))
  const tangents = xs.map((_, i) => {
    if (i === 0) return at(slopes, 0)
    if (i === count - 1) return at(slopes, count - 2)
    const [before, after] = [at(slopes, i - 1), at(slopes, i)]
    return before * after <= 0 ? 0 : (before + after) / 2
  })
  for (let i = 0; i < count - 1; i++) {
    const slope = at(slopes, i)
    if (slope === 0) {
      tangents[i] = tangents[i + 1] = 0
      continue
    }
    const [a, b] = [at(tangents, i) / slope, at(tangents, i + 1) / slope]
    const size = Math.hypot(a, b)
    if (size > 3) {
      tangents[i] = (3 * a * slope) / size
      tangents[i + 1] = (3 * b * slope) / size
    }
  }
  return (x) => {
    if (x <= at(xs, 0)) return at(ys, 0)
    if (x >= at(xs, count - 1)) return at(ys, count - 1)
    const i = Math.max(0, xs.findIndex((next) => next > x) - 1)
    const width = at(xs, i + 1) - at(xs, i)
    const t = (x - at(xs, i)) / width
    const [t2, t3] = [t * t, t * t * t]
    return (2 * t3 - 3 * t2 + 1) * at(ys, i) + (t3 - 2 * t2 + t) * width * at(tangents, i) + (3 * t2 - 2 * t3) * at(ys, i + 1) + (t3 - t2) * width * at(tangents, i + 1)
  }
}

/** @param {readonly number[]} list @param {number} index */
const at = (list, index) => list[index] ?? 0
