/**
 * The links of one graph as they lie on the canvas. Until one is looked at closely only its two ends and its colour are kept,
 * as numbers: a graph has more links than anything else, and most are out of view or seen from afar.
 *
 * @typedef {import('../geometry/bezier.js').Bezier} Bezier
 * @typedef {import('../geometry/rect.js').Rect} Rect
 * @typedef {import('../geometry/vec.js').Point} Point
 * @typedef {import('../model/types.js').LinkRecord} LinkRecord
 * @typedef {import('../model/types.js').RecordId} RecordId
 *
 * A link as it lies on the canvas. Of a hidden one only its two ends do.
 * @typedef {{link: LinkRecord, curves: readonly Bezier[], bounds: Rect, type: string, path: Path2D | null, hidden: boolean}} Wire
 *
 * What a link looks like from afar: from where to where; `simple`: the way depends on its two ends only.
 * @typedef {{id: RecordId, type: string, simple: boolean, x1: number, y1: number, x2: number, y2: number}} Sketch
 */
import { curveBounds } from '../geometry/bezier.js'
import { GridIndex } from '../geometry/grid_index.js'
import { linkPath, stubs } from '../geometry/link_path.js'
import { bounds } from '../geometry/rect.js'

/** Wires kept with their curves: what was looked at last. */
const KEPT = 2000
/** How far a curve swings out to the sides of its ends, at most. */
const SWING = 221
/** So far ahead the other end lies where an elbow needs two corners only. */
const ELBOW = 32

export class Wires {
  #grid = new GridIndex()
  /** @type {Map<RecordId, Sketch>} */
  #sketches = new Map()
  /** @type {Map<RecordId, Wire>} */
  #made = new Map()

  /** @param {{store: import('../model/store.js').Store, linkShape: import('../geometry/link_path.js').LinkShape, points: (link: LinkRecord) => Point[] | null, typeOf: (link: LinkRecord) => string}} scene */
  constructor(scene) {
    this.scene = scene
  }

  clear() {
    this.#grid.clear()
    this.#sketches.clear()
    this.#made.clear()
  }

  /** Lay a link anew, or take it away where it is gone. @param {RecordId} id @param {LinkRecord | undefined} link */
  place(id, link) {
    this.#made.delete(id)
    const points = link && this.scene.points(link)
    const [from, to] = [points?.[0], points?.at(-1)]
    if (!link || !points || !from || !to) {
      this.#grid.delete(id)
      this.#sketches.delete(id)
      return
    }
    const simple = points.length === 2 && !link.hidden && isSimple(this.scene.linkShape, from, to)
    this.#sketches.set(id, { id, type: this.scene.typeOf(link), simple, x1: from.x, y1: from.y, x2: to.x, y2: to.y })
    this.#grid.set(id, simple ? reach(from, to) : (this.wire(id)?.bounds ?? reach(from, to)))
  }

  /** @param {RecordId} id @returns {Rect | undefined} no smaller than what is drawn of it */
  boundsOf(id) {
    return this.#grid.rectOf(id)
  }

  /** @param {RecordId} id @returns {Wire | undefined} */
  wire(id) {
    const known = this.#made.get(id)
    if (known) return known
    const [link, sketch] = [this.scene.store.link(id), this.#sketches.get(id)]
    const points = link && sketch && this.scene.points(link)
    const [from, to] = [points?.[0], points?.at(-1)]
    if (!link || !sketch || !points || !from || !to) return undefined
    const hidden = link.hidden || this.scene.linkShape === 'hidden'
    const curves = hidden ? stubs(from, to) : linkPath(points, this.scene.linkShape).flat()
    const box = bounds(curves.map(curveBounds))
    if (!box) return undefined
    const wire = { link, curves, bounds: box, type: sketch.type, path: null, hidden }
    if (this.#made.size >= KEPT) this.#made = new Map([...this.#made].slice(KEPT / 2))
    this.#made.set(id, wire)
    return wire
  }

  /** @param {Rect} rect @returns {Wire[]} */
  in(rect) {
    return this.#grid.query(rect).flatMap((id) => this.wire(id) ?? []).sort((a, b) => a.link.z - b.link.z)
  }

  /** As many of them as there are, without their curves, in no order. @param {Rect} rect @returns {Sketch[]} */
  sketches(rect) {
    return this.#grid.query(rect).flatMap((id) => this.#sketches.get(id) ?? [])
  }

  /** How many lie there. @param {Rect} rect */
  count(rect) {
    return this.#grid.query(rect).length
  }
}

/** Does the way depend on nothing but its ends? An elbow that must turn back has corners of its own. @param {import('../geometry/link_path.js').LinkShape} shape @param {Point} from @param {Point} to */
const isSimple = (shape, from, to) => shape === 'spline' || shape === 'straight' || (shape === 'elbow' && to.x - from.x >= ELBOW)

/** A box that holds the curve of a link. @param {Point} from @param {Point} to @returns {Rect} */
function reach(from, to) {
  const swing = to.x - from.x >= 40 ? 0 : SWING
  const x = Math.min(from.x, to.x) - swing
  const y = Math.min(from.y, to.y)
  return { x, y, w: Math.max(from.x, to.x) + swing - x, h: Math.max(from.y, to.y) - y }
}
