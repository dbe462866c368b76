/** The button beside Run that says when the graph runs by itself. */
import { icon } from '../icons/icons.js'
import { t } from '../language/t.js'
import { nameOf } from '../app/run_modes.js'
import { h } from './dom.js'
import { openMenu } from './menu.js'

/** @typedef {import('../app/run_modes.js').Mode} Mode */

/** @type {readonly Mode[]} */
export const MODES = ['once', 'change', 'live', 'loop']

/** What a menu says of a mode. @param {Mode} mode */
export const modeLabel = mode => ({
  once: t('Run when asked'),
  change: t('Run on every change'),
  live: t('Live: run while a value is dragged'),
  loop: t('Loop: run again and again'),
})[mode]

/**
 * @param {object} parts
 * @param {import('../app/run_modes.js').RunModes} parts.modes
 * @param {() => void} parts.onClose  where the keyboard goes then
 */
export function createRunMode({ modes, onClose }) {
  const word = h('span')
  const button = h('button.mode', {
    type: 'button', 'aria-haspopup': 'menu', 'data-needs': 'run', 'data-tip': t('When the graph runs by itself'),
    onclick: () => {
      const { left, top, width, height } = button.getBoundingClientRect()
      openMenu(MODES.map(mode => ({ label: modeLabel(mode), checked: modes.mode === mode, run: () => modes.set(mode) })),
        { x: left, y: top, width, height: height + 6 }, { label: t('When the graph runs'), onClose })
    },
  }, word, icon('down', 12))

  function draw() {
    const { mode } = modes
    const name = nameOf(mode)
    button.dataset.mode = mode
    word.textContent = mode === 'once' ? '' : name
    button.setAttribute('aria-label', mode === 'once' ? t('Run by itself: off') : t('Run by itself: {mode}', { mode: name }))
  }
  modes.listen(draw)
  draw()
  return button
}
