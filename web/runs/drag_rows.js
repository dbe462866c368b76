/** Rows of a list dragged into another order: by the mouse or a pen anywhere on a row, by a finger at its grip. */
import { h } from '../panels/dom.js'

/** Pixels that are no drag yet. */
const SLACK = 5
/** Pixels at the list's ends where it scrolls along, and how far with each frame. */
const EDGE = 32
const STEP = 8

/**
 * @param {HTMLElement} list  of rows with `data-id`
 * @param {(id: string, before: string | null) => void} drop  before which it goes; null: behind all
 */
export function dragRows(list, drop) {
  const line = h('div.drop-line', { 'aria-hidden': 'true' })
  /** @type {{ row: HTMLElement, pointer: number, y: number, moved: boolean, before: HTMLElement | null } | null} */
  let held = null
  let frame = 0
  let dragged = false

  list.addEventListener('pointerdown', event => {
    dragged = false
    const row = event.target instanceof Element ? /** @type {HTMLElement | null} */ (event.target.closest('[data-id]')) : null
    const onGrip = event.target instanceof Element && event.target.closest('.grip')
    if (!row || event.button !== 0 || (event.pointerType === 'touch' && !onGrip)) return
    if (event.target instanceof Element && event.target.closest('.act')) return
    held = { row, pointer: event.pointerId, y: event.clientY, moved: false, before: null }
  })

  list.addEventListener('pointermove', event => {
    if (!held || event.pointerId !== held.pointer) return
    if (!held.moved && Math.abs(event.clientY - held.y) < SLACK) return
    if (!held.moved) {
      held.moved = true
      list.setPointerCapture(event.pointerId)
      held.row.classList.add('held')
      list.append(line)
    }
    held.y = event.clientY
    place()
    frame ||= requestAnimationFrame(scroll)
  })

  function place() {
    if (!held) return
    const rows = /** @type {HTMLElement[]} */ ([...list.querySelectorAll('[data-id]')])
    const { y } = held
    held.before = rows.find(row => y < middle(row)) ?? null
    const last = rows.at(-1)
    line.style.top = `${held.before ? held.before.offsetTop - 1 : last ? last.offsetTop + last.offsetHeight - 1 : 0}px`
  }

  function scroll() {
    frame = 0
    const room = list.closest('.scrolls')
    if (!held?.moved || !room) return
    const { top, bottom } = room.getBoundingClientRect()
    const by = held.y < top + EDGE ? -STEP : held.y > bottom - EDGE ? STEP : 0
    if (!by) return
    room.scrollTop += by
    place()
    frame = requestAnimationFrame(scroll)
  }

  /** @param {boolean} drops */
  function end(drops) {
    const was = held
    held = null
    line.remove()
    was?.row.classList.remove('held')
    dragged = was?.moved === true
    if (!was || !dragged || !drops) return
    const { row, before } = was
    if (before !== row && before !== row.nextElementSibling) drop(row.dataset.id ?? '', before?.dataset.id ?? null)
  }

  // The press that ends a drag is no click on the row.
  list.addEventListener('click', event => {
    if (!dragged) return
    event.stopPropagation()
    event.preventDefault()
  }, true)

  list.addEventListener('pointerup', event => { if (event.pointerId === held?.pointer) end(true) })
  list.addEventListener('pointercancel', event => { if (event.pointerId === held?.pointer) end(false) })
  list.addEventListener('keydown', event => {
    if (event.key !== 'Escape' || !held?.moved) return
    event.stopPropagation()
    end(false)
  }, true)
  return { busy: () => held?.moved === true }
}

/** @param {HTMLElement} row */
function middle(row) {
  const { top, height } = row.getBoundingClientRect()
  return top + height / 2
}
