/**
 * Texts of an axis. Search and replace is written as A1111 has it: `red, green, blue` looks for the first and puts each in
 * its place; a part in double quotes may hold commas. Whole texts stand one on a line.
 */
import { t } from '../language/t.js'

/** The parts between commas. @param {string} text @returns {string[]} */
export function parts(text) {
  /** @type {string[]} */
  const found = []
  let [part, quoted, wasQuoted] = ['', false, false]
  const push = () => {
    const bare = wasQuoted ? part : part.trim()
    if (bare !== '' || wasQuoted) found.push(bare)
    part = ''
    wasQuoted = false
  }
  for (let at = 0; at < text.length; at++) {
    const letter = text[at] ?? ''
    if (quoted && letter === '"' && text[at + 1] === '"') part += text[++at] ?? ''
    else if (letter === '"' && (quoted || part.trim() === '')) {
      if (!quoted) part = ''
      quoted = !quoted
      wasQuoted = true
    } else if ((letter === ',' || letter === '\n') && !quoted) push()
    else if (!wasQuoted || quoted || letter.trim() !== '') part += letter
  }
  push()
  return found
}

/**
 * What is looked for, and what takes its place: the first leaves the text as it is.
 * @param {string} text @param {string} current what the widget holds
 * @returns {{from: string, values: string[], problem: string | null}}
 */
export function readReplacements(text, current) {
  const [from = '', ...others] = parts(text)
  const wrong = (/** @type {string} */ problem) => ({ from, values: [], problem })
  if (from === '') return wrong(t('Write what to look for and what to put in its place, such as red, green, blue.'))
  if (!current.includes(from)) return wrong(t('“{text}” does not occur in this text.', { text: from }))
  if (!others.length) return wrong(t('Write what shall take the place of “{text}”, after a comma.', { text: from }))
  return { from, values: [...new Set([from, ...others])], problem: null }
}

/** @param {string} text @returns {{values: string[], problem: string | null}} */
export function readTexts(text) {
  const values = [...new Set(text.split('\n').map((line) => line.trim()).filter(Boolean))]
  return { values, problem: values.length ? null : t('Write one text on each line.') }
}

/** A text as a heading: its beginning. @param {string} text @param {number} [most] */
export function short(text, most = 40) {
  const line = text.replaceAll(/\s+/gu, ' ').trim()
  const letters = [...line]
  return letters.length > most ? `${letters.slice(0, most - 1).join('')}…` : line
}

/** A name of a file without folder and ending, as a heading. @param {string} name */
export const bareName = (name) => name.replace(/^.*[\\/]/u, '').replace(/\.(?:safetensors|sft|ckpt|pth?|bin|gguf|png|jpe?g|webp)$/iu, '')

/** Bytes of the labels in a file's name. */
const LONGEST_NAME = 120

/** Labels as a part of a file's name that every system takes. @param {readonly string[]} labels */
export function fileLabels(labels) {
  const safe = labels.map((label) => label.normalize('NFC').replaceAll(/[^\p{L}\p{N}\p{M}.=+-]+/gu, '-').replaceAll(/^[-.]+|[-.]+$/gu, '') || 'x')
  let name = ''
  for (const letter of safe.map((label) => [...label].slice(0, 32).join('')).join('_')) {
    if (new TextEncoder().encode(name + letter).length > LONGEST_NAME) break
    name += letter
  }
  return name
}
