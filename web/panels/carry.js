/**
 * Files of the server that are dragged onto nodes and the canvas: with the mouse as the browser drags, which other programs
 * take too; with a finger, which no browser drags with everywhere, as a picture that follows it.
 *
 * @typedef {import('../model/session.js').PictureRef} PictureRef
 * @typedef {{ file: PictureRef, url: string, value: string }} Load
 */
import { kindOf } from '../view/media.js'
import { h } from './dom.js'

/** What is dragged from a node or the strip to another node. */
export const FILE_TYPE = 'application/x-easel-file'
/** A finger let go of one: `detail` is `{ text, x, y }`, in the page. */
export const CARRIED = 'easel-carried'
/** How long a finger rests before it drags what can be scrolled too, in ms. */
const REST = 350
/** A finger that rests moves less than this, CSS px. */
const STILL = 8

/**
 * @param {HTMLElement} element  no button: Firefox drags none
 * @param {Load} load
 * @param {object} [how]
 * @param {boolean} [how.scrolls]  a finger that does not rest first scrolls
 * @param {(carried: boolean) => void} [how.carrying]
 */
export function makeCarried(element, load, { scrolls = false, carrying = () => undefined } = {}) {
  element.draggable = true
  element.addEventListener('dragstart', event => {
    carrying(true)
    fillDrag(event, load)
  })
  element.addEventListener('dragend', () => carrying(false))
  if (!scrolls) element.style.touchAction = 'none'

  /** @type {{ id: number, x: number, y: number, timer: number, ghost: HTMLElement | null } | null} */
  let held = null
  const begin = () => {
    if (!held) return
    const seen = ['picture', 'drawing'].includes(kindOf(load.file.filename))
    held.ghost = h('div.carried', { 'aria-hidden': 'true' }, seen ? h('img', { src: element.querySelector('img')?.currentSrc || load.url, alt: '' }) : h('span', {}, load.file.filename))
    document.body.append(held.ghost)
    carrying(true)
    place(held)
  }
  const end = () => {
    if (!held) return
    clearTimeout(held.timer)
    if (held.ghost) carrying(false)
    held.ghost?.remove()
    held = null
    element.draggable = true
    document.removeEventListener('keydown', onKey, true)
  }
  const onKey = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== 'Escape' || !held?.ghost) return
    event.stopPropagation()
    end()
  }
  element.addEventListener('pointerdown', event => {
    end()
    if (event.pointerType !== 'touch' || !event.isPrimary) return
    element.draggable = false // some browsers drag by a long press too, and would take the finger
    held = { id: event.pointerId, x: event.clientX, y: event.clientY, timer: scrolls ? setTimeout(begin, REST) : 0, ghost: null }
    document.addEventListener('keydown', onKey, true)
  })
  element.addEventListener('pointermove', event => {
    if (held?.id !== event.pointerId) return
    const far = Math.hypot(event.clientX - held.x, event.clientY - held.y) > STILL
    if (!held.ghost && far && scrolls) return end()
    if (!held.ghost && far) begin()
    if (!held.ghost) return
    Object.assign(held, { x: event.clientX, y: event.clientY })
    place(held)
  })
  element.addEventListener('pointerup', event => {
    if (held?.id !== event.pointerId) return
    const { ghost } = held
    end()
    if (ghost) dispatchEvent(new CustomEvent(CARRIED, { detail: { text: textOf(load.file), x: event.clientX, y: event.clientY } }))
  })
  element.addEventListener('pointercancel', end)
  // While it is carried nothing scrolls, and letting go is no tap.
  for (const type of /** @type {const} */ (['touchmove', 'touchend', 'contextmenu'])) {
    element.addEventListener(type, event => {
      if (held?.ghost && event.cancelable) event.preventDefault()
    }, { passive: false })
  }
}

/** @param {{ x: number, y: number, ghost: HTMLElement | null }} held */
function place({ x, y, ghost }) {
  if (ghost) ghost.style.translate = `${x}px ${y}px`
}

/** Fill a drag with a file of the server. @param {DragEvent} event @param {Load} load */
export function fillDrag(event, { file, url, value }) {
  if (!event.dataTransfer) return
  event.dataTransfer.effectAllowed = 'copy'
  event.dataTransfer.setData(FILE_TYPE, textOf(file))
  event.dataTransfer.setData('text/uri-list', new URL(url, location.href).href)
  event.dataTransfer.setData('text/plain', value)
}

/** @param {PictureRef} file */
const textOf = ({ filename, subfolder, type }) => JSON.stringify({ filename, subfolder, type })
