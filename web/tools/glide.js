/** The camera's way from here to there: 160 ms, easing out; at once where the artist asked for less motion. */
import { toCanvas } from '../geometry/viewport.js'

const LENGTH = 160

/** @typedef {import('../geometry/viewport.js').Camera} Camera */

export class Glide {
  #frame = 0

  /** @param {(camera: Camera) => void} move */
  constructor(move) {
    this.move = move
  }

  /** @param {Camera} from @param {Camera} to @param {{w: number, h: number}} size */
  start(from, to, size) {
    this.stop()
    if (matchMedia('(prefers-reduced-motion: reduce)').matches) {
      this.move(to)
      return
    }
    const half = { x: size.w / 2, y: size.h / 2 }
    const [a, b] = [toCanvas(from, half), toCanvas(to, half)]
    const begun = performance.now()
    const step = (/** @type {number} */ now) => {
      const part = Math.min(Math.max((now - begun) / LENGTH, 0), 1)
      if (part === 1) {
        this.move(to)
        return
      }
      const eased = 1 - (1 - part) ** 3
      const zoom = from.zoom * (to.zoom / from.zoom) ** eased
      this.move({ x: a.x + (b.x - a.x) * eased - half.x / zoom, y: a.y + (b.y - a.y) * eased - half.y / zoom, zoom })
      this.#frame = requestAnimationFrame(step)
    }
    this.#frame = requestAnimationFrame(step)
  }

  stop() {
    cancelAnimationFrame(this.#frame)
  }
}
