/** Shortcuts as people read them: "Ctrl+Shift+Z" is ⌘⇧Z on a Mac. */
import { h } from './dom.js'

export const IS_MAC = /Mac|iPhone|iPad/u.test(navigator.platform)

/** @type {Record<string, string>} */
const NAMES = {
  ctrl: IS_MAC ? '⌘' : 'Ctrl', alt: IS_MAC ? '⌥' : 'Alt', shift: IS_MAC ? '⇧' : 'Shift',
  enter: 'Enter', escape: 'Esc', delete: 'Del', arrowup: '↑', arrowdown: '↓', arrowleft: '←', arrowright: '→', ' ': 'Space', space: 'Space',
}

/** @param {string} keys such as "Ctrl+Enter" @returns {string[]} */
export function keyNames(keys) {
  return keys.split(/\+(?=.)/u).map(key => NAMES[key.toLowerCase()] ?? (key.length === 1 ? key.toUpperCase() : key))
}

/** @param {string} keys */
export function keycaps(keys) {
  // What is read aloud, and copied, has the signs that the eye does without.
  return h('span.keys', {}, keyNames(keys).flatMap((key, index) => [index > 0 && h('i', {}, '+'), h('kbd', {}, key)]))
}
