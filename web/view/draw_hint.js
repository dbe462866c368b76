/** A sentence at the top of the view: what the next drag will do. */
import { roundRect } from './shapes.js'
import { fitMiddle, font, measure } from './text.js'

const PAD = 14
const HEIGHT = 32

/** @param {CanvasRenderingContext2D} ctx in CSS pixels of the view @param {import('./theme.js').Theme} theme @param {string} text @param {{w: number, h: number}} view */
export function drawHint(ctx, theme, text, view) {
  ctx.font = font(13, 500)
  const shown = fitMiddle(ctx, text, view.w - 2 * PAD - 16)
  const w = Math.ceil(measure(ctx, shown)) + 2 * PAD
  const x = Math.round((view.w - w) / 2)
  roundRect(ctx, x + 0.5, 12.5, w - 1, HEIGHT - 1, 8)
  ctx.fillStyle = theme.overlay
  ctx.fill()
  ctx.strokeStyle = theme.accent
  ctx.lineWidth = 1
  ctx.stroke()
  ctx.fillStyle = theme.text
  ctx.textAlign = 'left'
  ctx.textBaseline = 'middle'
  ctx.fillText(shown, x + PAD, 12 + HEIGHT / 2 + 0.5)
}
