/**
 * Draws the graph, and what is being done to it, on two canvases: on demand, only what is in view, nothing while nothing
 * changes. It reads the store and the session and writes neither.
 *
 * @typedef {import('../geometry/rect.js').Rect} Rect
 * @typedef {import('../geometry/vec.js').Point} Point
 * @typedef {import('../model/types.js').NodeRecord} NodeRecord
 * @typedef {import('../model/types.js').RecordId} RecordId
 * @typedef {import('../model/types.js').SocketRef} SocketRef
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
import { grow, intersects } from '../geometry/rect.js'
import { visible } from '../geometry/viewport.js'
import { drawGrid, drawGroup } from './draw_canvas.js'
import { drawHiddenNames, drawLinks, drawReroutes } from './draw_links.js'
import { drawNode } from './draw_node.js'
import { drawOverlay, flowing } from './draw_overlay.js'
import { drawError } from './draw_status.js'
import { picturesOf } from './node_pictures.js'

/** Below this zoom the sentences of several errors are shown on selected nodes only. */
const SENTENCES = 0.75
/** Canvas pixels a second that dashes move. */
const FLOW = 40
/** Frames of moving dashes come no faster than this, in ms. */
const FLOW_FRAME = 33

export class Renderer {
  #frame = 0
  #sceneOld = true
  #overlayOld = true
  #flowed = 0
  #reduced = matchMedia('(prefers-reduced-motion: reduce)')
  /** How long the last frame took to draw, in ms. */
  lastDraw = 0
  /** Frames drawn so far. */
  frames = 0

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

  invalidate() {
    this.#sceneOld = true
    this.invalidateOverlay()
  }

  invalidateOverlay() {
    this.#overlayOld = true
    this.#frame ||= requestAnimationFrame((now) => this.#onFrame(now))
  }

  dispose() {
    cancelAnimationFrame(this.#frame)
    this.#frame = -1
  }

  /** Draw what is old, at once. */
  drawNow() {
    const begun = performance.now()
    if (this.#sceneOld) this.#drawScene()
    if (this.#overlayOld) this.#drawOverlay(begun)
    this.#sceneOld = this.#overlayOld = false
    this.lastDraw = performance.now() - begun
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
    const { scene: ctx, theme, view, ratio, canvas } = this
    const { camera } = view
    ctx.setTransform(1, 0, 0, 1, 0, 0)
    drawGrid(ctx, theme, camera, ratio, canvas.width, canvas.height, view.look)
    this.#toCanvas(ctx)
    const seen = visible(camera, canvas.width / ratio, canvas.height / ratio)
    for (const group of view.graph.groups(view.graphId)) {
      const [x, y, w, h] = group.bounds
      if (intersects({ x, y, w, h }, seen)) drawGroup(ctx, theme, group, view.selection.has(group.id), camera.zoom)
    }
    this.#drawLinks(ctx, seen)
    const nodes = view.scene.nodesIn(grow(seen, 16))
    for (const node of nodes) this.#drawNode(ctx, node)
    // Sentences are as large from afar as they are near: many of them would cover the graph that they are about.
    const failed = nodes.filter((node) => view.session.status(this.#promptId(node)).error)
    for (const node of failed) {
      const { error } = view.session.status(this.#promptId(node))
      const clear = camera.zoom >= SENTENCES || failed.length === 1 || view.selection.has(node.id)
      if (error && clear && camera.zoom > 0.18) drawError(ctx, theme, view.scene.view(node), error.message, camera.zoom)
    }
  }

  /** @param {CanvasRenderingContext2D} ctx @param {Rect} seen */
  #drawLinks(ctx, seen) {
    const { theme, view } = this
    const held = view.draggedLink?.held
    const wires = view.scene.wiresIn(seen).filter((wire) => !held?.has(wire.link.id))
    drawLinks(ctx, theme, wires, view.camera.zoom, (wire) => {
      if (view.draggedLink) return 'faint'
      const [from, to] = [view.graph.source(wire.link), view.graph.reader(wire.link)]
      const state = from && view.session.status(this.#promptId(from)).state
      if (state === 'running' || state === 'queued') return 'waiting'
      const ends = [wire.link.id, from?.id, to?.id]
      return ends.some((id) => id !== undefined && view.selection.has(id)) ? 'strong' : 'plain'
    })
    drawReroutes(ctx, theme, view, wires)
    drawHiddenNames(ctx, theme, view, wires)
  }

  /** @param {CanvasRenderingContext2D} ctx @param {NodeRecord} node */
  #drawNode(ctx, node) {
    const { theme, view } = this
    const status = view.session.status(this.#promptId(node))
    const dragged = view.draggedLink
    drawNode(ctx, theme, {
      view: view.scene.view(node), status, shown: picturesOf(node, view.schema, status), pictures: view.pictures,
      selected: view.selection.has(node.id), lifted: view.dragging.has(node.id),
      edited: view.edited?.node === node.id ? view.edited.name : null, zoom: view.camera.zoom,
      linked: ({ side, index }) =>
        index >= 0 && (side === 'in' ? view.graph.linkInto(node, index) !== undefined : view.graph.linksFrom(node, index).length > 0),
      feeder: ({ index }) => view.scene.feeder(node, index), wrong: (name) => view.expressions.problem(node.id, name) !== null,
      typeOf: ({ side, index, type }) => (node.type === 'Reroute' || (side === 'out' && type === '*') ? view.scene.outputType(node, index < 0 ? 0 : index) : type),
      fits: dragged && ((place) => {
        const own = dragged.ends.some((end) => end.node === node.id && end.side === place.side && end.index === place.index)
        return own || dragged.fits({ node: node.id, side: place.side, index: place.index, name: place.name, type: place.type })
      })
    })
  }

  /** @param {number} now */
  #drawOverlay(now) {
    const { top: ctx, overlay } = this
    ctx.setTransform(1, 0, 0, 1, 0, 0)
    ctx.clearRect(0, 0, overlay.width, overlay.height)
    this.#toCanvas(ctx)
    drawOverlay(ctx, this.theme, this.view, this.#reduced.matches ? 0 : ((now / 1000) * FLOW) % 16)
    for (const painter of this.view.painters) {
      ctx.save()
      painter(ctx, this.theme, this.view)
      ctx.restore()
    }
  }

  /** @param {CanvasRenderingContext2D} ctx */
  #toCanvas(ctx) {
    const { x, y, zoom } = this.view.camera
    const scale = zoom * this.ratio
    ctx.setTransform(scale, 0, 0, scale, -x * scale, -y * scale)
  }

  /** A node's name in the session. @param {NodeRecord} node */
  #promptId(node) {
    return this.view.promptId(node)
  }
}

/** @param {HTMLCanvasElement} canvas @param {boolean} alpha */
function contextOf(canvas, alpha) {
  const ctx = canvas.getContext('2d', { alpha })
  if (!ctx) throw new Error('The browser gives no canvas to draw on')
  return ctx
}
