/**
 * What presses, drags and the wheel do where nothing lies that has a meaning of its own: as data, one preset for each
 * program that hands may come from. Fingers do the same in all of them.
 *
 * `pan` moves the view, `zoom` zooms by dragging, `select` draws a box, `lasso` a loop, `cut` cuts links, `reroute` adds
 * reroutes, `join` links two nodes, `menu` opens the menu.
 * @typedef {'pan' | 'zoom' | 'select' | 'lasso' | 'cut' | 'reroute' | 'join' | 'menu'} Act
 *
 * `zoom` at the pointer, `pan` both ways, `across` and `along` one way only.
 * @typedef {'zoom' | 'pan' | 'across' | 'along'} WheelAct
 *
 * @typedef {object} Preset
 * @property {string} id
 * @property {string} label
 * @property {string} about One sentence.
 * @property {Readonly<Record<string, Act>>} anywhere By modifiers and button, as `Ctrl+Shift+left`: also over nodes.
 * @property {Readonly<Record<string, Act>>} empty On the bare canvas, and across links.
 * @property {Readonly<Record<string, WheelAct>>} wheel By modifiers; `''` for none. A pinch on a trackpad comes as Ctrl.
 */
import { t } from '../language/t.js'

/** @type {Preset['anywhere']} */
const ANYWHERE = {
  'Space+left': 'pan', middle: 'pan', right: 'menu', 'Ctrl+right': 'cut', 'Shift+right': 'reroute', 'Alt+right': 'join',
  'Ctrl+Shift+left': 'zoom', eraser: 'cut'
}
/** @type {Preset['empty']} */
const EMPTY = { left: 'select', 'Shift+left': 'select', 'Ctrl+left': 'cut', 'Alt+left': 'lasso', 'Alt+Shift+left': 'lasso' }

/** @type {readonly Preset[]} */
export const PRESETS = [
  {
    id: 'easel', label: 'Easel', about: t('Drag selects, the wheel zooms, two fingers on a trackpad pan, the middle button pans.'),
    anywhere: ANYWHERE, empty: EMPTY, wheel: { '': 'zoom', Ctrl: 'zoom', Shift: 'across', Alt: 'along' }
  },
  {
    id: 'standard', label: t('ComfyUI, standard'), about: t('Drag selects, the wheel pans, Ctrl and wheel zoom.'),
    anywhere: ANYWHERE, empty: EMPTY, wheel: { '': 'pan', Ctrl: 'zoom', Shift: 'across' }
  },
  {
    id: 'drag', label: t('ComfyUI, drag navigation'), about: t('Drag pans, Ctrl and drag selects, the wheel zooms; Ctrl+Alt and drag cuts links.'),
    anywhere: ANYWHERE,
    empty: { ...EMPTY, left: 'pan', 'Ctrl+left': 'select', 'Ctrl+Alt+left': 'cut' },
    wheel: { '': 'zoom', Ctrl: 'zoom', Shift: 'across' }
  },
  {
    id: 'blender', label: 'Blender', about: t('The middle button pans, with Ctrl it zooms; Ctrl and drag draws a lasso, Ctrl and the right button cut links.'),
    anywhere: { ...ANYWHERE, 'Ctrl+middle': 'zoom', 'Shift+middle': 'pan' },
    empty: { ...EMPTY, 'Ctrl+left': 'lasso' },
    wheel: { '': 'zoom', Ctrl: 'across', Shift: 'along' }
  },
  {
    id: 'nuke', label: 'Nuke', about: t('Alt and drag pans, Alt and the middle button zoom, the wheel zooms, drag selects.'),
    anywhere: { ...ANYWHERE, 'Alt+left': 'pan', 'Alt+middle': 'zoom', 'Alt+right': 'zoom', 'Ctrl+Alt+right': 'join' },
    empty: { ...EMPTY, 'Ctrl+Alt+left': 'lasso' },
    wheel: { '': 'zoom', Ctrl: 'zoom', Shift: 'across' }
  }
]

/** @param {string} id an unknown one, or none, is Easel's own @returns {Preset} */
export const presetOf = (id) => /** @type {Preset} */ (PRESETS.find((preset) => preset.id === id) ?? PRESETS[0])

const BUTTONS = /** @type {Readonly<Record<number, string>>} */ ({ 0: 'left', 1: 'middle', 2: 'right', 5: 'eraser' })

/** @typedef {{button: number, ctrl: boolean, alt: boolean, shift: boolean, space: boolean}} Press */

/** The press as the presets write it. @param {Press} press */
export function pressName({ button, ctrl, alt, shift, space }) {
  const held = [space && 'Space', ctrl && 'Ctrl', alt && 'Alt', shift && 'Shift'].filter(Boolean)
  return [...held, BUTTONS[button] ?? ''].join('+')
}

/** What a press begins; null where the thing under the pointer decides. @param {Preset} preset @param {Press} press @param {boolean} empty nothing but links lies there @returns {Act | null} */
export function actOf(preset, press, empty) {
  const name = pressName(press)
  const plain = BUTTONS[press.button] ?? ''
  const own = preset.anywhere[name] ?? (empty ? preset.empty[name] : undefined)
  if (own) return own
  // With other keys held a button does what it does alone; the left one only where nothing lies.
  if (press.space && press.button === 0) return 'pan'
  return preset.anywhere[plain] ?? (empty ? (preset.empty[plain] ?? null) : null)
}

/** @param {Preset} preset @param {{ctrl: boolean, alt: boolean, shift: boolean}} held @returns {WheelAct} */
export function wheelActOf(preset, { ctrl, alt, shift }) {
  const name = ctrl ? 'Ctrl' : shift ? 'Shift' : alt ? 'Alt' : ''
  return preset.wheel[name] ?? preset.wheel[''] ?? 'zoom'
}
