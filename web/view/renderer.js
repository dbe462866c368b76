/**
 * Draws the graph, and what is being done to it, on two canvases: on demand, only what is in view, nothing while nothing
 * changes. It reads the store and the session and writes neither.
 *
 * @typedef {import('../geometry/rect.js').Rect} Rect
 * @typedef {import('../geometry/vec.js').Point} Point
 * @typedef {import('../model/types.js').NodeRecord} NodeRecord
 * @typedef {import('../model/types.js').RecordId} RecordId
 * @typedef {import('../model/types.js').SocketRef} SocketRef
 * @typedef {import('./draw_far.js').Frame} Frame
 * @typedef {import('./theme.js').Theme} Theme
 *
 * @typedef {object} DraggedLink
 * @property {readonly SocketRef[]} ends The ends that stay.
 * @property {ReadonlySet<RecordId>} held Links that were picked up: drawn at the pointer, not where they were.
 * @property {Point | null} point Canvas pixels.
 * @property {SocketRef | null} target What it would snap to.
 * @property {readonly Point[]} through Reroutes that it passes, from an output on.
 * @property {Point | null} end Where it is drawn to, if not to the target itself.
 * @property {(socket: SocketRef) => boolean} fits
 *
 * @typedef {object} ViewState What the renderer reads. The editor is one.
 * @property {import('./scene.js').Scene} scene
 * @property {import('../model/store.js').Store} store
 * @property {import('../model/graph.js').Graph} graph
 * @property {import('../model/types.js').GraphId} graphId
 * @property {import('../model/schema.js').Schema} schema
 * @property {import('../model/session.js').Session} session
 * @property {(node: NodeRecord) => string} promptId A node's name in the session.
 * @property {import('../model/node_types.js').NodeTypes} types
 * @property {import('../model/live_expressions.js').Expressions} expressions
 * @property {import('./pictures.js').Pictures} pictures
 * @property {import('../geometry/viewport.js').Camera} camera
 * @property {ReadonlySet<RecordId>} selection
 * @property {ReadonlySet<RecordId>} dragging
 * @property {import('../model/types.js').Target} hover
 * @property {{node: RecordId, name: string} | null} edited
 * @property {DraggedLink | null} draggedLink
 * @property {RecordId | null} dropLink
 * @property {Rect | null} brush
 * @property {import('./draw_canvas.js').Look} look
 * @property {ReadonlySet<Painter>} painters What states and panels draw over the graph besides.
 * @typedef {(ctx: CanvasRenderingContext2D, theme: Theme, view: ViewState) => void} Painter In canvas pixels.
 */
import { grow } from '../geometry/rect.js'
import { drawGrid } from './draw_canvas.js'
import { drawOverlay, flowing } from './draw_overlay.js'
import { drawScene, surplus } from './draw_scene.js'
import { rememberFont } from './text.js'

/** Canvas pixels a second that dashes move. */
const FLOW = 40
/** Frames of moving dashes come no faster than this, in ms. */
const FLOW_FRAME = 33
/** How long the zoom must rest, in ms, until what was drawn in haste is drawn well. */
const REST = 120
/** A picture that has moved on by more than this part of the view is drawn anew. */
const FAR_ON = 0.6

export class Renderer {
  #frame = 0
  #sceneOld = true
  /** How the graph lies on the canvas as it was last drawn; null where nothing of it can stay. @type {Frame | null} */
  #drawn = null
  /** There are sentences under nodes: they reach far, and depend on each other. */
  #told = false
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #rest = undefined
  #overlayOld = true
  #flowed = 0
  #reduced = matchMedia('(prefers-reduced-motion: reduce)')
  /** How long the last frame took to draw, in ms. */
  lastDraw = 0
  /** Frames drawn so far. */
  frames = 0
  /** When the last one was drawn, as `performance.now()` tells. */
  lastFrame = 0

  /** @param {{canvas: HTMLCanvasElement, overlay: HTMLCanvasElement, theme: Theme, view: ViewState}} parts */
  constructor({ canvas, overlay, theme, view }) {
    this.canvas = canvas
    this.overlay = overlay
    this.theme = theme
    this.view = view
    this.scene = contextOf(canvas, false)
    this.top = contextOf(overlay, true)
    this.ratio = 1
  }

  /** Match the canvases to their boxes and to the screen's density. */
  resize() {
    this.ratio = Math.min(Math.max(devicePixelRatio || 1, 1), 4)
    for (const canvas of [this.canvas, this.overlay]) {
      const width = Math.max(1, Math.round(canvas.clientWidth * this.ratio))
      const height = Math.max(1, Math.round(canvas.clientHeight * this.ratio))
      if (canvas.width !== width || canvas.height !== height) {
        canvas.width = width
        canvas.height = height
      }
    }
    this.invalidate()
    // A resized canvas is blank until it is drawn: not even for one frame.
    this.drawNow()
  }

  /** Everything is drawn again, at the next frame. */
  invalidate() {
    this.#drawn = null
    this.refresh()
  }

  /** What the scene says has changed is drawn again, or what has come into view; the rest of the picture stays. */
  refresh() {
    this.#sceneOld = true
    this.invalidateOverlay()
  }

  invalidateOverlay() {
    this.#overlayOld = true
    this.#frame ||= requestAnimationFrame((now) => this.#onFrame(now))
  }

  dispose() {
    cancelAnimationFrame(this.#frame)
    clearTimeout(this.#rest)
    this.#frame = -1
  }

  /** Draw what is old, at once. */
  drawNow() {
    const begun = performance.now()
    if (this.#sceneOld) this.#drawScene()
    if (this.#overlayOld) this.#drawOverlay(begun)
    this.#sceneOld = this.#overlayOld = false
    this.lastFrame = performance.now()
    this.lastDraw = this.lastFrame - begun
    this.frames++
  }

  /** @param {number} now */
  #onFrame(now) {
    this.#frame = 0
    if (this.#sceneOld || this.#overlayOld) this.drawNow()
    if (this.#reduced.matches || flowing(this.view).length === 0) return
    // Something flows: only the overlay is drawn again, and no faster than the eye needs.
    if (now - this.#flowed >= FLOW_FRAME) {
      this.#flowed = now
      this.#overlayOld = true
    }
    this.#frame ||= requestAnimationFrame((next) => this.#onFrame(next))
  }

  #drawScene() {
    const { view, canvas } = this
    const frame = this.#place()
    const before = this.#drawn
    const damage = view.scene.takeDamage()
    const kept = before && damage !== 'all' && !this.#told && !view.look.backdrop && this.#shift(before, frame)
    this.#drawn = frame
    if (kept) {
      const regions = damage ? [...kept, this.#onCanvas(damage, frame)] : kept
      // A sentence would be cut off at the edge of what is drawn.
      if (!regions.some((region) => this.#drawRegion(region, frame, false, false))) return
    }
    const moving = before !== null && before.scale !== frame.scale
    this.#told = this.#drawRegion({ x: 0, y: 0, w: canvas.width, h: canvas.height }, frame, true, moving)
  }

  /** How the graph lies on the canvas: in whole pixels, so that a picture that was moved is the same as one drawn there. @returns {Frame} */
  #place() {
    const { x, y, zoom } = this.view.camera
    const scale = zoom * this.ratio
    return { scale, left: Math.round(-x * scale), top: Math.round(-y * scale), ratio: this.ratio, crowded: this.#drawn?.crowded ?? false }
  }

  /** Move the picture along with the graph. @param {Frame} before @param {Frame} now @returns {Rect[] | null} what is bare now; null where nothing can stay */
  #shift(before, now) {
    const { scene: ctx, canvas: { width, height }, canvas } = this
    const [right, down] = [now.left - before.left, now.top - before.top]
    if (before.scale !== now.scale || before.ratio !== now.ratio || Math.abs(right) > width * FAR_ON || Math.abs(down) > height * FAR_ON) return null
    if (right === 0 && down === 0) return []
    ctx.globalCompositeOperation = 'copy'
    ctx.drawImage(canvas, right, down)
    ctx.globalCompositeOperation = 'source-over'
    /** @type {Rect[]} */
    const bare = []
    const rest = { y: Math.max(down, 0), h: height - Math.abs(down) }
    if (down !== 0) bare.push({ x: 0, y: down > 0 ? 0 : height + down, w: width, h: Math.abs(down) })
    if (right !== 0) bare.push({ x: right > 0 ? 0 : width + right, w: Math.abs(right), ...rest })
    return bare
  }

  /** A part of the graph with what reaches out of it, in whole device pixels. @param {Rect} rect @param {Frame} frame @returns {Rect} */
  #onCanvas(rect, { scale, left, top }) {
    const { x, y, w, h } = grow(rect, surplus(this.view.camera.zoom))
    const [fromX, fromY] = [Math.max(Math.floor(x * scale + left), 0), Math.max(Math.floor(y * scale + top), 0)]
    const toX = Math.min(Math.ceil((x + w) * scale + left), this.canvas.width)
    const toY = Math.min(Math.ceil((y + h) * scale + top), this.canvas.height)
    return { x: fromX, y: fromY, w: toX - fromX, h: toY - fromY }
  }

  /** @param {Rect} region device pixels @param {Frame} frame @param {boolean} whole @param {boolean} moving @returns {boolean} whether there is a sentence under a node */
  #drawRegion(region, frame, whole, moving) {
    const { scene: ctx, theme, view, ratio, canvas } = this
    const { x, y, w, h } = region
    if (w <= 0 || h <= 0) return false
    const { scale, left, top } = frame
    ctx.save()
    ctx.beginPath()
    ctx.rect(x, y, w, h)
    ctx.clip()
    drawGrid(ctx, theme, { x: -left / scale, y: -top / scale, zoom: view.camera.zoom }, ratio, canvas.width, canvas.height, view.look)
    const seen = { x: (x - left) / scale, y: (y - top) / scale, w: w / scale, h: h / scale }
    const { told, hasty } = drawScene(ctx, theme, view, frame, seen, false, whole, moving)
    ctx.restore()
    if (hasty) {
      clearTimeout(this.#rest)
      this.#rest = setTimeout(() => this.invalidate(), REST)
    }
    return told
  }

  /** @param {number} now */
  #drawOverlay(now) {
    const { top: ctx, overlay } = this
    ctx.setTransform(1, 0, 0, 1, 0, 0)
    ctx.clearRect(0, 0, overlay.width, overlay.height)
    const frame = this.#place()
    const { scale, left, top } = frame
    if (this.view.dragging.size) {
      const seen = { x: -left / scale, y: -top / scale, w: overlay.width / scale, h: overlay.height / scale }
      drawScene(ctx, this.theme, this.view, frame, seen, true, false, false)
    }
    ctx.setTransform(scale, 0, 0, scale, left, top)
    drawOverlay(ctx, this.theme, this.view, this.#reduced.matches ? 0 : ((now / 1000) * FLOW) % 16)
    for (const painter of this.view.painters) {
      ctx.save()
      painter(ctx, this.theme, this.view)
      ctx.restore()
    }
  }
}

/** @param {HTMLCanvasElement} canvas @param {boolean} alpha */
function contextOf(canvas, alpha) {
  const ctx = canvas.getContext('2d', { alpha })
  if (!ctx) throw new Error('The browser gives no canvas to draw on')
  rememberFont(ctx)
  return ctx
}
