/**
 * A field beside the canvas for each kind of value: typed where it is text or a number, a switch, or a button that opens what
 * the canvas opens.
 *
 * @typedef {import('../model/widget_values.js').Widget} Widget
 * @typedef {object} Setting
 * @property {string} label
 * @property {import('../model/schema.js').WidgetSpec} spec
 * @property {(value: unknown) => void} set
 * @property {(source: string) => void} setExpression
 * @property {(source: string) => number} preview
 * @property {(anchor: HTMLElement) => void} open
 * @typedef {{ widget: Widget, mixed: boolean, problem: string }} State
 * @typedef {{ element: HTMLElement, wide: boolean, update: (state: State) => void }} Field
 */
import { t } from '../language/t.js'
import { isMissing } from '../model/file_names.js'
import { isExpression, limitsOf, showNumber } from '../model/number_text.js'
import { fitNumber } from '../model/numbers.js'
import { choiceText, writeValue } from '../model/value_text.js'
import { outcome, said } from '../widgets/number.js'
import { h, setText } from './dom.js'

/** Letters of a text that a field beside the canvas takes; longer ones are opened over the canvas. */
const LONG = 20_000

/** @param {Setting} setting @returns {Field} */
export function valueField(setting) {
  const { spec } = setting
  if (spec.kind === 'number') return numberField(setting, spec)
  if (spec.kind === 'toggle') return switchField(setting, spec)
  if (spec.kind === 'text') return textField(setting, spec)
  return buttonField(setting)
}

/** @param {Setting} setting @param {import('../model/schema.js').NumberSpec} spec @returns {Field} */
function numberField({ label, set, setExpression, preview }, spec) {
  const field = h('input', { type: 'text', inputmode: 'decimal', autocomplete: 'off', spellcheck: 'false', 'aria-label': label })
  const hint = h('p.hint', { role: 'status', hidden: true })
  /** @type {State | null} */
  let now = null
  const request = /** @type {import('../widgets/request.js').EditRequest} */ (/** @type {unknown} */ ({ spec, preview }))
  const shown = () => (!now || now.mixed ? '' : now.widget.expression ? `=${now.widget.expression}` : showNumber(now.widget.value, spec))

  function tell() {
    const { text, wrong } = field.value.trim() ? said(field.value, request) : { text: limitsOf(spec), wrong: false }
    setText(hint, text)
    hint.hidden = !text || document.activeElement !== field
    hint.classList.toggle('wrong', wrong)
    field.toggleAttribute('data-off', wrong)
  }
  /** @returns {boolean} whether it could be taken */
  function take() {
    if (field.value === shown() || !field.value.trim()) return true
    const found = outcome(field.value, request)
    if (!found) return false
    if (found.source !== null) setExpression(found.source)
    else set(found.value)
    return true
  }
  field.addEventListener('focus', () => { field.select(); tell() })
  field.addEventListener('input', tell)
  field.addEventListener('blur', () => {
    take()
    field.value = shown()
    tell()
  })
  field.addEventListener('keydown', event => {
    const many = event.ctrlKey || event.metaKey ? 10 : event.shiftKey && !spec.integer ? 0.1 : 1
    const step = /** @type {Record<string, number>} */ ({ ArrowUp: many, ArrowDown: -many, PageUp: 10, PageDown: -10 })[event.key]
    if (event.key === 'Enter' && !event.ctrlKey && !event.metaKey) {
      if (take()) field.select()
    } else if (event.key === 'Escape') {
      field.value = shown()
      tell()
      field.select()
    } else if (step !== undefined && now && typeof now.widget.value === 'number' && !isExpression(field.value)) {
      take()
      set(fitNumber(spec, now.widget.value + step * spec.step))
      field.value = shown()
      field.select()
    } else return
    event.preventDefault()
    event.stopPropagation()
  })
  return {
    element: h('span.number-field', {}, field, hint),
    wide: false,
    update: state => {
      now = state
      field.placeholder = state.mixed ? t('mixed') : ''
      field.toggleAttribute('data-off', state.problem !== '')
      field.title = state.problem || limitsOf(spec)
      if (document.activeElement !== field || field.value === field.defaultValue) field.value = shown()
      field.defaultValue = field.value
    },
  }
}

/** @param {Setting} setting @param {import('../model/widget_specs.js').ToggleSpec} spec @returns {Field} */
function switchField({ label, set }, spec) {
  const box = h('input', { type: 'checkbox', role: 'switch', 'aria-label': label, onchange: () => set(box.checked) })
  const word = h('span')
  return {
    element: h('label.switch-field', {}, word, box),
    wide: false,
    update: ({ widget, mixed }) => {
      box.checked = widget.value === true
      box.indeterminate = mixed
      setText(word, mixed ? t('mixed') : widget.value === true ? spec.on : spec.off)
    },
  }
}

/** @param {Setting} setting @param {import('../model/schema.js').TextSpec} spec @returns {Field} */
function textField({ label, set, open }, spec) {
  const field = h(spec.multiline ? 'textarea.scrolls' : 'input', { 'aria-label': label, placeholder: spec.placeholder, rows: spec.multiline ? 4 : undefined, autocomplete: 'off' })
  const long = h('button', { type: 'button', hidden: true, onclick: () => open(long) }, t('Open the long text'))
  let shown = ''
  let mixed = false
  const take = () => {
    if (field.value !== shown && !field.hidden) set(field.value)
  }
  field.addEventListener('blur', take)
  field.addEventListener('keydown', event => {
    if (!(event instanceof KeyboardEvent) || event.isComposing) return
    const whole = event.key === 'Enter' && (!spec.multiline || event.ctrlKey || event.metaKey)
    if (whole) take() // and Ctrl+Enter runs the graph
    else if (event.key === 'Escape') field.value = shown
    if (whole && !event.ctrlKey && !event.metaKey) event.preventDefault()
  })
  return {
    element: h('span.text-field', {}, field, long),
    wide: spec.multiline,
    update: state => {
      const text = state.mixed ? '' : String(state.widget.value ?? '')
      mixed = state.mixed
      field.placeholder = mixed ? t('mixed') : spec.placeholder
      field.hidden = text.length > LONG
      long.hidden = !field.hidden
      // What is being typed is not taken away.
      if (document.activeElement !== field || field.value === shown) field.value = field.hidden ? '' : text
      shown = field.hidden ? '' : text
    },
  }
}

/** @param {Setting} setting @returns {Field} */
function buttonField({ label, open }) {
  const word = h('span.name')
  const button = h('button.choice', { type: 'button', 'aria-haspopup': 'listbox', onclick: () => open(button) }, word)
  return {
    element: button,
    wide: false,
    update: ({ widget, mixed }) => {
      const text = mixed ? t('mixed') : (widget.spec.kind === 'combo' && typeof widget.value === 'string' ? choiceText(widget.spec, widget.value) : writeValue(widget)).slice(0, 200) || t('nothing')
      setText(word, text)
      button.title = mixed ? '' : text
      button.setAttribute('aria-label', `${label}: ${text}`)
      button.toggleAttribute('data-off', !mixed && widget.spec.kind === 'combo' && isMissing(widget.spec, widget.value))
    },
  }
}
