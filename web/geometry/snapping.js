/**
 * Boxes that keep to each other's edges and middles, and the lines that show it.
 *
 * @typedef {import('./rect.js').Rect} Rect
 * @typedef {import('./vec.js').Point} Point
 * @typedef {{axis: 'x' | 'y', at: number, from: number, to: number}} Guide A line of one `x` (or `y`), between two others.
 */

const SIZE = /** @type {const} */ ({ x: 'w', y: 'h' })
const OTHER = /** @type {const} */ ({ x: 'y', y: 'x' })

/**
 * How far a box must go to stand in line with others: edges with edges, middles with middles.
 * @param {Rect} box @param {readonly Rect[]} others @param {number} reach
 * @returns {{by: Point, guides: Guide[]}}
 */
export function snapBox(box, others, reach) {
  const [x, y] = [nearest(box, others, 'x', reach), nearest(box, others, 'y', reach)]
  const moved = { ...box, x: box.x + x, y: box.y + y }
  return { by: { x, y }, guides: [...guidesOf(moved, others, 'x'), ...guidesOf(moved, others, 'y')] }
}

/** The edge of a box that is dragged, in line with an edge of another. @param {number} at @param {'x' | 'y'} axis @param {readonly Rect[]} others @param {number} reach */
export function snapEdge(at, axis, others, reach) {
  let best = at
  let least = reach
  for (const other of others) {
    for (const edge of [other[axis], other[axis] + other[SIZE[axis]]]) {
      if (Math.abs(edge - at) >= least) continue
      least = Math.abs(edge - at)
      best = edge
    }
  }
  return best
}

/** @param {Rect} rect @param {'x' | 'y'} axis */
const lines = (rect, axis) => [rect[axis], rect[axis] + rect[SIZE[axis]] / 2, rect[axis] + rect[SIZE[axis]]]

/** @param {Rect} box @param {readonly Rect[]} others @param {'x' | 'y'} axis @param {number} reach */
function nearest(box, others, axis, reach) {
  const own = lines(box, axis)
  let best = 0
  let least = reach
  for (const other of others) {
    const theirs = lines(other, axis)
    for (const [i, at] of own.entries()) {
      for (const [j, line] of theirs.entries()) {
        // A middle beside an edge is no line that the eye sees.
        if ((i === 1) !== (j === 1) || Math.abs(line - at) >= least) continue
        least = Math.abs(line - at)
        best = line - at
      }
    }
  }
  return best
}

/** The lines that a box shares with others. @param {Rect} box @param {readonly Rect[]} others @param {'x' | 'y'} axis @returns {Guide[]} */
function guidesOf(box, others, axis) {
  const across = OTHER[axis]
  return lines(box, axis).flatMap((at, index) => {
    const mates = others.filter((other) => lines(other, axis).some((line, i) => (i === 1) === (index === 1) && Math.abs(line - at) < 0.6))
    if (!mates.length) return []
    const all = [box, ...mates]
    return [{
      axis, at, from: Math.min(...all.map((rect) => rect[across])), to: Math.max(...all.map((rect) => rect[across] + rect[SIZE[across]]))
    }]
  })
}
