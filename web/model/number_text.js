/**
 * What is typed into a number: sums, min, max and round, groups of digits, a comma for the point, a unit that is read past.
 * What begins with `=` or names a widget in brackets is an expression, which stays.
 *
 * @typedef {import('./widget_specs.js').NumberSpec} NumberSpec
 */
import { t } from '../language/t.js'
import { evaluate as run, ExpressionError, parse } from './expression.js'
import { fitNumber } from './numbers.js'

/** A gap between groups of three digits, however written. */
const GAP = /(?<=\d)[ _'\u2009\u202f\u00a0](?=\d{3}(?!\d))/gu
const UNIT = /(?<=[\d)])\s*(?:%|[a-zµ°×]+)$/iu
const CALLS = /[a-z]\s*\(/iu

/** @param {string} text */
export const isExpression = (text) => text.trimStart().startsWith('=') || text.includes('[')

/** Without the `=` and the space around it. @param {string} text */
export const expressionIn = (text) => text.trim().replace(/^=\s*/u, '')

/**
 * The number that a text comes to. Throws an ExpressionError.
 * @param {string} text @param {Pick<NumberSpec, 'integer' | 'max'>} [spec]
 */
export function work(text, spec) {
  const bare = text.trim()
  const unit = UNIT.exec(bare)?.[0]?.trim() ?? ''
  let source = bare.replace(UNIT, '').replace(GAP, '').replace(/(?<=\d)_(?=\d)/gu, '')
  if (spec?.integer) source = source.replace(/(?<=\d),(?=\d{3}(?!\d))/gu, '')
  if (!CALLS.test(source)) source = source.replace(/,(?=\d)/gu, '.')
  const value = run(parse(source), ({ at }) => { throw new ExpressionError(t('Begin with “=” to read another widget.'), at) })
  return unit === '%' && spec && !spec.integer && spec.max <= 2 ? value / 100 : value
}

/** The same as null where it is no number. @param {string} text @param {Pick<NumberSpec, 'integer' | 'max'>} [spec] */
export function evaluate(text, spec) {
  try {
    return work(text, spec)
  } catch (error) {
    if (error instanceof ExpressionError) return null
    throw error
  }
}

/** As the widget takes it. @param {string} text @param {NumberSpec} spec @returns {number | null} */
export function readNumber(text, spec) {
  const value = evaluate(text, spec)
  return value === null ? null : fitNumber(spec, value)
}

/** To be typed over: without groups. @param {unknown} value @param {Pick<NumberSpec, 'integer'>} spec */
export function showNumber(value, spec) {
  if (typeof value !== 'number') return String(value ?? '')
  return spec.integer ? String(value) : String(Number(value.toPrecision(12)))
}

/** What a number may be, in words; '' where anything goes. @param {NumberSpec} spec */
export function limitsOf({ min, max, step, integer }) {
  const [low, high] = [min > -1e9, max < 1e15]
  const range = low && high ? t('{min} to {max}', { min, max }) : low ? t('{min} or more', { min }) : high ? t('{max} or less', { max }) : ''
  return [range, step !== 1 || !integer ? t('steps of {step}', { step }) : ''].filter(Boolean).join(', ')
}
