/**
 * From node to node by key: in reading order, or to the nearest one in a direction.
 *
 * @typedef {import('./context.js').Context} Context
 */
import { centre } from '../geometry/rect.js'
import { selectedNodes } from './context.js'

/** @param {Context} context @param {1 | -1} step */
export function walk(context, step) {
  const boxes = context.graph.nodes(context.graphId).map((node) => ({ id: node.id, rect: context.rectOf(node) }))
  boxes.sort((a, b) => a.rect.x - b.rect.x || a.rect.y - b.rect.y)
  const at = boxes.findIndex(({ id }) => context.selection.has(id))
  const next = boxes[at < 0 ? (step > 0 ? 0 : boxes.length - 1) : (at + step + boxes.length) % boxes.length]
  if (next) context.select([next.id])
}

/** @param {Context} context @param {number} x -1, 0 or 1 @param {number} y */
export function neighbour(context, x, y) {
  const current = selectedNodes(context)[0]
  if (!current) {
    walk(context, 1)
    return
  }
  const here = centre(context.rectOf(current))
  let best = null
  let least = Infinity
  for (const node of context.graph.nodes(context.graphId)) {
    if (node.id === current.id) continue
    const there = centre(context.rectOf(node))
    const along = (there.x - here.x) * x + (there.y - here.y) * y
    const aside = Math.abs((there.x - here.x) * y) + Math.abs((there.y - here.y) * x)
    if (along <= 0 || aside > along * 2) continue
    const cost = along + aside * 2
    if (cost >= least) continue
    least = cost
    best = node
  }
  if (best) context.select([best.id])
}
