/**
 * What lies behind the nodes: the dots of the grid, and the frames.
 *
 * @typedef {import('../geometry/viewport.js').Camera} Camera
 * @typedef {import('../model/types.js').GroupRecord} GroupRecord
 * @typedef {import('./theme.js').Theme} Theme
 * @typedef {CanvasRenderingContext2D} Context2D
 */
import { roundRect } from './shapes.js'
import { fitMiddle, font } from './text.js'
import { ownColour, withAlpha } from './theme.js'

const SPACING = 24
/** Dots never come closer than this, CSS pixels: every other row goes. */
const CLOSEST = 17
const TITLE_SIZE = 11
/** The largest title, canvas pixels, that has room between a frame's edge and its first node. */
const BAND = 24

/** @type {{key: string, tile: HTMLCanvasElement} | null} */
let dots = null

/**
 * What the artist likes to see, which is no part of the document.
 * @typedef {object} Look
 * @property {boolean} dots
 * @property {number} nodeOpacity Of the bodies of nodes, 0.3 to 1.
 * @property {import('../model/heat.js').HeatMap | null} heat Each node's cost in the last run, where that is asked for.
 * @property {ImageBitmap | null} backdrop A picture behind everything; it stays put while the view moves.
 */
/** @type {Look} */
export const PLAIN_LOOK = { dots: true, nodeOpacity: 1, heat: null, backdrop: null }
/** How much of a backdrop shows through the canvas's colour: text written on it must stay legible. */
const BACKDROP = 0.34

/** @param {Context2D} ctx in device pixels @param {Theme} theme @param {Camera} camera @param {number} ratio device pixels for one of CSS @param {number} width @param {number} height device pixels @param {Look} look */
export function drawGrid(ctx, theme, camera, ratio, width, height, look) {
  ctx.fillStyle = theme.canvas
  ctx.fillRect(0, 0, width, height)
  if (look.backdrop) drawBackdrop(ctx, look.backdrop, width, height)
  if (!look.dots) return
  let step = SPACING
  while (step * camera.zoom < CLOSEST) step *= 2
  while (step * camera.zoom > CLOSEST * 3) step /= 2
  const size = step * camera.zoom * ratio
  const tile = dotTile(theme.dot, Math.round(size), ratio)
  const pattern = tile && ctx.createPattern(tile, 'repeat')
  if (!pattern) return
  const scale = size / tile.width
  const offset = (/** @type {number} */ at) => (((-at * camera.zoom * ratio) % size) + size) % size
  pattern.setTransform(new DOMMatrix([scale, 0, 0, scale, offset(camera.x) - size / 2, offset(camera.y) - size / 2]))
  ctx.fillStyle = pattern
  ctx.fillRect(0, 0, width, height)
}

/** It covers the view, cut at its longer side. @param {Context2D} ctx @param {ImageBitmap} picture @param {number} width @param {number} height */
function drawBackdrop(ctx, picture, width, height) {
  const scale = Math.max(width / picture.width, height / picture.height)
  const [w, h] = [picture.width * scale, picture.height * scale]
  ctx.globalAlpha = BACKDROP
  ctx.drawImage(picture, (width - w) / 2, (height - h) / 2, w, h)
  ctx.globalAlpha = 1
}

/** @param {string} colour @param {number} size @param {number} ratio */
function dotTile(colour, size, ratio) {
  const key = `${colour} ${size} ${ratio}`
  if (dots?.key === key) return dots.tile
  const tile = document.createElement('canvas')
  tile.width = tile.height = size
  const ctx = tile.getContext('2d')
  if (!ctx) return null
  ctx.fillStyle = colour
  ctx.beginPath()
  ctx.arc(size / 2, size / 2, ratio * 0.9, 0, Math.PI * 2)
  ctx.fill()
  dots = { key, tile }
  return tile
}

/** @param {Context2D} ctx @param {Theme} theme @param {GroupRecord} group @param {boolean} selected @param {number} zoom */
export function drawGroup(ctx, theme, group, selected, zoom) {
  const [x, y, w, h] = group.bounds
  const colour = (group.color && ownColour(theme, group.color, 'frame')) || theme.group
  const written = (group.color && ownColour(theme, group.color, 'strong')) || theme.quiet
  roundRect(ctx, x + 0.5, y + 0.5, w - 1, h - 1, 12)
  ctx.fillStyle = withAlpha(colour, theme.name === 'dark' ? 0.065 : 0.045)
  ctx.fill()
  ctx.strokeStyle = selected ? theme.select : withAlpha(colour, 0.34)
  ctx.lineWidth = Math.max(selected ? 2 : 1, (selected ? 1.6 : 1) / zoom)
  ctx.stroke()
  const size = Math.max(Math.min(group.fontSize * 0.625, 40), TITLE_SIZE / zoom)
  ctx.font = font(size, 600)
  ctx.textAlign = 'left'
  ctx.fillStyle = written
  // From afar its letters need more than the frame's edge gives: it stands on the frame then, clear of the nodes.
  const outside = size > BAND
  ctx.textBaseline = outside ? 'bottom' : 'top'
  ctx.fillText(fitMiddle(ctx, group.title, w - (outside ? 0 : 28)), outside ? x : x + 14, outside ? y - 2 / zoom : y + 10)
}
