/**
 * Pointer, wheel and keys, turned into what the states understand. Pointer events only: mouse, pen, touch and trackpad
 * take one way. A gesture whose pointer gets lost is cancelled.
 *
 * @typedef {import('./editor.js').Editor} Editor
 * @typedef {import('./state.js').Pointer} Pointer
 * @typedef {import('../geometry/vec.js').Point} Point
 */
import { pan, toCanvas, zoomTo } from '../geometry/viewport.js'
import { distance } from '../geometry/vec.js'
import { isField } from './fields.js'
import { Idle } from './idle.js'
import { LongPressing } from './long_pressing.js'
import { wheelActOf } from './navigation.js'
import { Pinching } from './pinching.js'

/** CSS pixels that a press may wander and still be a click. */
const DRIFT = { mouse: 4, pen: 6, touch: 10 }
const DOUBLE = 400
/** A finger held this long on one place asks for the menu, in ms. */
const LONG = 550
/** CSS pixels a frame, at the very edge. */
const EDGE_SPEED = 14
/** One notch of a wheel says at least this much; a trackpad says less, or moves sideways too. */
const NOTCH = 40
/** Events of one swipe come closer together than this, in ms. */
const SWIPE = 200
const MODIFIERS = new Set(['Shift', 'Control', 'Alt', 'Meta'])

/** Keys that are held while one clicks. */
const HELD = new Set(['Control', 'Shift', 'Alt', 'Meta'])

export class Input {
  /** Pointers that are down. @type {Map<number, Point>} */
  #down = new Map()
  /** What they are: of one kind at a time. @type {'mouse' | 'pen' | 'touch'} */
  #kind = 'mouse'
  /** @type {Pointer | null} */
  #last = null
  #press = { time: 0, at: /** @type {Point} */ ({ x: 0, y: 0 }), clicks: 0, canvas: /** @type {Point} */ ({ x: 0, y: 0 }), dragged: false, button: 0 }
  #swipe = { time: 0, trackpad: false }
  #edge = 0
  /** The key is down, not only told by a pinch on a trackpad. */
  #ctrlHeld = false
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #long
  #abort = new AbortController()

  /** @param {Editor} editor */
  constructor(editor) {
    this.editor = editor
    const { overlay } = editor
    const { signal } = this.#abort
    const page = overlay.ownerDocument
    overlay.style.touchAction = 'none'
    overlay.addEventListener('pointerdown', (event) => this.#onDown(event), { signal })
    overlay.addEventListener('pointermove', (event) => this.#onMove(event), { signal })
    overlay.addEventListener('pointerup', (event) => this.#onUp(event), { signal })
    overlay.addEventListener('pointercancel', (event) => this.#onLost(event), { signal })
    overlay.addEventListener('lostpointercapture', (event) => this.#onLost(event), { signal })
    overlay.addEventListener('pointerleave', () => this.#last && !this.#down.size && editor.setHover({ kind: 'canvas' }), { signal })
    overlay.addEventListener('wheel', (event) => this.#onWheel(event), { signal, passive: false })
    overlay.addEventListener('contextmenu', (event) => this.#onContextMenu(event), { signal })
    // A double press on a canvas would select text around it.
    overlay.addEventListener('mousedown', (event) => event.preventDefault(), { signal })
    page.addEventListener('keydown', (event) => this.#onKey(event), { signal })
    // A key between two presses makes them two clicks, however quick they are.
    page.addEventListener('keydown', ({ key }) => { if (!HELD.has(key)) this.#press.time = 0 }, { signal, capture: true })
    page.addEventListener('keyup', (event) => this.#onKeyUp(event), { signal })
    page.addEventListener('visibilitychange', () => page.hidden && this.#onBlur(), { signal })
    page.defaultView?.addEventListener('blur', () => this.#onBlur(), { signal })
  }

  dispose() {
    this.#abort.abort()
    cancelAnimationFrame(this.#edge)
    clearTimeout(this.#long)
  }

  /** Where the pointer is on the canvas; null before it ever came. */
  get point() {
    return this.#last && toCanvas(this.editor.camera, this.#last.screen)
  }

  /** The view goes along while something is dragged at its edge. @param {Pointer} pointer @param {number} margin CSS pixels */
  panAtEdge(pointer, margin) {
    cancelAnimationFrame(this.#edge)
    const { w, h } = this.editor.viewSize
    const speed = this.editor.hands.edgeSpeed
    const by = { x: push(pointer.screen.x, w, margin) * speed, y: push(pointer.screen.y, h, margin) * speed }
    if (by.x === 0 && by.y === 0) return
    const state = this.editor.state
    this.#edge = requestAnimationFrame(() => {
      if (this.editor.state !== state || !this.#down.size) return
      this.editor.setCamera(pan(this.editor.camera, by))
      state.move({ ...pointer, canvas: toCanvas(this.editor.camera, pointer.screen) })
    })
  }

  /** @param {PointerEvent} event */
  #onDown(event) {
    const { editor } = this
    editor.overlay.focus({ preventScroll: true })
    const screen = this.#screen(event)
    const kind = kindOf(event)
    // Its end was never told; or a hand that rests on the screen gives way to the pen in it.
    if (this.#down.has(event.pointerId) || (this.#down.size && kind !== 'touch' && this.#kind === 'touch')) this.drop()
    if (this.#down.size && kind === 'touch' && this.#kind === 'touch') {
      this.#down.set(event.pointerId, screen)
      this.#capture(event)
      if (this.#down.size === 2) {
        editor.state.cancel()
        editor.enter(new Pinching(editor, this.#down))
      }
      return
    }
    if (this.#down.size) return // another button while one is held
    const again = event.timeStamp - this.#press.time < DOUBLE && distance(screen, this.#press.at) < DRIFT.touch
    this.#press = {
      time: event.timeStamp, at: screen, clicks: again && this.#press.button === event.button ? this.#press.clicks + 1 : 1,
      canvas: toCanvas(editor.camera, screen), dragged: false, button: event.button
    }
    this.#kind = kind
    this.#down.set(event.pointerId, screen)
    this.#capture(event)
    if (event.pointerType === 'touch') this.#long = setTimeout(() => this.#onLong(screen), LONG)
    editor.stopMotion()
    const pointer = this.#pointer(event)
    const before = editor.state
    before.down(pointer)
    if (editor.state !== before) editor.state.down(pointer)
    editor.updateCursor()
  }

  /** On a Mac Ctrl and the left button ask for the menu. @param {MouseEvent} event */
  #onContextMenu(event) {
    event.preventDefault()
    if (!event.ctrlKey || event.button !== 0 || !this.#down.size) return
    this.drop()
    this.editor.openMenu(this.#screen(event), 'mouse')
  }

  /** @param {Point} screen */
  #onLong(screen) {
    const { editor } = this
    if (this.#down.size !== 1 || this.#press.dragged) return
    editor.state.cancel()
    if (editor.targetAt(screen, 'touch').kind === 'canvas') return editor.enter(new LongPressing(editor, screen))
    this.#down.clear()
    editor.openMenu(screen, 'touch')
  }

  /** @param {PointerEvent} event */
  #capture(event) {
    try {
      this.editor.overlay.setPointerCapture(event.pointerId)
    } catch {
      // The pointer is gone again already; its end will be told as a cancel.
    }
  }

  /** @param {PointerEvent} event */
  #onMove(event) {
    if (this.#down.size && !this.#down.has(event.pointerId)) return
    if (this.#down.has(event.pointerId)) {
      // The button was let go where no event reached us.
      if (event.buttons === 0 && event.pointerType === 'mouse') return this.#onLost(event)
      // Another button while one is held takes the gesture back, as artists know it.
      if (event.button === 2 && event.buttons & 1 && this.gesturing) return this.drop()
      this.#down.set(event.pointerId, this.#screen(event))
      this.#press.dragged ||= distance(this.#screen(event), this.#press.at) > DRIFT[kindOf(event)]
    }
    this.editor.state.move(this.#pointer(event))
    this.editor.updateCursor()
  }

  /** @param {PointerEvent} event */
  #onUp(event) {
    if (!this.#down.delete(event.pointerId)) return
    cancelAnimationFrame(this.#edge)
    clearTimeout(this.#long)
    const pointer = this.#pointer(event)
    this.editor.state.up(pointer)
    // What was pointed at before is not what lies here now.
    if (this.editor.state instanceof Idle) this.editor.state.move(pointer)
    if (this.#press.dragged) this.#press.time = 0
    if (event.pointerType === 'touch') this.editor.setHover({ kind: 'canvas' })
    this.editor.updateCursor()
  }

  /** @param {PointerEvent} event */
  #onLost(event) {
    if (!this.#down.delete(event.pointerId)) return
    cancelAnimationFrame(this.#edge)
    clearTimeout(this.#long)
    this.editor.state.cancel()
    this.editor.updateCursor()
  }

  #onBlur() {
    this.editor.setSpace(false)
    this.#ctrlHeld = false
    if (this.#down.size) this.drop()
  }

  /** Something is being done with a pointer that is down. */
  get gesturing() {
    return this.#down.size > 0 && !(this.editor.state instanceof Idle)
  }

  /** Take what is being done back, and heed no pointer until it is pressed again. */
  drop() {
    this.#down.clear()
    cancelAnimationFrame(this.#edge)
    clearTimeout(this.#long)
    this.editor.state.cancel()
    this.editor.updateCursor()
  }

  /** @param {WheelEvent} event */
  #onWheel(event) {
    event.preventDefault()
    const { editor } = this
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 32 : event.deltaMode === WheelEvent.DOM_DELTA_PAGE ? 400 : 1
    const by = { x: event.deltaX * lines, y: event.deltaY * lines }
    if (event.timeStamp - this.#swipe.time > SWIPE) this.#swipe.trackpad = lines === 1 && (by.x !== 0 || Math.abs(by.y) < NOTCH)
    this.#swipe.time = event.timeStamp
    editor.stopMotion()
    const screen = this.#screen(event)
    const pinch = event.ctrlKey && !this.#ctrlHeld
    const plain = !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey
    const act = pinch ? 'zoom' : plain && this.#swipe.trackpad ? 'pan' : wheelActOf(editor.hands.preset, { ctrl: event.ctrlKey || event.metaKey, alt: event.altKey, shift: event.shiftKey })
    // With Shift a browser may tell the way down as one across.
    const way = by.y || by.x
    const fine = (event.ctrlKey || event.metaKey) && Math.abs(by.y) < NOTCH
    if (act === 'zoom') editor.setCamera(zoomTo(editor.camera, editor.camera.zoom * Math.exp(-way * (fine ? 0.01 : 0.0018)), screen))
    else if (act === 'pan') editor.setCamera(pan(editor.camera, { x: -by.x, y: -by.y }))
    else editor.setCamera(pan(editor.camera, act === 'across' ? { x: -(by.x || by.y), y: 0 } : { x: 0, y: -way }))
    if (this.#last) {
      this.#last = { ...this.#last, screen, canvas: toCanvas(editor.camera, screen) }
      editor.state.move(this.#last)
    }
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    const { editor } = this
    if (event.defaultPrevented || event.isComposing) return
    const command = editor.commands.forKey(event)
    const typing = isField(event.target)
    if (typing && !command?.anywhere) return
    if (event.key === 'Escape' && (this.#down.size || editor.hands.armed)) {
      event.preventDefault()
      this.drop()
      return
    }
    if (MODIFIERS.has(event.key)) {
      this.#ctrlHeld ||= event.key === 'Control'
      this.#onModifiers(event)
    }
    // Another control has the focus: plain keys are its own. Tab leaves it, so only the canvas itself takes that.
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey
    if (plain && !command?.anywhere && (isControl(event.target, editor.overlay) || (event.key === 'Tab' && event.target !== editor.overlay))) return
    if (event.key === ' ' && !command) {
      event.preventDefault()
      editor.setSpace(true)
      return
    }
    if (!command || command.native) return
    event.preventDefault()
    if (this.gesturing && !/^(?:zoom|fit)/u.test(command.id)) {
      // The document is not changed under a hand that holds a part of it. What is being done is the last step.
      this.drop()
      if (command.id === 'undo') return
    }
    if (event.repeat && !/^(nudge|zoom|undo|redo|next|previous|go)/u.test(command.id)) return
    editor.run(command.id)
  }

  /** @param {KeyboardEvent} event */
  #onKeyUp(event) {
    if (event.key === ' ') this.editor.setSpace(false)
    if (event.key === 'Control') this.#ctrlHeld = false
    if (MODIFIERS.has(event.key)) this.#onModifiers(event)
  }

  /** A resting pointer may mean something else now. @param {KeyboardEvent} event */
  #onModifiers(event) {
    if (!this.#last || !this.gesturing) return
    this.#last = { ...this.#last, shift: event.shiftKey, ctrl: event.ctrlKey || event.metaKey, alt: event.altKey }
    this.editor.state.modifiers(this.#last)
  }

  /** @param {MouseEvent} event @returns {Point} */
  #screen(event) {
    const box = this.editor.overlay.getBoundingClientRect()
    return { x: event.clientX - box.left, y: event.clientY - box.top }
  }

  /** @param {PointerEvent} event @returns {Pointer} */
  #pointer(event) {
    const screen = this.#screen(event)
    const pointer = {
      id: event.pointerId, screen, canvas: toCanvas(this.editor.camera, screen), type: kindOf(event), button: event.button,
      shift: event.shiftKey, ctrl: event.ctrlKey || event.metaKey, alt: event.altKey, space: this.editor.spaceHeld,
      dragged: this.#press.dragged, start: this.#press.at, startCanvas: this.#press.canvas, clicks: this.#press.clicks
    }
    this.#last = pointer
    return pointer
  }
}

/** @param {PointerEvent} event @returns {'mouse' | 'pen' | 'touch'} */
const kindOf = (event) => (event.pointerType === 'touch' || event.pointerType === 'pen' ? event.pointerType : 'mouse')

/** @param {number} at @param {number} size @param {number} margin */
function push(at, size, margin) {
  if (at < margin) return Math.min((margin - at) / margin, 2) * EDGE_SPEED
  if (at > size - margin) return -Math.min((at - size + margin) / margin, 2) * EDGE_SPEED
  return 0
}

/** @param {EventTarget | null} target @param {Element} overlay */
function isControl(target, overlay) {
  if (!(target instanceof Element) || target === overlay) return false
  return target.closest('button, a[href], summary, [tabindex], [role="dialog"]') !== null
}

