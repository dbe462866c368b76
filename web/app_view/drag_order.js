/** Cards of a list dragged by their handles to another place, with a mouse, a pen or a finger. */

/** Pixels before a press is a drag. */
const SLOP = 4

/** @param {HTMLElement} list its children have `data-id` and a `.handle` @param {(from: number, to: number, id: string) => void} drop */
export function dragOrder(list, drop) {
  list.addEventListener('pointerdown', event => {
    const handle = event.target instanceof Element ? event.target.closest('.handle') : null
    const card = handle?.closest('[data-id]')
    if (!(card instanceof HTMLElement) || !(handle instanceof HTMLElement) || event.button !== 0) return
    const cards = () => [...list.querySelectorAll(':scope > [data-id]')]
    const from = cards().indexOf(card)
    const start = event.clientY
    let to = from
    let dragged = false
    handle.setPointerCapture(event.pointerId)

    /** @param {PointerEvent} move */
    const onMove = move => {
      dragged ||= Math.abs(move.clientY - start) > SLOP
      if (!dragged) return
      card.classList.add('dragged')
      card.style.transform = `translateY(${move.clientY - start}px)`
      const others = cards().filter(other => other !== card).map(other => other.getBoundingClientRect())
      to = others.filter(box => box.top + box.height / 2 < move.clientY).length
      others.forEach((_, index) => cards().filter(other => other !== card)[index]?.toggleAttribute('data-before', index === to && to !== from))
      list.toggleAttribute('data-after', to === others.length && to !== from)
    }
    const end = (/** @type {PointerEvent} */ up) => {
      handle.removeEventListener('pointermove', onMove)
      handle.removeEventListener('pointerup', end)
      handle.removeEventListener('pointercancel', end)
      card.classList.remove('dragged')
      card.style.transform = ''
      cards().forEach(other => other.removeAttribute('data-before'))
      list.removeAttribute('data-after')
      if (dragged && up.type === 'pointerup') drop(from, to, card.dataset.id ?? '')
    }
    handle.addEventListener('pointermove', onMove)
    handle.addEventListener('pointerup', end)
    handle.addEventListener('pointercancel', end)
  })
}
