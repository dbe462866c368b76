/**
 * Places for boxes: what is linked from left to right, what is not side by side, frames round what lies in them. Plain
 * data in, plain data out, so that it can run in a worker.
 *
 * @typedef {import('../geometry/rect.js').Rect} Rect
 * @typedef {import('../model/types.js').RecordId} RecordId
 * @typedef {import('./boxes.js').Box} Box
 * @typedef {import('./boxes.js').Problem} Problem
 * @typedef {{across: number, along: number}} Gaps Between neighbours in a column, and between columns; canvas pixels.
 * @typedef {Record<RecordId, Rect>} Places Corners and sizes; of things that stay too.
 */
import { bounds } from '../geometry/rect.js'
import { components } from './components.js'
import { layered } from './layered.js'
import { pack } from './pack.js'

/** Positions are multiples of this. */
export const GRID = 20
/** From a frame's edge to what lies in it: with a node's title above its position, both are on the grid. */
const MARGIN = 20
const HEAD = 50
/** With more boxes than this nobody waits for dagre, also where they are many small parts. */
const MANY = 800
/** @type {Readonly<Record<Problem['spacing'], Gaps>>} */
const GAPS = { close: { across: 30, along: 60 }, normal: { across: 40, along: 100 }, wide: { across: 80, along: 180 } }

/** @param {Problem} problem @returns {Places} */
export function arrange(problem) {
  const turned = problem.direction === 'down'
  const boxes = turned ? problem.boxes.map(turn) : problem.boxes
  const links = linksByLevel(boxes, problem.edges)
  /** @type {Map<RecordId, Rect>} */
  const placed = new Map()
  const task = { links, many: countOf(boxes) > MANY, gaps: GAPS[problem.spacing], edge: turned ? { x: HEAD, y: MARGIN } : { x: MARGIN, y: HEAD } }
  const movable = boxes.filter((box) => !stays(box))
  const corner = bounds(movable) ?? { x: 0, y: 0 }
  settle(boxes, corner, '', task, placed)
  return finish(boxes, placed, task.edge, turned)
}

/** @param {readonly Box[]} boxes @returns {number} */
const countOf = (boxes) => boxes.reduce((sum, { inside }) => sum + 1 + countOf(inside), 0)

/** @typedef {{many: boolean, links: ReadonlyMap<RecordId, readonly [RecordId, RecordId][]>, gaps: Gaps, edge: {x: number, y: number}}} Task */

/** Does any part of it stay where it is? @param {Box} box @returns {boolean} */
const stays = (box) => box.fixed || box.inside.some(stays)

/** With x and y exchanged, so that all below knows one direction only. @param {Box} box @returns {Box} */
function turn({ id, x, y, w, h, dx, dy, fixed, inside }) {
  return { id, x: y, y: x, w: h, h: w, dx: dy, dy: dx, fixed, inside: inside.map(turn) }
}

/**
 * Place boxes that lie side by side, what lies in frames first. @param {readonly Box[]} boxes @param {{x: number, y: number}} corner
 * @param {RecordId} level the frame that they lie in @param {Task} task @param {Map<RecordId, Rect>} placed what is known so far
 */
function settle(boxes, corner, level, task, placed) {
  /** @type {Rect[]} */
  const obstacles = []
  /** @type {Box[]} */
  const free = []
  for (const box of boxes) {
    if (box.fixed) keep(box, placed)
    else if (stays(box)) settle(box.inside, { x: box.x + task.edge.x, y: box.y + task.edge.y }, box.id, task, placed)
    else {
      if (box.inside.length) settle(box.inside, { x: task.edge.x, y: task.edge.y }, box.id, task, placed)
      free.push(box)
      continue
    }
    obstacles.push(extent(box, placed, task.edge))
  }
  const sizes = new Map(free.map((box) => {
    const { w, h } = box.inside.length ? extent(box, placed, task.edge) : box
    return [box.id, { id: box.id, x: box.x, y: box.y, w, h }]
  }))
  const parts = components([...sizes.keys()], task.links.get(level) ?? [])
  const laid = parts.map(({ ids, edges }) => layered(ids.flatMap((id) => sizes.get(id) ?? []), edges, task.gaps, task.many))
  const found = pack(laid, corner, obstacles, task.gaps)
  for (const box of free) {
    const { x, y } = found.get(box.id) ?? box
    const { w, h } = sizes.get(box.id) ?? box
    placed.set(box.id, { x, y, w, h })
    shift(box.inside, x, y, placed)
  }
}

/** What was placed inside of a frame moves with it. @param {readonly Box[]} boxes @param {number} x @param {number} y @param {Map<RecordId, Rect>} placed */
function shift(boxes, x, y, placed) {
  for (const box of boxes) {
    const rect = placed.get(box.id)
    if (rect) placed.set(box.id, { ...rect, x: rect.x + x, y: rect.y + y })
    shift(box.inside, x, y, placed)
  }
}

/** @param {Box} box @param {Map<RecordId, Rect>} placed */
function keep(box, placed) {
  placed.set(box.id, { x: box.x, y: box.y, w: box.w, h: box.h })
  for (const inner of box.inside) keep(inner, placed)
}

/** The box of a frame round what lies in it; one that stays keeps its corner. @param {Box} box @param {ReadonlyMap<RecordId, Rect>} placed @param {{x: number, y: number}} edge @returns {Rect} */
function extent(box, placed, edge) {
  const known = box.fixed || !box.inside.length ? placed.get(box.id) ?? box : null
  if (known) return known
  const inner = bounds(box.inside.flatMap((each) => (each.inside.length ? extent(each, placed, edge) : placed.get(each.id) ?? [])))
  if (!inner) return box
  const margin = Math.min(edge.x, edge.y)
  return { x: inner.x - edge.x, y: inner.y - edge.y, w: inner.w + edge.x + margin, h: inner.h + edge.y + margin }
}

/**
 * Links by the frame in which their ends lie apart, told as links of what stands there.
 * @param {readonly Box[]} boxes @param {Problem['edges']} edges @returns {Map<RecordId, [RecordId, RecordId][]>}
 */
function linksByLevel(boxes, edges) {
  /** @type {Map<RecordId, readonly RecordId[]>} */
  const paths = new Map()
  const walk = (/** @type {readonly Box[]} */ level, /** @type {readonly RecordId[]} */ above) => {
    for (const box of level) {
      paths.set(box.id, [...above, box.id])
      walk(box.inside, [...above, box.id])
    }
  }
  walk(boxes, [])
  /** @type {Map<RecordId, [RecordId, RecordId][]>} */
  const links = new Map()
  for (const [from, to] of edges) {
    const [a, b] = [paths.get(from) ?? [], paths.get(to) ?? []]
    const depth = a.findIndex((id, index) => id !== b[index])
    const ends = [a[depth], b[depth]]
    if (depth < 0 || ends[0] === undefined || ends[1] === undefined) continue
    const level = a[depth - 1] ?? ''
    const list = links.get(level)
    if (list) list.push([ends[0], ends[1]])
    else links.set(level, [[ends[0], ends[1]]])
  }
  return links
}

/** Onto the grid, turned back, frames round where things stand then. @param {readonly Box[]} boxes @param {ReadonlyMap<RecordId, Rect>} placed @param {{x: number, y: number}} edge @param {boolean} turned @returns {Places} */
function finish(boxes, placed, edge, turned) {
  /** @type {Map<RecordId, Rect>} */
  const exact = new Map()
  const round = (/** @type {readonly Box[]} */ level, /** @type {boolean} */ still) => {
    for (const box of level) {
      const fixed = still || box.fixed
      round(box.inside, fixed)
      const rect = placed.get(box.id) ?? box
      if (fixed) exact.set(box.id, rect)
      else if (box.inside.length) exact.set(box.id, extent(box, exact, edge))
      else exact.set(box.id, { ...rect, x: snap(rect.x, box.dx), y: snap(rect.y, box.dy) })
    }
  }
  round(boxes, false)
  return Object.fromEntries([...exact].map(([id, { x, y, w, h }]) => [id, turned ? { x: y, y: x, w: h, h: w } : { x, y, w, h }]))
}

/** @param {number} at @param {number} offset of the record's position from it */
const snap = (at, offset) => Math.round((at + offset) / GRID) * GRID - offset
