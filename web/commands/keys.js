/**
 * The names of keys, one spelling for each.
 *
 * @typedef {{key: string, code?: string, ctrlKey: boolean, metaKey: boolean, altKey: boolean, shiftKey: boolean}} KeyLike
 */

const MODIFIERS = ['Ctrl', 'Alt', 'Shift']
const HELD = new Set(['Control', 'Meta', 'Alt', 'AltGraph', 'Shift', 'CapsLock', 'Dead', 'Unidentified', 'Process', ''])

/** The name of a key press, as the key map writes it. @param {KeyLike} event */
export function keyOf(event) {
  let key = event.key === ' ' ? 'Space' : event.key
  // With Alt or Shift held many layouts give another letter: the place of the key counts then.
  const place = /^(?:Key|Digit)(.)$/u.exec(event.code ?? '')?.[1]
  if (place && (event.altKey || (event.shiftKey && /\d/u.test(place)))) key = place
  if (key.length === 1) key = key.toUpperCase()
  const held = [event.ctrlKey || event.metaKey, event.altKey, event.shiftKey && (key.length > 1 || /[A-Z\d]/u.test(key))]
  return [...MODIFIERS.filter((_, index) => held[index]), key].join('+')
}

/** Is only a modifier down so far, or something that is no key? @param {KeyLike} event */
export const isModifier = (event) => HELD.has(event.key)

/** One spelling for `shift+ctrl+z` and `Ctrl+Shift+Z`. @param {string} text */
export function normalise(text) {
  const plus = text.endsWith('+')
  const parts = (plus ? text.slice(0, -1) : text).split('+').filter(Boolean)
  const key = plus ? '+' : (parts.pop() ?? '')
  const held = new Set(parts.map((part) => part.toLowerCase()))
  const names = MODIFIERS.filter((name) => held.has(name.toLowerCase()))
  return [...names, key.length === 1 ? key.toUpperCase() : key].join('+')
}
