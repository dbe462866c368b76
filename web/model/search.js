/**
 * Which node types answer a search, best first: exact, prefix, start of a word, initials, substring, what is written about
 * it; a typo where nothing else is found. Then those that were used more often, those that most graphs have, then shorter
 * names. Predictable: the same words give the same order. `in:IMAGE`, `out:LATENT` and `cat:loaders` among the words say what a type must take, give,
 * or belong to.
 *
 * @typedef {import('./schema.js').NodeType} NodeType
 * @typedef {import('./types.js').SocketRef} SocketRef
 */
import { language } from '../language/t.js'
import { accepts } from './accepts.js'
import { categoryWords } from './words.js'

const EXACT = 0
const PREFIX = 1
const WORDS = 2
const INITIALS = 3
const INSIDE = 4
const OTHER = 5
const TYPO = 6
const NONE = Infinity

/** What graphs are mostly made of, the most usual first: it leads until a person's own use says otherwise. */
const USUAL = new Map([
  'CLIPTextEncode', 'VAEDecode', 'SaveImage', 'KSampler', 'CheckpointLoaderSimple', 'LoadImage', 'EmptyLatentImage', 'PreviewImage', 'LoraLoader', 'VAELoader',
  'VAEEncode', 'UNETLoader', 'CLIPLoader', 'DualCLIPLoader', 'ImageScale', 'LatentUpscale', 'ControlNetLoader', 'ControlNetApplyAdvanced', 'ImageUpscaleWithModel',
  'UpscaleModelLoader', 'VAEEncodeForInpaint', 'CLIPSetLastLayer', 'ConditioningCombine', 'CLIPVisionEncode', 'CLIPVisionLoader', 'EmptySD3LatentImage',
  'KSamplerAdvanced', 'FluxGuidance', 'SamplerCustomAdvanced', 'KSamplerSelect', 'RandomNoise', 'BasicScheduler', 'BasicGuider', 'Note', 'Reroute'
].map((name, place) => /** @type {const} */ ([name, place])))

/** @type {WeakMap<NodeType, Entry>} */
const cache = new WeakMap()

/** @typedef {{text: string, squeezed: string, words: readonly string[], initials: string, cost: number}} Names */
/** @typedef {{names: readonly Names[], rest: string, takes: readonly string[], gives: readonly string[]}} Entry */
/** @typedef {{words: string, takes: readonly string[], gives: readonly string[], category: string | null}} Query */

/** The words of a search, and the filters among them. @param {string} text @returns {Query} */
export function readQuery(text) {
  /** @type {string[]} */
  const words = []
  /** @type {string[]} */
  const takes = []
  /** @type {string[]} */
  const gives = []
  let category = null
  for (const part of text.trim().toLowerCase().split(/\s+/u)) {
    const [, kind, value] = /^(in|out|cat):(.*)$/u.exec(part) ?? []
    if (kind === 'in') takes.push(value ?? '')
    else if (kind === 'out') gives.push(value ?? '')
    else if (kind === 'cat') category = value ?? ''
    else words.push(part)
  }
  return { words: words.join(' '), takes: takes.filter(Boolean), gives: gives.filter(Boolean), category }
}

/**
 * @typedef {object} SearchOptions
 * @property {SocketRef | null} [from] Only types with a socket that fits this one.
 * @property {string | null} [takes] Only types with an input of this socket type.
 * @property {string | null} [gives] Only types with an output of this socket type.
 * @property {string | null} [category] Only types of this category, and those under it.
 * @property {ReadonlyMap<string, number>} [used] How often each was added.
 * @property {readonly string[]} [recent] What was added last, latest first: it leads where no word is typed.
 * @property {((type: NodeType) => number) | null} [fit] How well a type fits what is asked for; more is better, below 0 is not at all.
 * @property {number} [limit]
 */

/** @param {Pick<import('./schema.js').Schema, 'types'>} schema @param {string} text empty for all @param {SearchOptions} [options] @returns {NodeType[]} */
export function searchTypes(schema, text, options = {}) {
  const { used = new Map(), recent = [], fit = null, limit = 500 } = options
  const query = readQuery(text)
  const words = split(query.words)
  const open = [...schema.types.values()].filter((type) => passes(type, query, options))
  /** @type {{type: NodeType, rank: number, fits: number, uses: number}[]} */
  const found = []
  for (const best of words.length ? [OTHER, TYPO] : [INSIDE]) {
    for (const type of open) {
      const rank = words.length ? rankOf(type, query.words, words, best) : INSIDE
      const fits = rank === NONE ? -1 : fit ? fit(type) : 0
      if (fits < 0) continue
      const lead = words.length ? -1 : recent.indexOf(type.name)
      // What is old, or does not run yet, comes after its like.
      const late = type.deprecated || type.later ? 0.5 : 0
      found.push({ type, fits, uses: used.get(type.name) ?? 0, rank: (lead >= 0 && !fit ? -1 + lead / 1e3 : rank) + late })
    }
    if (found.length) break
  }
  const order = orderOf(schema)
  const place = (/** @type {NodeType} */ type) => order.get(type) ?? 0
  const usual = (/** @type {NodeType} */ type) => USUAL.get(type.name) ?? USUAL.size
  found.sort((a, b) =>
    a.rank - b.rank || b.fits - a.fits || b.uses - a.uses || usual(a.type) - usual(b.type) || (words.length ? a.type.title.length - b.type.title.length : 0) ||
    place(a.type) - place(b.type)
  )
  return found.slice(0, limit).map(({ type }) => type)
}

/** @type {WeakMap<object, Map<NodeType, number>>} */
const orders = new WeakMap()

/** The place of each type by its title. @param {Pick<import('./schema.js').Schema, 'types'>} schema */
function orderOf({ types }) {
  let order = orders.get(types)
  if (!order) {
    const sorted = [...types.values()].sort((a, b) => a.title.localeCompare(b.title, language))
    orders.set(types, (order = new Map(sorted.map((type, index) => [type, index]))))
  }
  return order
}

/** @param {NodeType} type @param {Query} query @param {SearchOptions} options */
function passes(type, query, { from = null, takes = null, gives = null, category = null }) {
  if (category !== null && type.category !== category && !type.category.startsWith(`${category}/`)) return false
  const entry = entryOf(type)
  if (takes !== null && !entry.takes.includes(takes.toLowerCase())) return false
  if (gives !== null && !entry.gives.includes(gives.toLowerCase())) return false
  if (query.category !== null && !type.category.toLowerCase().includes(query.category)) return false
  if (!query.takes.every((name) => entry.takes.some((each) => each.startsWith(name)))) return false
  if (!query.gives.every((name) => entry.gives.some((each) => each.startsWith(name)))) return false
  return from === null || fitting(type, from) !== null
}

/** The first socket of a type that fits one, by name; null for none. @param {NodeType} type @param {SocketRef} from */
export function fitting(type, from) {
  if (from.side === 'in') return type.outputs.find((output) => accepts(from.type, output.type))?.name ?? null
  const sockets = type.inputs.filter((input) => !input.socketless)
  const input = sockets.find(({ widget, type: own }) => widget === null && accepts(own, from.type)) ??
    sockets.find(({ widget, type: own }) => widget !== null && from.type !== '*' && accepts(own, from.type))
  return input?.name ?? null
}

/** @param {NodeType} type @param {string} query @param {readonly string[]} words @param {number} best `TYPO` to look for what is nearly so @returns {number} */
function rankOf(type, query, words, best) {
  const { names, rest } = entryOf(type)
  let rank = NONE
  for (const name of names) rank = Math.min(rank, rankName(name, query, words, best) + name.cost)
  if (rank <= INSIDE + 0.3) return rank
  return words.every((word) => rest.includes(word)) ? Math.min(rank, OTHER) : rank
}

/** @param {Names} names @param {string} query @param {readonly string[]} words @param {number} best */
function rankName({ text, squeezed, words: own, initials }, query, words, best) {
  if (best === TYPO) return words.every((word) => word.length > 3 && own.some((each) => near(word, each))) ? TYPO : NONE
  if (text === query) return EXACT
  if (text.startsWith(query)) return PREFIX
  const joined = words.length === 1 ? /** @type {string} */ (words[0]) : words.join('')
  // "checkpoint loader" begins CheckpointLoaderSimple.
  if (words.length > 1 && squeezed.startsWith(joined)) return PREFIX
  if (words.every((word) => own.some((each) => each.startsWith(word)))) return WORDS
  if (joined.length > 1 && initials.startsWith(joined)) return INITIALS
  return words.every((word) => text.includes(word)) || squeezed.includes(joined) ? INSIDE : NONE
}

/** @param {NodeType} type @returns {Entry} */
function entryOf(type) {
  let entry = cache.get(type)
  if (!entry) {
    // A title that ends in brackets is known by what stands before them.
    const bare = type.title.replace(/\s*\(.*\)$/u, '')
    const texts = [...new Set([type.title, bare, ...(type.english ? [type.english] : []), type.name, ...type.aliases])]
    const names = texts.map((text) => {
      const words = split(text)
      const cost = text === type.title || text === type.english ? 0 : text === bare ? 0.1 : 0.25
      return { text: text.toLowerCase(), squeezed: words.join(''), words, initials: words.map((word) => word[0]).join(''), cost }
    })
    const typesOf = (/** @type {readonly {type: string}[]} */ sockets) =>
      [...new Set(sockets.flatMap((socket) => socket.type.toLowerCase().split(',').map((each) => each.trim())))]
    entry = {
      names, rest: `${type.category} ${categoryWords(type.category)} ${type.description}`.toLowerCase(), gives: typesOf(type.outputs),
      takes: typesOf(type.inputs.filter((input) => !input.socketless))
    }
    cache.set(type, entry)
  }
  return entry
}

/** The words of a name: `KSamplerAdvanced`, `load_image` and "Load Image (mask)" alike; K采样器 has two. @param {string} text @returns {string[]} */
export function split(text) {
  const spaced = text.replace(/([a-z\d])([A-Z])/gu, '$1 $2').replace(/([A-Z])([A-Z][a-z])/gu, '$1 $2')
  return spaced.toLowerCase().split(/[^\p{L}\p{N}]+|(?<=[\p{Script=Latin}\p{N}])(?=\p{Script=Han})|(?<=\p{Script=Han})(?=[\p{Script=Latin}\p{N}])/u).filter(Boolean)
}

/** Does a word begin as typed, but for one letter wrong, missing or too many, or two swapped? @param {string} typed @param {string} word */
function near(typed, word) {
  if (word.length < typed.length - 1) return false
  let at = 0
  while (at < typed.length && typed[at] === word[at]) at++
  const rest = typed.slice(at + 1)
  return word.startsWith(rest, at + 1) || word.startsWith(rest, at) || word.startsWith(typed.slice(at), at + 1) ||
    (typed[at] === word[at + 1] && typed[at + 1] === word[at] && word.startsWith(typed.slice(at + 2), at + 2))
}
