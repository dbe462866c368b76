/** What mouse, wheel and fingers do, in words: made from the preset that is chosen, so that it cannot be out of date. */
import { GESTURES } from '../tools/gestures.js'

/** @type {Readonly<Record<import('../tools/navigation.js').Act, string>>} */
const ACTS = {
  pan: 'Move the view', zoom: 'Zoom', select: 'Select with a box', lasso: 'Select with a loop', cut: 'Cut links', reroute: 'Add reroutes',
  join: 'Link two nodes', menu: 'Open the menu',
}

/** @type {Readonly<Record<import('../tools/navigation.js').WheelAct, string>>} */
const WHEEL = { zoom: 'Zoom', pan: 'Move the view', across: 'Move the view across', along: 'Move the view up and down' }

/** @type {readonly (readonly [string, string])[]} */
const KEYS = [
  ['Open a graph', 'drop a JSON file or a picture'],
  ['Move the view with the left button', 'hold Space'],
  ['Change a number', 'drag across it; Shift for fine, Ctrl for coarse'],
  ['Change it on all selected nodes', 'Alt while dragging, Alt Enter while typing'],
  ['Step a value', 'Alt wheel over it'],
  ['Set a value back to its default', 'Backspace or a middle click over it'],
  ['Copy and paste a value', 'Ctrl C, Ctrl V over it, with nothing selected'],
  ['Work a number out from others', 'type = in it'],
  ['Heavier or lighter words', 'Ctrl ↑, Ctrl ↓ in a prompt'],
  ['From the canvas to the bars', 'Shift Tab'],
]

/** @param {string} press such as `Ctrl+Shift+left` */
function inWords(press) {
  const parts = press.split('+')
  const button = parts.pop() ?? ''
  const how = button === 'left' ? 'drag' : button === 'eraser' ? 'the pen’s eraser' : `${button} drag`
  return [...parts, how].join(' ')
}

/** @param {import('../tools/navigation.js').Preset} preset @returns {(readonly [string, string])[]} */
export function gestureWords(preset) {
  /** @type {Map<string, string[]>} */
  const found = new Map()
  /** @param {string} label @param {string} how */
  const add = (label, how) => found.set(label, [...(found.get(label) ?? []), how])
  for (const [press, act] of Object.entries({ ...preset.empty, ...preset.anywhere })) {
    if (act === 'menu') add(ACTS.menu, 'right click')
    else if (!/^(?:Shift\+left|Alt\+Shift\+left)$/u.test(press)) add(ACTS[act], inWords(press))
  }
  for (const [held, act] of Object.entries(preset.wheel)) add(WHEEL[act], [held, 'wheel'].filter(Boolean).join(' '))
  return [...[...found].map(([label, how]) => /** @type {const} */ ([label, how.join(', ')])), ...GESTURES.map(({ label, keys }) => /** @type {const} */ ([label, keys])), ...KEYS]
}
