/** Reroutes by hand: a stroke leaves one where it crosses links, a press on a link pulls one out of it. */
import { move } from '../commands/move.js'
import { addReroute, addReroutes } from '../commands/reroute.js'
import { subtract } from '../geometry/vec.js'
import { t } from '../language/t.js'
import { State } from './state.js'
import { crossings, placeOn, Stroke } from './stroke.js'

const GRID = 20

export class Rerouting extends Stroke {
  /** @type {Map<string, import('./stroke.js').Crossing>} */
  crossed = new Map()

  /** @param {import('../geometry/vec.js').Point} from @param {import('../geometry/vec.js').Point} to @override */
  pass(from, to) {
    for (const each of crossings(this.editor, from, to)) if (!this.crossed.has(each.link.id)) this.crossed.set(each.link.id, each)
  }

  /** @param {import('./state.js').Pointer} pointer @override */
  up(pointer) {
    const { editor } = this
    const crossed = [...this.crossed.values()].filter(({ link }) => editor.store.has(link.id))
    if (crossed.length) editor.select(addReroutes(editor, crossed))
    this.end(pointer)
  }

  /** @param {CanvasRenderingContext2D} ctx @param {import('../view/theme.js').Theme} theme @override */
  draw(ctx, theme) {
    this.trace(ctx)
    drawRerouteLine(ctx, theme, [...this.crossed.values()], this.editor.camera.zoom)
  }
}

/** The stroke that was traced, and what it will leave. @param {CanvasRenderingContext2D} ctx @param {import('../view/theme.js').Theme} theme @param {readonly import('./stroke.js').Crossing[]} crossed @param {number} zoom */
export function drawRerouteLine(ctx, theme, crossed, zoom) {
  const unit = 1 / zoom
  ctx.lineCap = ctx.lineJoin = 'round'
  ctx.strokeStyle = theme.accent
  ctx.lineWidth = 1.5 * unit
  ctx.setLineDash([2 * unit, 5 * unit])
  ctx.stroke()
  ctx.setLineDash([])
  for (const { point } of crossed) {
    ctx.beginPath()
    ctx.arc(point.x, point.y, 6, 0, Math.PI * 2)
    ctx.fillStyle = theme.accent
    ctx.fill()
    ctx.strokeStyle = theme.canvas
    ctx.lineWidth = 2
    ctx.stroke()
  }
}

/** A new reroute in a link follows the pointer until it is let go: one step. */
export class PullingReroute extends State {
  /** @param {import('./editor.js').Editor} editor @param {import('./state.js').Pointer} pointer @param {import('../model/types.js').LinkRecord} link */
  constructor(editor, pointer, link) {
    super(editor)
    this.start = pointer.startCanvas
    editor.store.begin(t('Add a reroute'))
    const place = placeOn(editor, link, this.start)
    this.id = place && addReroute(editor, [link], place.point, place.stretch)
    const reroute = this.id === null ? undefined : editor.store.get(this.id)
    this.pos = reroute?.kind === 'reroute' ? reroute.pos : null
    if (this.id !== null) editor.select([this.id])
  }

  /** @override */
  get cursor() {
    return 'grabbing'
  }

  /** @param {import('./state.js').Pointer} pointer @override */
  move(pointer) {
    const { editor, id, pos } = this
    if (!pointer.dragged || id === null || !pos) return
    const by = subtract(pointer.canvas, this.start)
    const snap = (/** @type {number} */ from, /** @type {number} */ to) => (editor.snaps ? Math.round(to / GRID) * GRID - from : to - from)
    move(editor, new Map([[id, pos]]), { x: snap(pos[0], pos[0] + by.x), y: snap(pos[1], pos[1] + by.y) })
    editor.panAtEdge(pointer, 28)
  }

  /** @override */
  up() {
    this.editor.store.commit()
    this.editor.idle()
  }
}
