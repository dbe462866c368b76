/**
 * What is being done: the link in hand, the box being drawn, what the pointer is over. It lies on a canvas of its own, so
 * that moving the pointer draws no node again.
 *
 * @typedef {import('./renderer.js').ViewState} ViewState
 * @typedef {import('./theme.js').Theme} Theme
 * @typedef {CanvasRenderingContext2D} Context2D
 */
import { linkPath } from '../geometry/link_path.js'
import { BLOCKS, drawSocket } from './draw_node.js'
import { pathOf, REROUTE_RADIUS, traceCurves } from './draw_links.js'
import { REROUTE_OUT } from './scene.js'
import { RADIUS, roundRect } from './shapes.js'
import { font, measure } from './text.js'
import { typeColour, withAlpha } from './theme.js'
import { kindOf } from './widget_kinds.js'

/** Of more chosen nodes than this the hidden links are not all drawn: they would be a thicket. */
const MOST_SHOWN = 30

/** @param {Context2D} ctx @param {Theme} theme @param {ViewState} view @param {number} dash how far dashes have moved, canvas pixels */
export function drawOverlay(ctx, theme, view, dash) {
  drawFlow(ctx, theme, view, dash)
  drawHidden(ctx, theme, view)
  if (view.draggedLink) drawDragged(ctx, theme, view)
  else if (view.dragging.size) drawDrop(ctx, theme, view)
  else drawHover(ctx, theme, view)
  if (!view.brush) return
  const { x, y, w, h } = view.brush
  ctx.fillStyle = withAlpha(theme.accent, 0.1)
  ctx.fillRect(x, y, w, h)
  ctx.strokeStyle = theme.accent
  ctx.lineWidth = 1 / view.camera.zoom
  ctx.strokeRect(x, y, w, h)
}

/** Links whose values go into the node that runs now. @param {ViewState} view @returns {import('./scene.js').Wire[]} */
export function flowing(view) {
  const { run } = view.session
  if (run.state !== 'running' || run.node === null) return []
  const node = view.graph.node(view.graphId, run.node) ?? view.graph.node(view.graphId, run.node.split(':')[0] ?? '')
  if (!node) return []
  return view.graph.linksOf(node.id).flatMap((link) => (link.to === node.key ? (view.scene.wire(link.id) ?? []) : []))
}

/** @param {Context2D} ctx @param {Theme} theme @param {ViewState} view @param {number} dash */
function drawFlow(ctx, theme, view, dash) {
  ctx.lineCap = 'round'
  ctx.lineWidth = Math.max(2, 1.5 / view.camera.zoom)
  for (const wire of flowing(view)) {
    const from = view.graph.source(wire.link)
    const to = view.graph.reader(wire.link)
    if (!from || !to) continue
    ctx.save()
    for (const node of view.scene.nodesIn(wire.bounds)) clipOut(ctx, view.scene.rect(node))
    for (const end of [wire.curves[0]?.a, wire.curves.at(-1)?.d]) if (end) clipOut(ctx, { x: end.x - 8, y: end.y - 8, w: 16, h: 16 })
    ctx.strokeStyle = theme.name === 'dark' ? theme.text : theme.surface
    ctx.globalAlpha = 0.8
    ctx.setLineDash([1, 15])
    ctx.lineDashOffset = -dash
    ctx.stroke(pathOf(wire))
    ctx.restore()
  }
}

/** Nothing is drawn inside of `rect` from now on: nodes lie over links. @param {Context2D} ctx @param {import('../geometry/rect.js').Rect} rect */
function clipOut(ctx, rect) {
  const far = 1e6
  ctx.beginPath()
  ctx.rect(rect.x - far, rect.y - far, rect.w + 2 * far, rect.h + 2 * far)
  ctx.roundRect(rect.x, rect.y, rect.w, rect.h, RADIUS)
  ctx.clip('evenodd')
}

/** @param {Context2D} ctx @param {Theme} theme @param {ViewState} view */
function drawDragged(ctx, theme, view) {
  const dragged = view.draggedLink
  if (!dragged) return
  const end = dragged.end ?? (dragged.target ? view.scene.socketPoint(dragged.target) : dragged.point)
  if (!end) return
  const width = Math.max(2.5, 1.5 / view.camera.zoom)
  const shape = view.scene.linkShape === 'hidden' ? 'spline' : view.scene.linkShape
  for (const socket of dragged.ends) {
    const start = view.scene.socketPoint(socket)
    if (!start) continue
    const points = [start, ...dragged.through, end]
    if (socket.side === 'in') points.reverse()
    ctx.beginPath()
    traceCurves(ctx, linkPath(points, shape).flat())
    ctx.strokeStyle = theme.canvas
    ctx.lineWidth = width + 3
    ctx.stroke()
    ctx.strokeStyle = typeColour(theme, socket.type)
    ctx.lineWidth = width
    ctx.stroke()
    drawSocket(ctx, theme, { ...start, type: socket.type, size: 6, hollow: false, list: false })
    for (const at of dragged.through) drawSocket(ctx, theme, { ...at, type: socket.type, size: REROUTE_RADIUS, hollow: false, list: false })
  }
  const first = dragged.ends[0]
  if (!first) return
  drawSocket(ctx, theme, { ...end, type: first.type, size: dragged.target ? 6.5 : 4.5, hollow: false, list: false })
  if (dragged.target) {
    ctx.strokeStyle = theme.select
    ctx.lineWidth = 1.5
    ctx.beginPath()
    ctx.arc(end.x, end.y, 11, 0, Math.PI * 2)
    ctx.stroke()
  } else drawTypeTag(ctx, theme, first.type, end, view.camera.zoom)
}

/** The link that the node in hand would be inserted in. @param {Context2D} ctx @param {Theme} theme @param {ViewState} view */
function drawDrop(ctx, theme, view) {
  const wire = view.dropLink === null ? undefined : view.scene.wire(view.dropLink)
  if (!wire) return
  const nodes = [...view.dragging].flatMap((id) => view.store.node(id) ?? [])
  ctx.save()
  for (const node of nodes) clipOut(ctx, view.scene.rect(node))
  ctx.strokeStyle = theme.accent
  ctx.lineWidth = Math.max(4, 2.4 / view.camera.zoom)
  ctx.stroke(pathOf(wire))
  ctx.restore()
  ctx.strokeStyle = theme.accent
  ctx.lineWidth = Math.max(2, 1.5 / view.camera.zoom)
  for (const node of nodes) {
    const { x, y, w, h } = view.scene.rect(node)
    roundRect(ctx, x - 3, y - 3, w + 6, h + 6, RADIUS + 3)
    ctx.stroke()
  }
}

/** Hidden links show where they go while one of their ends is chosen or pointed at. @param {Context2D} ctx @param {Theme} theme @param {ViewState} view */
function drawHidden(ctx, theme, view) {
  const { hover, scene, graph, selection } = view
  const ids = new Set(hover.kind === 'link' ? [hover.link] : [])
  for (const id of selection) {
    if (view.store.link(id)) ids.add(id)
    else if (selection.size <= MOST_SHOWN) for (const link of graph.linksOf(id)) ids.add(link.id)
  }
  for (const id of ids) {
    const wire = scene.wire(id)
    const points = wire?.hidden && scene.points(wire.link)
    if (!wire || !points) continue
    ctx.beginPath()
    traceCurves(ctx, linkPath(points, 'spline').flat())
    ctx.strokeStyle = typeColour(theme, wire.type)
    ctx.lineWidth = Math.max(1.5, 1.2 / view.camera.zoom)
    ctx.setLineDash([2 / view.camera.zoom, 5 / view.camera.zoom])
    ctx.stroke()
    ctx.setLineDash([])
  }
}

/** A reroute under the pointer: a ring, and the place where another link out of it begins. @param {Context2D} ctx @param {Theme} theme @param {ViewState} view @param {string} id @param {boolean} out */
function drawHoveredReroute(ctx, theme, view, id, out) {
  const reroute = view.store.get(id)
  if (reroute?.kind !== 'reroute') return
  const [x, y] = reroute.pos
  ctx.strokeStyle = theme.select
  ctx.lineWidth = 1.5
  if (!out) {
    ctx.beginPath()
    ctx.arc(x, y, REROUTE_RADIUS + 2.5, 0, Math.PI * 2)
    ctx.stroke()
  }
  ctx.beginPath()
  ctx.arc(x + REROUTE_OUT, y, out ? 4.5 : 3, 0, Math.PI * 2)
  ctx.fillStyle = out ? theme.select : theme.canvas
  ctx.fill()
  ctx.stroke()
}

/** @param {Context2D} ctx @param {Theme} theme @param {ViewState} view */
function drawHover(ctx, theme, view) {
  const { hover, scene, store } = view
  if (hover.kind === 'reroute') return drawHoveredReroute(ctx, theme, view, hover.reroute, hover.part === 'out')
  if (hover.kind === 'link') {
    const wire = scene.wire(hover.link)
    if (!wire) return
    ctx.strokeStyle = typeColour(theme, wire.type)
    ctx.lineWidth = Math.max(4, 2.4 / view.camera.zoom)
    ctx.lineJoin = 'round'
    ctx.stroke(pathOf(wire))
    return
  }
  const over = hover.kind === 'socket' ? hover.socket.node : 'node' in hover ? hover.node : null
  if (over !== null && view.camera.zoom < BLOCKS) {
    drawHoveredTitle(ctx, theme, view, over)
    return
  }
  if (hover.kind === 'socket') {
    const point = scene.socketPoint(hover.socket)
    if (!point) return
    drawSocket(ctx, theme, { ...point, type: hover.socket.type, size: 6.5, hollow: false, list: false })
    drawTypeTag(ctx, theme, hover.socket.type, hover.socket.side === 'out' ? { x: point.x + 6, y: point.y } : point, view.camera.zoom)
    return
  }
  const node = hover.kind === 'node' || hover.kind === 'widget' ? store.node(hover.node) : undefined
  if (!node) return
  const shown = scene.view(node)
  const { layout } = shown
  ctx.save()
  ctx.translate(node.pos[0], node.pos[1])
  const { state, error } = view.session.status(view.promptId(node))
  // A node that wears a ring already needs no other.
  if (!view.selection.has(node.id) && !error && state !== 'running') {
    ctx.strokeStyle = theme.edge
    ctx.lineWidth = 1 / Math.min(view.camera.zoom, 1)
    ctx.save()
    for (const socket of layout.sockets) if (socket.widget === null) clipOut(ctx, { x: socket.x - 7, y: socket.y - 7, w: 14, h: 14 })
    roundRect(ctx, layout.rect.x, layout.rect.y, layout.rect.w, layout.rect.h, layout.rect.y === 0 ? layout.rect.h / 2 : RADIUS)
    ctx.stroke()
    ctx.restore()
  }
  if (hover.kind === 'widget' && hover.part !== 'label') {
    const place = layout.widgets.find(({ name }) => name === hover.name)
    const linked = layout.sockets.some((socket) => socket.widget === hover.name && socket.index >= 0 && view.graph.linkInto(node, socket.index))
    if (place && !linked && !(view.edited?.node === node.id && view.edited.name === hover.name)) {
      ctx.strokeStyle = theme.edge
      ctx.lineWidth = 1
      const wide = place.button ? place.field.w + place.button.w : place.field.w
      roundRect(ctx, place.field.x + 0.5, place.field.y + 0.5, wide - 1, place.field.h - 1, place.wide ? 6 : 5)
      ctx.stroke()
      const widget = shown.widgets.find(({ name }) => name === hover.name)
      const state = { feeder: '', wrong: false, last: undefined, edited: false, note: false, size: 12 }
      if (widget && hover.part !== 'control') kindOf(widget).hover?.({ ctx, theme, place, widget, state }, hover.part)
    }
  }
  // A widget can take a link too: its socket shows when the pointer is on the node.
  for (const socket of layout.sockets) {
    if (socket.widget === null || layout.height === 0) continue
    if (socket.index >= 0 && view.graph.linkInto(node, socket.index)) continue
    drawSocket(ctx, theme, { x: socket.x, y: socket.y, type: socket.type, size: 4, hollow: true, list: false })
  }
  if (layout.height > 0 && layout.rect.y < 0) drawCorner(ctx, theme, layout.width, layout.height)
  ctx.restore()
}

/** @param {Context2D} ctx @param {Theme} theme @param {number} w @param {number} h */
function drawCorner(ctx, theme, w, h) {
  ctx.strokeStyle = theme.edge
  ctx.lineWidth = 1.5
  ctx.lineCap = 'round'
  ctx.beginPath()
  ctx.moveTo(w - 4, h - 9)
  ctx.lineTo(w - 9, h - 4)
  ctx.stroke()
}

/** From afar a block may have no room for its title: it stands over the one that is pointed at. @param {Context2D} ctx @param {Theme} theme @param {ViewState} view @param {string} id */
function drawHoveredTitle(ctx, theme, view, id) {
  const node = view.store.node(id)
  if (!node) return
  const { title, layout: { rect } } = view.scene.view(node)
  ctx.strokeStyle = theme.select
  ctx.lineWidth = 1.5 / view.camera.zoom
  ctx.strokeRect(node.pos[0] + rect.x, node.pos[1] + rect.y, rect.w, rect.h)
  drawTag(ctx, theme, title, theme.text, { x: node.pos[0] + rect.x, y: node.pos[1] + rect.y }, view.camera.zoom)
}

/** The name of a type beside the pointer. @param {Context2D} ctx @param {Theme} theme @param {string} type @param {import('../geometry/vec.js').Point} at @param {number} zoom */
const drawTypeTag = (ctx, theme, type, at, zoom) => drawTag(ctx, theme, type === '*' ? 'any' : type, typeColour(theme, type), at, zoom)

/** A few words beside a point. @param {Context2D} ctx @param {Theme} theme @param {string} words @param {string} colour @param {import('../geometry/vec.js').Point} at @param {number} zoom */
function drawTag(ctx, theme, words, colour, at, zoom) {
  const scale = 1 / Math.max(zoom, 0.05)
  ctx.save()
  ctx.translate(at.x, at.y)
  ctx.scale(scale, scale)
  ctx.font = font(11, 500)
  const text = words.length > 60 ? `${words.slice(0, 59)}…` : words
  const width = measure(ctx, text) + 14
  ctx.fillStyle = theme.overlay
  roundRect(ctx, 12, -32, width, 20, 5)
  ctx.fill()
  ctx.strokeStyle = theme.line
  ctx.lineWidth = 1
  ctx.stroke()
  ctx.fillStyle = colour
  ctx.textAlign = 'left'
  ctx.textBaseline = 'middle'
  ctx.fillText(text, 19, -21.5)
  ctx.restore()
}
