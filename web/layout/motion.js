/**
 * What was arranged is seen to go there, in 160 ms. The document has changed already: this is drawn over the graph, from a
 * picture of the nodes as they looked before.
 *
 * @typedef {import('../geometry/rect.js').Rect} Rect
 * @typedef {import('../model/types.js').RecordId} RecordId
 * @typedef {import('../tools/editor.js').Editor} Editor
 * @typedef {import('../view/theme.js').Theme} Theme
 */
import { linkCurve } from '../geometry/bezier.js'
import { grow, intersects } from '../geometry/rect.js'
import { visible } from '../geometry/viewport.js'
import { drawGrid, drawGroup } from '../view/draw_canvas.js'
import { roundRect } from '../view/shapes.js'
import { typeColour } from '../view/theme.js'

const LENGTH = 160
/** With more to draw frames would come too slowly to be seen as motion. */
const MOST = 250
/** Round a node, for its sockets and its shadow. */
const MARGIN = 6

export class Motion {
  /** @type {Map<RecordId, Rect>} */
  #from = new Map()
  /** @type {HTMLCanvasElement | null} */
  #picture = null

  /** Take in how things stand, before they change. @param {Editor} editor @param {Iterable<RecordId>} ids */
  constructor(editor, ids) {
    this.editor = editor
    this.seen = visible(editor.camera, editor.viewSize.w, editor.viewSize.h)
    this.camera = editor.camera
    if (matchMedia('(prefers-reduced-motion: reduce)').matches || editor.scene.nodesIn(this.seen).length > MOST) return
    for (const id of ids) {
      const rect = rectOf(editor, id)
      if (rect) this.#from.set(id, rect)
    }
    this.#picture = document.createElement('canvas')
    this.#picture.width = editor.canvas.width
    this.#picture.height = editor.canvas.height
    this.#picture.getContext('2d')?.drawImage(editor.canvas, 0, 0)
  }

  /** Show the way to where they stand now. */
  start() {
    const { editor } = this
    const moved = [...this.#from.keys()].filter((id) => this.#shows(id))
    if (!this.#picture || !moved.length || moved.length > MOST) return
    const begun = performance.now()
    const left = () => (1 - Math.min((performance.now() - begun) / LENGTH, 1)) ** 3
    const end = editor.paint((ctx, theme) => this.#draw(ctx, theme, left()))
    const step = () => {
      if (left() === 0) end()
      else {
        editor.renderer.invalidateOverlay()
        requestAnimationFrame(step)
      }
    }
    requestAnimationFrame(step)
  }

  /** Is it in view before or after? @param {RecordId} id */
  #shows(id) {
    const [from, to] = [this.#from.get(id), rectOf(this.editor, id)]
    return Boolean((from && intersects(from, this.seen)) || (to && intersects(to, this.seen)))
  }

  /** @param {CanvasRenderingContext2D} ctx @param {Theme} theme @param {number} left of the way, 1 to 0 */
  #draw(ctx, theme, left) {
    const { editor } = this
    ctx.save()
    ctx.setTransform(1, 0, 0, 1, 0, 0)
    drawGrid(ctx, theme, editor.camera, editor.renderer.ratio, editor.canvas.width, editor.canvas.height, editor.look)
    ctx.restore()
    for (const frame of editor.graph.groups(editor.graphId)) {
      const { x, y, w, h } = this.#between(frame.id, left)
      drawGroup(ctx, theme, { ...frame, bounds: [x, y, w, h] }, editor.selection.has(frame.id), editor.camera.zoom)
    }
    this.#drawLinks(ctx, theme, left)
    for (const node of editor.graph.nodes(editor.graphId)) if (this.#shows(node.id) || !this.#from.has(node.id)) this.#drawNode(ctx, theme, node.id, left)
  }

  /** @param {CanvasRenderingContext2D} ctx @param {Theme} theme @param {number} left */
  #drawLinks(ctx, theme, left) {
    const { editor } = this
    ctx.lineWidth = Math.max(2, 1.2 / editor.camera.zoom)
    for (const wire of editor.scene.wiresIn(grow(this.seen, 400)).slice(0, 2 * MOST)) {
      const { link } = wire
      const [from, to] = [editor.graph.source(link), editor.graph.reader(link)]
      const start = from && editor.scene.socketPoint({ node: from.id, side: 'out', index: link.fromSlot, name: '' })
      const stop = to && editor.scene.socketPoint({ node: to.id, side: 'in', index: link.toSlot, name: '' })
      if (!start || !stop || wire.hidden) continue
      const { a, b, c, d } = linkCurve(this.#shifted(start, from.id, left), this.#shifted(stop, to.id, left))
      ctx.strokeStyle = typeColour(theme, wire.type)
      ctx.beginPath()
      ctx.moveTo(a.x, a.y)
      ctx.bezierCurveTo(b.x, b.y, c.x, c.y, d.x, d.y)
      ctx.stroke()
    }
  }

  /** @param {CanvasRenderingContext2D} ctx @param {Theme} theme @param {RecordId} id @param {number} left */
  #drawNode(ctx, theme, id, left) {
    const now = this.#between(id, left)
    const from = this.#from.get(id) ?? now
    if (!intersects(now, this.seen)) return
    if (!this.#picture || !intersects(from, this.seen)) {
      ctx.fillStyle = theme.surface
      roundRect(ctx, now.x, now.y, now.w, now.h, 8)
      ctx.fill()
      return
    }
    const scale = this.camera.zoom * this.editor.renderer.ratio
    const cut = grow(from, MARGIN)
    ctx.drawImage(
      this.#picture, (cut.x - this.camera.x) * scale, (cut.y - this.camera.y) * scale, cut.w * scale, cut.h * scale,
      now.x - MARGIN, now.y - MARGIN, cut.w, cut.h
    )
  }

  /** @param {RecordId} id @param {number} left @returns {Rect} */
  #between(id, left) {
    const to = rectOf(this.editor, id) ?? { x: 0, y: 0, w: 0, h: 0 }
    const from = this.#from.get(id) ?? to
    const at = (/** @type {'x' | 'y' | 'w' | 'h'} */ side) => to[side] + (from[side] - to[side]) * left
    return { x: at('x'), y: at('y'), w: at('w'), h: at('h') }
  }

  /** @param {import('../geometry/vec.js').Point} point on a node, where it stands now @param {RecordId} id @param {number} left */
  #shifted(point, id, left) {
    const [now, to] = [this.#between(id, left), rectOf(this.editor, id)]
    return to ? { x: point.x + now.x - to.x, y: point.y + now.y - to.y } : point
  }
}

/** @param {Editor} editor @param {RecordId} id @returns {Rect | null} */
function rectOf(editor, id) {
  const [node, frame] = [editor.graph.at(id), editor.store.group(id)]
  if (node) return editor.rectOf(node)
  return frame ? { x: frame.bounds[0], y: frame.bounds[1], w: frame.bounds[2], h: frame.bounds[3] } : null
}
