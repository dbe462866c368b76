/**
 * Text typed over its widget. Several lines: Enter is a new line, Escape and a press outside keep the text, since
 * nobody wants to lose a prompt (undo brings the old one back). One line: Enter keeps, Escape does not.
 */
import { t } from '../language/t.js'
import { MOST_MARKED } from '../model/prompt_marks.js'
import { Completion } from './completion.js'
import { openLongText } from './long_text.js'
import { MarksLayer } from './marks_layer.js'
import { layOver } from './request.js'
import { changeWeight, WEIGHT_STEP } from './weight.js'

/** Letters beyond which a field of the browser would take seconds to open. */
const LONG = 150_000

/**
 * @param {HTMLElement} host @param {import('./request.js').EditRequest} request
 * @returns {import('./request.js').OpenEditor}
 */
export function openText(host, request) {
  const text = String(request.value ?? '')
  if (text.length > LONG && request.typed === undefined) return openLongText(host, request, text)
  const many = Boolean(request.spec.multiline)
  const field = document.createElement(many ? 'textarea' : 'input')
  field.className = many ? 'edit edit-text scrolls' : 'edit'
  field.value = text
  field.placeholder = request.spec.placeholder ?? ''
  field.setAttribute('aria-label', request.label)
  field.setAttribute('autocomplete', 'off')
  if (!many) field.spellcheck = false
  layOver(field, request)
  host.append(field)
  const marks = request.prompt && field instanceof HTMLTextAreaElement ? new MarksLayer(field, { choices: request.spec.dynamicPrompts === true }) : null
  const completion = request.prompt && request.complete ? new Completion(field, {
    label: t('Words'), slow: true, find: request.complete,
    caret: () => marks?.place(field.selectionStart ?? 0) ?? below(field),
  }) : null

  let open = true
  /** @param {boolean} keep @param {boolean} [all] */
  function close(keep, all = false) {
    if (!open) return
    open = false
    const { value } = field
    completion?.close()
    marks?.remove()
    field.remove()
    if (keep && (all || value !== request.value)) request.commit(value, { all })
    request.closed()
  }

  field.addEventListener('keydown', event => {
    if (!(event instanceof KeyboardEvent)) return
    const { key, ctrlKey, metaKey, shiftKey, altKey, isComposing } = event
    const mod = ctrlKey || metaKey
    if (completion?.key(event)) return
    if (isComposing) return event.stopPropagation()
    if (key === 'Escape') close(many)
    else if (key === 'Tab') {
      close(true)
      request.next(shiftKey ? -1 : 1)
    } else if (key === 'Enter' && mod) return close(true) // and the shortcut runs the graph
    else if (key === 'Enter' && (!many || altKey)) close(true, altKey)
    else if (mod && key === ' ' && completion) void completion.ask()
    else if (mod && (key === 'ArrowUp' || key === 'ArrowDown') && many && field.value.length <= MOST_MARKED) {
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

  field.focus({ preventScroll: true })
  if (request.typed !== undefined) replaceAll(field, request.typed)
  else if (many) field.setSelectionRange(field.value.length, field.value.length)
  else field.select()
  return {
    element: field,
    close,
    place: where => {
      layOver(field, where)
      marks?.follow()
      completion?.close()
    },
  }
}

/** @param {HTMLElement} field */
function below(field) {
  const { left, top, height } = field.getBoundingClientRect()
  return { x: left, y: top, height }
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
