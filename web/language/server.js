/**
 * What the server says, in the person's language. It speaks English, to programs and logs too: sentences of the language
 * file with `{places}` are laid over what it said. What no sentence fits stays as it was.
 */
import { read } from './t.js'

/** Longer than this is no sentence of ours: a program's own words, a trace. */
const LONGEST = 2000
const KEPT = 500

/** @typedef {{pieces: readonly string[], names: readonly string[], weight: number, translation: string}} Pattern the texts between the places, one more than those */

/** @param {ReadonlyMap<string, string>} sentences */
export function createSaid(sentences) {
  /** By their first letter; those that begin with a place under ''. @type {Map<string, Pattern[]> | null} */
  let patterns = null
  /** @type {Map<string, string>} */
  const kept = new Map()

  /** @param {string} line */
  function translated(line) {
    if (line === '' || line.length > LONGEST) return line
    const exact = sentences.get(line)
    if (exact !== undefined) return exact
    patterns ??= compiled(sentences)
    let [best, values] = [/** @type {Pattern | null} */ (null), /** @type {readonly string[]} */ ([])]
    for (const pattern of [...(patterns.get(line.charAt(0)) ?? []), ...(patterns.get('') ?? [])]) {
      if (best && pattern.weight <= best.weight) continue
      const found = laidOver(pattern.pieces, line)
      if (found) [best, values] = [pattern, found]
    }
    if (!best) return line
    const { names, translation } = best
    // A value may be a sentence itself: the reason of a failure.
    return translation.replaceAll(/\{(\w+)\}/gu, (whole, name) => {
      const value = values[names.indexOf(name)]
      return value === undefined ? whole : said(value)
    })
  }

  /** @param {string} text of one line or more @returns {string} */
  function said(text) {
    if (!sentences.size) return text
    const known = kept.get(text)
    if (known !== undefined) return known
    const result = text.split('\n').map(translated).join('\n')
    if (kept.size >= KEPT) kept.clear()
    kept.set(text, result)
    return result
  }
  return said
}

/** @param {ReadonlyMap<string, string>} sentences */
function compiled(sentences) {
  /** @type {Map<string, Pattern[]>} */
  const patterns = new Map()
  for (const [english, translation] of sentences) {
    const names = [...english.matchAll(/\{(\w+)\}/gu)].map((match) => match[1] ?? '')
    const pieces = english.split(/\{\w+\}/u)
    const weight = pieces.join('').length
    // One place alone would fit everything.
    if (!names.length || !/\p{L}/u.test(pieces.join(''))) continue
    const first = pieces[0]?.charAt(0) ?? ''
    patterns.set(first, [...(patterns.get(first) ?? []), { pieces, names, weight, translation }])
  }
  return patterns
}

/** What stands at the places, where the pieces stand in this order; null where they do not. Each piece is looked for once. @param {readonly string[]} pieces @param {string} line @returns {string[] | null} */
function laidOver(pieces, line) {
  const [first = '', last = ''] = [pieces[0], pieces.at(-1)]
  if (!line.startsWith(first) || !line.endsWith(last) || line.length < first.length + last.length) return null
  const end = line.length - last.length
  /** @type {string[]} */
  const values = []
  let at = first.length
  for (const piece of pieces.slice(1, -1)) {
    const next = line.indexOf(piece, at)
    if (next < 0 || next + piece.length > end) return null
    values.push(line.slice(at, next))
    at = next + piece.length
  }
  return [...values, line.slice(at, end)]
}

/** A sentence of the server in the person's language. */
export const fromServer = createSaid(read.server)
