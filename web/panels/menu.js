/**
 * Menus: one list of commands at a point. The arrows walk it, letters jump, Enter runs, Escape closes.
 *
 * @typedef {{ label: string, keys?: string, icon?: string, enabled?: boolean, danger?: boolean, run: () => void }} MenuItem
 * @typedef {MenuItem | 'line'} MenuEntry
 */
import { icon } from '../icons/icons.js'
import { h } from './dom.js'
import { float } from './float.js'
import { keycaps } from './keycaps.js'

/**
 * @param {MenuEntry[]} entries
 * @param {import('./float.js').Anchor} anchor
 * @param {{ label: string, side?: 'below' | 'right', onClose?: () => void }} options
 */
export function openMenu(entries, anchor, { label, side, onClose }) {
  const tidy = entries.filter((entry, index) => entry !== 'line' || (index > 0 && entries[index - 1] !== 'line' && index < entries.length - 1))
  const buttons = tidy.map(entry =>
    entry === 'line'
      ? h('div.line', { role: 'separator' })
      : h('button.item', {
          type: 'button', role: 'menuitem', tabindex: -1, disabled: entry.enabled === false,
          class: entry.danger ? 'item danger' : 'item',
          onclick: () => {
            close()
            entry.run()
          },
        }, entry.icon ? icon(entry.icon, 15) : h('span.no-icon'), h('span.label', {}, entry.label), entry.keys ? keycaps(entry.keys) : null))

  const element = h('div.menu', { role: 'menu', 'aria-label': label, tabindex: -1 }, buttons)
  const close = float(element, { anchor, ...(side ? { side } : {}), ...(onClose ? { onClose } : {}) })
  const items = buttons.filter(button => button instanceof HTMLButtonElement && !button.disabled)

  element.addEventListener('keydown', event => {
    const at = items.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement))
    const letter = event.key.length === 1 && !event.ctrlKey && !event.metaKey ? event.key.toLowerCase() : ''
    let next = null
    if (event.key === 'ArrowDown') next = items[(at + 1) % items.length]
    else if (event.key === 'ArrowUp') next = items[(at - 1 + items.length) % items.length]
    else if (event.key === 'Home') next = items[0]
    else if (event.key === 'End') next = items.at(-1)
    else if (event.key === 'Tab') close()
    else if (letter && letter !== ' ') {
      next = [...items.slice(at + 1), ...items.slice(0, at + 1)].find(item => item.textContent?.toLowerCase().startsWith(letter))
    }
    event.stopPropagation() // a letter in a menu is no shortcut
    if (!next && event.key !== 'Tab') return
    event.preventDefault()
    next?.focus()
  })
  element.addEventListener('contextmenu', event => event.preventDefault())
  element.focus()
  return close
}
