/**
 * Where a new thing goes without lying on another.
 *
 * @typedef {import('./rect.js').Rect} Rect
 * @typedef {import('./vec.js').Point} Point
 */

/** Between two places that are tried, and the least that is left between things. */
const STEP = 32
const GAP = 16
/** No more places than this are tried each way: a view from afar is large. */
const PLACES = 32

/**
 * The place nearest to a point where a box of that size is within `within` and touches none of `taken`; where there is none,
 * one on the point, moved until it covers no other's corner.
 * @param {{w: number, h: number}} size @param {Point} point that is to be its middle @param {Rect} within @param {readonly Rect[]} taken
 * @returns {Point} of its top left
 */
export function freePlace({ w, h }, point, within, taken) {
  const middle = { x: point.x - w / 2, y: point.y - h / 2 }
  const step = Math.max(STEP, Math.max(within.w, within.h) / 2 / PLACES)
  const [across, down] = [Math.ceil(within.w / 2 / step), Math.ceil(within.h / 2 / step)]
  let best = null
  let least = Infinity
  for (let column = -across; column <= across; column++) {
    const x = middle.x + column * step
    if (x < within.x || x + w > within.x + within.w) continue
    const beside = taken.filter((other) => other.x <= x + w + GAP && other.x + other.w >= x - GAP)
    for (let row = -down; row <= down; row++) {
      const far = column * column + row * row
      const y = middle.y + row * step
      if (far >= least || y < within.y || y + h > within.y + within.h) continue
      if (beside.some((other) => other.y <= y + h + GAP && other.y + other.h >= y - GAP)) continue
      least = far
      best = { x, y }
    }
  }
  if (best) return best
  let { x, y } = middle
  while (taken.some((other) => Math.abs(other.x - x) < STEP / 2 && Math.abs(other.y - y) < STEP / 2)) {
    x += STEP
    y += STEP
  }
  return { x, y }
}
