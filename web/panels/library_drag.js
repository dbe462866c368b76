/**
 * Dragging out of the library onto the canvas: a drawing of the node goes along under the pointer, at the size that the node
 * will have; a link below it lights up where the node fits into it. A finger takes a node by moving sideways, since up and
 * down scroll the list, or by resting on it first.
 */
import { endsOf, fitsInto } from '../commands/insert.js'
import { h } from './dom.js'
import { drawSample, sampleOrigin } from './node_sample.js'
import { TITLE } from '../geometry/layout.js'
import { wireNear } from '../view/under.js'

/** CSS px that a press may wander and still be a click. */
const DRIFT = { mouse: 5, pen: 7, touch: 12 }
/** How long a finger rests on a node to take it, in ms. */
const REST = 300
/** CSS px that a link may be away. */
const REACH = 14

/**
 * @typedef {import('../model/types.js').Point} Point
 * @typedef {import('../model/schema.js').NodeType} NodeType
 * @typedef {{ type: NodeType | null, title: string, drop: (point: Point, link: import('../model/types.js').LinkRecord | null) => void }} Dragged
 */

/**
 * @param {HTMLElement} list
 * @param {object} parts
 * @param {import('../tools/editor.js').Editor} parts.editor
 * @param {HTMLElement} parts.stage
 * @param {() => import('../view/theme.js').Theme} parts.theme
 * @param {(event: PointerEvent) => Dragged | null} parts.pick  what lies under a press
 * @param {(dragging: boolean) => void} parts.onDrag
 * @returns {{ justDragged: () => boolean }}
 */
export function dragOut(list, { editor, stage, theme, pick, onDrag }) {
  /** @type {{ id: number, start: Point, dragged: Dragged, ghost: HTMLElement | null, abort: AbortController, timer: ReturnType<typeof setTimeout> | undefined } | null} */
  let hand = null
  let ended = -Infinity

  /** @param {PointerEvent} event @returns {Point} CSS px of the canvas */
  const onStage = event => {
    const box = stage.getBoundingClientRect()
    return { x: event.clientX - box.left, y: event.clientY - box.top }
  }

  /** Is the canvas there, and not a panel over it? @param {PointerEvent} event */
  const overCanvas = event => document.elementFromPoint(event.clientX, event.clientY) === editor.overlay

  /** @param {Point} screen @param {NodeType | null} type */
  function linkUnder(screen, type) {
    const wire = type && wireNear(editor.scene, editor.toCanvas(screen), REACH / editor.camera.zoom)
    const ends = wire && endsOf(editor, wire.link)
    return wire && ends && fitsInto(type, ends) ? wire.link : null
  }

  /** @param {Dragged} dragged */
  function ghostOf({ type, title }) {
    if (!type) return h('div.ghost.named', {}, title)
    const { zoom } = editor.camera
    const canvas = h('canvas')
    drawSample(canvas, type, { theme: theme(), pictures: editor.pictures, zoom })
    // The middle of the title comes to lie under the pointer, as where a node is added.
    canvas.style.transform = `translate(-50%, ${(TITLE / 2) * zoom - sampleOrigin(type, zoom).y}px)`
    return h('div.ghost', {}, canvas)
  }

  /** @param {NonNullable<typeof hand>} held */
  function take(held) {
    clearTimeout(held.timer)
    held.ghost = ghostOf(held.dragged)
    held.ghost.style.left = `${held.start.x}px`
    held.ghost.style.top = `${held.start.y}px`
    document.body.append(held.ghost)
    list.setPointerCapture(held.id) // not sooner: a captured press is no click on its row
    onDrag(true)
  }

  /** @param {PointerEvent} event */
  function move(event) {
    if (!hand || event.pointerId !== hand.id) return
    const kind = event.pointerType === 'touch' || event.pointerType === 'pen' ? event.pointerType : 'mouse'
    if (!hand.ghost) {
      if (Math.hypot(event.clientX - hand.start.x, event.clientY - hand.start.y) < DRIFT[kind]) return
      take(hand)
    }
    if (!hand.ghost) return
    hand.ghost.style.left = `${event.clientX}px`
    hand.ghost.style.top = `${event.clientY}px`
    const over = overCanvas(event)
    hand.ghost.classList.toggle('off', !over)
    editor.setDropLink((over && linkUnder(onStage(event), hand.dragged.type)?.id) || null)
  }

  /** @param {boolean} dropped @param {PointerEvent} [event] */
  function finish(dropped, event) {
    const held = hand
    hand = null
    held?.abort.abort()
    clearTimeout(held?.timer)
    if (!held?.ghost) return
    const over = event !== undefined && overCanvas(event)
    held.ghost.remove()
    editor.setDropLink(null)
    ended = performance.now()
    if (dropped && event && over) {
      const screen = onStage(event)
      held.dragged.drop(editor.toCanvas(screen), linkUnder(screen, held.dragged.type))
    }
    onDrag(false)
  }

  list.addEventListener('pointerdown', event => {
    const dragged = event.button === 0 && event.isPrimary && !hand ? pick(event) : null
    if (dragged) begin(event, dragged)
  })

  /** @param {PointerEvent} event @param {Dragged} dragged */
  function begin(event, dragged) {
    const abort = new AbortController()
    const { signal } = abort
    const held = { id: event.pointerId, start: { x: event.clientX, y: event.clientY }, dragged, ghost: null, abort, timer: /** @type {ReturnType<typeof setTimeout> | undefined} */ (undefined) }
    hand = held
    if (event.pointerType === 'touch') held.timer = setTimeout(() => take(held), REST)
    list.addEventListener('touchmove', touch => { if (hand?.ghost) touch.preventDefault() }, { signal, passive: false }) // no scrolling with a node in hand
    list.addEventListener('contextmenu', menu => { 
      if (!hand?.ghost) return
      menu.preventDefault()
      menu.stopImmediatePropagation()
    }, { signal, capture: true })
    addEventListener('pointermove', move, { signal })
    addEventListener('pointerup', up => { if (up.pointerId === hand?.id) finish(true, up) }, { signal })
    addEventListener('pointercancel', lost => { if (lost.pointerId === hand?.id) finish(false) }, { signal })
    addEventListener('blur', () => finish(false), { signal })
    addEventListener('keydown', key => {
      if (key.key !== 'Escape' || !hand?.ghost) return
      key.preventDefault()
      key.stopPropagation()
      finish(false)
    }, { signal, capture: true })
  }
  return { justDragged: () => performance.now() - ended < 50 }
}
