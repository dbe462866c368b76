/**
 * A line drawn by hand over the graph: what crosses links, or goes round things. Each new piece of it is looked at once.
 *
 * @typedef {import('../geometry/vec.js').Point} Point
 * @typedef {import('../model/types.js').LinkRecord} LinkRecord
 * @typedef {import('../view/scene.js').Wire} Wire
 * @typedef {import('../view/theme.js').Theme} Theme
 * @typedef {{wire: Wire, link: LinkRecord, stretch: number, point: Point}} Crossing `stretch`: how many reroutes lie before it
 */
import { crossing, nearestOn } from '../geometry/bezier.js'
import { linkPath } from '../geometry/link_path.js'
import { between } from '../geometry/rect.js'
import { distance } from '../geometry/vec.js'
import { State } from './state.js'
import { toggleAt } from './target.js'

/** CSS pixels between two points of a stroke. */
const STEP = 3

export class Stroke extends State {
  /** @type {Point[]} */
  points = []
  #end = () => {}

  /** @override */
  get cursor() {
    return 'crosshair'
  }

  /** @override */
  enter() {
    this.#end = this.editor.paint((ctx, theme) => this.draw(ctx, theme))
  }

  /** @override */
  exit() {
    this.#end()
  }

  /** @param {import('./state.js').Pointer} pointer @override */
  move(pointer) {
    if (!pointer.dragged) return
    const { editor } = this
    const last = this.points.at(-1) ?? pointer.startCanvas
    if (!this.points.length) this.points.push(last)
    if (distance(last, pointer.canvas) * editor.camera.zoom >= STEP) {
      this.points.push(pointer.canvas)
      this.pass(last, pointer.canvas)
      editor.renderer.invalidateOverlay()
    }
    editor.panAtEdge(pointer, 28)
  }

  /** Nothing was drawn: then it was a click, for the menu or for the selection. @param {import('./state.js').Pointer} pointer */
  end(pointer) {
    const { editor } = this
    editor.idle()
    if (pointer.dragged) return
    if (pointer.button === 2) editor.openMenu(pointer.screen, pointer.type)
    else if (pointer.ctrl) toggleAt(editor, pointer)
  }

  /** The stroke went from one point to the next. @param {Point} _from @param {Point} _to */
  pass(_from, _to) {}

  /** @param {CanvasRenderingContext2D} _ctx @param {Theme} _theme */
  draw(_ctx, _theme) {}

  /** @param {CanvasRenderingContext2D} ctx */
  trace(ctx) {
    ctx.beginPath()
    for (const { x, y } of this.points) ctx.lineTo(x, y)
  }
}

/** Where a piece of a stroke crosses links that are seen. @param {import('./editor.js').Editor} editor @param {Point} from @param {Point} to @returns {Crossing[]} */
export function crossings({ scene }, from, to) {
  return scene.wiresIn(between(from, to)).flatMap((wire) => {
    const points = wire.hidden ? null : scene.points(wire.link)
    if (!points) return []
    for (const [stretch, curves] of linkPath(points, scene.linkShape).entries()) {
      for (const curve of curves) {
        const point = crossing(curve, from, to)
        if (point) return [{ wire, link: wire.link, stretch, point }]
      }
    }
    return []
  })
}

/** The place on a link that is nearest to a point. @param {import('./editor.js').Editor} editor @param {LinkRecord} link @param {Point} point @returns {{stretch: number, point: Point} | null} */
export function placeOn({ scene }, link, point) {
  const points = scene.points(link)
  if (!points) return null
  let best = null
  let least = Infinity
  for (const [stretch, curves] of linkPath(points, scene.linkShape).entries()) {
    for (const curve of curves) {
      const at = nearestOn(curve, point)
      if (distance(at, point) >= least) continue
      least = distance(at, point)
      best = { stretch, point: at }
    }
  }
  return best
}
