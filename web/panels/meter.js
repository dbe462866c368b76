/** How much of something is taken: a line with its words. */
import { h } from './dom.js'

/** @param {string} label @param {number} used @param {number} total @param {string} words  how much */
export function meter(label, used, total, words) {
  const share = total > 0 ? Math.min(1, Math.max(0, used / total)) : 0
  const filled = h('i')
  filled.style.width = `${share * 100}%`
  return h('div.memory', {}, h('p', {}, h('span', {}, label), h('span.number', {}, words)),
    h('div.gauge', { role: 'meter', 'aria-label': label, 'aria-valuemin': 0, 'aria-valuemax': 100, 'aria-valuenow': Math.round(share * 100), 'aria-valuetext': words, 'data-full': share > 0.92 }, filled))
}
