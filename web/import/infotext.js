/**
 * The text that AUTOMATIC1111's program and its kin write into pictures, taken apart: the prompt, `Negative prompt: ...`, and a
 * last line of `Key: value, Key: value`. In time that grows as the text does, whatever it holds.
 *
 * @typedef {{ prompt: string, negative: string, values: Map<string, string> }} InfoText
 */

const NEGATIVE = 'Negative prompt:'
/** As long as a key may be; letters, digits and a few signs. */
const LONGEST_KEY = 60
const KEY = /^[\p{L}\p{N}_][\p{L}\p{N}_ \-/.()+]*$/u
/** A line with fewer is part of a prompt. */
const LEAST_KEYS = 3
/** After so many brackets that nothing closes, those of the rest are letters: each would be followed to the end. */
const MOST_UNCLOSED = 8

/** Is this the text of such a picture? @param {string} text */
export const isInfoText = (text) => /(?:^|\n)[ \t]*Steps: ?\d{1,20} *,/u.test(text) && /(?:^|[,\n]) ?(?:Sampler|Seed|Size|CFG scale): ?\S/u.test(text)

/** @param {string} text @returns {InfoText} */
export function readInfoText(text) {
  const lines = text.replaceAll('\r\n', '\n').trim().split('\n')
  const [first, values] = findValues(lines)
  const words = lines.slice(0, first)
  const cut = words.findIndex((line) => line.trimStart().startsWith(NEGATIVE))
  const prompt = (cut < 0 ? words : words.slice(0, cut)).join('\n').trim()
  const negative = cut < 0 ? '' : [/** @type {string} */ (words[cut]).trimStart().slice(NEGATIVE.length), ...words.slice(cut + 1)].join('\n').trim()
  return { prompt, negative, values }
}

/**
 * Values that hold line breaks go on for several lines: they begin where the steps are told, or are the last line.
 *
 * @param {string[]} lines @returns {[number, Map<string, string>]} where they begin
 */
function findValues(lines) {
  for (let at = lines.length - 1; at >= 0; at -= 1) {
    if (!/^[ \t]*Steps: ?\d/u.test(/** @type {string} */ (lines[at]))) continue
    const values = readValues(lines.slice(at).join('\n'))
    if (values.size >= LEAST_KEYS) return [at, values]
    break
  }
  const values = readValues(lines.at(-1) ?? '')
  return values.size >= LEAST_KEYS ? [lines.length - 1, values] : [lines.length, new Map()]
}

/** `Key: value, Key: "value, with a comma", Key: {"a": 1}`. @param {string} text @returns {Map<string, string>} */
function readValues(text) {
  /** @type {Map<string, string>} */
  const values = new Map()
  const ends = new Ends(text)
  for (let at = 0; at < text.length; ) {
    const colon = text.indexOf(':', at)
    if (colon < 0) break
    // What stands before the key belongs to nothing: a comma or a line break ends it.
    const head = text.slice(Math.max(at, colon - LONGEST_KEY), colon)
    const key = head.slice(Math.max(head.lastIndexOf(','), head.lastIndexOf('\n')) + 1).trim()
    const start = colon + 1 + (text[colon + 1] === ' ' ? 1 : 0)
    if (!KEY.test(key)) {
      at = colon + 1
      continue
    }
    const end = ends.of(start)
    if (!values.has(key)) values.set(key, unquote(text.slice(start, end).trim()))
    at = end + 1
  }
  return values
}

/** Where values end: at a comma or a line break, but those within quotes or brackets of JSON are their own. */
class Ends {
  /** @param {string} text */
  constructor(text) {
    this.text = text
    /** Brackets that were followed to the end of the text in vain. */
    this.unclosed = 0
  }

  /** @param {number} start */
  of(start) {
    const { text } = this
    const first = text[start]
    let from = start
    if (first === '"') from = this.quoted(start)
    else if ((first === '{' || first === '[') && this.unclosed < MOST_UNCLOSED) from = this.bracketed(start)
    while (from < text.length && text[from] !== ',' && text[from] !== '\n') from += 1
    return from
  }

  /** @param {number} start @returns {number} behind the quotes; where they began, if they stay open */
  quoted(start) {
    for (let at = start + 1; at < this.text.length; at += 1) {
      if (this.text[at] === '\\') at += 1
      else if (this.text[at] === '"') return at + 1
    }
    return start
  }

  /** @param {number} start */
  bracketed(start) {
    let depth = 0
    for (let at = start; at < this.text.length; at += 1) {
      const sign = this.text[at]
      if (sign === '"') at = Math.max(at, this.quoted(at) - 1)
      else if (sign === '{' || sign === '[') depth += 1
      else if ((sign === '}' || sign === ']') && --depth === 0) return at + 1
    }
    this.unclosed += 1
    return start
  }
}

/** @param {string} value */
function unquote(value) {
  if (value[0] !== '"') return value
  try {
    return String(JSON.parse(value))
  } catch {
    return value.slice(1, value.endsWith('"') && value.length > 1 ? -1 : undefined) // line breaks as they are
  }
}
