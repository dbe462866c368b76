/**
 * The page's words in the person's language. The English sentence is the key: what no language file has stays English.
 *
 * It may be called anywhere, while a module is read too: the words are there before any module that imports this one.
 */

/** What stands in a language file for a sentence, or for its forms by count. @typedef {string | Partial<Record<Intl.LDMLPluralRule, string>>} Words */

/** @type {ReadonlyMap<string, Words>} */
const words = new Map()

/** The language that is shown, as `lang` has it. */
export const language = 'en'

const rules = new Intl.PluralRules(language)

/**
 * @param {string} english  a literal, so that a test finds it; `{name}` takes what `parts` has under that name
 * @param {Readonly<Record<string, string | number>>} [parts]
 */
export function t(english, parts) {
  const found = words.get(english)
  return filled(typeof found === 'string' ? found : english, parts)
}

/**
 * Words that depend on a count: `many(n, '{count} file', '{count} files')`.
 *
 * @param {number} count @param {string} one @param {string} other  the key of the language file
 * @param {Readonly<Record<string, string | number>>} [parts]
 */
export function many(count, one, other, parts) {
  const found = words.get(other)
  const form = found === undefined ? (count === 1 ? one : other) : typeof found === 'string' ? found : found[rules.select(count)] ?? found.other ?? other
  return filled(form, { count: count.toLocaleString(language), ...parts })
}

/** @param {string} sentence @param {Readonly<Record<string, string | number>>} [parts] */
const filled = (sentence, parts) => (parts ? sentence.replaceAll(/\{(\w+)\}/gu, (whole, name) => (Object.hasOwn(parts, name) ? String(parts[name]) : whole)) : sentence)
