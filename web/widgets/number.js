/**
 * A number typed over its widget: a sum, or an expression after `=`. Enter or Tab takes it, with Alt for all selected nodes;
 * arrows and the wheel step (Shift fine, Ctrl or Page keys coarse); Escape leaves the old value. A line under the field
 * tells limits, results and what is wrong.
 *
 * @typedef {import('./request.js').EditRequest} EditRequest
 */
import { t } from '../language/t.js'
import { ExpressionError } from '../model/expression.js'
import { evaluate, expressionIn, isExpression, limitsOf, showNumber, work } from '../model/number_text.js'
import { fitNumber } from '../model/numbers.js'
import { h, setText } from '../panels/dom.js'
import { Completion } from './completion.js'
import { layOver } from './request.js'

/** CSS pixels that an expression needs. */
const WIDE = 280

/**
 * @param {HTMLElement} host @param {EditRequest} request
 * @returns {import('./request.js').OpenEditor}
 */
export function openNumber(host, request) {
  const { spec } = request
  const field = h('input.edit.edit-number', { type: 'text', inputmode: 'decimal', autocomplete: 'off', spellcheck: 'false', 'aria-label': request.label })
  const hint = h('p.edit-hint', { role: 'status' })
  field.value = request.typed ?? (request.expression ? `=${request.expression}` : showNumber(request.value, spec))
  let { box, zoom } = request
  const completion = new Completion(field, {
    label: t('Widgets'),
    find: (text, caret) => (isExpression(text) ? request.complete?.(text, caret) ?? null : null),
    caret: () => {
      const { left, top, height } = field.getBoundingClientRect()
      return { x: left, y: top + hint.offsetHeight, height }
    },
  })

  /** @param {Pick<EditRequest, 'box' | 'zoom'>} where */
  function place(where) {
    box = where.box
    zoom = where.zoom
    layOver(field, where)
    field.classList.toggle('edit-expression', isExpression(field.value))
    if (isExpression(field.value) && box.width < WIDE) {
      field.style.left = `${Math.max(4, box.x + box.width - WIDE)}px`
      field.style.width = `${WIDE}px`
    }
    const below = box.y + field.offsetHeight + 3
    hint.style.top = `${below + hint.offsetHeight > (host.parentElement?.clientHeight ?? Infinity) ? box.y - hint.offsetHeight - 3 : below}px`
    hint.style.left = field.style.left
    hint.style.minWidth = field.style.width
  }

  let open = true
  /** @param {boolean} keep @param {boolean} [all] */
  function close(keep, all = false) {
    if (!open) return
    open = false
    completion.close()
    const found = keep && outcome(field.value, request)
    field.remove()
    hint.remove()
    if (found && found.source !== null) {
      if (all || found.source !== request.expression) request.commitExpression?.(found.source, { all })
    } else if (found && found.value !== null && (all || request.expression || found.value !== request.value)) request.commit(found.value, { all })
    request.closed()
  }

  /** @param {number} steps */
  function stepBy(steps) {
    const value = evaluate(field.value, spec)
    if (value === null || isExpression(field.value)) return
    field.value = showNumber(fitNumber(spec, value + steps * spec.step), spec)
    tell()
  }

  function tell() {
    const { text, wrong } = said(field.value, request)
    setText(hint, text)
    hint.hidden = !text
    hint.classList.toggle('wrong', wrong)
    field.toggleAttribute('data-off', wrong)
    field.removeAttribute('aria-invalid')
    place({ box, zoom })
  }

  field.addEventListener('input', tell)
  field.addEventListener('keydown', event => {
    if (completion.key(event)) return
    const many = event.ctrlKey || event.metaKey ? 10 : event.shiftKey && !spec.integer ? 0.1 : 1
    /** @type {Record<string, number>} */
    const steps = { ArrowUp: many, ArrowDown: -many, PageUp: 10, PageDown: -10 }
    if (event.key === 'Escape') close(false)
    else if (event.key === 'Enter' || event.key === 'Tab') {
      if (outcome(field.value, request) === null) {
        field.setAttribute('aria-invalid', 'true')
        event.preventDefault()
        event.stopPropagation()
        return
      }
      const step = event.shiftKey ? -1 : 1
      close(true, event.altKey)
      if (event.key === 'Tab') request.next(step)
      if (event.ctrlKey || event.metaKey) return // Ctrl+Enter also runs: let the shortcut see it
    } else if (steps[event.key] !== undefined) stepBy(/** @type {number} */ (steps[event.key]))
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
    stepBy((event.deltaY || event.deltaX) < 0 ? 1 : -1)
  }, { passive: false })
  field.addEventListener('blur', () => close(true))

  host.append(field, hint)
  tell()
  field.focus({ preventScroll: true })
  if (request.typed === undefined && !request.expression) field.select()
  return { element: field, close, place }
}

/**
 * What a text would set: a value, or an expression that has a value now. Null for what is neither.
 * @param {string} text @param {EditRequest} request @returns {{value: number | null, source: string | null} | null}
 */
export function outcome(text, { spec, preview }) {
  try {
    if (!isExpression(text)) return { value: fitNumber(spec, work(text, spec)), source: null }
    preview?.(expressionIn(text))
    return preview ? { value: null, source: expressionIn(text) } : null
  } catch (error) {
    if (error instanceof ExpressionError) return null
    throw error
  }
}

/** What the line under the field says. @param {string} text @param {EditRequest} request @returns {{text: string, wrong: boolean}} */
export function said(text, { spec, preview, others = 0 }) {
  const all = others ? t('Alt+Enter: all {count} selected', { count: others + 1 }) : ''
  try {
    if (isExpression(text)) {
      if (!preview) return { text: t('No expression can be kept here: its node’s type is not known to the server.'), wrong: true }
      const value = preview(expressionIn(text))
      return { text: [`= ${showNumber(value, spec)}`, all].filter(Boolean).join(' · '), wrong: false }
    }
    const value = work(text, spec)
    const fitted = fitNumber(spec, value)
    const changed = value > spec.max ? t('At most {max}', { max: spec.max }) : value < spec.min ? t('At least {min}', { min: spec.min }) : fitted !== Number(text) ? `= ${showNumber(fitted, spec)}` : limitsOf(spec)
    return { text: [changed, all].filter(Boolean).join(' · '), wrong: false }
  } catch (error) {
    if (error instanceof ExpressionError) return { text: error.message, wrong: true }
    throw error
  }
}
