/**
 * The pictures at the foot of a node, or its words.
 *
 * @typedef {import('../geometry/rect.js').Rect} Rect
 * @typedef {import('../model/session.js').PictureRef} PictureRef
 * @typedef {import('./node_pictures.js').Shown} Shown
 * @typedef {import('./pictures.js').Pictures} Pictures
 * @typedef {import('./theme.js').Theme} Theme
 * @typedef {CanvasRenderingContext2D} Context2D
 */
import { t } from '../language/t.js'
import { askLength, clock, kindOf, lengthOf } from './media.js'
import { lookAt, sidesOf } from './node_pictures.js'
import { drawIcon, RADIUS } from './shapes.js'
import { fitMiddle, font, measure, wrap } from './text.js'
import { withAlpha } from './theme.js'

const GAP = 2
/** Of a line of words. */
const LINE = 16
/** Below this width a missing file is told by its name alone. */
const NARROW = 240
/** Cells that a grid has at most; the last one tells how many more there are. */
const CELLS = 16

/**
 * @param {Context2D} ctx @param {Theme} theme @param {Rect & {corner?: boolean}} box @param {Shown} shown @param {Pictures} pictures
 * @param {string} hint what to say where there is none
 */
export function drawPictures(ctx, theme, box, shown, pictures, hint) {
  ctx.save()
  ctx.beginPath()
  if (box.corner) ctx.roundRect(box.x, box.y, box.w, box.h, 4)
  else ctx.roundRect(box.x + 1, box.y, box.w - 2, box.h - 1, [0, 0, RADIUS - 1, RADIUS - 1])
  ctx.clip()
  if (!box.corner) {
    ctx.fillStyle = theme.canvas
    ctx.fillRect(box.x, box.y, box.w, box.h)
  }
  // A small preview is drawn soft: it is a promise, not a result.
  if (shown.preview) drawWhole(ctx, shown.preview, box.corner ? outer(shown.preview, box) : box)
  else if (shown.refs.length) drawRefs(ctx, theme, box, shown.refs, pictures)
  else if (shown.text) drawWords(ctx, theme, box, shown.text)
  else drawHint(ctx, theme, box, hint, 'picture', false)
  ctx.restore()
}

/** @param {Context2D} ctx @param {Theme} theme @param {Rect} box @param {readonly PictureRef[]} refs @param {Pictures} pictures */
function drawRefs(ctx, theme, box, refs, pictures) {
  const { index, split } = lookAt(refs)
  const sides = sidesOf(refs)
  const large = index === null ? null : refs[index]
  if (sides) drawCompared(ctx, theme, box, sides, split, pictures)
  else if (large) {
    drawOne(ctx, theme, box, large, pictures)
    drawNote(ctx, theme, box, `${(index ?? 0) + 1} / ${refs.length}`)
  } else {
    const cells = grid(box, refs.length)
    const more = refs.length - cells.length
    cells.forEach((cell, place) => {
      const ref = refs[place]
      if (!ref) return
      drawOne(ctx, theme, cell, ref, pictures)
      if (more > 0 && place === cells.length - 1) drawMore(ctx, theme, cell, more + 1)
    })
    if (refs.length > 1) drawNote(ctx, theme, box, `${refs.length} pictures`)
  }
}

/** @param {Context2D} ctx @param {Theme} theme @param {Rect} cell @param {PictureRef} ref @param {Pictures} pictures */
function drawOne(ctx, theme, cell, ref, pictures) {
  if (kindOf(ref.filename) === 'sound') return drawSound(ctx, theme, cell, ref, pictures)
  const { bitmap, state } = pictures.get(ref)
  if (bitmap) {
    const seen = drawWhole(ctx, bitmap, cell)
    if (ref.moving || kindOf(ref.filename) === 'video') drawPlay(ctx, theme, seen, lengthOf(pictures.urlOf(ref)))
  } else if (state === 'failed') drawMissing(ctx, theme, cell, ref)
}

/** As near to square cells as the box allows. @param {Rect} box @param {number} count @returns {Rect[]} */
export function grid(box, count) {
  const shown = Math.min(count, CELLS)
  let columns = 1
  let best = 0
  for (let tried = 1; tried <= shown; tried++) {
    const side = Math.min(box.w / tried, box.h / Math.ceil(shown / tried))
    if (side > best) [best, columns] = [side, tried]
  }
  const rows = Math.ceil(shown / columns)
  const [w, h] = [(box.w - GAP * (columns - 1)) / columns, (box.h - GAP * (rows - 1)) / rows]
  return Array.from({ length: shown }, (_, index) => ({
    x: box.x + (index % columns) * (w + GAP), y: box.y + Math.floor(index / columns) * (h + GAP), w, h
  }))
}

/** All of a picture, as large as the box allows. @param {Context2D} ctx @param {ImageBitmap} bitmap @param {Rect} box @returns {Rect} where it lies */
function drawWhole(ctx, bitmap, box) {
  if (!bitmap.width || !bitmap.height) return box // closed meanwhile
  const seen = fitted(bitmap, box)
  smooth(ctx)
  ctx.drawImage(bitmap, seen.x, seen.y, seen.w, seen.h)
  return seen
}

/** @param {Context2D} ctx */
function smooth(ctx) {
  ctx.imageSmoothingEnabled = true
  ctx.imageSmoothingQuality = 'high'
}

/** @param {{width: number, height: number}} picture @param {Rect} box @returns {Rect} */
export function fitted({ width, height }, box) {
  const scale = Math.min(box.w / width, box.h / height)
  const [w, h] = [width * scale, height * scale]
  return { x: box.x + (box.w - w) / 2, y: box.y + (box.h - h) / 2, w, h }
}

/** In a corner a picture keeps to the node's side. @param {{width: number, height: number}} picture @param {Rect} box @returns {Rect} */
function outer(picture, box) {
  if (!picture.width || !picture.height) return box
  const { w, h } = fitted(picture, box)
  return { x: box.x + box.w - w, y: box.y, w, h }
}

/** Two pictures in one place: the first left of the line, the second right of it, drawn as large as the first. @param {Context2D} ctx @param {Theme} theme @param {Rect} box @param {{a: PictureRef, b: PictureRef}} sides @param {number} split @param {Pictures} pictures */
function drawCompared(ctx, theme, box, { a, b }, split, pictures) {
  const [first, second] = [pictures.get(a), pictures.get(b)]
  const bitmap = first.bitmap ?? second.bitmap
  if (!bitmap?.width || !bitmap.height) {
    const broken = first.state === 'failed' ? a : second.state === 'failed' ? b : null
    if (broken) drawMissing(ctx, theme, box, broken)
    return
  }
  const seen = fitted(bitmap, box)
  const at = box.x + box.w * split
  smooth(ctx)
  for (const [picture, x, w] of /** @type {const} */ ([[first.bitmap, box.x, at - box.x], [second.bitmap, at, box.x + box.w - at]])) {
    if (!picture?.width || w <= 0) continue
    ctx.save()
    ctx.beginPath()
    ctx.rect(x, box.y, w, box.h)
    ctx.clip()
    ctx.drawImage(picture, seen.x, seen.y, seen.w, seen.h)
    ctx.restore()
  }
  ctx.fillStyle = withAlpha(theme.shadow, 0.5)
  ctx.fillRect(at - 1.5, box.y, 3, box.h)
  ctx.fillStyle = '#ffffff'
  ctx.fillRect(at - 0.5, box.y, 1, box.h)
  drawNote(ctx, theme, { ...box, w: 0 }, 'A', 'left')
  drawNote(ctx, theme, box, 'B')
}

/** A result may be moved or deleted, and that is no fault; a file that the node needs and has not is one. @param {Context2D} ctx @param {Theme} theme @param {Rect} box @param {PictureRef} ref */
function drawMissing(ctx, theme, box, ref) {
  const needed = ref.type === 'input'
  const sentence = box.w < NARROW ? ref.filename : t('{name} is not there, or cannot be shown', { name: ref.filename })
  drawHint(ctx, theme, box, sentence, needed ? 'alert' : kindOf(ref.filename) === 'video' ? 'film' : 'picture', needed)
}

/** @param {Context2D} ctx @param {Theme} theme @param {Rect} box @param {PictureRef} ref @param {Pictures} pictures */
function drawSound(ctx, theme, box, ref, pictures) {
  const url = pictures.urlOf(ref)
  const length = lengthOf(url)
  if (length === null) askLength(url, pictures.changed)
  const [x, y] = [box.x + box.w / 2, box.y + box.h / 2]
  ctx.beginPath()
  ctx.arc(x, y - 10, 15, 0, Math.PI * 2)
  ctx.fillStyle = theme.raised
  ctx.fill()
  drawIcon(ctx, 'play', x + 0.5, y - 10, 20, theme.text)
  ctx.font = font(11)
  ctx.textAlign = 'center'
  ctx.textBaseline = 'middle'
  ctx.fillStyle = theme.quiet
  const time = length === null ? '' : ` · ${clock(length)}`
  ctx.fillText(fitMiddle(ctx, ref.filename, box.w - 16 - measure(ctx, time)) + time, x, y + 18)
}

/** A small mark, and how long it takes: a click plays it. @param {Context2D} ctx @param {Theme} theme @param {Rect} box @param {number | null} length */
function drawPlay(ctx, theme, box, length) {
  if (Math.min(box.w, box.h) < 40) return
  const [x, y] = [box.x + box.w - 16, box.y + 16]
  ctx.beginPath()
  ctx.arc(x, y, 10, 0, Math.PI * 2)
  ctx.fillStyle = withAlpha(theme.surface, 0.82)
  ctx.fill()
  drawIcon(ctx, 'play', x, y, 14, theme.text)
  if (length !== null && box.w > 90) drawNote(ctx, theme, box, clock(length))
}

/** As many lines as fit; a click shows the rest. @param {Context2D} ctx @param {Theme} theme @param {Rect} box @param {string} text */
function drawWords(ctx, theme, box, text) {
  ctx.font = font(12)
  ctx.textAlign = 'left'
  ctx.textBaseline = 'middle'
  ctx.fillStyle = theme.text
  const lines = wrap(ctx, text, box.w - 20, Math.max(1, Math.floor((box.h - 14) / LINE)))
  lines.forEach((line, index) => ctx.fillText(line, box.x + 10, box.y + 8 + LINE * (index + 0.5)))
}

/** @param {Context2D} ctx @param {Theme} theme @param {Rect} box @param {string} text @param {import('./shapes.js').IconName} sign @param {boolean} failed */
function drawHint(ctx, theme, box, text, sign, failed) {
  const [x, y] = [box.x + box.w / 2, box.y + box.h / 2]
  ctx.font = font(11)
  ctx.textAlign = 'center'
  ctx.textBaseline = 'middle'
  const tall = box.h > 56
  if (tall) drawIcon(ctx, sign, x, y - 12, 20, failed ? theme.warning : theme.edge)
  ctx.fillStyle = failed ? theme.warning : theme.quiet
  ctx.fillText(fitMiddle(ctx, text, box.w - 16), x, tall ? y + 12 : y)
}

/** A word in a corner, legible on any picture. @param {Context2D} ctx @param {Theme} theme @param {Rect} box @param {string} text @param {'left' | 'right'} [side] */
function drawNote(ctx, theme, box, text, side = 'right') {
  ctx.font = font(11)
  const width = measure(ctx, text) + 10
  const x = side === 'left' ? box.x + 6 : box.x + box.w - 6 - width
  const y = box.y + box.h - 24
  ctx.fillStyle = withAlpha(theme.surface, 0.82)
  ctx.beginPath()
  ctx.roundRect(x, y, width, 18, 4)
  ctx.fill()
  ctx.textAlign = 'left'
  ctx.textBaseline = 'middle'
  ctx.fillStyle = theme.text
  ctx.fillText(text, x + 5, y + 9.5)
}

/** @param {Context2D} ctx @param {Theme} theme @param {Rect} cell @param {number} count */
function drawMore(ctx, theme, cell, count) {
  ctx.fillStyle = withAlpha(theme.surface, 0.82)
  ctx.fillRect(cell.x, cell.y, cell.w, cell.h)
  ctx.font = font(13, 600)
  ctx.textAlign = 'center'
  ctx.textBaseline = 'middle'
  ctx.fillStyle = theme.text
  ctx.fillText(`+${count}`, cell.x + cell.w / 2, cell.y + cell.h / 2)
}
