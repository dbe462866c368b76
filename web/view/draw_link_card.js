/**
 * A small card beside a link: its type, from where to where it goes, and what last flowed there.
 *
 * @typedef {import('../geometry/vec.js').Point} Point
 * @typedef {import('./theme.js').Theme} Theme
 * @typedef {{type: string, from: string, to: string, fact: string, picture: ImageBitmap | null}} LinkFacts
 */
import { clamp } from '../geometry/vec.js'
import { t } from '../language/t.js'
import { roundRect, socketPath } from './shapes.js'
import { fitMiddle, font, measure } from './text.js'
import { socketForm, typeColour } from './theme.js'

const PAD = 12
const LEAST = 132
const MOST = 280
const LINE = 18
const PICTURE = 144
/** Away from the pointer, so that it hides nothing of the link. */
const APART = 14

/** @param {CanvasRenderingContext2D} ctx in CSS pixels of the view @param {Theme} theme @param {LinkFacts} facts @param {Point} at @param {{w: number, h: number}} view */
export function drawLinkCard(ctx, theme, facts, at, view) {
  const type = facts.type === '*' ? t('Any type') : facts.type
  const way = `${facts.from} → ${facts.to}`
  ctx.font = font(12, 600)
  const head = measure(ctx, type) + 18
  ctx.font = font(11, 400)
  const w = Math.round(clamp(Math.max(head, measure(ctx, way), measure(ctx, facts.fact)) + 2 * PAD, LEAST, MOST))
  const { picture } = facts
  const scale = picture ? Math.min((w - 2 * PAD) / picture.width, PICTURE / picture.height, 1) : 0
  const size = picture ? { w: picture.width * scale, h: picture.height * scale } : { w: 0, h: 0 }
  const lines = facts.fact ? 3 : 2
  const h = Math.round(PAD * 2 - 4 + lines * LINE + (picture ? size.h + 8 : 0))
  const x = at.x + APART + w > view.w - 8 ? Math.max(8, at.x - APART - w) : at.x + APART
  const y = at.y + APART + h > view.h - 8 ? Math.max(8, at.y - APART - h) : at.y + APART
  ctx.save()
  ctx.translate(Math.round(x), Math.round(y))
  ctx.shadowColor = `${theme.shadow}40`
  ctx.shadowBlur = 16
  ctx.shadowOffsetY = 4
  roundRect(ctx, 0.5, 0.5, w - 1, h - 1, 8)
  ctx.fillStyle = theme.overlay
  ctx.fill()
  ctx.shadowColor = 'transparent'
  ctx.strokeStyle = theme.line
  ctx.lineWidth = 1
  ctx.stroke()
  ctx.textAlign = 'left'
  ctx.textBaseline = 'middle'
  let line = PAD - 2 + LINE / 2
  ctx.fillStyle = typeColour(theme, facts.type)
  ctx.beginPath()
  socketPath(ctx, socketForm(facts.type), PAD + 5, line, 5)
  ctx.fill()
  ctx.fillStyle = theme.text
  ctx.font = font(12, 600)
  ctx.fillText(fitMiddle(ctx, type, w - 2 * PAD - 18), PAD + 18, line)
  ctx.font = font(11, 400)
  for (const [text, colour] of [[facts.fact, theme.text], [way, theme.quiet]]) {
    if (!text) continue
    line += LINE
    ctx.fillStyle = colour ?? theme.quiet
    ctx.fillText(fitMiddle(ctx, text, w - 2 * PAD), PAD, line)
  }
  if (picture) {
    const top = line + LINE / 2 + 6
    ctx.beginPath()
    ctx.roundRect((w - size.w) / 2, top, size.w, size.h, 4)
    ctx.clip()
    ctx.drawImage(picture, (w - size.w) / 2, top, size.w, size.h)
  }
  ctx.restore()
}
