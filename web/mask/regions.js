/**
 * Regions of a picture: what is like a colour, what lies inside an outline.
 *
 * @typedef {import('../geometry/vec.js').Point} Point
 * @typedef {import('../geometry/rect.js').Rect} Rect
 * @typedef {import('./mask.js').Region} Region
 * @typedef {{width: number, height: number, data: Uint8ClampedArray}} Pixels Four bytes a pixel.
 */

/**
 * The pixels round a point whose colour is like that point's: no channel differs by more than `tolerance`.
 * @param {Pixels} pixels @param {Point} point @param {number} tolerance 0 to 255
 * @param {boolean} [everywhere] those that are not connected too
 * @returns {Region | null} null outside the picture
 */
export function similar({ width, height, data }, point, tolerance, everywhere = false) {
  const [startX, startY] = [Math.floor(point.x), Math.floor(point.y)]
  if (startX < 0 || startY < 0 || startX >= width || startY >= height) return null
  const start = (startY * width + startX) * 4
  const [r, g, b] = [data[start] ?? 0, data[start + 1] ?? 0, data[start + 2] ?? 0]
  const like = (/** @type {number} */ at) => {
    const place = at * 4
    return Math.abs(/** @type {number} */ (data[place]) - r) <= tolerance
      && Math.abs(/** @type {number} */ (data[place + 1]) - g) <= tolerance
      && Math.abs(/** @type {number} */ (data[place + 2]) - b) <= tolerance
  }
  const found = new Uint8ClampedArray(width * height)
  let [left, right, top, bottom] = [startX, startX, startY, startY]
  if (everywhere) {
    ;[left, right, top, bottom] = [0, width - 1, 0, height - 1]
    for (let at = 0; at < found.length; at++) if (like(at)) found[at] = 255
  } else {
    // Whole runs of a row at a time: the stack stays as short as the region has rows and branches.
    const stack = [startY * width + startX]
    while (stack.length) {
      const at = /** @type {number} */ (stack.pop())
      if (found[at]) continue
      const y = Math.floor(at / width)
      const row = y * width
      let from = at
      while (from > row && !found[from - 1] && like(from - 1)) from--
      let to = at
      while (to < row + width - 1 && !found[to + 1] && like(to + 1)) to++
      found.fill(255, from, to + 1)
      left = Math.min(left, from - row)
      right = Math.max(right, to - row)
      top = Math.min(top, y)
      bottom = Math.max(bottom, y)
      for (const next of [y > 0 ? -width : 0, y < height - 1 ? width : 0]) {
        if (next === 0) continue
        let inside = false
        for (let place = from + next; place <= to + next; place++) {
          const fits = !found[place] && like(place)
          if (fits && !inside) stack.push(place)
          inside = fits
        }
      }
    }
  }
  return cropped(found, width, { x: left, y: top, w: right - left + 1, h: bottom - top + 1 })
}

/** @param {Uint8ClampedArray} data @param {number} width @param {Rect} rect @returns {Region} */
function cropped(data, width, rect) {
  const part = new Uint8ClampedArray(rect.w * rect.h)
  for (let row = 0; row < rect.h; row++) {
    const from = (rect.y + row) * width + rect.x
    part.set(data.subarray(from, from + rect.w), row * rect.w)
  }
  return { ...rect, data: part }
}

/** Rows within a pixel that an outline is looked at in. */
const FINE = 4

/**
 * What lies inside a closed outline (an odd number of crossings counts as inside), with smooth edges.
 * @param {readonly Point[]} points @param {number} width of the picture @param {number} height
 * @returns {Region | null} null where nothing of the picture is inside
 */
export function polygon(points, width, height) {
  if (points.length < 3) return null
  const xs = points.map(({ x }) => x)
  const ys = points.map(({ y }) => y)
  const left = Math.max(0, Math.floor(least(xs)))
  const top = Math.max(0, Math.floor(least(ys)))
  const w = Math.min(width, Math.ceil(-least(xs.map((x) => -x)))) - left
  const h = Math.min(height, Math.ceil(-least(ys.map((y) => -y)))) - top
  if (!(w > 0 && h > 0)) return null
  const data = new Uint8ClampedArray(w * h)
  const sums = new Float32Array(w)
  for (let row = 0; row < h; row++) {
    sums.fill(0)
    for (let fine = 0; fine < FINE; fine++) {
      const crossings = crossingsAt(points, top + row + (fine + 0.5) / FINE)
      for (let pair = 0; pair + 1 < crossings.length; pair += 2) {
        addSpan(sums, /** @type {number} */ (crossings[pair]) - left, /** @type {number} */ (crossings[pair + 1]) - left)
      }
    }
    for (let x = 0; x < w; x++) data[row * w + x] = (/** @type {number} */ (sums[x]) * 255) / FINE
  }
  return { x: left, y: top, w, h, data }
}

/** A long outline has more points than a call takes arguments. @param {readonly number[]} values */
const least = (values) => values.reduce((a, b) => Math.min(a, b), Infinity)

/** Where a row crosses the outline, from left to right. @param {readonly Point[]} points @param {number} y */
function crossingsAt(points, y) {
  /** @type {number[]} */
  const found = []
  let before = /** @type {Point} */ (points.at(-1))
  for (const point of points) {
    if (before.y <= y !== point.y <= y) found.push(before.x + ((y - before.y) / (point.y - before.y)) * (point.x - before.x))
    before = point
  }
  return found.sort((a, b) => a - b)
}

/** Add how much of each pixel of a row lies between two places. @param {Float32Array} sums @param {number} from @param {number} to */
function addSpan(sums, from, to) {
  const [start, end] = [Math.max(0, from), Math.min(sums.length, to)]
  for (let x = Math.floor(start); x < end; x++) sums[x] = /** @type {number} */ (sums[x]) + Math.min(end, x + 1) - Math.max(start, x)
}
