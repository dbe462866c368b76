/**
 * Menus: one list of commands at a point. The arrows walk it, letters jump, Enter runs, Escape closes. An entry with
 * entries of its own opens them beside it: by hovering, by a tap, by the right arrow; the left arrow goes back.
 *
 * @typedef {object} MenuItem
 * @property {string} label
 * @property {string} [keys]
 * @property {string} [icon]
 * @property {string} [colour]  a dot before the label
 * @property {boolean} [checked]  a switch, and whether it is on
 * @property {boolean} [enabled]
 * @property {boolean} [danger]
 * @property {string} [needs]  `run`, `write` or `admin`: what a person must be allowed for it (accounts/permits.js)
 * @property {string} [command]  that it runs, which may need something too
 * @property {() => void} [run]
 * @property {readonly MenuEntry[]} [entries]  a menu beside it
 * @typedef {MenuItem | 'line'} MenuEntry
 */
import { icon } from '../icons/icons.js'
import { h } from './dom.js'
import { float } from './float.js'
import { keycaps } from './keycaps.js'

/** How long the pointer rests on an entry before its menu opens, in ms. */
const REST = 120
/** A list of more entries than this is a list to choose from, and scrolls. */
const LONG = 30

/**
 * @param {readonly MenuEntry[]} entries
 * @param {import('./float.js').Anchor} anchor
 * @param {{ label: string, side?: 'below' | 'right', onClose?: () => void, parent?: { close: () => void } }} options
 *   `parent`: the menu that this one stands beside; choosing here closes it too
 */
export function openMenu(entries, anchor, { label, side, onClose, parent }) {
  const tidy = entries.filter((entry, index) => entry !== 'line' || (index > 0 && entries[index - 1] !== 'line' && index < entries.length - 1))
  /** The menu beside this one. @type {{ item: HTMLElement, close: () => void } | null} */
  let beside = null
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer
  let pressed = false
  /** @type {HTMLElement | null} */
  let pointed = null

  const buttons = tidy.map(entry => (entry === 'line' ? h('div.line', { role: 'separator' }) : button(entry)))
  const element = h('div.menu', { class: tidy.length > LONG ? 'menu long' : 'menu', role: 'menu', 'aria-label': label, tabindex: -1 }, buttons)
  const closeThis = float(element, {
    anchor, ...(side ? { side } : {}),
    onClose: () => {
      clearTimeout(timer)
      beside?.close()
      onClose?.()
    },
  })
  const items = buttons.filter(item => item instanceof HTMLButtonElement && !item.disabled)

  /** @param {MenuItem} entry */
  function button(entry) {
    const { entries: inner } = entry
    const item = h('button.item', {
      type: 'button', 'data-needs': entry.needs, 'data-command': entry.command, role: entry.checked === undefined ? 'menuitem' : 'menuitemcheckbox', tabindex: -1, disabled: entry.enabled === false,
      'aria-checked': entry.checked === undefined ? undefined : String(entry.checked),
      'aria-haspopup': inner ? 'menu' : undefined, 'aria-expanded': inner ? 'false' : undefined, class: entry.danger ? 'item danger' : 'item',
    }, mark(entry), h('span.label', {}, entry.label), inner ? icon('right', 13) : entry.keys ? keycaps(entry.keys) : null)
    item.onclick = event => {
      if (event.detail > 0 && !pressed) return // the finger whose rest opened the menu, let go
      if (inner) return open(item, entry, true)
      closeAll()
      entry.run?.()
    }
    item.addEventListener('pointermove', event => {
      // A menu that opens under a pointer at rest is not pointed at.
      if (event.pointerType === 'touch' || pointed === item || !(event.movementX || event.movementY)) return
      pointed = item
      clearTimeout(timer)
      timer = setTimeout(() => {
        if (beside?.item !== item) shut()
        if (inner) open(item, entry, false)
      }, REST)
    })
    return item
  }

  /** @param {HTMLElement} item @param {MenuItem} entry @param {boolean} focus  on its first entry */
  function open(item, entry, focus) {
    if (beside?.item !== item) {
      shut()
      const box = item.getBoundingClientRect()
      item.setAttribute('aria-expanded', 'true')
      const close = openMenu(entry.entries ?? [], { x: box.left, y: box.top - 6, width: box.width, height: box.height }, {
        label: entry.label, side: 'right', parent: { close: closeAll },
        onClose: () => {
          item.setAttribute('aria-expanded', 'false')
          if (beside?.item === item) beside = null
        },
      })
      beside = { item, close }
      if (!focus) element.focus({ preventScroll: true })
    }
    if (focus) focusFirst()
  }

  function shut() {
    const other = beside
    beside = null
    other?.close()
  }

  function closeAll() {
    closeThis()
    parent?.close()
  }

  element.addEventListener('keydown', event => {
    const at = items.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement))
    const letter = event.key.length === 1 && !event.ctrlKey && !event.metaKey ? event.key.toLowerCase() : ''
    let next = null
    if (event.key === 'ArrowDown') next = items[(at + 1) % items.length]
    else if (event.key === 'ArrowUp') next = items[(at - 1 + items.length) % items.length]
    else if (event.key === 'Home') next = items[0]
    else if (event.key === 'End') next = items.at(-1)
    else if (event.key === 'Tab') closeAll()
    else if (event.key === 'ArrowRight' && items[at]?.hasAttribute('aria-haspopup')) {
      event.preventDefault()
      items[at].click()
    } else if (event.key === 'ArrowLeft' && parent) {
      event.preventDefault()
      closeThis()
    } else if (letter && letter !== ' ') {
      next = [...items.slice(at + 1), ...items.slice(0, at + 1)].find(item => item.textContent?.toLowerCase().startsWith(letter))
    }
    event.stopPropagation() // a letter in a menu is no shortcut
    if (!next && event.key !== 'Tab') return
    event.preventDefault()
    shut()
    next?.focus()
  })
  element.addEventListener('pointerdown', () => { pressed = true }, true)
  element.addEventListener('contextmenu', event => event.preventDefault())
  element.focus({ preventScroll: true })
  return closeThis
}

/** The menu that was opened last has the keyboard on its first entry. */
function focusFirst() {
  const last = [...document.querySelectorAll('.menu')].at(-1)
  ;/** @type {HTMLElement | null | undefined} */ (last?.querySelector('.item:not(:disabled)'))?.focus()
}

/** @param {MenuItem} entry */
function mark({ checked, colour, icon: name }) {
  if (checked) return icon('check', 15)
  if (colour) {
    const dot = h('span.dot')
    dot.style.background = colour
    return dot
  }
  return name ? icon(name, 15) : h('span.no-icon')
}
