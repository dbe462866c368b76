/**
 * Links: a line of two pixels in the source's colour over a thin one of the canvas, so that crossings read. Their reroutes,
 * and what is left of those that are hidden.
 *
 * @typedef {import('../geometry/vec.js').Point} Point
 * @typedef {import('../model/types.js').Key} Key
 * @typedef {import('../model/types.js').NodeRecord} NodeRecord
 * @typedef {import('./renderer.js').ViewState} ViewState
 * @typedef {import('./scene.js').Wire} Wire
 * @typedef {import('./theme.js').Theme} Theme
 * @typedef {CanvasRenderingContext2D} Context2D
 */
import { HIDDEN_STUB } from '../geometry/link_path.js'
import { recordId } from '../model/graph.js'
import { fitMiddle, font } from './text.js'
import { typeColour } from './theme.js'

/** From farther away the names of hidden ends are too small to read. */
const NAMES = 0.45
const NAME_WIDTH = 150
const LEAST_NAME = 48
/** Between a hidden end and its name, and between a name and what comes next. */
const GAP = 6
/** Ends whose heights differ by less than this look at each other. */
const FACING = 14
export const REROUTE_RADIUS = 5

/** A wire's path, made once for as long as it lies there. @param {Wire} wire @returns {Path2D} */
export function pathOf(wire) {
  if (wire.path) return wire.path
  const path = new Path2D()
  traceCurves(path, wire.curves)
  wire.path = path
  return path
}

/** @param {Pick<Path2D, 'moveTo' | 'bezierCurveTo'>} path @param {readonly import('../geometry/bezier.js').Bezier[]} curves */
export function traceCurves(path, curves) {
  /** @type {Point | null} */
  let at = null
  for (const { a, b, c, d } of curves) {
    // Pieces that follow each other are one line, so that its dashes go on and its corners are closed.
    if (at?.x !== a.x || at.y !== a.y) path.moveTo(a.x, a.y)
    path.bezierCurveTo(b.x, b.y, c.x, c.y, d.x, d.y)
    at = d
  }
}

/**
 * @param {Context2D} ctx @param {Theme} theme @param {readonly Wire[]} wires @param {number} zoom
 * @param {boolean} crowded Too many are in view to draw each for itself: by colour all at once, without the gap at crossings.
 * @param {(wire: Wire) => 'plain' | 'faint' | 'strong' | 'waiting'} look `waiting`: its value is on the way
 */
export function drawLinks(ctx, theme, wires, zoom, crowded, look) {
  const width = Math.max(2, 1.3 / zoom)
  ctx.lineCap = 'butt'
  if (crowded) {
    drawMany(ctx, theme, wires, width)
    return
  }
  for (const wire of wires) {
    const how = look(wire)
    const path = pathOf(wire)
    ctx.globalAlpha = how === 'faint' ? 0.2 : 1
    if (how !== 'faint' && zoom > 0.2) {
      ctx.strokeStyle = theme.canvas
      ctx.lineWidth = width + 3
      ctx.stroke(path)
    }
    ctx.strokeStyle = typeColour(theme, wire.type)
    ctx.lineWidth = how === 'strong' ? width * 1.6 : width
    if (how === 'waiting') ctx.setLineDash([6, 6])
    ctx.stroke(path)
    if (how === 'waiting') ctx.setLineDash([])
  }
  ctx.globalAlpha = 1
}

/** @param {Context2D} ctx @param {Theme} theme @param {readonly Wire[]} wires @param {number} width */
function drawMany(ctx, theme, wires, width) {
  /** @type {Map<string, Path2D>} */
  const byColour = new Map()
  for (const wire of wires) {
    const colour = typeColour(theme, wire.type)
    let all = byColour.get(colour)
    if (!all) byColour.set(colour, (all = new Path2D()))
    all.addPath(pathOf(wire))
  }
  ctx.lineWidth = width
  for (const [colour, path] of byColour) {
    ctx.strokeStyle = colour
    ctx.stroke(path)
  }
}

/** @param {Context2D} ctx @param {Theme} theme @param {ViewState} view @param {readonly Wire[]} wires those in view */
export function drawReroutes(ctx, theme, view, wires) {
  const reroutes = view.graph.reroutes(view.graphId)
  if (!reroutes.length || view.scene.linkShape === 'hidden') return
  /** @type {Map<Key, {type: string, hidden: boolean}>} */
  const passed = new Map()
  for (const { link, type, hidden } of wires) {
    // One that is seen colours a reroute; where only hidden ones pass it is hidden too.
    for (let key = link.reroute; key !== null;) {
      const known = passed.get(key)
      if (known && (hidden || !known.hidden)) break
      passed.set(key, { type, hidden })
      const record = view.store.get(recordId('reroute', link.graph, key))
      key = record?.kind === 'reroute' ? record.parent : null
    }
  }
  for (const reroute of reroutes) {
    const through = passed.get(reroute.key)
    if (through?.hidden) continue
    ctx.beginPath()
    ctx.arc(reroute.pos[0], reroute.pos[1], REROUTE_RADIUS, 0, Math.PI * 2)
    ctx.fillStyle = typeColour(theme, through?.type ?? '*')
    ctx.fill()
    ctx.strokeStyle = view.selection.has(reroute.id) ? theme.select : theme.canvas
    ctx.lineWidth = 2
    ctx.stroke()
  }
}

/** Where the ends of hidden links lead. @param {Context2D} ctx @param {Theme} theme @param {ViewState} view @param {readonly Wire[]} wires those in view */
export function drawHiddenNames(ctx, theme, view, wires) {
  const { zoom } = view.camera
  const hidden = wires.filter((wire) => wire.link.hidden)
  if (!hidden.length || zoom < NAMES) return
  ctx.font = font(11 / Math.min(zoom, 1), 500)
  ctx.textBaseline = 'middle'
  /** One output may feed many. @type {Map<string, {at: Point, facing: number, wires: Wire[]}>} */
  const outs = new Map()
  for (const wire of hidden) {
    const [out, into] = wire.curves
    const source = view.graph.source(wire.link)
    if (!out || !into) continue
    // Where the two ends look at each other their names share the room.
    const facing = Math.abs(out.a.y - into.d.y) < FACING && into.a.x > out.d.x ? (into.a.x - out.d.x) / 2 : Infinity
    if (source) write(ctx, theme, view, wire.type, nameOf(view, source), { x: into.a.x - GAP, y: into.a.y }, -1, facing)
    const place = `${wire.link.from}#${wire.link.fromSlot}`
    const group = outs.get(place)
    if (group) group.wires.push(wire)
    else outs.set(place, { at: { x: out.d.x + GAP, y: out.a.y }, facing, wires: [wire] })
  }
  for (const { at, facing, wires: [first, ...more] } of outs.values()) {
    const reader = first && view.graph.reader(first.link)
    if (reader) write(ctx, theme, view, first.type, more.length ? `${more.length + 1} nodes` : nameOf(view, reader), at, 1, facing)
  }
}

/** @param {ViewState} view @param {NodeRecord} node */
const nameOf = (view, node) => view.scene.view(node).title

/**
 * As much of a name as there is room for before the next node.
 * @param {Context2D} ctx @param {Theme} theme @param {ViewState} view @param {string} type @param {string} name @param {Point} at
 * @param {1 | -1} way to the right, or to the left @param {number} most
 */
function write(ctx, theme, view, type, name, at, way, most) {
  const strip = { x: way > 0 ? at.x : at.x - NAME_WIDTH, y: at.y - 6, w: NAME_WIDTH, h: 12 }
  let room = Math.min(NAME_WIDTH, most - GAP)
  for (const node of view.scene.nodesIn(strip)) {
    const { x, w } = view.scene.rect(node)
    const near = way > 0 ? x - at.x : at.x - x - w
    // The node that the end is at lies the other way.
    if (near > -HIDDEN_STUB) room = Math.min(room, near - GAP)
  }
  if (room < LEAST_NAME) return
  const text = fitMiddle(ctx, name, room)
  ctx.textAlign = way > 0 ? 'left' : 'right'
  ctx.strokeStyle = theme.canvas
  ctx.lineWidth = 4
  ctx.lineJoin = 'round'
  ctx.strokeText(text, at.x, at.y)
  ctx.fillStyle = typeColour(theme, type)
  ctx.fillText(text, at.x, at.y)
}
