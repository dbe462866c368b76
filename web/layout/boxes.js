/**
 * What is to be arranged, as plain boxes: nodes, reroutes, and frames with what lies in them. It goes to the worker, and
 * what comes back are places of the same boxes.
 *
 * @typedef {import('../commands/context.js').Context} Context
 * @typedef {import('../geometry/rect.js').Rect} Rect
 * @typedef {import('../model/types.js').GroupRecord} GroupRecord
 * @typedef {import('../model/types.js').NodeRecord} NodeRecord
 * @typedef {import('../model/types.js').RecordId} RecordId
 * @typedef {import('../model/types.js').RerouteRecord} RerouteRecord
 *
 * @typedef {object} Box
 * @property {RecordId} id
 * @property {number} x Its top left corner now, canvas pixels.
 * @property {number} y
 * @property {number} w
 * @property {number} h
 * @property {number} dx From the corner to the position that its record has.
 * @property {number} dy
 * @property {boolean} fixed It stays, and so does what lies in it.
 * @property {Box[]} inside What lies in a frame.
 *
 * @typedef {object} Problem
 * @property {Box[]} boxes
 * @property {readonly (readonly [RecordId, RecordId])[]} edges From what gives to what reads, upper sockets first.
 * @property {'right' | 'down'} direction Where links lead.
 * @property {'close' | 'normal' | 'wide'} spacing
 * @typedef {Pick<Problem, 'direction' | 'spacing'>} Options
 */
import { groupBox, moving } from '../commands/move.js'
import { centre, contains, grow, holds } from '../geometry/rect.js'
import { recordId } from '../model/graph.js'

/** A reroute has no size of its own; this much is kept free round its middle. */
const REROUTE = 20
/** @type {Options} */
export const USUAL = { direction: 'right', spacing: 'normal' }

/**
 * @param {Context} context
 * @param {Iterable<RecordId> | null} ids what to arrange, frames with all that lies in them; null for everything
 * @param {Options} options
 * @returns {Problem}
 */
export function problemOf(context, ids, options) {
  const { graph, graphId } = context
  const all = ids === null
  const wanted = ids === null ? null : moving(context, ids)
  if (wanted) for (const id of pinnedIn(context, wanted)) wanted.add(id)
  const within = (/** @type {{id: RecordId}} */ { id }) => wanted === null || wanted.has(id)

  const nodes = graph.nodes(graphId).filter(within)
  const reroutes = graph.reroutes(graphId).filter(within)
  const boxes = [...nodes.map((node) => nodeBox(node, context.rectOf(node))), ...reroutes.map(rerouteBox)]
  if (all) boxes.push(...graph.sides(graphId).map((side) => ({ ...nodeBox(side, context.rectOf(side)), fixed: false })))
  const frames = graph.groups(graphId).filter(within).map(frameBox).sort((a, b) => a.w * a.h - b.w * b.h)
  return { boxes: nest(boxes, frames), edges: edgesOf(context, new Set(boxes.map(({ id }) => id))), ...options }
}

/** What is pinned stays, but what is arranged round it must know of it. @param {Context} context @param {ReadonlySet<RecordId>} wanted @returns {RecordId[]} */
function pinnedIn({ graph, graphId, store, rectOf }, wanted) {
  const frames = [...wanted].flatMap((id) => store.group(id) ?? []).map(groupBox)
  if (!frames.length) return []
  return graph.nodes(graphId).filter((node) => node.pinned && frames.some((frame) => contains(frame, centre(rectOf(node))))).map(({ id }) => id)
}

/** @param {NodeRecord} node @param {Rect} rect @returns {Box} */
const nodeBox = (node, rect) => ({ id: node.id, ...plain(rect), dx: node.pos[0] - rect.x, dy: node.pos[1] - rect.y, fixed: node.pinned, inside: [] })

/** @param {RerouteRecord} reroute @returns {Box} */
const rerouteBox = ({ id, pos: [x, y] }) => ({
  id, x: x - REROUTE / 2, y: y - REROUTE / 2, w: REROUTE, h: REROUTE, dx: REROUTE / 2, dy: REROUTE / 2, fixed: false, inside: []
})

/** @param {GroupRecord} group @returns {Box} */
const frameBox = (group) => ({ id: group.id, ...groupBox(group), dx: 0, dy: 0, fixed: group.pinned, inside: [] })

/** @param {Rect} rect */
const plain = ({ x, y, w, h }) => ({ x: finite(x), y: finite(y), w: finite(w), h: finite(h) })
/** @param {number} value */
const finite = (value) => (Number.isFinite(value) ? value : 0)

/** Put boxes into the smallest frame that has their middle, and frames into the smallest that holds them. @param {Box[]} boxes @param {readonly Box[]} frames smallest first @returns {Box[]} those in no frame */
function nest(boxes, frames) {
  const loose = boxes.filter((box) => !put(box, frames.find((frame) => contains(frame, centre(box)))))
  frames.forEach((frame, index) => {
    const outer = frames.slice(index + 1).find((other) => holds(grow(other, 1), frame))
    if (!put(frame, outer)) loose.push(frame)
  })
  return loose
}

/** @param {Box} box @param {Box | undefined} frame */
function put(box, frame) {
  frame?.inside.push(box)
  return frame !== undefined
}

/** Links as pairs of boxes, by way of the reroutes that they pass. @param {Context} context @param {ReadonlySet<RecordId>} boxes @returns {[RecordId, RecordId][]} */
function edgesOf({ store, graph, graphId }, boxes) {
  /** @type {Map<string, [RecordId, RecordId]>} */
  const edges = new Map()
  for (const link of [...graph.links(graphId)].sort((a, b) => a.toSlot - b.toSlot)) {
    const path = [recordId('node', graphId, link.to)]
    let key = link.reroute
    for (let hop = 0; key !== null && hop < 1000; hop++) {
      const record = store.get(recordId('reroute', graphId, key))
      if (record?.kind !== 'reroute') break
      if (boxes.has(record.id)) path.push(record.id)
      key = record.parent
    }
    path.push(recordId('node', graphId, link.from))
    for (let at = path.length - 1; at > 0; at--) {
      const [from, to] = [path[at] ?? '', path[at - 1] ?? '']
      if (from !== to && boxes.has(from) && boxes.has(to)) edges.set(`${from}\n${to}`, [from, to])
    }
  }
  return [...edges.values()]
}
