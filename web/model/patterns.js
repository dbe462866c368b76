/** The small languages inside texts: `{a|b}` choices of prompts, and `%...%` patterns of file names. */

/** Types whose `filename_prefix` may hold patterns that are filled when the graph is queued. */
export const PATTERN_TYPES = new Set([
  'SaveImage', 'SaveAnimatedWEBP', 'SaveAnimatedPNG', 'SaveWEBM', 'SaveAudio', 'SaveGLB', 'CLIPSave', 'VAESave', 'ModelSave',
  'LoraSave', 'SaveLatent'
])

const ESCAPED = /\\([{}|])/gu

/**
 * The text with comments taken out and one of each `{a|b|c}` chosen; choices may stand in choices. Braces that do not
 * pair stay as they are; `\{`, `\}` and `\|` are those letters.
 * @param {string} text @param {() => number} random
 */
export function resolveChoices(text, random) {
  const bare = text.replace(/\/\*[\s\S]*?\*\/|(?<!:)\/\/.*/gu, '')
  /** The open braces, innermost last: what was read of each part. @type {string[][]} */
  const open = []
  let parts = ['']
  const put = (/** @type {string} */ piece) => {
    parts[parts.length - 1] += piece
  }
  for (let at = 0; at < bare.length; at++) {
    const letter = bare[at] ?? ''
    if (letter === '\\' && '{}|'.includes(bare[at + 1] ?? ' ')) put(letter + (bare[++at] ?? ''))
    else if (letter === '{') {
      open.push(parts)
      parts = ['']
    } else if (letter === '}' && open.length) {
      const choice = parts[Math.min(Math.floor(random() * parts.length), parts.length - 1)] ?? ''
      parts = open.pop() ?? ['']
      put(choice)
    } else if (letter === '|' && open.length) parts.push('')
    else put(letter)
  }
  while (open.length) {
    const rest = `{${parts.join('|')}`
    parts = open.pop() ?? ['']
    put(rest)
  }
  return parts.join('|').replace(ESCAPED, '$1')
}

/** @param {string} text */
export const hasPattern = (text) => text.includes('%')

/** What the server fills itself, since only it knows. */
const FOR_SERVER = new Set(['width', 'height', 'year', 'month', 'day', 'hour', 'minute', 'second', 'batch_num'])
const FORBIDDEN = /[/?<>\\:*|"\u0000-\u001f\u007f]/gu

/**
 * Fill `%date:yyyy-MM-dd%` and `%Node.widget%`. What names nothing stays.
 * @param {string} text @param {Date} now @param {(title: string, widget: string) => unknown} lookUp
 */
export function fillPattern(text, now, lookUp) {
  return text.replace(/%([^%]+)%/gu, (whole, /** @type {string} */ inside) => {
    if (FOR_SERVER.has(inside)) return whole
    if (inside === 'date') return formatDate('yyyyMMddhhmmss', now)
    if (inside.startsWith('date:')) return formatDate(inside.slice(5), now).replace(FORBIDDEN, '_')
    const dot = inside.lastIndexOf('.')
    const value = dot < 0 ? undefined : lookUp(inside.slice(0, dot), inside.slice(dot + 1))
    return value === undefined || value === null ? whole : String(value).replace(FORBIDDEN, '_')
  })
}

/** @param {string} format d, M, h, m, s, each once or twice, yy and yyyy @param {Date} date */
function formatDate(format, date) {
  const parts = /** @type {Record<string, number>} */ ({
    d: date.getDate(), M: date.getMonth() + 1, h: date.getHours(), m: date.getMinutes(), s: date.getSeconds()
  })
  return format.replace(/yyyy|yy|dd?|MM?|hh?|mm?|ss?/gu, (token) => {
    if (token.startsWith('y')) return String(date.getFullYear()).slice(-token.length)
    return String(parts[token[0] ?? ''] ?? '').padStart(token.length, '0')
  })
}
