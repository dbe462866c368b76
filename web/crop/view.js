/**
 * The picture with the box over it: eight handles, the box itself moves, wheel and pinch zoom. The arrows move the box,
 * with Alt its far corner.
 *
 * @typedef {import('../geometry/rect.js').Rect} Rect
 * @typedef {import('../geometry/vec.js').Point} Point
 * @typedef {import('../model/crop.js').Handle} Handle
 */
import { PanZoom } from '../geometry/pan_zoom.js'
import { t } from '../language/t.js'
import { h } from '../panels/dom.js'

/** @type {readonly Handle[]} */
const HANDLES = ['nw', 'n', 'ne', 'e', 'se', 's', 'sw', 'w']

/**
 * @param {object} parts
 * @param {HTMLImageElement | null} parts.image
 * @param {number} parts.width @param {number} parts.height @param {string} parts.label
 * @param {() => Rect} parts.begin a drag: the box as it is
 * @param {(start: Rect, handle: Handle, by: Point) => void} parts.drag
 * @param {(keep: boolean) => void} parts.end
 * @param {(handle: Handle, by: Point) => void} parts.nudge
 */
export function createCropView({ image, width, height, label, begin, drag, end, nudge }) {
  const view = new PanZoom(width, height)
  const handles = HANDLES.map((side) => h('i', { dataset: { handle: side } }))
  const box = h('div.box', { tabindex: 0, role: 'group', 'aria-label': t('{label}: arrows move it, Alt and arrows make it larger or smaller', { label }), dataset: { handle: 'move' } }, handles)
  const sheet = h('div.sheet', {}, image ?? h('div.empty'))
  const element = h('div.surface', {}, sheet, box)
  sheet.style.width = `${width}px`
  sheet.style.height = `${height}px`
  /** @type {Rect} */
  let shown = { x: 0, y: 0, w: 1, h: 1 }
  /** @type {{id: number, handle: Handle | null, at: Point, start: Rect} | null} */
  let dragging = null
  /** @type {Map<number, Point>} */
  const down = new Map()

  function place() {
    sheet.style.transform = `translate(${view.x}px, ${view.y}px) scale(${view.scale})`
    sheet.classList.toggle('pixels', view.scale * devicePixelRatio >= 3)
    const { x, y } = view.toView(shown)
    Object.assign(box.style, { transform: `translate(${x}px, ${y}px)`, width: `${shown.w * view.scale}px`, height: `${shown.h * view.scale}px` })
  }

  const at = (/** @type {PointerEvent | WheelEvent} */ event) => {
    const { left, top } = element.getBoundingClientRect()
    return { x: event.clientX - left, y: event.clientY - top }
  }

  /** @param {boolean} keep */
  function stop(keep) {
    const was = dragging
    dragging = null
    if (was?.handle) end(keep)
  }

  element.addEventListener('pointerdown', (event) => {
    event.preventDefault()
    element.setPointerCapture(event.pointerId)
    down.set(event.pointerId, at(event))
    if (down.size > 1) return stop(false)
    const target = event.target instanceof HTMLElement ? event.target : null
    const handle = event.button === 0 ? /** @type {Handle | undefined} */ (target?.dataset.handle) : undefined
    box.focus({ preventScroll: true })
    dragging = { id: event.pointerId, handle: handle ?? null, at: at(event), start: handle ? begin() : shown }
    return undefined
  })
  element.addEventListener('pointermove', (event) => {
    const before = down.get(event.pointerId)
    if (!before) return
    const now = at(event)
    if (dragging?.handle) drag(dragging.start, dragging.handle, { x: (now.x - dragging.at.x) / view.scale, y: (now.y - dragging.at.y) / view.scale })
    else {
      const other = [...down].find(([id]) => id !== event.pointerId)?.[1]
      if (other) {
        const factor = Math.hypot(now.x - other.x, now.y - other.y) / Math.max(1, Math.hypot(before.x - other.x, before.y - other.y))
        view.zoomBy(factor, { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 })
      }
      view.moveBy((now.x - before.x) / down.size, (now.y - before.y) / down.size)
      place()
    }
    down.set(event.pointerId, now)
  })
  element.addEventListener('pointerup', (event) => {
    if (down.delete(event.pointerId)) stop(true)
  })
  for (const type of /** @type {const} */ (['pointercancel', 'lostpointercapture'])) {
    element.addEventListener(type, (event) => {
      if (down.delete(event.pointerId)) stop(false)
    })
  }
  element.addEventListener('wheel', (event) => {
    event.preventDefault()
    view.zoomBy(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0015)), at(event))
    place()
  }, { passive: false })
  box.addEventListener('keydown', (event) => {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key]
    if (!step || event.ctrlKey || event.metaKey) return
    event.preventDefault()
    const far = event.shiftKey ? 10 : 1
    nudge(event.altKey ? 'se' : 'move', { x: (step[0] ?? 0) * far, y: (step[1] ?? 0) * far })
  })
  const observer = new ResizeObserver(() => {
    view.fit(element.clientWidth, element.clientHeight)
    place()
  })

  return {
    element,
    start() {
      observer.observe(element)
      box.focus({ preventScroll: true })
    },
    /** @param {Rect} rect */
    show(rect) {
      shown = rect
      place()
    },
    /** Is a drag going on? Escape takes it back. @returns {boolean} */
    callOff() {
      if (!dragging?.handle) return false
      down.clear()
      stop(false)
      return true
    },
    dispose() {
      if (dragging?.handle) stop(false)
      observer.disconnect()
    }
  }
}
