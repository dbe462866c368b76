/**
 * The graph, or the part of it that lies in one region of the canvas: frames, links, nodes, and what is wrong with them.
 *
 * @typedef {import('../geometry/rect.js').Rect} Rect
 * @typedef {import('../model/types.js').NodeRecord} NodeRecord
 * @typedef {import('./draw_far.js').Frame} Frame
 * @typedef {import('./renderer.js').ViewState} ViewState
 * @typedef {import('./theme.js').Theme} Theme
 * @typedef {CanvasRenderingContext2D} Context2D
 */
import { grow, intersects } from '../geometry/rect.js'
import { drawGroup } from './draw_canvas.js'
import { drawBlock, drawFarLinks } from './draw_far.js'
import { drawHiddenNames, drawLinks, drawReroutes } from './draw_links.js'
import { BLOCKS, drawNode, FULL } from './draw_node.js'
import { drawError, drawNotice, marksOf, statusOf } from './draw_status.js'
import { picturesOf } from './node_pictures.js'

/** Below this zoom the sentences of several errors are shown on selected nodes only. */
const SENTENCES = 0.75
/** And below this none are. */
const ALONE = 0.18
/** With more nodes than this in view, rows are drawn as bars while the zoom changes. */
const HASTY = 60
/** From so many links on in view they are drawn by colour all at once, without the gap at crossings. */
const MANY = 400
/** Or so many, where lines are too thin for a gap. */
const SOME = 120
/** How far the names of hidden links lie from what is left of them. */
const NAMES = 180

/** How far a node's picture reaches out of its box: shadow, ring. @param {number} zoom */
export const surplus = (zoom) => 24 + 4 / zoom

/**
 * @param {Context2D} ctx its transform is the screen's when this is called, and when it returns
 * @param {Theme} theme @param {ViewState} view @param {Frame} frame
 * @param {Rect} region in canvas pixels: nothing is needed outside of it
 * @param {boolean} lifted what is in the artist's hand, and only that
 * @param {boolean} whole it is all that is seen
 * @param {boolean} moving the zoom is changing: the next picture comes at once
 * @returns {{told: boolean, hasty: boolean}} `told`: there is a sentence under a node; `hasty`: there is more to be drawn of it
 */
export function drawScene(ctx, theme, view, frame, region, lifted, whole, moving) {
  const { zoom } = view.camera
  const { scale, left, top } = frame
  const toCanvas = () => ctx.setTransform(scale, 0, 0, scale, left, top)
  toCanvas()
  const frames = grow(region, 20 / zoom + 12) // their titles may stand outside of them
  for (const group of view.graph.groups(view.graphId)) {
    const [x, y, w, h] = group.bounds
    if (view.scene.isLifted(group.id) === lifted && intersects({ x, y, w, h }, frames)) drawGroup(ctx, theme, group, view.selection.has(group.id), zoom)
  }
  const nodes = view.scene.nodesIn(grow(region, surplus(zoom))).filter((node) => view.scene.isLifted(node.id) === lifted)
  const far = zoom < BLOCKS
  const hasty = !far && moving && nodes.length > HASTY
  if (far) {
    ctx.setTransform(1, 0, 0, 1, 0, 0)
    const sketches = view.scene.sketchesIn(grow(region, 12 + 4 / zoom)).filter(({ id }) => view.scene.isLifted(id) === lifted)
    if (whole) frame.crowded = sketches.length > MANY
    drawFarLinks(ctx, theme, view, sketches, frame, lifted)
    toCanvas()
    if (!lifted && view.graph.ids(view.graphId, 'reroute').size) {
      drawReroutes(ctx, theme, view, sketches.flatMap(({ id, simple }) => (!simple && view.store.link(id)?.reroute != null ? (view.scene.wire(id) ?? []) : [])))
    }
    ctx.setTransform(1, 0, 0, 1, 0, 0)
    for (const node of nodes) {
      if (node.type !== 'Reroute') drawBlock(ctx, theme, view, node, frame)
      else {
        toCanvas()
        drawNodeOf(ctx, theme, view, node, false)
        ctx.setTransform(1, 0, 0, 1, 0, 0)
      }
    }
    toCanvas()
  } else {
    drawNearLinks(ctx, theme, view, frame, region, lifted, whole, hasty)
    for (const node of nodes) drawNodeOf(ctx, theme, view, node, hasty)
  }
  // Sentences are as large from afar as they are near: many of them would cover the graph that they are about.
  const failed = nodes.filter((node) => statusOf(view, node).error)
  for (const node of failed) {
    const { error } = statusOf(view, node)
    const clear = zoom >= SENTENCES || failed.length === 1 || view.selection.has(node.id)
    if (error && clear && zoom > ALONE) drawError(ctx, theme, view.scene.view(node), error.message, zoom)
  }
  let noticed = false
  for (const id of zoom > ALONE ? view.selection : []) {
    const node = view.store.node(id)
    const status = node && statusOf(view, node)
    const notices = view.session.notices(id)
    if (!node || !status || status.error || view.scene.isLifted(id) !== lifted || !(notices.length || status.warnings.length)) continue
    drawNotice(ctx, theme, view.scene.view(node), status, notices, zoom)
    noticed = true
  }
  ctx.setTransform(1, 0, 0, 1, 0, 0)
  return { told: failed.length > 0 || noticed, hasty }
}

/** @param {Context2D} ctx @param {Theme} theme @param {ViewState} view @param {Frame} frame @param {Rect} region @param {boolean} lifted @param {boolean} whole @param {boolean} hasty */
function drawNearLinks(ctx, theme, view, frame, region, lifted, whole, hasty) {
  const { zoom } = view.camera
  const held = view.draggedLink?.held
  const wires = view.scene.wiresIn(grow(region, 12 + 4 / zoom)).filter(({ link: { id } }) => view.scene.isLifted(id) === lifted && !held?.has(id))
  if (whole) frame.crowded = hasty || wires.length > (zoom < FULL ? SOME : MANY)
  drawLinks(ctx, theme, wires, zoom, frame.crowded, (wire) => {
    if (view.draggedLink) return 'faint'
    const [from, to] = [view.graph.source(wire.link), view.graph.reader(wire.link)]
    const state = from && statusOf(view, from).state
    if (state === 'running' || state === 'queued') return 'waiting'
    const ends = [wire.link.id, from?.id, to?.id]
    return ends.some((id) => id !== undefined && view.selection.has(id)) ? 'strong' : 'plain'
  })
  if (lifted) return
  drawReroutes(ctx, theme, view, view.dragging.size ? view.scene.wiresIn(grow(region, 12)) : wires)
  drawHiddenNames(ctx, theme, view, view.scene.wiresIn(grow(region, NAMES)))
}

/** @param {Context2D} ctx @param {Theme} theme @param {ViewState} view @param {NodeRecord} node @param {boolean} hasty */
export function drawNodeOf(ctx, theme, view, node, hasty) {
  const status = statusOf(view, node)
  const dragged = view.draggedLink
  drawNode(ctx, theme, {
    view: view.scene.view(node), status, shown: picturesOf(node, view.schema, status), pictures: view.pictures,
    selected: view.selection.has(node.id), lifted: view.dragging.has(node.id),
    edited: view.edited?.node === node.id ? view.edited.name : null, zoom: view.camera.zoom, opacity: view.look.nodeOpacity, hasty,
    marks: marksOf(view, node, view.promptId(node), status),
    linked: ({ side, index }) =>
      index >= 0 && (side === 'in' ? view.graph.linkInto(node, index) !== undefined : view.graph.feeds(node, index)),
    feeder: ({ index }) => view.scene.feeder(node, index), wrong: (name) => view.expressions.problem(node.id, name) !== null,
    lastUsed: (name) => view.scene.lastUsed(node.id, name),
    typeOf: ({ side, index, type }) => (node.type === 'Reroute' || (side === 'out' && (type === '*' || type.includes(','))) ? view.scene.outputType(node, index < 0 ? 0 : index) : type),
    fits: dragged && ((place) => {
      const own = dragged.ends.some((end) => end.node === node.id && end.side === place.side && end.index === place.index)
      return own || dragged.fits({ node: node.id, side: place.side, index: place.index, name: place.name, type: place.type })
    })
  })
}
