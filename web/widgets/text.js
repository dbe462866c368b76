/**
 * Text typed over its widget. Several lines: Enter is a new line, Escape and a press outside keep the text, since
 * nobody wants to lose a prompt (undo brings the old one back). One line: Enter keeps, Escape does not.
 */
import { layOver } from './request.js'
import { changeWeight, WEIGHT_STEP } from './weight.js'

/**
 * @param {HTMLElement} host @param {import('./request.js').EditRequest} request
 * @returns {import('./request.js').OpenEditor}
 */
export function openText(host, request) {
  const many = Boolean(request.spec.multiline)
  const field = document.createElement(many ? 'textarea' : 'input')
  field.className = many ? 'edit edit-text scrolls' : 'edit'
  field.value = String(request.value ?? '')
  field.placeholder = request.spec.placeholder ?? ''
  field.setAttribute('aria-label', request.label)
  field.setAttribute('autocomplete', 'off')
  if (!many) field.spellcheck = false
  layOver(field, request)

  let open = true
  /** @param {boolean} keep */
  function close(keep) {
    if (!open) return
    open = false
    const value = field.value
    field.remove()
    if (keep && value !== request.value) request.commit(value)
    request.closed()
  }

  field.addEventListener('keydown', event => {
    const { key } = /** @type {KeyboardEvent} */ (event)
    const { ctrlKey, metaKey, shiftKey, isComposing } = /** @type {KeyboardEvent} */ (event)
    const mod = ctrlKey || metaKey
    if (isComposing) return event.stopPropagation()
    if (key === 'Escape') close(many)
    else if (key === 'Tab') {
      close(true)
      request.next(shiftKey ? -1 : 1)
    } else if (key === 'Enter' && mod) return close(true) // and the shortcut runs the graph
    else if (key === 'Enter' && !many) close(true)
    else if (mod && (key === 'ArrowUp' || key === 'ArrowDown') && many) {
      const { selectionStart, selectionEnd } = field
      const changed = changeWeight(field.value, selectionStart ?? 0, selectionEnd ?? 0, key === 'ArrowUp' ? WEIGHT_STEP : -WEIGHT_STEP)
      replaceAll(field, changed.text)
      field.setSelectionRange(changed.start, changed.end)
    } else if (mod && key.toLowerCase() === 's') return close(true)
    else return event.stopPropagation()
    event.preventDefault()
    event.stopPropagation()
  })
  field.addEventListener('wheel', event => event.stopPropagation(), { passive: true })
  field.addEventListener('blur', () => close(true))

  host.append(field)
  field.focus({ preventScroll: true })
  if (request.typed !== undefined) replaceAll(field, request.typed)
  else if (many) field.setSelectionRange(field.value.length, field.value.length)
  else field.select()
  return { element: field, close }
}

/**
 * Sets the text so that the field's own undo still works, where the browser can.
 *
 * @param {HTMLTextAreaElement | HTMLInputElement} field @param {string} text
 */
function replaceAll(field, text) {
  field.select()
  if (!document.execCommand('insertText', false, text)) field.value = text
}
