/**
 * Small words over a node's corner, when asked for: its id, and where its type is from if that is not the core. They are
 * drawn over the graph and only where they can be read.
 *
 * @typedef {import('./renderer.js').Painter} Painter
 */
import { visible } from '../geometry/viewport.js'
import { font, measure } from './text.js'

const LEAST_ZOOM = 0.5

/** @type {Painter} */
export function drawBadges(ctx, theme, view) {
  const { camera, scene, types } = view
  if (camera.zoom < LEAST_ZOOM) return
  const scale = ctx.getTransform().a / camera.zoom
  ctx.font = font(11)
  ctx.textBaseline = 'bottom'
  ctx.textAlign = 'right'
  for (const node of scene.nodesIn(visible(camera, ctx.canvas.width / scale, ctx.canvas.height / scale))) {
    const rect = scene.rect(node)
    const type = types.get(node.type)
    const words = [`#${node.key}`, sourceOf(type?.module ?? ''), type?.deprecated ? 'old' : type?.experimental ? 'trial' : ''].filter(Boolean).join(' · ')
    const width = measure(ctx, words)
    ctx.fillStyle = theme.canvas
    ctx.globalAlpha = 0.75
    ctx.fillRect(rect.x + rect.w - width - 4, rect.y - 17, width + 4, 15)
    ctx.globalAlpha = 1
    ctx.fillStyle = theme.quiet
    ctx.fillText(words, rect.x + rect.w - 2, rect.y - 3)
  }
}

/** The pack of a type: `custom_nodes.some_pack` reads "some_pack", the core's says nothing. @param {string} module */
const sourceOf = (module) => (module.startsWith('custom_nodes.') ? (module.split('.')[1] ?? '') : '')
