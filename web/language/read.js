/**
 * Which language the person wants, and its file from the server.
 *
 * What stands in a language file for a sentence, or for its forms by count:
 * @typedef {string | Partial<Record<Intl.LDMLPluralRule, string>>} Words
 *
 * @typedef {object} Language
 * @property {string} code
 * @property {ReadonlyMap<string, Words>} words
 * @property {ReadonlyMap<string, string>} server  patterns of what the server says
 * @property {readonly { file: string, message: string }[]} troubles  files that cannot be used
 * @property {unknown} nodes  names and help of nodes, as their file has them
 */

const SETTINGS = 'easel.settings'
const RIGHT_TO_LEFT = new Set(['ar', 'fa', 'he', 'ur'])

/** @type {Language} */
const ENGLISH = { code: 'en', words: new Map(), server: new Map(), troubles: [], nodes: {} }

/** @returns {Promise<Language>} */
export async function readLanguage() {
  if (typeof document === 'undefined') return ENGLISH
  const wanted = wantedLanguages(readSettings(), navigator.languages)
  if (!wanted.length) return ENGLISH
  const guest = document.documentElement.dataset.languageRoute // who came by a shared link may ask under it only
  const answer = await ask(`${guest ?? '/easel/language'}?${new URLSearchParams(wanted.map((code) => ['want', code]))}`)
  const language = asLanguage(answer)
  if (language.code === 'en') return language
  document.documentElement.lang = language.code
  document.documentElement.dir = RIGHT_TO_LEFT.has(language.code.split('-')[0] ?? '') ? 'rtl' : 'ltr'
  return language
}

/**
 * Codes to ask the server for, best first; none for English.
 * @param {unknown} chosen  the setting; '' is what the browser is set to @param {readonly string[]} browser
 */
export function wantedLanguages(chosen, browser) {
  const wanted = typeof chosen === 'string' && chosen !== '' ? [chosen] : [...browser]
  const english = wanted.findIndex((code) => /^en\b/iu.test(code))
  return english < 0 ? wanted : wanted.slice(0, english)
}

function readSettings() {
  try {
    return JSON.parse(localStorage.getItem(SETTINGS) ?? '{}')?.language
  } catch {
    return ''
  }
}

/** @param {string} route @returns {Promise<any>} */
async function ask(route) {
  try {
    const reply = await fetch(route)
    return reply.ok ? await reply.json() : {}
  } catch {
    return {} // a page whose server does not answer is English
  }
}

/** @param {any} answer @returns {Language} */
export function asLanguage(answer) {
  const troubles = Array.isArray(answer?.troubles) ? answer.troubles : []
  if (typeof answer?.code !== 'string') return { ...ENGLISH, troubles }
  return { ...ENGLISH, code: codeOf(answer.code), words: new Map(fitting(answer.words)), server: new Map(/** @type {[string, string][]} */ (fitting(answer.server))), nodes: answer.nodes, troubles }
}

/** A code that `Intl` takes. @param {string} code */
function codeOf(code) {
  try {
    return Intl.getCanonicalLocales(code)[0] ?? 'en'
  } catch {
    return 'en'
  }
}

/** A sentence that has other places for values than the English one would lose one, or show braces: it stays English. @param {unknown} words @returns {[string, Words][]} */
function fitting(words) {
  if (!words || typeof words !== 'object') return []
  return Object.entries(words).filter(([english, said]) => fits(english, said))
}

/** @param {string} english @param {unknown} said */
export function fits(english, said) {
  if (typeof said === 'string') return said !== '' && placesOf(said) === placesOf(english)
  if (!said || typeof said !== 'object' || !('other' in said)) return false
  // A form for one thing may say the number in a word.
  return Object.values(said).every((form) => typeof form === 'string' && form !== '' && placesOf(form, 'count') === placesOf(english, 'count'))
}

/** The names in braces, in one order. @param {string} sentence @param {string} [except] */
const placesOf = (sentence, except) => [...new Set(sentence.match(/\{\w+\}/gu) ?? [])].filter((place) => place !== `{${except}}`).sort().join()
