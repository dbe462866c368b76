/** A seed: its value, a fresh one, what becomes of it after a run, and the one that was used last. */
import { icon } from '../icons/icons.js'
import { t } from '../language/t.js'
import { h } from '../panels/dom.js'
import { float } from '../panels/float.js'
import { outcome } from './number.js'

const MODES = /** @type {const} */ ([['fixed', t('Stay'), 'lock'], ['randomize', t('Random'), 'dice'], ['increment', t('One more'), 'plus1'], ['decrement', t('One less'), 'minus1']])

/**
 * @typedef {object} SeedRequest
 * @property {string} control     what becomes of it now
 * @property {number | null} lastUsed
 * @property {() => number} random  a fresh value in the widget's range
 * @property {(value: number | null, control: string, all: boolean) => void} commitSeed  null leaves the value; `all`: of all selected nodes
 */

/**
 * @param {HTMLElement} host @param {import('./request.js').EditRequest & SeedRequest} request
 * @returns {import('./request.js').OpenEditor}
 */
export function openSeed(host, request) {
  const stage = host.getBoundingClientRect()
  const value = h('input.field', { type: 'text', inputmode: 'numeric', value: request.typed ?? (request.expression ? `=${request.expression}` : String(request.value)), 'aria-label': request.label, autocomplete: 'off', spellcheck: 'false' })
  const fresh = h('button', { type: 'button', 'aria-label': t('A fresh seed'), 'data-tip': t('A fresh seed'),
    onclick: () => { value.value = String(request.random()); value.focus() } }, icon('dice'))
  const modes = h('fieldset', {}, h('legend', {}, t('After a run')), MODES.map(([mode, text, name]) =>
    h('label.mode', {}, h('input', { type: 'radio', name: 'seed-mode', value: mode, checked: mode === request.control }), icon(name, 15), text)))
  const last = request.lastUsed === null ? null : h('p.last', {}, t('Used last'), h('span.number', {}, String(request.lastUsed)),
    h('button', { type: 'button', onclick: () => {
      const fixed = modes.querySelector('[value="fixed"]')
      if (fixed instanceof HTMLInputElement) fixed.checked = true
      value.value = String(request.lastUsed)
      finish()
    } }, t('Use again')))
  const card = h('div.seed', { role: 'dialog', 'aria-label': request.label }, h('div.value', {}, value, fresh), modes, last)

  let keep = true
  let all = false
  let step = /** @type {1 | -1 | 0} */ (0)
  const close = float(card, {
    anchor: { x: stage.left + request.box.x, y: stage.top + request.box.y + 2, width: request.box.width, height: request.box.height },
    onClose: () => {
      const found = outcome(value.value, request)
      const control = /** @type {HTMLInputElement | null} */ (modes.querySelector(':checked'))?.value ?? request.control
      if (keep && found?.source) {
        if (all || found.source !== request.expression) request.commitExpression?.(found.source, { all })
      } else if (keep) request.commitSeed(found?.value ?? null, control, all)
      request.closed()
      if (step) request.next(step)
    },
  })
  const finish = () => close()

  card.addEventListener('keydown', event => {
    if (event.key === 'Escape') {
      keep = false // and the floating card closes itself
      return
    }
    if (event.key === 'Enter' && !(event.target instanceof HTMLButtonElement)) {
      all = event.altKey
      if (!event.ctrlKey && !event.metaKey) {
        event.preventDefault()
        event.stopPropagation()
      }
      finish()
    } else if (event.key === 'Tab' && event.target === (event.shiftKey ? value : card.querySelector('.last button') ?? modes.querySelector(':checked'))) {
      event.preventDefault()
      step = event.shiftKey ? -1 : 1
      finish()
    } else if (!event.ctrlKey && !event.metaKey) event.stopPropagation()
  }, true)
  value.focus({ preventScroll: true })
  if (request.typed === undefined) value.select()
  return {
    element: card,
    close: kept => {
      keep = kept
      close()
    },
  }
}
