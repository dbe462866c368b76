/** A widget's value as text, and back: for the clipboard. */
import { equal } from './json.js'
import { readNumber, showNumber } from './number_text.js'

/** @typedef {Pick<import('./widget_values.js').Widget, 'spec' | 'value'>} Valued */

/** @param {Valued} widget */
export function writeValue({ spec, value }) {
  if (spec.kind === 'number') return showNumber(value, spec)
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
}

/** A choice as a person reads it. @param {import('./widget_specs.js').WidgetSpec} spec @param {unknown} choice */
export function choiceText(spec, choice) {
  const text = String(choice)
  return spec.kind === 'combo' && spec.labels && Object.hasOwn(spec.labels, text) ? spec.labels[text] ?? text : text
}

/** The value that a text is for this widget; undefined for none. @param {Valued} widget @param {string} text @returns {unknown} */
export function readValue({ spec }, text) {
  const bare = text.trim()
  switch (spec.kind) {
    case 'number':
      return readNumber(bare, spec) ?? undefined
    case 'toggle': {
      const word = bare.toLowerCase()
      if (['true', 'on', '1', 'yes', spec.on.toLowerCase()].includes(word)) return true
      return ['false', 'off', '0', 'no', spec.off.toLowerCase()].includes(word) ? false : undefined
    }
    case 'combo': {
      const whole = spec.options.find((option) => String(option) === bare) ?? spec.options.find((option) => String(option).toLowerCase() === bare.toLowerCase())
      return whole ?? (spec.options.length === 0 ? bare : undefined)
    }
    case 'text':
    case 'markdown':
      return text
    default:
      try {
        return JSON.parse(text)
      } catch {
        return undefined
      }
  }
}

/** Is it as a new node has it? @param {Valued & {expression?: string | null}} widget */
export const isDefault = ({ spec, value, expression }) => !expression && equal(value, spec.default)
