/**
 * A number typed over its widget. Sums are worked out on Enter or Tab; arrows and the wheel step
 * (Shift ten steps, Alt a tenth); Escape leaves the old value.
 */
import { fitNumber } from '../model/numbers.js'
import { evaluate } from './maths.js'
import { layOver } from './request.js'

/** @typedef {import('./request.js').EditRequest} EditRequest */

/**
 * @param {HTMLElement} host @param {EditRequest} request
 * @returns {import('./request.js').OpenEditor}
 */
export function openNumber(host, request) {
  const options = request.spec
  const field = document.createElement('input')
  field.className = 'edit edit-number'
  field.type = 'text'
  field.inputMode = 'decimal'
  field.autocomplete = 'off'
  field.spellcheck = false
  field.value = request.typed ?? showNumber(request.value, options)
  field.setAttribute('aria-label', request.label)
  layOver(field, request)

  let open = true
  /** @param {boolean} keep */
  function close(keep) {
    if (!open) return
    open = false
    const value = keep ? read(field.value, options) : null
    field.remove()
    if (value !== null && value !== request.value) request.commit(value)
    request.closed()
  }

  /** @param {number} steps */
  function stepBy(steps) {
    const value = evaluate(field.value)
    if (value === null) return
    field.value = showNumber(fitNumber(options, value + steps * (options.step ?? 1)), options)
    field.removeAttribute('aria-invalid')
  }

  field.addEventListener('input', () => {
    field.toggleAttribute('data-off', evaluate(field.value) === null)
    field.removeAttribute('aria-invalid')
  })
  field.addEventListener('keydown', event => {
    const many = event.shiftKey ? 10 : event.altKey && !options.integer ? 0.1 : 1
    if (event.key === 'Escape') close(false)
    else if (event.key === 'Enter' || event.key === 'Tab') {
      if (read(field.value, options) === null) {
        field.setAttribute('aria-invalid', 'true')
        field.title = 'This is no number or sum. Escape keeps the old value.'
        event.preventDefault()
        return
      }
      const step = event.shiftKey ? -1 : 1
      close(true)
      if (event.key === 'Tab') request.next(step)
      if (event.ctrlKey || event.metaKey) return // Ctrl+Enter also runs: let the shortcut see it
    } else if (event.key === 'ArrowUp') stepBy(many)
    else if (event.key === 'ArrowDown') stepBy(-many)
    else {
      event.stopPropagation()
      return
    }
    event.preventDefault()
    event.stopPropagation()
  })
  field.addEventListener('wheel', event => {
    event.preventDefault()
    event.stopPropagation()
    stepBy(event.deltaY < 0 ? 1 : -1)
  }, { passive: false })
  field.addEventListener('blur', () => close(true))

  host.append(field)
  field.focus({ preventScroll: true })
  if (request.typed === undefined) field.select()
  return { element: field, close }
}

/** @param {string} text @param {import('../model/widget_specs.js').NumberSpec} options @returns {number | null} */
function read(text, options) {
  const value = evaluate(text)
  return value === null ? null : fitNumber(options, value)
}

/** @param {unknown} value @param {Record<string, any>} options */
function showNumber(value, options) {
  if (typeof value !== 'number') return String(value ?? '')
  return options.integer ? String(value) : String(Number(value.toPrecision(12)))
}
