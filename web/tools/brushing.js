/**
 * Things selected by going round them: with a box or a loop. With Shift they come in addition, with Alt they are taken
 * away. Shift across nothing but links adds reroutes to these, as artists know it.
 *
 * @typedef {import('../geometry/rect.js').Rect} Rect
 * @typedef {import('../model/types.js').RecordId} RecordId
 */
import { addReroutes } from '../commands/reroute.js'
import { pointAt } from '../geometry/bezier.js'
import { between, bounds, contains, holds, intersects } from '../geometry/rect.js'
import { inLoop, loopTakes } from '../geometry/polygon.js'
import { withAlpha } from '../view/theme.js'
import { drawRerouteLine } from './rerouting.js'
import { State } from './state.js'
import { crossings, Stroke } from './stroke.js'

/** Points of a link that are looked at. */
const SAMPLES = Array.from({ length: 25 }, (_, index) => index / 24)

/** @typedef {{takes: (rect: Rect) => boolean, has: (point: import('../geometry/vec.js').Point) => boolean, holds: (rect: Rect) => boolean}} Region */

/** What lies in a region: nodes that it touches, frames that it holds, reroutes; links where there is nothing else. @param {import('./editor.js').Editor} editor @param {Rect} box round the region @param {Region} region @returns {RecordId[]} */
function found(editor, box, region) {
  const nodes = editor.scene.nodesIn(box).filter((node) => editor.store.has(node.id) && region.takes(editor.rectOf(node)))
  // A frame is taken only whole: one always starts inside of some frame.
  const groups = editor.graph.groups(editor.graphId).filter(({ bounds: [x, y, w, h] }) => region.holds({ x, y, w, h }))
  const reroutes = editor.graph.reroutes(editor.graphId).filter(({ pos: [x, y] }) => region.has({ x, y }))
  const all = [...nodes, ...groups, ...reroutes].map(({ id }) => id)
  if (all.length) return all
  return editor.scene.wiresIn(box)
    .filter(({ curves }) => curves.some((curve) => SAMPLES.some((t) => region.has(pointAt(curve, t)))))
    .map(({ link }) => link.id)
}

/** @param {readonly RecordId[]} first selected before @param {readonly RecordId[]} ids @param {{shift: boolean, alt: boolean}} held */
function combined(first, ids, { shift, alt }) {
  if (alt) return first.filter((id) => !ids.includes(id))
  return shift ? [...first, ...ids] : ids
}

export class BoxSelecting extends State {
  /** @type {import('./stroke.js').Crossing[]} */
  crossed = []
  #end = () => {}

  /** @param {import('./editor.js').Editor} editor */
  constructor(editor) {
    super(editor)
    this.first = [...editor.selection]
  }

  /** @override */
  enter() {
    this.#end = this.editor.paint((ctx, theme) => {
      if (!this.crossed.length || !this.start || !this.at) return
      ctx.beginPath()
      ctx.moveTo(this.start.x, this.start.y)
      ctx.lineTo(this.at.x, this.at.y)
      drawRerouteLine(ctx, theme, this.crossed, this.editor.camera.zoom)
    })
  }

  /** @param {import('./state.js').Pointer} pointer @override */
  move(pointer) {
    if (!pointer.dragged) return
    const { editor } = this
    this.start = pointer.startCanvas
    this.at = pointer.canvas
    const box = between(pointer.startCanvas, pointer.canvas)
    const ids = found(editor, box, { takes: (rect) => intersects(rect, box), has: (point) => contains(box, point), holds: (rect) => holds(box, rect) })
    const nothing = ids.every((id) => editor.store.link(id))
    this.crossed = pointer.shift && !pointer.alt && nothing ? crossings(editor, pointer.startCanvas, pointer.canvas) : []
    editor.setBrush(this.crossed.length ? null : box)
    editor.select(this.crossed.length ? this.first : combined(this.first, ids, pointer))
    editor.panAtEdge(pointer, 28)
  }

  /** @param {import('./state.js').Pointer} pointer @override */
  up(pointer) {
    const { editor, crossed } = this
    if (crossed.length) editor.select(addReroutes(editor, crossed.filter(({ link }) => editor.store.has(link.id))))
    else if (!pointer.dragged && !pointer.shift && !pointer.ctrl) editor.select([])
    editor.idle()
  }

  /** @override */
  cancel() {
    this.editor.select(this.first)
    super.cancel()
  }

  /** @override */
  exit() {
    this.#end()
    this.editor.setBrush(null)
  }
}

export class LassoSelecting extends Stroke {
  /** @param {import('./editor.js').Editor} editor */
  constructor(editor) {
    super(editor)
    this.first = [...editor.selection]
  }

  /** @param {import('./state.js').Pointer} pointer @override */
  move(pointer) {
    super.move(pointer)
    const { editor, points } = this
    const box = bounds(points.map(({ x, y }) => ({ x, y, w: 0, h: 0 })))
    if (!box || points.length < 3) return
    const ids = found(editor, box, {
      takes: (rect) => loopTakes(points, rect),
      has: (point) => inLoop(points, point),
      holds: ({ x, y, w, h }) => [{ x, y }, { x: x + w, y }, { x, y: y + h }, { x: x + w, y: y + h }].every((corner) => inLoop(points, corner))
    })
    // Alt may be what began it, so it takes nothing away here.
    editor.select(combined(this.first, ids, { shift: pointer.shift, alt: false }))
  }

  /** @param {import('./state.js').Pointer} pointer @override */
  up(pointer) {
    if (!pointer.dragged && !pointer.shift) this.editor.select([])
    this.editor.idle()
  }

  /** @override */
  cancel() {
    this.editor.select(this.first)
    super.cancel()
  }

  /** @param {CanvasRenderingContext2D} ctx @param {import('../view/theme.js').Theme} theme @override */
  draw(ctx, theme) {
    const unit = 1 / this.editor.camera.zoom
    this.trace(ctx)
    ctx.fillStyle = withAlpha(theme.accent, 0.1)
    ctx.fill()
    ctx.strokeStyle = theme.accent
    ctx.lineWidth = unit
    ctx.setLineDash([5 * unit, 4 * unit])
    ctx.stroke()
  }
}
