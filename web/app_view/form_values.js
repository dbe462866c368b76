/**
 * A form as guests and the app view show it: what it asks for, and whether a value fits. The server judges by the same rules
 * and in the same words (api/shares/form.py).
 *
 * @typedef {string | number | boolean} Value
 * @typedef {object} InputItem
 * @property {'input'} kind
 * @property {string} id
 * @property {'number' | 'text' | 'choice' | 'toggle' | 'colour' | 'image'} control
 * @property {string} label
 * @property {string} help
 * @property {boolean} wide  over all columns
 * @property {Value | null} value  what it begins with
 * @property {boolean} [integer]
 * @property {number | null} [min]
 * @property {number | null} [max]
 * @property {number | null} [step]  the only values are so far apart
 * @property {number | null} [increment]  what a press of an arrow key adds
 * @property {boolean} [slider]
 * @property {boolean} [seed]
 * @property {boolean} [random]  a new seed for each run
 * @property {number | null} [digits]
 * @property {readonly Value[]} [choices]
 * @property {number} [maxLength]
 * @property {boolean} [multiline]
 * @property {boolean} [dynamic]  one of each `{a|b}` is chosen for a run
 * @property {string} [on]
 * @property {string} [off]
 *
 * @typedef {{ kind: 'heading' | 'text' | 'divider', text: string }} WordsItem
 * @typedef {InputItem | WordsItem} FormItem
 * @typedef {{ title: string, columns: number, items: readonly FormItem[], outputs: readonly string[] }} Form
 */
import { t } from '../language/t.js'

/** What is typed into a number, in any of the ways in which people write one; null for what is none. @param {string} text */
export function readNumber(text) {
  const plain = text.trim().replaceAll(/[\s_’']/gu, '').replace(',', '.').replace('−', '-')
  return /^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/iu.test(plain) ? Number(plain) : null
}

/** @param {number} value @param {InputItem} item */
export function writeNumber(value, item) {
  if (item.integer) return String(Math.round(value))
  const digits = item.digits ?? 6
  return String(Number(value.toFixed(Math.min(Math.max(digits, 0), 12))))
}

/** What is wrong with a value, as a sentence; '' where it fits. @param {InputItem} item @param {unknown} value */
export function problemOf(item, value) {
  const { label } = item
  if (item.control === 'number') return numberProblem(item, value)
  if (item.control === 'text') {
    if (typeof value !== 'string') return t('{label} must be a text.', { label })
    return item.maxLength && value.length > item.maxLength ? t('{label} is longer than {count} letters.', { label, count: item.maxLength }) : ''
  }
  if (item.control === 'choice' && !item.choices?.some(choice => choice === value)) return t('{label}: that is none of the choices.', { label })
  if (item.control === 'colour' && !/^#[0-9a-f]{6}$/iu.test(String(value))) return t('{label} must be a colour such as #3366ff.', { label })
  return ''
}

/** @param {InputItem} item @param {unknown} value */
function numberProblem(item, value) {
  const { label } = item
  const min = item.min ?? -Infinity
  const max = item.max ?? Infinity
  if (typeof value !== 'number' || !Number.isFinite(value)) return t('{label} must be a number.', { label })
  if (item.integer && !Number.isInteger(value)) return t('{label} must be a whole number.', { label })
  if (value < min || value > max) {
    if (min === -Infinity) return t('{label} must be at most {max}.', { label, max })
    return max === Infinity ? t('{label} must be at least {min}.', { label, min }) : t('{label} must be from {min} to {max}.', { label, min, max })
  }
  if (item.step && value !== item.value && value !== max) {
    const steps = (value - (item.min ?? 0)) / item.step
    if (Math.abs(steps) < 2 ** 40 && Math.abs(steps - Math.round(steps)) > 1e-4) return t('{label} goes in steps of {step}.', { label, step: item.step })
  }
  return ''
}

/** The nearest value that a number takes. @param {InputItem} item @param {number} value */
export function fitted(item, value) {
  const min = item.min ?? -Infinity
  const max = item.max ?? Infinity
  const start = Number.isFinite(min) ? min : 0
  const grid = item.step || (item.integer ? 1 : 0)
  const stepped = grid > 0 ? start + Math.round((value - start) / grid) * grid : value
  const near = Math.min(Math.max(stepped, min), max)
  return item.integer ? Math.round(near) : Number(near.toFixed(10))
}

/** Seeds above this are no whole numbers in a browser. */
const LARGEST = Number.MAX_SAFE_INTEGER

/** @param {InputItem} item @param {() => number} [random] in [0, 1) */
export function randomSeed(item, random = Math.random) {
  const low = Math.max(item.min ?? 0, -LARGEST)
  const high = Math.min(item.max ?? LARGEST, LARGEST)
  return fitted(item, Math.floor(low + random() * (high - low)))
}

/** @param {Form} form @returns {InputItem[]} */
export const inputsOf = form => form.items.flatMap(item => (item.kind === 'input' ? [item] : []))
