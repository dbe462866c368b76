/** Shortcuts as people read them: "Mod+Shift+Z" is ⌘⇧Z on a Mac and Ctrl Shift Z elsewhere. */
import { h } from './dom.js'

export const IS_MAC = /Mac|iPhone|iPad/u.test(navigator.platform)

/** @type {Record<string, string>} */
const NAMES = {
  mod: IS_MAC ? '⌘' : 'Ctrl', ctrl: IS_MAC ? '⌃' : 'Ctrl', meta: '⌘', alt: IS_MAC ? '⌥' : 'Alt', shift: IS_MAC ? '⇧' : 'Shift',
  enter: 'Enter', escape: 'Esc', delete: 'Del', arrowup: '↑', arrowdown: '↓', arrowleft: '←', arrowright: '→', ' ': 'Space', space: 'Space',
}

/** @param {string} keys such as "Mod+Enter" @returns {string[]} */
export function keyNames(keys) {
  return keys.split(/\+(?=.)/u).map(key => NAMES[key.toLowerCase()] ?? (key.length === 1 ? key.toUpperCase() : key))
}

/** @param {string} keys */
export function keycaps(keys) {
  return h('span.keys', {}, keyNames(keys).map(key => h('kbd', {}, key)))
}
