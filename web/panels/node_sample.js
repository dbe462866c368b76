/** A node of a type as the canvas would draw it, for lists that offer it: nothing of it is in the document. */
import { freshNode } from '../commands/add_node.js'
import { viewOf } from '../model/shape.js'
import { Session } from '../model/session.js'
import { drawNode } from '../view/draw_node.js'

/** @typedef {import('../model/schema.js').NodeType} NodeType */

/** Room round a node for its shadow and its sockets. */
const ROUND = 10
const UNKNOWN = new Session().status('')

/** @param {NodeType} type */
export function sampleOf(type) {
  const node = freshNode(type, '', 0, 0)
  const view = viewOf(node, type, null)
  return { node, view, rect: view.layout.rect }
}

/**
 * Draws a type's node.
 *
 * @param {HTMLCanvasElement} canvas  it gets the size that the drawing takes
 * @param {NodeType} type
 * @param {{ theme: import('../view/theme.js').Theme, pictures: import('../view/pictures.js').Pictures, width?: number, zoom?: number }} options
 *   `width`: CSS px that it must fit into; it is never drawn larger than `zoom`
 */
export function drawSample(canvas, type, { theme, pictures, width = Infinity, zoom: most = 1 }) {
  const { view, rect } = sampleOf(type)
  const zoom = Math.min(most, width / (rect.w + 2 * ROUND))
  const ratio = devicePixelRatio || 1
  const [w, h] = [(rect.w + 2 * ROUND) * zoom, (rect.h + 2 * ROUND) * zoom]
  canvas.width = Math.ceil(w * ratio)
  canvas.height = Math.ceil(h * ratio)
  canvas.style.width = `${w}px`
  canvas.style.height = `${h}px`
  const ctx = canvas.getContext('2d')
  if (!ctx) return
  ctx.setTransform(ratio * zoom, 0, 0, ratio * zoom, (ROUND - rect.x) * zoom * ratio, (ROUND - rect.y) * zoom * ratio)
  drawNode(ctx, theme, {
    view, status: UNKNOWN, shown: { preview: null, refs: [], text: '' }, pictures, selected: false, lifted: false, edited: null,
    linked: () => false, feeder: () => '', wrong: () => false, lastUsed: () => undefined, typeOf: ({ type: own }) => own, fits: null, zoom: Math.max(zoom, 0.5),
  })
}

/** Where the top left of a node's body lies on the canvas that it was drawn on, in CSS px. @param {NodeType} type @param {number} zoom */
export function sampleOrigin(type, zoom) {
  const { rect } = sampleOf(type)
  return { x: (ROUND - rect.x) * zoom, y: (ROUND - rect.y) * zoom }
}
