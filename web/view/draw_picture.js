/**
 * The pictures at the foot of a node.
 *
 * @typedef {import('../geometry/rect.js').Rect} Rect
 * @typedef {import('./node_pictures.js').Shown} Shown
 * @typedef {import('./pictures.js').Pictures} Pictures
 * @typedef {import('./theme.js').Theme} Theme
 * @typedef {CanvasRenderingContext2D} Context2D
 */
import { drawIcon, RADIUS } from './shapes.js'
import { fitMiddle, font } from './text.js'

const GAP = 2

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
      if (bitmap) drawWhole(ctx, bitmap, cell, 0)
      else if (state === 'failed') drawHint(ctx, theme, cell, `${ref.filename} is not there, or no picture`, true)
    })
    if (shown.refs.length > cells.length) drawCount(ctx, theme, box, shown.refs.length)
  } else drawHint(ctx, theme, box, hint, false)
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

/** All of a picture, as large as the box allows. @param {Context2D} ctx @param {ImageBitmap} bitmap @param {Rect} box @param {number} inset */
function drawWhole(ctx, bitmap, box, inset) {
  if (!bitmap.width || !bitmap.height) return // closed meanwhile
  const scale = Math.min((box.w - inset * 2) / bitmap.width, (box.h - inset * 2) / bitmap.height)
  const [w, h] = [bitmap.width * scale, bitmap.height * scale]
  ctx.imageSmoothingEnabled = true
  ctx.imageSmoothingQuality = 'high'
  ctx.drawImage(bitmap, box.x + (box.w - w) / 2, box.y + (box.h - h) / 2, w, h)
}

/** @param {Context2D} ctx @param {Theme} theme @param {Rect} box @param {string} text @param {boolean} failed */
function drawHint(ctx, theme, box, text, failed) {
  const [x, y] = [box.x + box.w / 2, box.y + box.h / 2]
  ctx.font = font(11)
  ctx.textAlign = 'center'
  ctx.textBaseline = 'middle'
  const tall = box.h > 56
  if (tall) drawIcon(ctx, failed ? 'alert' : 'picture', x, y - 12, 20, failed ? theme.warning : theme.edge)
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
