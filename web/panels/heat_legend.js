/** What the colours of a picture of heat mean, in a corner while it is asked for, with the way to the other picture and out. */
import { t } from '../language/t.js'
import { bytesInWords } from '../model/words.js'
import { icon } from '../icons/icons.js'
import { heatStep } from '../view/draw_status.js'
import { h, setText } from './dom.js'
import { duration } from './duration.js'

const STEPS = 12

/**
 * @param {HTMLElement} host
 * @param {object} parts
 * @param {import('../app/heat.js').Heat} parts.heat
 * @param {import('../tools/editor.js').Editor} parts.editor
 * @param {() => import('../view/theme.js').Theme} parts.theme
 * @param {(listener: () => void) => unknown} parts.onTheme
 */
export function createHeatLegend(host, { heat, editor, theme, onTheme }) {
  /** @param {import('../app/heat.js').HeatMode} mode @param {string} text */
  const choice = (mode, text) => h('button', { type: 'button', 'data-tip': mode === 'time' ? t('Show time as heat') : t('Show memory as heat'), onclick: () => heat.set(mode) }, text)
  const time = choice('time', t('Time'))
  const memory = choice('memory', t('Memory'))
  const bar = h('div.bar', { 'aria-hidden': 'true' })
  const most = h('span.number')
  const total = h('p')
  const card = h('section.heat', { 'aria-label': t('Heat of the last run') },
    h('div.head', {}, h('div.choice', { role: 'group', 'aria-label': t('What is shown as heat') }, time, memory),
      h('button.round', { type: 'button', 'aria-label': t('Stop showing heat'), 'data-tip': t('Stop showing heat'), onclick: () => { heat.set(null); editor.focus() } }, icon('close', 14))),
    h('div.scale', {}, h('span.number', {}, '0'), bar, most), total)
  card.hidden = true
  host.append(card)

  function draw() {
    const { mode } = heat
    const map = editor.look.heat
    card.hidden = !mode || !map
    if (!mode || !map) return
    const words = mode === 'time' ? duration : bytesInWords
    for (const [button, own] of /** @type {const} */ ([[time, 'time'], [memory, 'memory']])) button.setAttribute('aria-pressed', String(mode === own))
    bar.style.background = `linear-gradient(90deg, ${Array.from({ length: STEPS + 1 }, (_, step) => heatStep(theme(), step / STEPS, true)).join(', ')})`
    setText(most, map.most ? words(map.most) : '–')
    setText(total, !map.most ? t('Nothing has run yet. Cached nodes cost nothing.')
      : mode === 'time' ? t('{time} in all, in the last run', { time: duration(map.total) }) : t('What each node’s run took at most, or its results hold'))
  }
  heat.listen(draw)
  onTheme(draw)
  draw()
}
