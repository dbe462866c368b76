/**
 * The pictures at the foot of a node, or its words.
 *
 * @typedef {import('../geometry/rect.js').Rect} Rect
 * @typedef {import('./node_pictures.js').Shown} Shown
 * @typedef {import('./pictures.js').Pictures} Pictures
 * @typedef {import('./theme.js').Theme} Theme
 * @typedef {CanvasRenderingContext2D} Context2D
 */
import { kindOf } from './media.js'
import { drawIcon, RADIUS } from './shapes.js'
import { fitMiddle, font, wrap } from './text.js'
import { withAlpha } from './theme.js'

const GAP = 2
/** Of a line of words. */
const LINE = 16
/** Below this width a missing file is told by its name alone. */
const NARROW = 240

/**
 * @param {Context2D} ctx @param {Theme} theme @param {Rect} box @param {Shown} shown @param {Pictures} pictures
 * @param {string} hint what to say where there is none
 */
export function drawPictures(ctx, theme, box, shown, pictures, hint) {
  ctx.save()
  ctx.beginPath()
  ctx.roundRect(box.x + 1, box.y, box.w - 2, box.h - 1, [0, 0, RADIUS - 1, RADIUS - 1])
  ctx.clip()
  ctx.fillStyle = theme.canvas
  ctx.fillRect(box.x, box.y, box.w, box.h)
  if (shown.preview) {
    // A small preview is drawn soft: it is a promise, not a result.
    drawWhole(ctx, shown.preview, box, 0)
  } else if (shown.refs.length) {
    const cells = grid(box, shown.refs.length)
    shown.refs.slice(0, cells.length).forEach((ref, index) => {
      const cell = cells[index]
      if (!cell) return
      const { bitmap, state } = pictures.get(ref)
      if (bitmap) {
        const seen = drawWhole(ctx, bitmap, cell, 0)
        if (ref.moving) drawPlay(ctx, theme, seen)
      } else if (state === 'failed') drawMissing(ctx, theme, cell, ref)
    })
    if (shown.refs.length > cells.length) drawCount(ctx, theme, box, shown.refs.length)
  } else if (shown.text) drawWords(ctx, theme, box, shown.text)
  else drawHint(ctx, theme, box, hint, 'picture', false)
  ctx.restore()
}

/** As near to square cells as the box allows. @param {Rect} box @param {number} count @returns {Rect[]} */
export function grid(box, count) {
  const shown = Math.min(count, 16)
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

/** All of a picture, as large as the box allows. @param {Context2D} ctx @param {ImageBitmap} bitmap @param {Rect} box @param {number} inset @returns {Rect} where it lies */
function drawWhole(ctx, bitmap, box, inset) {
  if (!bitmap.width || !bitmap.height) return box // closed meanwhile
  const scale = Math.min((box.w - inset * 2) / bitmap.width, (box.h - inset * 2) / bitmap.height)
  const [w, h] = [bitmap.width * scale, bitmap.height * scale]
  ctx.imageSmoothingEnabled = true
  ctx.imageSmoothingQuality = 'high'
  const [x, y] = [box.x + (box.w - w) / 2, box.y + (box.h - h) / 2]
  ctx.drawImage(bitmap, x, y, w, h)
  return { x, y, w, h }
}

/** A result may be moved or deleted, and that is no fault; a file that the node needs and has not is one. @param {Context2D} ctx @param {Theme} theme @param {Rect} box @param {import('../model/session.js').PictureRef} ref */
function drawMissing(ctx, theme, box, ref) {
  const needed = ref.type === 'input'
  const sentence = box.w < NARROW ? ref.filename : `${ref.filename} is not there, or cannot be shown`
  drawHint(ctx, theme, box, sentence, needed ? 'alert' : kindOf(ref.filename) === 'video' ? 'film' : 'picture', needed)
}

/** A small mark: a click plays it. @param {Context2D} ctx @param {Theme} theme @param {Rect} box */
function drawPlay(ctx, theme, box) {
  if (Math.min(box.w, box.h) < 40) return
  const [x, y] = [box.x + box.w - 16, box.y + 16]
  ctx.beginPath()
  ctx.arc(x, y, 10, 0, Math.PI * 2)
  ctx.fillStyle = withAlpha(theme.surface, 0.82)
  ctx.fill()
  drawIcon(ctx, 'play', x, y, 14, theme.text)
}

/** As many lines as fit; the inspector has them all. @param {Context2D} ctx @param {Theme} theme @param {Rect} box @param {string} text */
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

/** @param {Context2D} ctx @param {Theme} theme @param {Rect} box @param {number} count */
function drawCount(ctx, theme, box, count) {
  ctx.font = font(11, 600)
  ctx.textAlign = 'right'
  ctx.textBaseline = 'bottom'
  ctx.fillStyle = theme.text
  ctx.fillText(`${count} pictures`, box.x + box.w - 8, box.y + box.h - 6)
}
