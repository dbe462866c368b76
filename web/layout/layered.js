/**
 * One part of a graph in columns, so that links lead to the right: dagre does it for what an artist makes, a plainer way for
 * thousands of nodes, for which dagre would take minutes.
 *
 * @typedef {import('../model/types.js').RecordId} RecordId
 * @typedef {import('./arrange.js').Gaps} Gaps
 * @typedef {{id: RecordId, x: number, y: number, w: number, h: number}} Sized A box with where it stood.
 *
 * @typedef {object} Laid
 * @property {(Sized & {column: number})[]} boxes From the corner of the part.
 * @property {number} w
 * @property {number} h
 * @property {number} left Where it stood.
 * @property {number} top
 * @property {boolean} linked
 */
import { bounds } from '../geometry/rect.js'
import { Graph, layout } from './dagre.js'
import { columnsOf, settleColumns } from './columns.js'
import { readingOrder } from './reading_order.js'
import { orderTwins } from './twins.js'

/** With more boxes or links than this dagre's exact ranks take too long, with more than the second dagre itself does. */
const EXACT = 150
const DAGRE = 500

/** @param {readonly Sized[]} boxes @param {readonly (readonly [RecordId, RecordId])[]} edges @param {Gaps} gaps @param {boolean} plain spare dagre @returns {Laid} */
export function layered(boxes, edges, gaps, plain) {
  const size = Math.max(boxes.length, edges.length / 2)
  const quick = plain || size > DAGRE
  const columns = size <= 1 ? [[...boxes]] : quick ? columnsOf(boxes, edges) : byDagre(boxes, edges, gaps, size <= EXACT)
  const tops = quick ? settleColumns(columns, edges, gaps.across) : null
  let x = 0
  const placed = columns.flatMap((column, index) => {
    const here = x
    x += Math.max(...column.map(({ w }) => w)) + gaps.along
    return column.map((box) => ({ ...box, x: here, y: tops ? tops.get(box.id) ?? 0 : size <= 1 ? 0 : box.y, column: index }))
  })
  const top = Math.min(...placed.map(({ y }) => y))
  const laid = placed.map((box) => ({ ...box, y: box.y - top }))
  const box = bounds(laid) ?? { w: 0, h: 0 }
  return { boxes: laid, w: box.w, h: box.h, left: Math.min(...boxes.map((each) => each.x)), top: Math.min(...boxes.map((each) => each.y)), linked: boxes.length > 1 }
}

/** Columns from left to right, each box with its new `y`. @param {readonly Sized[]} boxes @param {readonly (readonly [RecordId, RecordId])[]} edges @param {Gaps} gaps @param {boolean} exact @returns {Sized[][]} */
function byDagre(boxes, edges, gaps, exact) {
  const graph = new Graph()
  graph.setGraph({ rankdir: 'LR', nodesep: gaps.across, edgesep: gaps.across / 2, ranksep: gaps.along, ranker: exact ? 'network-simplex' : 'tight-tree' })
  graph.setDefaultEdgeLabel(() => ({}))
  // Where nothing else decides, what comes first here stands above.
  const order = readingOrder(boxes, edges)
  const place = new Map(order.map(({ id }, index) => [id, index]))
  const at = (/** @type {RecordId} */ id) => place.get(id) ?? 0
  for (const { id, w, h } of order) graph.setNode(id, { width: w, height: h })
  for (const [from, to] of [...edges].sort((a, b) => at(a[1]) - at(b[1]) || at(a[0]) - at(b[0]))) graph.setEdge(from, to)
  layout(graph)
  /** @type {Map<number, Sized[]>} */
  const columns = new Map()
  for (const box of boxes) {
    const { x, y } = graph.node(box.id)
    const middle = Math.round(x) // boxes of one rank have theirs in line
    columns.set(middle, [...(columns.get(middle) ?? []), { ...box, y: y - box.h / 2 }])
  }
  return [...columns].sort(([a], [b]) => a - b).map(([, column]) => orderTwins(column, edges, at))
}
