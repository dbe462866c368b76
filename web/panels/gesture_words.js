/** What mouse, wheel and fingers do, in words: made from the preset that is chosen, so that it cannot be out of date. */
import { t } from '../language/t.js'
import { GESTURES } from '../tools/gestures.js'

/** @type {Readonly<Record<import('../tools/navigation.js').Act, string>>} */
const ACTS = {
  pan: t('Move the view'), zoom: t('Zoom'), select: t('Select with a box'), lasso: t('Select with a loop'), cut: t('Cut links'), reroute: t('Add reroutes'),
  join: t('Link two nodes'), menu: t('Open the menu'),
}

/** @type {Readonly<Record<import('../tools/navigation.js').WheelAct, string>>} */
const WHEEL = { zoom: t('Zoom'), pan: t('Move the view'), across: t('Move the view across'), along: t('Move the view up and down') }

/** @type {readonly (readonly [string, string])[]} */
const KEYS = [
  [t('Open a graph'), t('drop a JSON file or a picture')],
  [t('Move the view with the left button'), t('hold Space')],
  [t('Change a number'), t('drag across it; Shift for fine, Ctrl for coarse')],
  [t('Change it on all selected nodes'), t('Alt while dragging, Alt Enter while typing')],
  [t('Step a value'), t('Alt wheel over it')],
  [t('Set a value back to its default'), t('Backspace or a middle click over it')],
  [t('Copy and paste a value'), t('Ctrl C, Ctrl V over it, with nothing selected')],
  [t('Work a number out from others'), t('type = in it')],
  [t('Heavier or lighter words'), t('Ctrl ↑, Ctrl ↓ in a prompt')],
  [t('From the canvas to the bars'), t('Shift Tab')],
]

/** @param {string} press such as `Ctrl+Shift+left` */
function inWords(press) {
  const parts = press.split('+')
  const button = parts.pop() ?? ''
  const how = button === 'left' ? t('drag') : button === 'eraser' ? t('the pen’s eraser') : button === 'middle' ? t('middle drag') : t('right drag')
  return [...parts, how].join(' ')
}

/** @param {import('../tools/navigation.js').Preset} preset @returns {(readonly [string, string])[]} */
export function gestureWords(preset) {
  /** @type {Map<string, string[]>} */
  const found = new Map()
  /** @param {string} label @param {string} how */
  const add = (label, how) => found.set(label, [...(found.get(label) ?? []), how])
  for (const [press, act] of Object.entries({ ...preset.empty, ...preset.anywhere })) {
    if (act === 'menu') add(ACTS.menu, t('right click'))
    else if (!/^(?:Shift\+left|Alt\+Shift\+left)$/u.test(press)) add(ACTS[act], inWords(press))
  }
  for (const [held, act] of Object.entries(preset.wheel)) add(WHEEL[act], [held, t('wheel')].filter(Boolean).join(' '))
  return [...[...found].map(([label, how]) => /** @type {const} */ ([label, how.join(t(', '))])), ...GESTURES.map(({ label, keys }) => /** @type {const} */ ([label, keys])), ...KEYS]
}
