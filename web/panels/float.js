/**
 * Things that float: menus, drop-down lists, small cards. One rule for all: Escape or a press outside closes,
 * focus goes back to where it was, and the element is kept inside the window.
 */

/**
 * @typedef {{ x: number, y: number, width?: number, height?: number }} Anchor  client px; a point or a box
 * @typedef {object} FloatOptions
 * @property {Anchor} anchor
 * @property {'below' | 'right'} [side]
 * @property {() => void} [onClose]
 * @property {HTMLElement} [owner]  the button that opened it, which closes it too: a press on it is not outside
 * @property {boolean} [keepFocus]  leave the focus where it is when closing by a press outside
 */

/** @type {Set<() => void>} */
const open = new Set()

/**
 * Shows an element above the page until it is closed.
 *
 * @param {HTMLElement} element
 * @param {FloatOptions} options
 * @returns {() => void} closes it
 */
export function float(element, { anchor, side = 'below', owner, onClose }) {
  const before = /** @type {HTMLElement | null} */ (document.activeElement)
  element.classList.add('floating')
  document.body.append(element)
  place(element, anchor, side)

  let closed = false
  /** @param {boolean} restore */
  function close(restore = true) {
    if (closed) return
    closed = true
    open.delete(closeThis)
    removeEventListener('pointerdown', outside, true)
    removeEventListener('keydown', escape, true)
    removeEventListener('resize', closeThis)
    const hadFocus = element.contains(document.activeElement)
    element.remove()
    if (restore && hadFocus) before?.focus({ preventScroll: true })
    onClose?.()
  }
  const closeThis = () => close()
  /** @param {PointerEvent} event */
  function outside(event) {
    if (!(event.target instanceof Node) || element.contains(event.target) || owner?.contains(event.target)) return
    if (event.target instanceof Element && event.target.closest('.floating')) return // a list opened from this one
    close(true)
  }
  /** @param {KeyboardEvent} event */
  function escape(event) {
    if (event.key !== 'Escape' || [...open].at(-1) !== closeThis) return
    event.preventDefault()
    event.stopPropagation()
    close()
  }
  open.add(closeThis)
  addEventListener('pointerdown', outside, true)
  addEventListener('keydown', escape, true)
  addEventListener('resize', closeThis)
  return closeThis
}

/** @param {HTMLElement} element @param {Anchor} anchor @param {'below' | 'right'} side */
function place(element, anchor, side) {
  const gap = 8
  const { width, height } = element.getBoundingClientRect()
  const box = { x: anchor.x, y: anchor.y, width: anchor.width ?? 0, height: anchor.height ?? 0 } // a DOMRect has nothing of its own to copy
  let x = side === 'below' ? box.x : box.x + box.width
  let y = side === 'below' ? box.y + box.height : box.y
  if (side === 'below' && y + height > innerHeight - gap && box.y - height > gap) y = box.y - height
  if (side === 'right' && x + width > innerWidth - gap && box.x - width > gap) x = box.x - width
  x = Math.max(gap, Math.min(x, innerWidth - width - gap))
  y = Math.max(gap, Math.min(y, innerHeight - height - gap))
  element.style.left = `${Math.round(x)}px`
  element.style.top = `${Math.round(y)}px`
}
