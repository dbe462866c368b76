/**
 * Prompts of other programs in our syntax, where a weight is `(words:1.2)` and an inner one replaces what stands round it:
 * theirs multiply. Built as a tree and written in one walk, without recursion: time grows as the text does.
 *
 * @typedef {{ text: string } | Group} Piece
 * @typedef {{ weight: number, pieces: Piece[] }} Group
 */

/** Between parts of a prompt that are read one by one and laid end to end. */
export const PART = '\u0001'

/** What a prompt held that has no like here. @typedef {{ edits: number, choices: number }} Told */

const PLAIN = /[^\\()[\]{}:|]+/uy

/**
 * A1111's prompt: `(x)` × 1.1, `[x]` ÷ 1.1, `(x:1.3)`, `[from:to:when]`, `[a|b]`, BREAK.
 *
 * @param {string} prompt @returns {{ text: string } & Told}
 */
export function fromA1111(prompt) {
  const told = { edits: 0, choices: 0 }
  if (/^[^[\]\\{}]*$/u.test(prompt) && isFlat(prompt)) return { text: breaks(prompt), ...told }
  /** @type {Frame[]} */
  const open = [new Frame('')]
  PLAIN.lastIndex = 0
  for (let at = 0; at < prompt.length; ) {
    const top = /** @type {Frame} */ (open.at(-1))
    PLAIN.lastIndex = at
    const plain = PLAIN.exec(prompt)?.[0]
    if (plain) {
      top.say(plain)
      at += plain.length
      continue
    }
    const sign = /** @type {string} */ (prompt[at])
    at += 1
    if (sign === '\\' && at < prompt.length) {
      top.say(escaped(/** @type {string} */ (prompt[at])))
      at += 1
    } else if (sign === '(' || sign === '[') open.push(new Frame(sign))
    else if (sign === ')' && top.sign === '(') {
      open.pop()
      open.at(-1)?.add(top.weighted())
    } else if (sign === ']' && top.sign === '[') {
      open.pop()
      open.at(-1)?.add(top.bracketed(told))
    } else if (sign === ':' || sign === '|') top.separate(sign)
    else top.say(escaped(sign))
  }
  while (open.length > 1) {
    const top = /** @type {Frame} */ (open.pop())
    open.at(-1)?.add({ weight: top.sign === '(' ? 1.1 : 1 / 1.1, pieces: top.all() }) // never closed: it goes to the end
  }
  return { text: breaks(write(/** @type {Frame} */ (open[0]).all())), ...told }
}

/** NovelAI's: `{x}` × 1.05, `[x]` ÷ 1.05, `1.3::x::`. @param {string} prompt */
export function fromNovelAi(prompt) {
  if (!/[[\]{}()\\]|::/u.test(prompt)) return prompt
  /** @type {Frame[]} */
  const open = [new Frame('')]
  const number = /(-?\d{0,4}(?:\.\d{0,6})?)::/uy
  for (let at = 0; at < prompt.length; at += 1) {
    const sign = /** @type {string} */ (prompt[at])
    let top = /** @type {Frame} */ (open.at(-1))
    number.lastIndex = at
    const marked = (sign === ':' || sign === '-' || sign === '.' || /\d/u.test(sign)) && !/[\d.\-]/u.test(prompt[at - 1] ?? '') ? number.exec(prompt) : null
    if (marked) {
      if (top.sign === ':') { // a new section ends the one before
        open.pop()
        open.at(-1)?.add({ weight: top.weight, pieces: top.all() })
      }
      const weight = Number(marked[1] || NaN)
      if (Number.isFinite(weight)) open.push(new Frame(':', weight))
      at += marked[0].length - 1
    } else if (sign === '{' || sign === '[') open.push(new Frame(sign))
    else if ((sign === '}' && top.sign === '{') || (sign === ']' && top.sign === '[')) {
      open.pop()
      open.at(-1)?.add({ weight: sign === '}' ? 1.05 : 1 / 1.05, pieces: top.all() })
    } else top.say(sign === '}' || sign === ']' ? '' : escaped(sign))
  }
  while (open.length > 1) {
    const top = /** @type {Frame} */ (open.pop())
    open.at(-1)?.add({ weight: top.sign === ':' ? top.weight : top.sign === '{' ? 1.05 : 1 / 1.05, pieces: top.all() })
  }
  return write(/** @type {Frame} */ (open[0]).all())
}

/** InvokeAI's: `word++`, `word-`, `(some words)1.3`, `(some words)++`. @param {string} prompt */
export function fromInvoke(prompt) {
  if (!/[()+]|-(?:\s|$|,)/u.test(prompt)) return prompt
  /** @type {Frame[]} */
  const open = [new Frame('')]
  const token = /\\.|\)(?:(\+{1,20})|(-{1,20})(?!\w)|(\d{1,3}(?:\.\d{0,6})?))?|\(|([^\s()\\,+]+?)(?:(\+{1,20})|(-{1,20}))(?=[\s,)]|$)|[^\s()\\,+]+|[\s,+]+/uy
  for (let at = 0; at < prompt.length; at = token.lastIndex) {
    token.lastIndex = at
    const found = token.exec(prompt)
    if (!found) { // a lone sign
      open.at(-1)?.say(escaped(/** @type {string} */ (prompt[at])))
      token.lastIndex = at + 1
      continue
    }
    const [whole, more, less, number, word, wordMore, wordLess] = found
    const top = /** @type {Frame} */ (open.at(-1))
    if (whole === '(') open.push(new Frame('('))
    else if (whole[0] === ')') {
      if (open.length === 1) top.say(escaped(')'))
      else {
        open.pop()
        open.at(-1)?.add({ weight: number ? Number(number) : power(more, less), pieces: top.all() })
      }
    } else if (word) top.add({ weight: power(wordMore, wordLess), pieces: [{ text: word }] })
    else top.say(whole[0] === '\\' ? escaped(whole.slice(1)) : whole)
  }
  while (open.length > 1) {
    const top = /** @type {Frame} */ (open.pop())
    open.at(-1)?.say('\\(')
    open.at(-1)?.add({ weight: 1, pieces: top.all() })
  }
  return write(/** @type {Frame} */ (open[0]).all())
}

/** @param {string | undefined} more @param {string | undefined} less */
const power = (more = '', less = '') => 1.1 ** Math.min(more.length, 20) * 0.9 ** Math.min(less.length, 20)

/** @param {string} sign */
const escaped = (sign) => ('(){}\\'.includes(sign) ? `\\${sign}` : sign)

/** What stands within brackets that are still open. */
class Frame {
  /** @param {string} sign the bracket @param {number} [weight] */
  constructor(sign, weight = 1) {
    this.sign = sign
    this.weight = weight
    /** Cut at `:` and `|`. @type {Piece[][]} */
    this.parts = [[]]
    /** @type {string[]} */
    this.cuts = []
  }

  /** @param {string} text */
  say(text) {
    if (text) this.add({ text })
  }

  /** @param {Piece} piece */
  add(piece) {
    this.parts.at(-1)?.push(piece)
  }

  /** @param {string} sign */
  separate(sign) {
    if (!this.sign) return this.say(sign)
    this.cuts.push(sign)
    this.parts.push([])
    return undefined
  }

  /** The parts from one on, with the signs between them. @param {number} [from] @param {number} [to] @returns {Piece[]} */
  all(from = 0, to = this.parts.length) {
    /** @type {Piece[]} */
    const pieces = []
    for (let index = from; index < to; index += 1) {
      if (index > from) pieces.push({ text: /** @type {string} */ (this.cuts[index - 1]) })
      for (const piece of this.parts[index] ?? []) pieces.push(piece)
    }
    return pieces
  }

  /** The number in the last part, if it is nothing else. */
  number() {
    const last = this.parts.at(-1) ?? []
    const text = last.length === 1 && last[0] && 'text' in last[0] ? last[0].text.trim() : ''
    return this.parts.length > 1 && /^[+-]?\d{0,6}(?:\.\d{0,9})?$/u.test(text) && /\d/u.test(text) ? Number(text) : null
  }

  /** `(words)` or `(words:1.3)`. @returns {Group} */
  weighted() {
    const number = this.cuts.at(-1) === ':' ? this.number() : null
    return number === null ? { weight: 1.1, pieces: this.all() } : { weight: number, pieces: this.all(0, this.parts.length - 1) }
  }

  /** `[words]`, or words that come and go while the picture is made: those that are there longest are kept. @param {Told} told @returns {Group} */
  bracketed(told) {
    if (this.cuts.length && this.cuts.every((cut) => cut === '|')) {
      told.choices += 1
      return { weight: 1, pieces: this.parts[0] ?? [] }
    }
    const when = this.cuts.at(-1) === ':' ? this.number() : null
    if (when === null || this.parts.length > 3) return { weight: 1 / 1.1, pieces: this.all() }
    told.edits += 1
    const [from, to] = this.parts.length === 3 ? this.parts : [[], this.parts[0] ?? []]
    const late = when > 1 ? when > 10 : when > 0.5 // a step, or a share of them
    const [longest, other] = late ? [from, to] : [to, from]
    return { weight: 1, pieces: (longest?.length ? longest : other) ?? [] }
  }
}

/** Words with weights, each once, none inside of another. @param {Piece[]} pieces */
function write(pieces) {
  /** @type {{ weight: number, text: string[] }[]} */
  const runs = []
  /** @type {{ pieces: Piece[], at: number, weight: number }[]} */
  const stack = [{ pieces, at: 0, weight: 1 }]
  for (let top = stack.at(-1); top; top = stack.at(-1)) {
    const piece = top.pieces[top.at++]
    if (!piece) stack.pop()
    else if ('pieces' in piece) stack.push({ pieces: piece.pieces, at: 0, weight: top.weight * piece.weight })
    else {
      const last = runs.at(-1)
      if (last && last.weight === top.weight) last.text.push(piece.text)
      else runs.push({ weight: top.weight, text: [piece.text] })
    }
  }
  return runs.map(({ weight, text }) => weighted(text.join(''), weight)).join('')
}

/** The blanks and BREAKs round and between words stay outside of their weight. @param {string} text @param {number} weight */
function weighted(text, weight) {
  const rounded = Math.round(Math.min(Math.max(weight, -100), 100) * 1000) / 1000
  if (rounded === 1) return text
  return text.split(/\bBREAK\b/u).map((part) => {
    const words = part.trim()
    if (!words) return part
    const start = part.length - part.trimStart().length
    return `${part.slice(0, start)}(${words}:${rounded})${part.slice(start + words.length)}`
  }).join('BREAK')
}

/** Round brackets within none, and all of them closed: they mean the same here. @param {string} prompt */
function isFlat(prompt) {
  let depth = 0
  let explicit = false
  for (let at = 0; at < prompt.length; at += 1) {
    const sign = prompt[at]
    if (sign === '(') depth += 1
    else if (sign === ')' && --depth < 0) return false
    else if (sign === ':' && depth > 1) explicit = true
  }
  return depth === 0 && !explicit
}

/** @param {string} prompt */
const breaks = (prompt) => prompt.split(/\bBREAK\b/u).map((part) => part.replace(/^[\s,]+/u, '').trimEnd()).filter(Boolean).join(PART)
