/**
 * Small forms that the canvas is made of. Units are canvas pixels.
 *
 * @typedef {CanvasRenderingContext2D} Context2D
 * @typedef {import('./theme.js').SocketForm} SocketForm
 */

export const RADIUS = 8

/** @param {Context2D} ctx @param {number} x @param {number} y @param {number} w @param {number} h @param {number | number[]} radius */
export function roundRect(ctx, x, y, w, h, radius) {
  ctx.beginPath()
  ctx.roundRect(x, y, w, h, radius)
}

/** Add a socket's outline to the path. @param {Context2D} ctx @param {SocketForm} form @param {number} x @param {number} y @param {number} size half its width */
export function socketPath(ctx, form, x, y, size) {
  if (form === 'diamond') {
    const half = size * 1.22
    ctx.moveTo(x, y - half)
    ctx.lineTo(x + half, y)
    ctx.lineTo(x, y + half)
    ctx.lineTo(x - half, y)
    ctx.closePath()
  } else if (form === 'square') {
    const half = size * 0.88
    ctx.roundRect(x - half, y - half, half * 2, half * 2, 1.5)
  } else {
    ctx.moveTo(x + size, y)
    ctx.arc(x, y, size, 0, Math.PI * 2)
  }
}

/** @typedef {'chevron' | 'check' | 'randomize' | 'fixed' | 'increment' | 'decrement' | 'increment-wrap' | 'upload' | 'again' | 'alert' | 'pin' | 'picture' | 'film' | 'play' | 'expand' | 'inside' | 'inside' | 'snow'} IconName */

/** Strokes on a grid of 16, 1.5 wide. @type {Readonly<Record<IconName, string>>} */
const ICONS = {
  chevron: 'M4.5 6.5 8 10l3.5-3.5',
  expand: 'M6.5 4.5 10 8l-3.5 3.5',
  inside: 'M8 3h5v10H8M3 8h6.5M7 5.5 9.5 8 7 10.5',
  check: 'M3.5 8.5 6.5 11.5 12.5 5',
  randomize: 'M2.5 8a5.5 5.5 0 0 1 9.6-3.7L13.5 5.8M13.5 2.6v3.2h-3.2M13.5 8a5.5 5.5 0 0 1-9.6 3.7L2.5 10.2M2.5 13.4v-3.2h3.2',
  again: 'M3.2 8.2a5 5 0 1 0 1.5-3.7L3 6.2M3 2.8v3.4h3.4',
  fixed: 'M4.5 7.5h7v5.5h-7zM6 7.5V5.5a2 2 0 0 1 4 0v2',
  increment: 'M8 3.5v9M3.5 8h9',
  'increment-wrap': 'M8 3.5v9M3.5 8h9',
  decrement: 'M3.5 8h9',
  upload: 'M8 10.5V3.5M5 6.2 8 3.2l3 3M3 10.5v2.3h10v-2.3',
  alert: 'M8 2.8 14 13H2zM8 6.6v3M8 11.2v.3',
  pin: 'M8 9.5V14M5 3h6M6 3v3.6L4.5 9.5h7L10 6.6V3',
  picture: 'M2.5 3.5h11v9h-11zM2.5 10.5l3-3 3 3 2-2 3 3M10.4 6.2h.2',
  film: 'M2.5 3.5h11v9h-11zM5 3.5v9M11 3.5v9M2.5 6.5H5M2.5 9.5H5M11 6.5h2.5M11 9.5h2.5',
  play: 'M6 4.5v7L11.5 8z',
  snow: 'M8 2v12M2.8 5l10.4 6M13.2 5 2.8 11M6.2 3.2 8 5l1.8-1.8M6.2 12.8 8 11l1.8 1.8'
}

/** @type {Map<IconName, Path2D>} */
const paths = new Map()

/** @param {Context2D} ctx @param {IconName} name @param {number} x of its middle @param {number} y @param {number} size of its side @param {string} colour */
export function drawIcon(ctx, name, x, y, size, colour) {
  let path = paths.get(name)
  if (!path) paths.set(name, (path = new Path2D(ICONS[name])))
  ctx.save()
  ctx.translate(x - size / 2, y - size / 2)
  ctx.scale(size / 16, size / 16)
  ctx.strokeStyle = colour
  ctx.lineWidth = 1.5
  ctx.lineCap = 'round'
  ctx.lineJoin = 'round'
  ctx.stroke(path)
  ctx.restore()
}

/** A ring that fills clockwise. @param {Context2D} ctx @param {number} x @param {number} y @param {number} radius @param {number} part 0 to 1 @param {string} colour @param {string} rest */
export function progressRing(ctx, x, y, radius, part, colour, rest) {
  ctx.lineWidth = 2.5
  ctx.lineCap = 'round'
  ctx.strokeStyle = rest
  ctx.beginPath()
  ctx.arc(x, y, radius, 0, Math.PI * 2)
  ctx.stroke()
  if (part <= 0) return
  ctx.strokeStyle = colour
  ctx.beginPath()
  ctx.arc(x, y, radius, -Math.PI / 2, -Math.PI / 2 + Math.PI * 2 * Math.min(part, 1))
  ctx.stroke()
}
