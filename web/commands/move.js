/**
 * Things moved, sized and lined up. Moves are computed from where things were, never added up.
 *
 * @typedef {import('./context.js').Context} Context
 * @typedef {import('../geometry/vec.js').Point} Point
 * @typedef {import('../model/types.js').GroupRecord} GroupRecord
 * @typedef {import('../model/types.js').NodeRecord} NodeRecord
 * @typedef {import('../model/types.js').Pair} Pair
 * @typedef {import('../model/types.js').RecordId} RecordId
 */
import { centre, contains } from '../geometry/rect.js'
import { many, t } from '../language/t.js'
import { chain } from './reroute.js'
import { asList, asObject, isFinite } from '../model/json.js'
import { viewOf } from '../model/shape.js'
import { INPUT_SIDE, readSide } from '../model/sides.js'
import { freshNode } from './add_node.js'

/** Of a side of a subgraph whose file gives it none. */
const [SIDE_WIDTH, SIDE_HEIGHT] = [160, 60]

/** What moves along when these do: a frame takes what lies in it; pinned things stay. @param {Context} context @param {Iterable<RecordId>} ids @returns {Set<RecordId>} */
export function moving(context, ids) {
  const { store, graph, graphId } = context
  /** @type {Set<RecordId>} */
  const all = new Set(ids)
  for (const id of all) {
    const group = store.group(id)
    if (!group || group.pinned) continue
    const box = groupBox(group)
    for (const node of graph.nodes(graphId)) if (contains(box, centre(context.rectOf(node)))) all.add(node.id)
    for (const reroute of graph.reroutes(graphId)) {
      if (contains(box, { x: reroute.pos[0], y: reroute.pos[1] })) all.add(reroute.id)
    }
    for (const other of graph.groups(graphId)) {
      const inner = groupBox(other)
      if (other.id !== id && contains(box, inner) && contains(box, { x: inner.x + inner.w, y: inner.y + inner.h })) all.add(other.id)
    }
  }
  for (const id of bendsAmong(context, all)) all.add(id)
  return new Set([...all].filter((id) => {
    const record = store.get(id)
    return record && !('pinned' in record && record.pinned) && 'graph' in record && record.kind !== 'link'
  }))
}

/** Reroutes of links that all lie among these nodes: they would be left behind. @param {Context} context @param {ReadonlySet<RecordId>} ids @returns {RecordId[]} */
function bendsAmong(context, ids) {
  const { graph, graphId } = context
  if (!graph.ids(graphId, 'reroute').size) return []
  const has = (/** @type {NodeRecord | undefined} */ node) => node !== undefined && ids.has(node.id)
  /** @type {Map<RecordId, boolean>} */
  const among = new Map()
  for (const link of graph.links(graphId)) {
    const inner = has(graph.source(link)) && has(graph.reader(link))
    for (const { id } of chain(context, graphId, link.reroute)) among.set(id, inner && among.get(id) !== false)
  }
  return [...among].flatMap(([id, inner]) => (inner ? id : []))
}

/** @param {GroupRecord} group */
export const groupBox = ({ bounds: [x, y, w, h] }) => ({ x, y, w, h })

/** Where things stand now, to move them from there. @param {Context} context @param {Iterable<RecordId>} ids @returns {Map<RecordId, Pair>} */
export function origins({ store }, ids) {
  /** @type {Map<RecordId, Pair>} */
  const found = new Map()
  for (const id of ids) {
    const record = store.get(id)
    if (record?.kind === 'node' || record?.kind === 'reroute') found.set(id, record.pos)
    else if (record?.kind === 'group') found.set(id, [record.bounds[0], record.bounds[1]])
  }
  return found
}

/** A side of a subgraph has its place in the definition. @param {Context} context @param {RecordId} id @param {Pair} pos */
export function moveSide({ store, graph }, id, [x, y]) {
  const side = readSide(id)
  const definition = side && graph.definition(side.graph)
  if (!side || !definition) return
  const field = side.key === INPUT_SIDE ? 'inputNode' : 'outputNode'
  const old = asObject(definition.raw?.[field])
  const [, , w, h] = asList(old?.bounding)
  const bounding = [x, y, isFinite(w) ? w : SIDE_WIDTH, isFinite(h) ? h : SIDE_HEIGHT]
  store.transact(t('Move'), () => store.update(definition.id, { raw: { ...definition.raw, [field]: { ...old, id: side.key, bounding } } }))
}

/** @param {Context} context @param {ReadonlyMap<RecordId, Pair>} from @param {Point} by canvas pixels */
export function move({ store }, from, by) {
  store.transact(many(from.size, 'Move', 'Move {count} things'), () => {
    for (const [id, [x, y]] of from) {
      const record = store.get(id)
      /** @type {Pair} */
      const pos = [Math.round(x + by.x), Math.round(y + by.y)]
      if (record?.kind === 'node' || record?.kind === 'reroute') store.update(id, { pos })
      else if (record?.kind === 'group') store.update(id, { bounds: [...pos, record.bounds[2], record.bounds[3]] })
    }
  })
}

/** @param {Context} context @param {NodeRecord} node @param {Pair} size */
export function resize({ store }, node, size) {
  store.transact(t('Resize'), () => store.update(node.id, { size: [Math.round(size[0]), Math.round(size[1])] }))
}

/** Nodes in front of all others. @param {Context} context @param {Iterable<RecordId>} ids */
export function raise({ store, graph, graphId }, ids) {
  const nodes = [...ids].flatMap((id) => store.node(id) ?? []).sort((a, b) => a.z - b.z)
  const front = graph.nodes(graphId).slice(-nodes.length)
  if (nodes.every((node) => front.includes(node))) return
  store.transact(t('Bring to front'), () => {
    for (const node of nodes) store.update(node.id, { z: graph.freshZ() })
  })
}

/** Nodes as small as what they hold; those that show a picture or a note keep room for it. @param {Context} context @param {readonly NodeRecord[]} nodes */
export function fitSize({ store, types }, nodes) {
  store.transact(t('Fit the size'), () => {
    for (const node of nodes) {
      const type = types.get(node.type)
      const size = type ? freshNode(type, node.graph, 0, 0).size : viewOf({ ...node, size: [0, 0] }, type, null).layout.least
      store.update(node.id, { size: [...size] })
    }
  })
}

/** `column` and `row`: by their middles. @typedef {'left' | 'right' | 'top' | 'bottom' | 'column' | 'row'} Side */

/** @param {Context} context @param {readonly NodeRecord[]} nodes @param {Side} side */
export function align(context, nodes, side) {
  const boxes = nodes.map((node) => ({ node, rect: context.rectOf(node) }))
  const edge = {
    left: Math.min(...boxes.map(({ rect }) => rect.x)),
    right: Math.max(...boxes.map(({ rect }) => rect.x + rect.w)),
    top: Math.min(...boxes.map(({ rect }) => rect.y)),
    bottom: Math.max(...boxes.map(({ rect }) => rect.y + rect.h))
  }
  const middle = { x: (edge.left + edge.right) / 2, y: (edge.top + edge.bottom) / 2 }
  context.store.transact(t('Align'), () => {
    for (const { node, rect } of boxes) {
      const x = { left: edge.left - rect.x, right: edge.right - rect.x - rect.w, column: middle.x - rect.x - rect.w / 2, top: 0, bottom: 0, row: 0 }[side]
      const y = { top: edge.top - rect.y, bottom: edge.bottom - rect.y - rect.h, row: middle.y - rect.y - rect.h / 2, left: 0, right: 0, column: 0 }[side]
      context.store.update(node.id, { pos: [Math.round(node.pos[0] + x), Math.round(node.pos[1] + y)] })
    }
  })
}

/** Equal gaps between nodes. @param {Context} context @param {readonly NodeRecord[]} nodes @param {'x' | 'y'} axis */
export function distribute(context, nodes, axis) {
  const length = axis === 'x' ? 'w' : 'h'
  const boxes = nodes.map((node) => ({ node, rect: context.rectOf(node) })).sort((a, b) => a.rect[axis] - b.rect[axis])
  const [first, last] = [boxes[0], boxes.at(-1)]
  if (!first || !last || boxes.length < 3) return
  const filled = boxes.reduce((sum, { rect }) => sum + rect[length], 0)
  const gap = (last.rect[axis] + last.rect[length] - first.rect[axis] - filled) / (boxes.length - 1)
  context.store.transact(t('Distribute'), () => {
    let at = first.rect[axis]
    for (const { node, rect } of boxes) {
      const by = Math.round(at - rect[axis])
      context.store.update(node.id, { pos: axis === 'x' ? [node.pos[0] + by, node.pos[1]] : [node.pos[0], node.pos[1] + by] })
      at += rect[length] + gap
    }
  })
}
