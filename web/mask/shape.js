/**
 * The mask's outline made larger, smaller or softer, worked on only round what is selected.
 *
 * @typedef {import('../geometry/rect.js').Rect} Rect
 * @typedef {import('./mask.js').Mask} Mask
 * @typedef {import('./mask.js').Region} Region
 */
import { grow as widen } from '../geometry/rect.js'

const FAR = 1e12

/** The mask with its outline moved out by so many pixels, round at the corners. @param {Mask} mask @param {number} by @returns {Region | null} what to put in place; null for an empty mask */
export function grown(mask, by) {
  const region = around(mask, by + 1)
  if (!region) return null
  const distances = distanceTo(region, (value) => value >= 128)
  region.data.forEach((value, at) => {
    region.data[at] = Math.max(value, 255 * (by + 1 - /** @type {number} */ (distances[at])))
  })
  return region
}

/** The mask with its outline moved in. The picture's own border is none. @param {Mask} mask @param {number} by @returns {Region | null} */
export function shrunk(mask, by) {
  const region = around(mask, by + 1)
  if (!region) return null
  const distances = distanceTo(region, (value) => value < 128)
  region.data.forEach((value, at) => {
    region.data[at] = Math.min(value, 255 * (/** @type {number} */ (distances[at]) - by))
  })
  return region
}

/** The mask with soft edges, so many pixels to each side. @param {Mask} mask @param {number} by @returns {Region | null} */
export function feathered(mask, by) {
  const region = around(mask, by + 2)
  if (!region) return null
  // Three averages in a row are as good as a bell curve.
  const side = Math.max(1, Math.round(by / 2.2))
  const from = Float32Array.from(region.data)
  const to = new Float32Array(from.length)
  for (let pass = 0; pass < 3; pass++) {
    averageRows(from, to, region.w, region.h, side)
    averageColumns(to, from, region.w, region.h, side)
  }
  region.data.set(from)
  return region
}

/** The part of the mask that a change of so many pixels can reach. @param {Mask} mask @param {number} by @returns {Region | null} */
function around(mask, by) {
  const bounds = mask.bounds()
  const rect = bounds && mask.clip(widen(bounds, Math.ceil(by)))
  return rect && { ...rect, data: mask.read(rect) }
}

/**
 * How far each pixel is from the nearest one that is meant, exactly: the parabolas of Felzenszwalb and Huttenlocher, over
 * columns and then rows.
 * @param {Region} region @param {(value: number) => boolean} meant
 */
function distanceTo({ w, h, data }, meant) {
  const squares = new Float32Array(w * h)
  for (let at = 0; at < squares.length; at++) squares[at] = meant(/** @type {number} */ (data[at])) ? 0 : FAR
  const longest = Math.max(w, h)
  const line = new Float64Array(longest)
  const result = new Float64Array(longest)
  const centres = new Int32Array(longest)
  const starts = new Float64Array(longest + 1)
  for (let x = 0; x < w; x++) {
    for (let y = 0; y < h; y++) line[y] = /** @type {number} */ (squares[y * w + x])
    envelope(line, result, h, centres, starts)
    for (let y = 0; y < h; y++) squares[y * w + x] = /** @type {number} */ (result[y])
  }
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < w; x++) line[x] = /** @type {number} */ (squares[y * w + x])
    envelope(line, result, w, centres, starts)
    for (let x = 0; x < w; x++) squares[y * w + x] = Math.sqrt(/** @type {number} */ (result[x]))
  }
  return squares
}

/** The lowest of the parabolas that stand on a line's values. @param {Float64Array} line @param {Float64Array} result @param {number} length @param {Int32Array} centres @param {Float64Array} starts */
function envelope(line, result, length, centres, starts) {
  const at = (/** @type {ArrayLike<number>} */ list, /** @type {number} */ index) => /** @type {number} */ (list[index])
  let count = 0
  centres[0] = 0
  starts[0] = -Infinity
  starts[1] = Infinity
  for (let q = 1; q < length; q++) {
    let crossing = 0
    for (;;) {
      const centre = at(centres, count)
      crossing = (at(line, q) + q * q - at(line, centre) - centre * centre) / (2 * (q - centre))
      if (crossing > at(starts, count)) break
      count--
    }
    count++
    centres[count] = q
    starts[count] = crossing
    starts[count + 1] = Infinity
  }
  let k = 0
  for (let q = 0; q < length; q++) {
    while (at(starts, k + 1) < q) k++
    const centre = at(centres, k)
    result[q] = (q - centre) ** 2 + at(line, centre)
  }
}

/** @param {Float32Array} from @param {Float32Array} to @param {number} w @param {number} h @param {number} side */
function averageRows(from, to, w, h, side) {
  for (let y = 0; y < h; y++) averageLine(from, to, y * w, 1, w, side)
}

/** @param {Float32Array} from @param {Float32Array} to @param {number} w @param {number} h @param {number} side */
function averageColumns(from, to, w, h, side) {
  for (let x = 0; x < w; x++) averageLine(from, to, x, w, h, side)
}

/** The border's own value goes on beyond it. @param {Float32Array} from @param {Float32Array} to @param {number} start @param {number} step @param {number} length @param {number} side */
function averageLine(from, to, start, step, length, side) {
  const value = (/** @type {number} */ index) => /** @type {number} */ (from[start + Math.min(length - 1, Math.max(0, index)) * step])
  let sum = 0
  for (let index = -side; index <= side; index++) sum += value(index)
  for (let index = 0; index < length; index++) {
    to[start + index * step] = sum / (2 * side + 1)
    sum += value(index + side + 1) - value(index - side)
  }
}
