/**
 * What a node's picture says of its state: the word and the sign in its title, the ring round it, the sentence under it.
 *
 * @typedef {import('../geometry/rect.js').Rect} Rect
 * @typedef {import('../model/session.js').NodeStatus} NodeStatus
 * @typedef {import('../model/shape.js').View} View
 * @typedef {import('./theme.js').Theme} Theme
 * @typedef {CanvasRenderingContext2D} Context2D
 */
import { BYPASSED, MUTED } from '../model/modes.js'
import { drawIcon, progressRing, RADIUS, roundRect } from './shapes.js'
import { font, measure, wrap } from './text.js'
import { withAlpha } from './theme.js'

/** Below this zoom the word of a node's state gives way to its title. */
const WORDS = 0.75
/** The word of a state is never smaller than this on the screen, CSS pixels. */
const SMALLEST = 7.5
/** What stands on a node that this version cannot run, and in its place where the title needs the room. */
const LATER = 'not in this version yet'
const LATER_SHORT = 'not yet'

/** How far a running node is, at the left of its title. Returns the room that it took. @param {Context2D} ctx @param {Theme} theme @param {Readonly<NodeStatus>} status @param {number} left @param {number} middle */
export function drawProgress(ctx, theme, status, left, middle) {
  if (status.state !== 'running') return 0
  progressRing(ctx, left + 7, middle, 6, status.max > 0 ? status.value / status.max : 0.25, theme.accent, withAlpha(theme.accent, 0.25))
  return 22
}

/**
 * The word at the right of the title. Returns the room that it took.
 * @param {Context2D} ctx @param {Theme} theme @param {{view: View, status: Readonly<NodeStatus>, zoom: number}} drawing
 * @param {number} right @param {number} middle @param {number} spare what the title leaves
 */
export function drawStatus(ctx, theme, { view, status, zoom }, right, middle, spare) {
  const { node, type } = view
  const [text, colour, icon] = statusWord(theme, node, type, status)
  // From afar the title needs the room, as it does on a collapsed node: the sign alone has to do.
  ctx.font = font(Math.max(11, SMALLEST / zoom))
  const fitting = text === LATER && measure(ctx, text) > spare ? LATER_SHORT : text
  const word = node.collapsed || (zoom < WORDS && icon) ? '' : fitting
  if (!word && !icon) return 0
  ctx.textAlign = 'right'
  ctx.textBaseline = 'middle'
  ctx.fillStyle = colour
  ctx.fillText(word, right, middle + 0.5)
  const width = measure(ctx, word)
  if (icon) drawIcon(ctx, icon, right - width - (word ? 9 : 6), middle, Math.max(12, 9 / zoom), icon === 'check' ? theme.accentText : colour)
  return width + (icon ? 20 : 8)
}

/**
 * @param {Theme} theme @param {import('../model/types.js').NodeRecord} node @param {import('../model/schema.js').NodeType | undefined} type
 * @param {Readonly<NodeStatus>} status
 * @returns {[word: string, colour: string, icon: import('./shapes.js').IconName | null]}
 */
function statusWord(theme, node, type, status) {
  if (status.error) return ['error', theme.error, 'alert']
  if (status.state === 'running') return [status.max > 1 ? `${status.value} / ${status.max}` : '', theme.quiet, null]
  if (node.mode === BYPASSED) return ['bypassed', theme.quiet, null]
  if (node.mode === MUTED) return ['muted', theme.quiet, null]
  if (!type) return ['not installed', theme.warning, 'alert']
  if (type.later) return [LATER, theme.quiet, null]
  if (status.state === 'cached') return ['cached', theme.quiet, 'check']
  if (status.state === 'done' && status.ms !== null) return [duration(status.ms), theme.quiet, null]
  return ['', theme.quiet, node.pinned ? 'pin' : null]
}

/** @param {number} ms */
function duration(ms) {
  if (ms < 1000) return `${(Math.max(ms, 10) / 1000).toFixed(2)} s`
  return ms < 60_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`
}

/** Of the ring round a node; null where its state has none. @param {Theme} theme @param {Readonly<NodeStatus>} status */
export function ringColour(theme, status) {
  return status.error ? theme.error : status.state === 'running' ? theme.accent : null
}

/** @param {Context2D} ctx @param {Rect} rect @param {string} colour @param {number} width @param {number} out */
export function drawRing(ctx, rect, colour, width, out) {
  ctx.strokeStyle = colour
  ctx.lineWidth = width
  roundRect(ctx, rect.x - out, rect.y - out, rect.w + 2 * out, rect.h + 2 * out, RADIUS + out)
  ctx.stroke()
}

/** The sentence of a node's error, hung under it. @param {Context2D} ctx @param {Theme} theme @param {View} view @param {string} message @param {number} zoom */
export function drawError(ctx, theme, { node, layout }, message, zoom) {
  const scale = Math.max(1, 0.85 / zoom)
  const [x, top] = [node.pos[0], node.pos[1] + layout.height + 6]
  ctx.font = font(12 * scale)
  const width = Math.max(layout.width, 200 * scale)
  const lines = wrap(ctx, message, width - 20 * scale, 4)
  const height = (lines.length * 17 + 12) * scale
  ctx.fillStyle = theme.errorSurface
  roundRect(ctx, x, top, width, height, 6 * scale)
  ctx.fill()
  ctx.strokeStyle = withAlpha(theme.error, 0.55)
  ctx.lineWidth = scale
  ctx.stroke()
  ctx.fillStyle = theme.errorText
  ctx.textAlign = 'left'
  ctx.textBaseline = 'middle'
  lines.forEach((line, index) => ctx.fillText(line, x + 10 * scale, top + (6 + 17 * index + 9) * scale))
}
