/** A colour, by the browser's own picker or as `#rrggbb`; any name that CSS knows is read too. */
import { t } from '../language/t.js'
import { h } from '../panels/dom.js'
import { float } from '../panels/float.js'

/**
 * @param {HTMLElement} host @param {import('./request.js').EditRequest} request
 * @returns {import('./request.js').OpenEditor}
 */
export function openColour(host, request) {
  const stage = host.getBoundingClientRect()
  const { box } = request
  const first = hexOf(String(request.value)) ?? '#000000'
  const picker = h('input.picker', { type: 'color', value: first.slice(0, 7), 'aria-label': t('{label}: choose', { label: request.label }) })
  const text = h('input.field', { type: 'text', value: String(request.value ?? ''), 'aria-label': request.label, spellcheck: 'false', autocomplete: 'off' })
  const note = h('p.edit-hint-line', { role: 'status' })
  const card = h('div.colour', { role: 'dialog', 'aria-label': request.label }, h('div.pair', {}, picker, text), note)
  let keep = true
  let all = false
  let step = /** @type {1 | -1 | 0} */ (0)
  const close = float(card, {
    anchor: { x: stage.left + box.x, y: stage.top + box.y + 2, width: box.width, height: box.height },
    onClose: () => {
      const value = hexOf(text.value)
      if (keep && value && (all || value !== request.value)) request.commit(value, { all })
      request.closed()
      if (step) request.next(step)
    },
  })
  picker.addEventListener('input', () => {
    text.value = picker.value
    note.textContent = ''
  })
  text.addEventListener('input', () => {
    const value = hexOf(text.value)
    if (value) picker.value = value.slice(0, 7)
    note.textContent = value ? '' : t('Write #rrggbb, or the name of a colour.')
  })
  card.addEventListener('keydown', event => {
    if (event.key === 'Escape') {
      keep = false // and the floating card closes itself
      return
    }
    if (event.key === 'Enter' && event.target === text) {
      event.preventDefault()
      if (hexOf(text.value)) {
        all = event.altKey
        close()
      }
    } else if (event.key === 'Tab' && event.target === (event.shiftKey ? picker : text)) {
      event.preventDefault()
      step = event.shiftKey ? -1 : 1
      close()
    }
    if (!event.ctrlKey && !event.metaKey) event.stopPropagation()
  }, true)
  text.focus({ preventScroll: true })
  text.select()
  return { element: card, close: kept => { keep = kept; close() } }
}

/** @type {CanvasRenderingContext2D | null} */
let probe = null

/** `#rrggbb` (with `aa` where it is kept) of what was typed; null for no colour. @param {string} text */
function hexOf(text) {
  const bare = text.trim().replace(/^(?=[0-9a-f]{6}$)/iu, '#').toLowerCase()
  if (/^#[0-9a-f]{6}(?:[0-9a-f]{2})?$/u.test(bare)) return bare
  if (/^#[0-9a-f]{3}$/u.test(bare)) return `#${Array.from(bare.slice(1), digit => digit + digit).join('')}`
  if (!bare || !CSS.supports('color', bare)) return null
  probe ??= document.createElement('canvas').getContext('2d')
  if (!probe) return null
  probe.fillStyle = bare
  return /^#/u.test(probe.fillStyle) ? probe.fillStyle : null
}
