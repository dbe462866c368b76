/**
 * Links: a line of two pixels in the source's colour over a thin one of the canvas, so that crossings read.
 *
 * @typedef {import('./scene.js').Wire} Wire
 * @typedef {import('./theme.js').Theme} Theme
 * @typedef {CanvasRenderingContext2D} Context2D
 */
import { typeColour } from './theme.js'

/** From so many on in view they are drawn by colour all at once, without the gap at crossings. */
const MANY = 400

/** A wire's path, made once for as long as it lies there. @param {Wire} wire @returns {Path2D} */
export function pathOf(wire) {
  if (wire.path) return wire.path
  const path = new Path2D()
  for (const { a, b, c, d } of wire.curves) {
    path.moveTo(a.x, a.y)
    path.bezierCurveTo(b.x, b.y, c.x, c.y, d.x, d.y)
  }
  wire.path = path
  return path
}

/**
 * @param {Context2D} ctx @param {Theme} theme @param {readonly Wire[]} wires @param {number} zoom
 * @param {(wire: Wire) => 'plain' | 'faint' | 'strong' | 'waiting'} look `waiting`: its value is on the way
 */
export function drawLinks(ctx, theme, wires, zoom, look) {
  const width = Math.max(2, 1.3 / zoom)
  ctx.lineCap = 'butt'
  if (wires.length > MANY) {
    drawMany(ctx, theme, wires, width)
    return
  }
  for (const wire of wires) {
    const how = look(wire)
    const path = pathOf(wire)
    ctx.globalAlpha = how === 'faint' ? 0.2 : 1
    if (how !== 'faint' && zoom > 0.2) {
      ctx.strokeStyle = theme.canvas
      ctx.lineWidth = width + 3
      ctx.stroke(path)
    }
    ctx.strokeStyle = typeColour(theme, wire.type)
    ctx.lineWidth = how === 'strong' ? width * 1.6 : width
    if (how === 'waiting') ctx.setLineDash([6, 6])
    ctx.stroke(path)
    if (how === 'waiting') ctx.setLineDash([])
  }
  ctx.globalAlpha = 1
}

/** @param {Context2D} ctx @param {Theme} theme @param {readonly Wire[]} wires @param {number} width */
function drawMany(ctx, theme, wires, width) {
  /** @type {Map<string, Path2D>} */
  const byColour = new Map()
  for (const wire of wires) {
    const colour = typeColour(theme, wire.type)
    let all = byColour.get(colour)
    if (!all) byColour.set(colour, (all = new Path2D()))
    all.addPath(pathOf(wire))
  }
  ctx.lineWidth = width
  for (const [colour, path] of byColour) {
    ctx.strokeStyle = colour
    ctx.stroke(path)
  }
}
