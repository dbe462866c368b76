/**
 * What is being done on the graph, as far as it is drawn over it: the brush, the link in hand, the link that would be cut
 * in two, a field of HTML, and what others paint.
 *
 * @typedef {import('../geometry/rect.js').Rect} Rect
 * @typedef {import('../model/types.js').RecordId} RecordId
 * @typedef {import('../view/renderer.js').DraggedLink} DraggedLink
 * @typedef {import('../view/renderer.js').Painter} Painter
 */
import { drawSides } from '../view/draw_sides.js'
import { drawWireLines } from '../view/draw_wire.js'
import { Sight } from './sight.js'

export class Doing extends Sight {
  /** What HTML lies over now. @type {{node: RecordId, name: string} | null} */
  edited = null
  /** @type {DraggedLink | null} */
  draggedLink = null
  /** The link that the node in hand would be inserted in. @type {RecordId | null} */
  dropLink = null
  /** @type {Rect | null} */
  brush = null
  /** @type {Set<Painter>} */
  painters = new Set([drawSides, drawWireLines])

  /** Draw anew what lies over the graph, at the next frame. */
  invalidateOverlay() {}

  /** HTML lies over a widget now, so it is not drawn; null when it is gone. @param {{node: RecordId, name: string} | null} edited */
  editing(edited) {
    this.edited = edited
    this.invalidate()
  }

  /** Let `painter` draw over the graph, in canvas pixels, whenever the overlay is drawn. @param {Painter} painter @returns {() => void} ends it */
  paint(painter) {
    this.painters.add(painter)
    this.invalidateOverlay()
    return () => {
      this.painters.delete(painter)
      this.invalidateOverlay()
    }
  }

  /** @param {Rect | null} brush */
  setBrush(brush) {
    this.brush = brush
    this.invalidateOverlay()
  }

  /** @param {DraggedLink | null} dragged */
  setDraggedLink(dragged) {
    const sceneToo = (dragged === null) !== (this.draggedLink === null) || dragged?.ends.length !== this.draggedLink?.ends.length
    this.draggedLink = dragged
    if (sceneToo) this.invalidate()
    else this.invalidateOverlay()
  }

  /** @param {RecordId | null} link */
  setDropLink(link) {
    if (this.dropLink === link) return
    this.dropLink = link
    this.invalidateOverlay()
  }
}
