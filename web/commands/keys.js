/**
 * The names of keys, one spelling for each.
 *
 * @typedef {object} KeyLike
 * @property {string} key
 * @property {string} [code]
 * @property {boolean} ctrlKey
 * @property {boolean} metaKey
 * @property {boolean} altKey
 * @property {boolean} shiftKey
 * @property {(name: string) => boolean} [getModifierState]
 */

const MODIFIERS = ['Ctrl', 'Alt', 'Shift']
const HELD = new Set(['Control', 'Meta', 'Alt', 'AltGraph', 'Shift', 'CapsLock', 'Dead', 'Unidentified', 'Process', ''])

/** The name of a key press, as the key map writes it. @param {KeyLike} event */
export function keyOf(event) {
  let key = event.key === ' ' ? 'Space' : event.key
  // A letter that needs AltGr comes with Ctrl and Alt on some systems, but nobody holds these.
  const typed = event.getModifierState?.('AltGraph') === true
  const [ctrl, alt] = typed ? [false, false] : [event.ctrlKey || event.metaKey, event.altKey]
  // With Alt or Shift held many layouts give another letter, and some scripts have no letters of ours at all: the place of
  // the key counts then.
  const place = /^(?:Key|Digit)(.)$/u.exec(event.code ?? '')?.[1]
  const foreign = /^\p{L}$/u.test(key) && !/\p{Script=Latin}/u.test(key)
  if (place && (alt || (event.shiftKey && /\d/u.test(place)) || (foreign && /[A-Z]/u.test(place)))) key = place
  if (key.length === 1) key = key.toUpperCase()
  const held = [ctrl, alt, event.shiftKey && (key.length > 1 || /[A-Z\d]/u.test(key))]
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
