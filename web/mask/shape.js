/**
 * The mask's outline made larger, smaller or softer, worked on only round what is selected. Each pixel costs the same
 * whatever the amount; a large mask still takes a while, which is why `reshape.js` has a worker do it.
 *
 * @typedef {import('./mask.js').Mask} Mask
 * @typedef {import('./mask.js').Region} Region
 * @typedef {'grow' | 'shrink' | 'feather'} ShapeName
 */
import { grow as widen } from '../geometry/rect.js'

/** A copy of the part of the mask that a change of so many pixels can reach; null for an empty mask. @param {Mask} mask @param {number} by @returns {Region | null} */
export function reached(mask, by) {
  const bounds = mask.bounds()
  const rect = bounds && mask.clip(widen(bounds, Math.ceil(by * 1.5) + 2)) // three averages reach that far
  return rect && { ...rect, data: mask.read(rect) }
}

/** Change a region that `reached` has copied. @param {ShapeName} what @param {Region} region @param {number} by @returns {Region} the same */
export function reshape(what, region, by) {
  if (what === 'feather') soften(region, by)
  else move(region, by, what === 'grow')
  return region
}

/**
 * The outline moved by so many pixels, round at the corners; the picture's own border is none. What counts is how far each
 * pixel is from the nearest one on the other side, and only as far as `by + 1`.
 * @param {Region} region @param {number} by @param {boolean} out
 */
function move(region, by, out) {
  const { w, h, data } = region
  const most = Math.ceil(by) + 1
  const near = distancesInColumns(region, out, most)
  const columns = new Int32Array(w)
  const heights = new Float64Array(w)
  const starts = new Float64Array(w + 1)
  for (let y = 0; y < h; y++) {
    const count = envelope(near, y * w, w, most, columns, heights, starts)
    if (!count) continue
    for (let x = 0, k = 0, at = y * w; x < w; x++, at++) {
      while (k + 1 < count && /** @type {number} */ (starts[k + 1]) < x) k++
      const square = (x - /** @type {number} */ (columns[k])) ** 2 + /** @type {number} */ (heights[k])
      if (square >= most * most) continue
      const distance = Math.sqrt(square)
      const value = /** @type {number} */ (data[at])
      data[at] = out ? Math.max(value, 255 * (by + 1 - distance)) : Math.min(value, 255 * (distance - by))
    }
  }
}

/**
 * How far each pixel is, along its column, from the nearest that is selected (or is not); `most + 1` for farther than `most`.
 * The sweeps go row by row, as the bytes lie.
 * @param {Region} region @param {boolean} selected @param {number} most
 */
function distancesInColumns({ w, h, data }, selected, most) {
  const near = new Uint16Array(w * h)
  for (let at = 0; at < near.length; at++) {
    if (/** @type {number} */ (data[at]) >= 128 === selected) continue
    near[at] = at < w ? most + 1 : Math.min(most + 1, /** @type {number} */ (near[at - w]) + 1)
  }
  for (let at = near.length - w - 1; at >= 0; at--) {
    const below = /** @type {number} */ (near[at + w]) + 1
    if (below < /** @type {number} */ (near[at])) near[at] = below
  }
  return near
}

/**
 * The lowest of the parabolas that stand on a row's squares (Felzenszwalb and Huttenlocher), from left to right: where each
 * stands, how high, and from where on it is the lowest.
 * @param {Uint16Array} near @param {number} first @param {number} length @param {number} most
 * @param {Int32Array} columns @param {Float64Array} heights @param {Float64Array} starts
 * @returns {number} how many
 */
function envelope(near, first, length, most, columns, heights, starts) {
  let count = 0
  for (let x = 0; x < length; x++) {
    const distance = /** @type {number} */ (near[first + x])
    if (distance > most) continue
    const height = distance * distance
    let crossing = -Infinity
    while (count) {
      const column = /** @type {number} */ (columns[count - 1])
      crossing = (height + x * x - /** @type {number} */ (heights[count - 1]) - column * column) / (2 * (x - column))
      if (crossing > /** @type {number} */ (starts[count - 1])) break
      count--
      crossing = -Infinity
    }
    columns[count] = x
    heights[count] = height
    starts[count] = crossing
    count++
  }
  return count
}

/** Soft edges, so many pixels to each side. Three averages in a row are as good as a bell curve. @param {Region} region @param {number} by */
function soften(region, by) {
  const { w, h, data } = region
  const side = Math.max(1, Math.round(by / 2.2))
  const from = Float32Array.from(data)
  const to = new Float32Array(from.length)
  for (let pass = 0; pass < 3; pass++) {
    for (let y = 0; y < h; y++) averageRow(from, to, y * w, w, side)
    averageColumns(to, from, w, h, side)
  }
  data.set(from)
}

/** The border's own value goes on beyond it. @param {Float32Array} from @param {Float32Array} to @param {number} first @param {number} length @param {number} side */
function averageRow(from, to, first, length, side) {
  const last = first + length - 1
  const share = 1 / (2 * side + 1)
  let sum = 0
  for (let at = first - side; at <= first + side; at++) sum += /** @type {number} */ (from[Math.min(last, Math.max(first, at))])
  for (let at = first; at <= last; at++) {
    to[at] = sum * share
    sum += /** @type {number} */ (from[Math.min(last, at + side + 1)]) - /** @type {number} */ (from[Math.max(first, at - side)])
  }
}

/** All columns at once, row by row. @param {Float32Array} from @param {Float32Array} to @param {number} w @param {number} h @param {number} side */
function averageColumns(from, to, w, h, side) {
  const share = 1 / (2 * side + 1)
  const sums = new Float64Array(w)
  const row = (/** @type {number} */ y) => Math.min(h - 1, Math.max(0, y)) * w
  for (let y = -side; y <= side; y++) {
    for (let x = 0, at = row(y); x < w; x++, at++) sums[x] = /** @type {number} */ (sums[x]) + /** @type {number} */ (from[at])
  }
  for (let y = 0; y < h; y++) {
    for (let x = 0, at = y * w, more = row(y + side + 1), less = row(y - side); x < w; x++, at++, more++, less++) {
      const sum = /** @type {number} */ (sums[x])
      to[at] = sum * share
      sums[x] = sum + /** @type {number} */ (from[more]) - /** @type {number} */ (from[less])
    }
  }
}
