/**
 * Where the editor looks: the camera, its way from here to there, and the two systems of coordinates.
 *
 * @typedef {import('../geometry/vec.js').Point} Point
 * @typedef {import('../geometry/viewport.js').Camera} Camera
 */
import { clamp } from '../geometry/vec.js'
import { LEAST_ZOOM, MOST_ZOOM, toCanvas, toScreen } from '../geometry/viewport.js'
import { Emitter } from './emitter.js'
import { Glide } from './glide.js'

export class Sight extends Emitter {
  /** @type {Camera} */
  camera = { x: 0, y: 0, zoom: 1 }

  /** @param {HTMLCanvasElement} overlay whose box is the view */
  constructor(overlay) {
    super()
    this.overlay = overlay
    this.glide = new Glide((camera) => this.#move(camera))
  }

  /** @param {Camera} camera @param {{smooth?: boolean}} [options] */
  setCamera(camera, { smooth = false } = {}) {
    const zoom = clamp(Number.isFinite(camera.zoom) ? camera.zoom : 1, LEAST_ZOOM, MOST_ZOOM)
    const next = { x: Number.isFinite(camera.x) ? camera.x : 0, y: Number.isFinite(camera.y) ? camera.y : 0, zoom }
    if (smooth) this.glide.start(this.camera, next, this.viewSize)
    else {
      this.glide.stop()
      this.#move(next)
    }
  }

  stopMotion() {
    this.glide.stop()
  }

  get viewSize() {
    return { w: this.overlay.clientWidth, h: this.overlay.clientHeight }
  }

  /** @param {Point} canvasPoint */
  toScreen = (canvasPoint) => toScreen(this.camera, canvasPoint)
  /** @param {Point} screenPoint */
  toCanvas = (screenPoint) => toCanvas(this.camera, screenPoint)

  /** Bring a point into the middle, near enough to read. @param {Point} point of the canvas */
  lookAt({ x, y }) {
    const zoom = clamp(this.camera.zoom, 0.6, 1.5)
    this.setCamera({ x: x - this.viewSize.w / 2 / zoom, y: y - this.viewSize.h / 2 / zoom, zoom }, { smooth: true })
  }

  /** Draw the graph again, at the next frame. */
  invalidate() {}

  /** Another part of it is looked at. */
  moved() {}

  /** @param {Camera} camera */
  #move(camera) {
    this.camera = camera
    this.moved()
    this.emit('camera', null)
  }
}
