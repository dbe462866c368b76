/**
 * A sheet (a picture) in a view: where its top left corner lies and how large it is shown. Who shows one large, paints on
 * it or crops it uses this.
 *
 * @typedef {import('./vec.js').Point} Point
 */

const LARGEST = 32
const MARGIN = 12

export class PanZoom {
  x = 0
  y = 0
  scale = 1
  /** The scale at which all of it is seen. */
  fitted = 1

  /** @param {number} width of the sheet @param {number} height */
  constructor(width, height) {
    this.width = width
    this.height = height
  }

  /** All of it in the middle of the view. Small pictures grow in whole steps, so that their pixels stay square. @param {number} width of the view @param {number} height */
  fit(width, height) {
    const room = Math.min((width - 2 * MARGIN) / this.width, (height - 2 * MARGIN) / this.height)
    this.fitted = Math.max(0.001, room > 1 ? Math.floor(room) : room)
    this.scale = this.fitted
    this.x = (width - this.width * this.scale) / 2
    this.y = (height - this.height * this.scale) / 2
  }

  /** @param {number} factor @param {Point} still the point of the view that stays over the same pixel */
  zoomBy(factor, still) {
    this.zoomTo(this.scale * factor, still)
  }

  /** @param {number} scale @param {Point} still */
  zoomTo(scale, still) {
    const next = Math.max(Math.min(this.fitted, 1) / 4, Math.min(LARGEST, scale))
    this.x = still.x - (still.x - this.x) * (next / this.scale)
    this.y = still.y - (still.y - this.y) * (next / this.scale)
    this.scale = next
  }

  /** @param {number} x @param {number} y */
  moveBy(x, y) {
    this.x += x
    this.y += y
  }

  /** @param {Point} point of the view @returns {Point} of the sheet */
  toSheet(point) {
    return { x: (point.x - this.x) / this.scale, y: (point.y - this.y) / this.scale }
  }

  /** @param {Point} point of the sheet @returns {Point} of the view */
  toView(point) {
    return { x: point.x * this.scale + this.x, y: point.y * this.scale + this.y }
  }
}
