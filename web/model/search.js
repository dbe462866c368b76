/**
 * Which node types answer a search, best first: exact, prefix, start of a word, initials, substring, a typo; then those
 * that were used more often, then shorter names. Predictable: the same words give the same order.
 *
 * @typedef {import('./schema.js').NodeType} NodeType
 * @typedef {import('./types.js').SocketRef} SocketRef
 */
import { accepts } from './accepts.js'

const EXACT = 0
const PREFIX = 1
const WORDS = 2
const INITIALS = 3
const INSIDE = 4
const OTHER = 5
const TYPO = 6
const NONE = Infinity

/** @type {WeakMap<NodeType, readonly Names[]>} */
const cache = new WeakMap()

/** @typedef {{text: string, words: readonly string[], initials: string, cost: number}} Names */

/**
 * @param {Pick<import('./schema.js').Schema, 'types'>} schema @param {string} query empty for all
 * @param {{from?: SocketRef | null, used?: ReadonlyMap<string, number>, category?: string | null, limit?: number}} [options]
 *   `from`: only types with a socket that fits this one; `used`: how often each was added
 * @returns {NodeType[]}
 */
export function searchTypes(schema, query, { from = null, used = new Map(), category = null, limit = 500 } = {}) {
  const words = split(query)
  /** @type {{type: NodeType, rank: number, uses: number}[]} */
  const found = []
  for (const type of schema.types.values()) {
    if (category !== null && type.category !== category && !type.category.startsWith(`${category}/`)) continue
    if (from && fitting(type, from) === null) continue
    const rank = words.length ? rankOf(type, query.trim().toLowerCase(), words) : INSIDE
    // What is old, or does not run yet, comes after its like.
    if (rank !== NONE) found.push({ type, rank: rank + (type.deprecated || type.later ? 0.5 : 0), uses: used.get(type.name) ?? 0 })
  }
  found.sort((a, b) =>
    a.rank - b.rank || b.uses - a.uses || (words.length ? a.type.title.length - b.type.title.length : 0) ||
    a.type.title.localeCompare(b.type.title, 'en')
  )
  return found.slice(0, limit).map(({ type }) => type)
}

/** The first socket of a type that fits one, by name; null for none. @param {NodeType} type @param {SocketRef} from */
export function fitting(type, from) {
  if (from.side === 'in') return type.outputs.find((output) => accepts(from.type, output.type))?.name ?? null
  const sockets = type.inputs.filter((input) => !input.socketless)
  const input = sockets.find(({ widget, type: own }) => widget === null && accepts(own, from.type)) ??
    sockets.find(({ widget, type: own }) => widget !== null && from.type !== '*' && accepts(own, from.type))
  return input?.name ?? null
}

/** @param {NodeType} type @param {string} query @param {readonly string[]} words */
function rankOf(type, query, words) {
  let best = NONE
  for (const names of namesOf(type)) best = Math.min(best, rankName(names, query, words) + names.cost)
  if (best <= INSIDE + 0.3) return best
  const rest = `${type.category} ${type.description}`.toLowerCase()
  return words.every((word) => rest.includes(word)) ? Math.min(best, OTHER) : best
}

/** @param {Names} names @param {string} query @param {readonly string[]} words */
function rankName({ text, words: own, initials }, query, words) {
  if (text === query) return EXACT
  if (text.startsWith(query)) return PREFIX
  if (words.every((word) => own.some((each) => each.startsWith(word)))) return WORDS
  const joined = words.join('')
  if (joined.length > 1 && initials.startsWith(joined)) return INITIALS
  const squeezed = own.join('')
  if (words.every((word) => text.includes(word)) || squeezed.includes(joined)) return INSIDE
  return words.every((word) => word.length > 3 && own.some((each) => near(word, each))) ? TYPO : NONE
}

/** @param {NodeType} type @returns {readonly Names[]} */
function namesOf(type) {
  let names = cache.get(type)
  if (!names) {
    // A title that ends in brackets is known by what stands before them.
    const bare = type.title.replace(/\s*\(.*\)$/u, '')
    const texts = [...new Set([type.title, bare, type.name, ...type.aliases])]
    names = texts.map((text) => {
      const words = split(text)
      const cost = text === type.title ? 0 : text === bare ? 0.1 : 0.25
      return { text: text.toLowerCase(), words, initials: words.map((word) => word[0]).join(''), cost }
    })
    cache.set(type, names)
  }
  return names
}

/** The words of a name: `KSamplerAdvanced`, `load_image` and "Load Image (mask)" alike. @param {string} text @returns {string[]} */
export function split(text) {
  const spaced = text.replace(/([a-z\d])([A-Z])/gu, '$1 $2').replace(/([A-Z])([A-Z][a-z])/gu, '$1 $2')
  return spaced.toLowerCase().split(/[^\p{L}\p{N}]+/u).filter(Boolean)
}

/** One letter wrong, missing, too many, or two swapped? The start of a longer word counts too. @param {string} typed @param {string} word */
function near(typed, word) {
  return within(typed, word) || (word.length > typed.length && (within(typed, word.slice(0, typed.length)) || within(typed, word.slice(0, typed.length + 1))))
}

/** @param {string} a @param {string} b */
function within(a, b) {
  if (Math.abs(a.length - b.length) > 1) return false
  let at = 0
  while (at < a.length && a[at] === b[at]) at++
  if (a.slice(at + 1) === b.slice(at + 1) || a.slice(at) === b.slice(at + 1) || a.slice(at + 1) === b.slice(at)) return true
  return a[at] === b[at + 1] && a[at + 1] === b[at] && a.slice(at + 2) === b.slice(at + 2)
}
