/**
 * What a node's picture says of its state: the word and the sign in its title, the ring round it, the sentence
 * under it; and of its cost, where heat is asked for.
 *
 * @typedef {import('../geometry/rect.js').Rect} Rect
 * @typedef {import('../model/session.js').NodeStatus} NodeStatus
 * @typedef {import('../model/shape.js').View} View
 * @typedef {import('./theme.js').Theme} Theme
 * @typedef {CanvasRenderingContext2D} Context2D
 */
import { t } from '../language/t.js'
import { frozenOf } from '../model/frozen.js'
import { usedBy } from '../model/instances.js'
import { BYPASSED, MUTED } from '../model/modes.js'
import { bytesInWords } from '../model/words.js'
import { oklch } from './oklch.js'
import { drawIcon, progressRing, RADIUS, roundRect } from './shapes.js'
import { font, measure, wrap } from './text.js'
import { withAlpha } from './theme.js'

/** Below this zoom the word of a node's state gives way to its title. */
const WORDS = 0.75
/** The word of a state is never smaller than this on the screen, CSS pixels. */
const SMALLEST = 7.5
/** What stands on a node that this version cannot run, and in its place where the title needs the room. */
const LATER = t('not in this version yet')
const LATER_SHORT = t('not yet')
/** Heat is neither an error nor a warning, nor what is yours to press. */
const HEAT_HUE = 325

/** @param {Pick<import('./renderer.js').ViewState, 'session' | 'promptId'>} view @param {import('../model/types.js').NodeRecord} node */
export const statusOf = (view, node) => view.session.status(view.promptId(node))

/** How far a running node is, at the left of its title. Returns the room that it took. @param {Context2D} ctx @param {Theme} theme @param {Readonly<NodeStatus>} status @param {number} left @param {number} middle */
export function drawProgress(ctx, theme, status, left, middle) {
  if (status.state !== 'running') return 0
  progressRing(ctx, left + 7, middle, 6, status.max > 0 ? status.value / status.max : 0.25, theme.accent, withAlpha(theme.accent, 0.25))
  return 22
}

/**
 * @typedef {object} Marks What is known of a node besides its state.
 * @property {number | null} heat Its cost, from 0 to 1 of the dearest; null where heat is not asked for.
 * @property {string} cost The cost in words; empty where there is none.
 * @property {readonly import('../model/session.js').Notice[]} notices What a run would stumble over.
 * @property {boolean} frozen
 * @property {boolean} inside It is a subgraph, and something in it has notices.
 */

/** @param {{look: import('./draw_canvas.js').Look, session: import('../model/session.js').Session, graph: import('../model/graph.js').Graph}} view @param {import('../model/types.js').NodeRecord} node @param {string} id @param {Readonly<NodeStatus>} status @returns {Marks} */
export function marksOf({ look: { heat }, session, graph }, node, id, status) {
  const share = heat ? (heat.of.get(id) ?? 0) : null
  const cost = heat && share ? share * heat.most : 0
  return {
    heat: share, cost: !heat || !share || status.state === 'running' ? '' : heat.mode === 'time' ? duration(cost) : bytesInWords(cost),
    notices: session.notices(node.id), frozen: frozenOf(node) !== null,
    inside: session.noticedGraphs.size > 0 && isNoticedInside(graph, session.noticedGraphs, node.type)
  }
}

/**
 * The word at the right of the title. Returns the room that it took.
 * @param {Context2D} ctx @param {Theme} theme @param {{view: View, status: Readonly<NodeStatus>, zoom: number, marks?: Marks}} drawing
 * @param {number} right @param {number} middle @param {number} spare what the title leaves
 */
export function drawStatus(ctx, theme, { view, status, zoom, marks }, right, middle, spare) {
  const { node, type } = view
  const { text, colour = theme.quiet, icon, iconColour = theme.quiet } = statusWord(theme, node, type, status, marks)
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
  if (icon) drawIcon(ctx, icon, right - width - (word ? 9 : 6), middle, Math.max(12, 9 / zoom), iconColour)
  return width + (icon ? 20 : 8)
}

/**
 * @param {Theme} theme @param {import('../model/types.js').NodeRecord} node @param {import('../model/schema.js').NodeType | undefined} type
 * @param {Readonly<NodeStatus>} status @param {Marks | undefined} marks
 * @returns {{text: string, colour?: string, icon?: import('./shapes.js').IconName, iconColour?: string}}
 */
function statusWord(theme, node, type, status, marks) {
  if (status.error) return { text: t('error'), colour: theme.error, icon: 'alert', iconColour: theme.error }
  if (status.state === 'running') return { text: status.max > 1 ? `${status.value} / ${status.max}` : '' }
  if (node.mode === BYPASSED) return { text: t('bypassed') }
  if (node.mode === MUTED) return { text: t('muted') }
  if (!type) return { text: t('not installed'), colour: theme.warning, icon: 'alert', iconColour: theme.warning }
  if (type.later) return { text: LATER }
  const amber = /** @type {const} */ ({ icon: 'alert', iconColour: theme.warning })
  if (marks?.notices.length) return { text: NOTICES[marks.notices[0]?.kind ?? ''] ?? t('look here'), colour: theme.warning, ...amber }
  if (marks?.inside) return { text: t('look inside'), colour: theme.warning, ...amber }
  if (marks && marks.heat !== null) return marks.cost ? { text: marks.cost, colour: theme.text } : { text: '' }
  if (marks?.frozen) return { text: t('frozen'), icon: 'snow', ...(status.warnings.length ? amber : {}) }
  if (status.state === 'cached') return { text: t('cached'), icon: 'check', iconColour: theme.accentText, ...(status.warnings.length ? amber : {}) }
  if (status.state === 'done' && status.ms !== null) return { text: duration(status.ms), ...(status.warnings.length ? amber : {}) }
  return { text: '', ...(node.pinned ? { icon: /** @type {const} */ ('pin') } : {}) }
}

/** @param {import('../model/graph.js').Graph} graph @param {ReadonlySet<string>} noticed @param {string} type */
function isNoticedInside(graph, noticed, type) {
  return graph.definition(type) !== undefined && [type, ...usedBy(graph, type)].some((inner) => noticed.has(inner))
}

/** @type {Readonly<Record<string, string>>} */
const NOTICES = { missing_file: t('not found') }

/** @param {number} ms */
function duration(ms) {
  if (ms < 60_000) return t('{number} s', { number: ms < 1000 ? (Math.max(ms, 10) / 1000).toFixed(2) : (ms / 1000).toFixed(1) })
  return t('{minutes} min {seconds} s', { minutes: Math.floor(ms / 60_000), seconds: Math.round((ms % 60_000) / 1000) })
}

/** Of the ring round a node; null where its state has none. @param {Theme} theme @param {Readonly<NodeStatus>} status */
export function ringColour(theme, status) {
  return status.error ? theme.error : status.state === 'running' ? theme.accent : null
}

/** Of a node's title in a picture of heat: one hue, deeper the dearer; null where heat is not asked for. @param {Theme} theme @param {Marks | undefined} marks */
export function heatColour(theme, marks) {
  return marks && marks.heat !== null ? heatStep(theme, marks.heat) : null
}

/** Of its border: as its title's, strong enough to be seen on the canvas. @param {Theme} theme @param {Marks | undefined} marks */
export function heatEdge(theme, marks) {
  return marks?.heat ? heatStep(theme, marks.heat, true) : null
}

/** @type {Map<string, string>} */
const steps = new Map()

/** @param {Theme} theme @param {number} share 0 to 1 @param {boolean} [edge] */
export function heatStep(theme, share, edge = false) {
  const step = Math.round(share * 20) / 20
  const key = `${theme.name} ${step} ${edge}`
  let colour = steps.get(key)
  if (colour === undefined) {
    const dark = theme.name === 'dark'
    const [pale, deep] = edge ? (dark ? [0.5, 0.74] : [0.64, 0.5]) : dark ? [0.27, 0.48] : [0.96, 0.8]
    const chroma = 0.012 + step * (edge ? 0.16 : dark ? 0.12 : 0.085)
    steps.set(key, (colour = oklch(pale + (deep - pale) * step, chroma, HEAT_HUE)))
  }
  return colour
}

/** @param {Context2D} ctx @param {Rect} rect @param {string} colour @param {number} width @param {number} out */
export function drawRing(ctx, rect, colour, width, out) {
  ctx.strokeStyle = colour
  ctx.lineWidth = width
  roundRect(ctx, rect.x - out, rect.y - out, rect.w + 2 * out, rect.h + 2 * out, RADIUS + out)
  ctx.stroke()
}

/** The sentence of a node's error, hung under it. @param {Context2D} ctx @param {Theme} theme @param {View} view @param {string} message @param {number} zoom */
export function drawError(ctx, theme, view, message, zoom) {
  drawSentence(ctx, view, message, zoom, { surface: theme.errorSurface, edge: withAlpha(theme.error, 0.55), text: theme.errorText })
}

/** What is worth a look though it keeps nothing from running, hung under a selected node. @param {Context2D} ctx @param {Theme} theme @param {View} view @param {Readonly<NodeStatus>} status @param {readonly import('../model/session.js').Notice[]} notices @param {number} zoom */
export function drawNotice(ctx, theme, view, status, notices, zoom) {
  const message = [...notices.map((notice) => notice.message), ...status.warnings].join('\n')
  if (message) drawSentence(ctx, view, message, zoom, { surface: theme.overlay, edge: theme.warning, text: theme.text })
}

/** @param {Context2D} ctx @param {View} view @param {string} message @param {number} zoom @param {{surface: string, edge: string, text: string}} colours */
function drawSentence(ctx, { node, layout }, message, zoom, { surface, edge, text }) {
  const scale = Math.max(1, 0.85 / zoom)
  const [x, top] = [node.pos[0], node.pos[1] + layout.height + 6]
  ctx.font = font(12 * scale)
  const width = Math.max(layout.width, 200 * scale)
  const lines = wrap(ctx, message, width - 20 * scale, 4)
  const height = (lines.length * 17 + 12) * scale
  ctx.fillStyle = surface
  roundRect(ctx, x, top, width, height, 6 * scale)
  ctx.fill()
  ctx.strokeStyle = edge
  ctx.lineWidth = scale
  ctx.stroke()
  ctx.fillStyle = text
  ctx.textAlign = 'left'
  ctx.textBaseline = 'middle'
  lines.forEach((line, index) => ctx.fillText(line, x + 10 * scale, top + (6 + 17 * index + 9) * scale))
}
