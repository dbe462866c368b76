/**
 * The picture in its view: pointers paint, wheel and pinch zoom, space or the middle button moves. Mouse, pen and touch
 * take the same way; a second finger ends a stroke and begins a pinch.
 *
 * @typedef {import('../geometry/vec.js').Point} Point
 * @typedef {import('../geometry/rect.js').Rect} Rect
 * @typedef {import('./settings.js').MaskSettings} MaskSettings
 * @typedef {import('./mask.js').Mask} Mask
 * @typedef {import('./mask.js').Region} Region
 * @typedef {import('./tools.js').Tool} Tool
 * @typedef {import('./tools.js').Press} Press
 */
import { PanZoom } from '../geometry/pan_zoom.js'
import { t } from '../language/t.js'
import { h } from '../panels/dom.js'
import { History } from './history.js'
import { combine } from './mask.js'
import { clampSize, stepSize } from './settings.js'
import { Sheet } from './sheet.js'
import { outline, toolFor } from './tools.js'

export class Surface {
  /** Where the last stroke ended. @type {Point | null} */
  last = null
  spaceHeld = false
  /** The whole mask is being changed: it can be looked at, not painted on. */
  busy = false
  /** @type {Tool | null} */
  #tool = null
  /** @type {Map<number, Point>} */
  #down = new Map()
  #panning = false
  /** Alt and the right button set size and hardness. @type {{at: Point, size: number, hardness: number} | null} */
  #sizing = null
  /** Of the view. @type {Point | null} */
  #pointer = null
  /** @type {ReturnType<Sheet['pixels']> | null} */
  #pixels = null
  #frame = 0

  /**
   * @param {object} parts
   * @param {ImageBitmap} parts.picture
   * @param {Mask} parts.mask
   * @param {MaskSettings} parts.settings
   * @param {() => void} parts.changed the mask, its steps, the settings or the zoom
   */
  constructor({ picture, mask, settings, changed }) {
    this.mask = mask
    this.settings = settings
    this.changed = changed
    this.history = new History(mask)
    this.sheet = new Sheet(picture, mask)
    this.view = new PanZoom(mask.width, mask.height)
    this.over = h('canvas.over', { 'aria-hidden': 'true' })
    this.element = h('div.surface', {
      tabindex: 0, role: 'application', 'aria-label': t('The picture with its mask. Arrows move the brush, Enter paints.')
    }, this.sheet.element, this.over)
    this.#listen()
  }

  #listen() {
    const { element } = this
    element.addEventListener('pointerdown', (event) => this.#onDown(event))
    element.addEventListener('pointermove', (event) => this.#onMove(event))
    element.addEventListener('pointerup', (event) => this.#onUp(event))
    for (const type of /** @type {const} */ (['pointercancel', 'lostpointercapture'])) {
      element.addEventListener(type, (event) => this.#onLost(event))
    }
    element.addEventListener('pointerleave', () => {
      if (!this.#down.size) this.#pointer = null
      this.repaint()
    })
    element.addEventListener('wheel', (event) => this.#onWheel(event), { passive: false })
    element.addEventListener('contextmenu', (event) => event.preventDefault())
    element.addEventListener('keydown', (event) => this.#onKey(event))
    this.observer = new ResizeObserver(() => this.#resized())
    this.observer.observe(element)
  }

  // The mask

  /** Change a region as one step. @param {string} label @param {Region | null} region @param {boolean} erase */
  apply(label, region, erase) {
    if (region) this.change(label, region, () => combine(this.mask, region, erase))
  }

  /** One step. @param {string} label @param {Rect} rect what may change @param {() => void} change */
  change(label, rect, change) {
    this.history.begin(label)
    this.history.touch(rect)
    change()
    this.history.commit()
    this.sheet.draw(rect)
    this.changed()
  }

  undo() {
    this.#stop()
    this.sheet.draw(this.history.undo())
    this.changed()
  }

  redo() {
    this.#stop()
    this.sheet.draw(this.history.redo())
    this.changed()
  }

  /** The picture's colours, read when the bucket first asks. */
  pixels() {
    return (this.#pixels ??= this.sheet.pixels())
  }

  /** Another tool: what only the bucket needs goes. */
  forgetPixels() {
    this.#pixels = null
  }

  // The view

  fit() {
    this.view.fit(this.element.clientWidth, this.element.clientHeight)
    this.#place()
  }

  /** @param {number} factor */
  zoom(factor) {
    this.view.zoomBy(factor, this.#middle)
    this.#place()
  }

  full() {
    this.view.zoomTo(1, this.#middle)
    this.#place()
  }

  get #middle() {
    return { x: this.element.clientWidth / 2, y: this.element.clientHeight / 2 }
  }

  #resized() {
    const ratio = devicePixelRatio || 1
    this.over.width = Math.round(this.element.clientWidth * ratio)
    this.over.height = Math.round(this.element.clientHeight * ratio)
    // Who has zoomed in, or is painting, keeps the place.
    if (this.view.scale === this.view.fitted && !this.#down.size) this.fit()
    else this.repaint()
  }

  #place() {
    const { x, y, scale } = this.view
    this.sheet.element.style.transform = `translate(${x}px, ${y}px) scale(${scale})`
    this.sheet.element.classList.toggle('pixels', scale * devicePixelRatio >= 3)
    this.repaint()
    this.changed()
  }

  /** Draw the brush's outline and what is being outlined again, at the next frame. */
  repaint() {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0
      const ctx = this.over.getContext('2d')
      if (!ctx) return
      const ratio = devicePixelRatio || 1
      ctx.setTransform(ratio, 0, 0, ratio, 0, 0)
      ctx.clearRect(0, 0, this.over.width, this.over.height)
      this.#tool?.paint?.(ctx)
      const { tool, size } = this.settings
      if (!this.#pointer || this.#panning || this.spaceHeld || (tool !== 'brush' && tool !== 'eraser')) return
      ctx.beginPath()
      ctx.arc(this.#pointer.x, this.#pointer.y, Math.max(1.5, (size / 2) * this.view.scale), 0, Math.PI * 2)
      outline(ctx)
    })
  }

  /** @param {boolean} busy */
  setBusy(busy) {
    this.busy = busy
    this.element.classList.toggle('busy', busy)
    this.element.setAttribute('aria-busy', String(busy))
  }

  /** @param {boolean} held */
  setSpace(held) {
    this.spaceHeld = held
    this.element.classList.toggle('moves', held)
    this.repaint()
  }

  // Pointers

  /** @param {PointerEvent | WheelEvent} event @returns {Point} */
  #at(event) {
    const box = this.element.getBoundingClientRect()
    return { x: event.clientX - box.left, y: event.clientY - box.top }
  }

  /** @param {PointerEvent} event @returns {Press} */
  #press(event) {
    return { point: this.view.toSheet(this.#at(event)), pressure: event.pointerType === 'pen' ? Math.max(0.05, event.pressure) : 1, shift: event.shiftKey }
  }

  /** @param {PointerEvent} event */
  #onDown(event) {
    this.element.focus({ preventScroll: true })
    event.preventDefault()
    this.element.setPointerCapture(event.pointerId)
    const at = this.#at(event)
    this.#pointer = at
    if (this.#down.size && event.pointerType !== 'touch') return // another button while one is held
    this.#down.set(event.pointerId, at)
    if (this.#down.size > 1) {
      this.#stop()
      this.#panning = true
    } else if (event.button === 1 || this.spaceHeld || this.busy) this.#panning = true
    else if (event.button === 2 && event.altKey) this.#sizing = { at, size: this.settings.size, hardness: this.settings.hardness }
    else {
      const eraser = event.button === 2 || event.button === 5 // the other end of a pen
      this.#tool = toolFor(this, eraser)
      this.#tool.down(this.#press(event))
    }
    this.repaint()
  }

  /** @param {PointerEvent} event */
  #onMove(event) {
    const now = this.#at(event)
    this.#pointer = event.pointerType === 'touch' ? null : now
    const before = this.#down.get(event.pointerId)
    if (before) {
      if (this.#panning) this.#pinch(event.pointerId, before, now)
      else if (this.#sizing) this.#resize(now)
      else this.#tool?.move((event.getCoalescedEvents?.() ?? []).concat(event).map((each) => this.#press(each)))
      this.#down.set(event.pointerId, now)
    }
    this.repaint()
  }

  /** One pointer moves the picture, two zoom it as well. @param {number} id @param {Point} before @param {Point} now */
  #pinch(id, before, now) {
    const other = [...this.#down].find(([each]) => each !== id)?.[1]
    if (other) {
      const factor = Math.hypot(now.x - other.x, now.y - other.y) / Math.max(1, Math.hypot(before.x - other.x, before.y - other.y))
      this.view.zoomBy(factor, { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 })
    }
    this.view.moveBy((now.x - before.x) / this.#down.size, (now.y - before.y) / this.#down.size)
    this.#place()
  }

  /** @param {Point} now */
  #resize(now) {
    if (!this.#sizing) return
    const { at, size, hardness } = this.#sizing
    this.settings.size = clampSize(size + (2 * (now.x - at.x)) / this.view.scale)
    this.settings.hardness = Math.min(1, Math.max(0, hardness - (now.y - at.y) / 200))
    this.changed()
  }

  /** @param {PointerEvent} event */
  #onUp(event) {
    if (!this.#down.delete(event.pointerId)) return
    const tool = this.#tool
    this.#tool = null
    this.#sizing = null
    if (!this.#down.size) this.#panning = false
    tool?.up()
    if (event.pointerType === 'touch') this.#pointer = null
    this.repaint()
    this.changed()
  }

  /** @param {PointerEvent} event */
  #onLost(event) {
    if (!this.#down.delete(event.pointerId)) return
    if (!this.#down.size) this.#panning = false
    this.#stop()
  }

  /** What is being done is off. */
  #stop() {
    this.#tool?.cancel()
    this.#tool = null
    this.#sizing = null
    this.repaint()
  }

  /** Is a pointer down? Escape then calls off what it does. @returns {boolean} */
  callOff() {
    if (!this.#down.size) return false
    this.#down.clear()
    this.#panning = false
    this.#stop()
    return true
  }

  /** @param {WheelEvent} event */
  #onWheel(event) {
    event.preventDefault()
    const by = event.deltaY || event.deltaX
    if (event.altKey) {
      this.settings.size = stepSize(this.settings.size, by < 0 ? 1 : -1)
      this.repaint()
      return this.changed()
    }
    this.view.zoomBy(Math.exp(-by * (event.ctrlKey && Math.abs(by) < 50 ? 0.01 : 0.0015)), this.#at(event))
    this.#place()
  }

  /** The brush by keyboard. @param {KeyboardEvent} event */
  #onKey(event) {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key]
    const paints = event.key === 'Enter' && !event.ctrlKey && !event.metaKey
    if (!step && !paints) return
    event.preventDefault()
    const at = (this.#pointer ??= this.#middle)
    if (step) {
      const far = event.shiftKey ? 1 : Math.max(1, (this.settings.size * this.view.scale) / 4)
      this.#pointer = { x: at.x + (step[0] ?? 0) * far, y: at.y + (step[1] ?? 0) * far }
    } else if (!this.busy) {
      const tool = toolFor(this, false)
      tool.down({ point: this.view.toSheet(at), pressure: 1, shift: event.shiftKey })
      tool.up()
      this.changed()
    }
    this.repaint()
  }

  dispose() {
    this.observer?.disconnect()
    cancelAnimationFrame(this.#frame)
    this.sheet.dispose()
  }
}
