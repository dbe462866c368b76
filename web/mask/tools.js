/**
 * What the pointer does to the mask, one small class a tool. Each press is one step of undo.
 *
 * @typedef {import('../geometry/vec.js').Point} Point
 * @typedef {import('./surface.js').Surface} Surface
 * @typedef {{point: Point, pressure: number, shift: boolean}} Press A point of the picture.
 *
 * @typedef {object} Tool
 * @property {(press: Press) => void} down
 * @property {(presses: Press[]) => void} move
 * @property {() => void} up
 * @property {() => void} cancel
 * @property {((ctx: CanvasRenderingContext2D) => void) | undefined} [paint] Over the picture, in pixels of the view.
 */
import { t } from '../language/t.js'
import { polygon, similar } from './regions.js'
import { Stroke } from './stroke.js'

/** A press that moves less than this, in pixels of the view, outlines nothing. */
const CLICK = 3

/** @param {Surface} surface @param {boolean} erase @returns {Tool} */
export function toolFor(surface, erase) {
  switch (surface.settings.tool) {
    case 'bucket':
      return new Filling(surface, erase)
    case 'lasso':
      return new Outlining(surface, erase, false)
    case 'rectangle':
      return new Outlining(surface, erase, true)
    default:
      return new Brushing(surface, erase || surface.settings.tool === 'eraser')
  }
}

/** @implements {Tool} */
class Brushing {
  /** @type {Stroke | null} */
  #stroke = null

  /** @param {Surface} surface @param {boolean} erase */
  constructor(surface, erase) {
    this.surface = surface
    this.erase = erase
  }

  /** Shift draws a straight line from where the last stroke ended. @param {Press} press */
  down(press) {
    const { surface, erase } = this
    const { size, hardness, opacity } = surface.settings
    surface.history.begin(erase ? t('Erase') : t('Paint'))
    this.#stroke = new Stroke(surface.mask, surface.history, { radius: size / 2, hardness, opacity, erase })
    if (press.shift && surface.last) surface.sheet.draw(this.#stroke.to(surface.last, press.pressure))
    this.move([press])
  }

  /** @param {Press[]} presses */
  move(presses) {
    for (const { point, pressure } of presses) {
      this.surface.sheet.draw(this.#stroke?.to(point, pressure) ?? null)
      this.surface.last = point
    }
  }

  up() {
    this.surface.history.commit()
  }

  cancel() {
    this.surface.sheet.draw(this.surface.history.cancel())
  }
}

/** @implements {Tool} */
class Filling {
  /** @param {Surface} surface @param {boolean} erase */
  constructor(surface, erase) {
    this.surface = surface
    this.erase = erase
  }

  /** @param {Press} press */
  down({ point }) {
    const { tolerance, everywhere } = this.surface.settings
    this.surface.apply(t('Fill'), similar(this.surface.pixels(), point, tolerance, everywhere), this.erase)
  }

  move() {}
  up() {}
  cancel() {}
}

/** A lasso, or a rectangle. @implements {Tool} */
class Outlining {
  /** @type {Point[]} */
  #points = []

  /** @param {Surface} surface @param {boolean} erase @param {boolean} square */
  constructor(surface, erase, square) {
    this.surface = surface
    this.erase = erase
    this.square = square
  }

  /** @param {Press} press */
  down({ point }) {
    this.#points = [point]
  }

  /** @param {Press[]} presses */
  move(presses) {
    const points = presses.map(({ point }) => point)
    const [first, last] = [this.#points[0], points.at(-1)]
    if (!this.square) this.#points.push(...points)
    else if (first && last) this.#points = [first, { x: last.x, y: first.y }, last, { x: first.x, y: last.y }]
  }

  up() {
    const { surface } = this
    const far = this.#points.some(({ x, y }) => Math.hypot(x - this.#first.x, y - this.#first.y) * surface.view.scale > CLICK)
    // A rectangle is of whole pixels.
    const points = this.square ? this.#points.map(({ x, y }) => ({ x: Math.round(x), y: Math.round(y) })) : this.#points
    if (far) surface.apply(this.square ? t('Rectangle') : t('Lasso'), polygon(points, surface.mask.width, surface.mask.height), this.erase)
  }

  cancel() {
    this.#points = []
  }

  get #first() {
    return this.#points[0] ?? { x: 0, y: 0 }
  }

  /** @param {CanvasRenderingContext2D} ctx */
  paint(ctx) {
    ctx.beginPath()
    for (const point of this.#points) {
      const { x, y } = this.surface.view.toView(point)
      ctx.lineTo(x, y)
    }
    ctx.closePath()
    outline(ctx)
  }
}

/** Dark and light at once: one of them is seen on any picture. @param {CanvasRenderingContext2D} ctx */
export function outline(ctx) {
  ctx.lineWidth = 3
  ctx.strokeStyle = '#000000a0'
  ctx.stroke()
  ctx.lineWidth = 1.25
  ctx.strokeStyle = '#ffffff'
  ctx.stroke()
}

