/**
 * Rows dragged onto folders: with a mouse and a pen at once, with a finger after a rest, since it scrolls the list. Escape
 * lets go.
 */
import { h } from './dom.js'

const DRIFT = 6
const REST = 350

/**
 * @param {HTMLElement} host  all that can be dragged from and dropped on
 * @param {object} parts
 * @param {(event: PointerEvent) => { name: string, title: string } | null} parts.pick  what lies under a press
 * @param {(from: { name: string, title: string }, folder: string) => boolean} parts.fits
 * @param {(from: { name: string, title: string }, folder: string) => void} parts.drop
 * @returns {{ justDragged: () => boolean, end: () => void }}
 *   Elements with `data-folder` are folders.
 */
export function dragToFolders(host, { pick, fits, drop }) {
  /** @type {{ id: number, x: number, y: number, from: { name: string, title: string }, ghost: HTMLElement | null, timer?: ReturnType<typeof setTimeout> } | null} */
  let hand = null
  /** @type {HTMLElement | null} */
  let over = null
  /** The click that ends a drag chooses nothing. */
  let justEnded = false

  /** @param {HTMLElement | null} next */
  function light(next) {
    if (over === next) return
    over?.classList.remove('drop-here')
    over = next
    over?.classList.add('drop-here')
  }

  function take() {
    if (!hand) return
    hand.ghost = h('div.ghost.named', {}, hand.from.title)
    document.body.append(hand.ghost)
    host.setPointerCapture(hand.id)
    follow(hand.x, hand.y)
  }

  /** @param {number} x @param {number} y */
  function follow(x, y) {
    if (!hand?.ghost) return
    hand.ghost.style.left = `${x}px`
    hand.ghost.style.top = `${y}px`
    const found = document.elementsFromPoint(x, y).map(each => each.closest('[data-folder]')).find(each => each && host.contains(each))
    const folder = found instanceof HTMLElement ? found : null
    light(folder && fits(hand.from, folder.dataset.folder ?? '') ? folder : null)
    hand.ghost.classList.toggle('off', !over)
  }

  /** @param {boolean} dropped */
  function finish(dropped) {
    const held = hand
    const target = over
    hand = null
    clearTimeout(held?.timer)
    light(null)
    if (!held?.ghost) return
    held.ghost.remove()
    justEnded = true
    setTimeout(() => { justEnded = false })
    if (dropped && target) drop(held.from, target.dataset.folder ?? '')
  }

  host.addEventListener('pointerdown', event => {
    if (event.button !== 0 || hand) return
    const from = pick(event)
    if (!from) return
    hand = { id: event.pointerId, x: event.clientX, y: event.clientY, from, ghost: null }
    if (event.pointerType === 'touch') hand.timer = setTimeout(take, REST)
  })
  host.addEventListener('pointermove', event => {
    if (!hand || event.pointerId !== hand.id) return
    if (!hand.ghost) {
      if (Math.hypot(event.clientX - hand.x, event.clientY - hand.y) < DRIFT) return
      if (event.pointerType === 'touch') return finish(false) // it scrolls
      take()
    }
    event.preventDefault()
    follow(event.clientX, event.clientY)
  })
  host.addEventListener('touchmove', event => { if (hand?.ghost) event.preventDefault() }, { passive: false })
  host.addEventListener('pointerup', event => { if (event.pointerId === hand?.id) finish(true) })
  host.addEventListener('pointercancel', event => { if (event.pointerId === hand?.id) finish(false) })
  /** @param {KeyboardEvent} event */
  const onKey = event => {
    if (event.key !== 'Escape' || !hand?.ghost) return
    event.preventDefault()
    event.stopPropagation()
    finish(false)
  }
  addEventListener('keydown', onKey, true)
  return {
    justDragged: () => justEnded,
    end() {
      removeEventListener('keydown', onKey, true)
      finish(false)
    },
  }
}
