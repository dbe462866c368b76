/**
 * The page's words in the person's language. The English sentence is the key: what no language file has stays English.
 *
 * It may be called anywhere, while a module is read too: the words are there before any module that imports this one
 * is evaluated. English loads nothing and waits for nothing; nor do workers and tests, which have no document.
 */
import { readLanguage } from './read.js'

/** What was read of it. */
export const read = await readLanguage()

/** The language that is shown, as `lang` has it; numbers and dates are written in it too: `toLocaleString(language)`. */
export const language = read.code

/**
 * The two functions for one language.
 * @param {Pick<import('./read.js').Language, 'code' | 'words'>} of
 */
export function wordsOf({ code, words }) {
  const rules = new Intl.PluralRules(code)

  /**
   * @param {string} english  a literal, so that a test finds it; `{name}` takes what `parts` has under that name
   * @param {Readonly<Record<string, string | number>>} [parts]
   */
  function t(english, parts) {
    const found = words.get(english)
    return filled(typeof found === 'string' ? found : english, parts)
  }

  /**
   * Words that depend on a count: `many(n, '{count} file', '{count} files')`.
   *
   * @param {number} count @param {string} one @param {string} other  the key of the language file
   * @param {Readonly<Record<string, string | number>>} [parts]
   */
  function many(count, one, other, parts) {
    const found = words.get(other)
    const form = found === undefined ? (count === 1 ? one : other) : typeof found === 'string' ? found : found[rules.select(count)] ?? found.other ?? other
    return filled(form, { count: count.toLocaleString(code), ...parts })
  }

  return { t, many }
}

export const { t, many } = wordsOf(read)

/** Several things in one sentence: "a, b and c", as this page writes English. @param {readonly string[]} things @param {'conjunction' | 'disjunction'} [type] */
export const listed = (things, type = 'conjunction') => new Intl.ListFormat(language === 'en' ? 'en-GB' : language, { type }).format(things)

const dates = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' })

/** A time as a person reads it: "26 Nov 2026, 14:05". @param {number | Date} time  ms */
export const dateText = time => dates.format(time)

/** @param {number} value @param {Intl.NumberFormatOptions} [options] */
export const numberText = (value, options) => value.toLocaleString(language, options)

/** @param {string} sentence @param {Readonly<Record<string, string | number>>} [parts] */
const filled = (sentence, parts) => (parts ? sentence.replaceAll(/\{(\w+)\}/gu, (whole, name) => (Object.hasOwn(parts, name) ? String(parts[name]) : whole)) : sentence)
