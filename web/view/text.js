/** Text on a canvas: measured once, shortened in the middle, broken into lines. Sizes are canvas pixels. */
import { FONT, MONO } from './theme.js'

/** @typedef {CanvasRenderingContext2D} Context2D */

/** Strings remembered, for each font. */
const KEPT = 4000

/** @type {Map<string, Map<string, number>>} */
const widths = new Map()
/** @type {Map<string, string>} */
const shortened = new Map()

/** @param {number} size @param {400 | 500 | 600} [weight] @param {boolean} [mono] */
export const font = (size, weight = 400, mono = false) => `${weight} ${Math.round(size * 100) / 100}px ${mono ? MONO : FONT}`

/**
 * Make a context's font cheap to read and to set again: a browser writes its name anew at each question, which takes as
 * long as drawing a word. @param {Context2D} ctx
 */
export function rememberFont(ctx) {
  const native = Object.getOwnPropertyDescriptor(CanvasRenderingContext2D.prototype, 'font')
  if (!native?.set || !native.get) return
  const { get, set } = native
  let current = /** @type {string} */ (get.call(ctx))
  /** @type {string[]} */
  const saved = []
  Object.defineProperty(ctx, 'font', {
    configurable: true,
    get: () => current,
    set(font) {
      if (font === current) return
      set.call(ctx, font)
      current = font
    }
  })
  const { save, restore, reset } = CanvasRenderingContext2D.prototype
  ctx.save = () => {
    saved.push(current)
    save.call(ctx)
  }
  ctx.restore = () => {
    current = saved.pop() ?? current
    restore.call(ctx)
  }
  ctx.reset = () => {
    saved.length = 0
    reset.call(ctx)
    current = get.call(ctx)
  }
}

/** @typedef {{font: string, by: number}} Measuring The font that a text is measured in, and its size by that of the one asked for. */

/** @type {Map<string, Measuring>} */
const measurings = new Map()

/** Sizes that letters have near by. */
const USUAL = new Set([11, 12, 12.5, 13])
/** At this one they are measured for all others: while one zooms, letters have another size in every frame. */
const MODEL = 16

/** @param {string} asked @returns {Measuring} */
function measuringOf(asked) {
  let known = measurings.get(asked)
  if (!known) {
    const [all = '', digits = ''] = /(\d+(?:\.\d+)?)px/u.exec(asked) ?? []
    const size = Number(digits)
    known = all === '' || USUAL.has(size) ? { font: asked, by: 1 } : { font: asked.replace(all, `${MODEL}px`), by: MODEL / size }
    if (measurings.size > 500) measurings.clear()
    measurings.set(asked, known)
  }
  return known
}

/** The width of `text` in the context's font. @param {Context2D} ctx @param {string} text */
export function measure(ctx, text) {
  const { font, by } = measuringOf(ctx.font)
  return measured(ctx, font, text) / by
}

/** @param {Context2D} ctx @param {string} font @param {string} text */
function measured(ctx, font, text) {
  let known = widths.get(font)
  if (!known) {
    if (widths.size > 80) widths.clear()
    widths.set(font, (known = new Map()))
  }
  let width = known.get(text)
  if (width === undefined) {
    if (known.size > KEPT) known.clear()
    const before = ctx.font
    if (before !== font) ctx.font = font
    known.set(text, (width = ctx.measureText(text).width))
    if (before !== font) ctx.font = before
  }
  return width
}

/** Letters side by side are this part of their widths' sum at least: some move closer to each other. */
const SURE = 0.97
/** Latin letters, signs and the ellipsis: what stands alone as it stands in a word. */
const LETTERS = /^[\u0020-\u024f\u2009\u2010-\u2027]*$/u

/** The width of `text` as the sum of its letters', which is next to nothing to work out. @param {Context2D} ctx @param {string} font @param {string} text */
function summed(ctx, font, text) {
  if (!LETTERS.test(text)) return measured(ctx, font, text)
  let width = 0
  for (const letter of text) width += measured(ctx, font, letter)
  return width
}

/** `text`, or as much of its two ends as fits `room`. @param {Context2D} ctx @param {string} text @param {number} room */
export function fitMiddle(ctx, text, room) {
  const { font, by } = measuringOf(ctx.font)
  const space = room * by
  if (text.length < 400 && (summed(ctx, font, text) < space * SURE || measured(ctx, font, text) <= space)) return text
  const key = `${font}|${Math.floor(space)}|${text.length > 400 ? text.slice(0, 400) : text}`
  const known = shortened.get(key)
  if (known !== undefined) return known
  let [low, high] = [0, Math.min(text.length, 400)]
  while (low < high) {
    const letters = Math.ceil((low + high) / 2)
    if (summed(ctx, font, cut(text, letters)) <= Math.floor(space)) low = letters
    else high = letters - 1
  }
  const result = low > 0 ? cut(text, low) : room > 8 ? '…' : ''
  if (shortened.size > KEPT) shortened.clear()
  shortened.set(key, result)
  return result
}

/** Of a word in the middle of which letters are left out, fewer than these say nothing. */
const TELLING = 5

/**
 * A title in at most `most` lines, broken between words. A word that is too long, and what no line is left for, is shortened
 * in the middle; in a block so narrow that this would leave no word to know, words break anywhere. @param {Context2D} ctx @param {string} title @param {number} room @param {number} most
 */
export function titleLines(ctx, title, room, most) {
  const words = title.split(/\s+/u).filter(Boolean)
  /** @type {string[]} */
  const lines = []
  while (words.length) {
    let line = words.shift() ?? ''
    while (words.length && (lines.length === most - 1 || measure(ctx, `${line} ${words[0]}`) <= room)) line += ` ${words.shift()}`
    lines.push(fitMiddle(ctx, line, room))
  }
  return lines.some((line) => line.includes('…') && line.length < TELLING) ? wrap(ctx, title, room, most) : lines
}

const MODEL_FILE = /\.(?:safetensors|sft|ckpt|pth?|bin|gguf)$/iu

/** As `fitMiddle`; the ending of a model's file gives way before its name does. @param {Context2D} ctx @param {string} name @param {number} room */
export function fitFileName(ctx, name, room) {
  return fitMiddle(ctx, measure(ctx, name) > room ? name.replace(MODEL_FILE, '') : name, room)
}

/** @param {string} text @param {number} letters of the text that stay */
function cut(text, letters) {
  const head = Math.ceil(letters * 0.6)
  const tail = letters - head
  return `${text.slice(0, head).trimEnd()}…${tail > 0 ? text.slice(-tail).trimStart() : ''}`
}

/** @type {Map<string, readonly string[]>} */
const wrapped = new Map()

const IDEOGRAPHS = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u
/** A line may end after each of these; what closes a phrase does not begin one, and what opens one does not end one. */
const WITH_IDEOGRAPHS = /[“（《「『]*(?:[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー]|[^\s\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}“（《「『，。：；！？、）”』」》]+)[，。：；！？、）”』」》….,:;!?)]*\s*|\s+|\S/gu

/** What a line is broken between, the blanks behind each with it. @param {string} text */
export const wordsOf = (text) => text.match(IDEOGRAPHS.test(text) ? WITH_IDEOGRAPHS : /\S+\s*|\s+/gu)

/**
 * Lines no wider than `room`, at most `most`; the last one ends in an ellipsis where more would follow.
 * @param {Context2D} ctx @param {string} text @param {number} room @param {number} most
 * @returns {readonly string[]}
 */
export function wrap(ctx, text, room, most) {
  // Only what can be seen is looked at: a widget may hold megabytes.
  const seen = text.slice(0, Math.ceil(most * room * 0.6) + 200)
  const key = `${ctx.font}|${Math.round(room)}|${most}|${seen}`
  const known = wrapped.get(key)
  if (known) return known
  /** @type {string[]} */
  const lines = []
  for (const paragraph of seen.split('\n')) {
    let line = ''
    for (const word of wordsOf(paragraph) ?? ['']) {
      if (line && measure(ctx, (line + word).trimEnd()) > room) {
        lines.push(line.trimEnd())
        line = ''
      }
      let rest = word
      while (measure(ctx, rest.trimEnd()) > room && rest.length > 1 && lines.length <= most) {
        let letters = rest.length
        while (letters > 1 && measure(ctx, rest.slice(0, letters)) > room) letters = Math.ceil(letters * 0.8) - 1
        lines.push(rest.slice(0, Math.max(letters, 1)))
        rest = rest.slice(Math.max(letters, 1))
      }
      line += rest
      if (lines.length > most) break
    }
    lines.push(line.trimEnd())
    if (lines.length > most) break
  }
  if (lines.length > most || seen.length < text.length) {
    lines.length = Math.min(lines.length, most)
    const last = lines.length - 1
    let end = lines[last] ?? ''
    while (end && measure(ctx, `${end}…`) > room) end = end.slice(0, -1)
    if (last >= 0) lines[last] = `${end.trimEnd()}…`
  }
  if (wrapped.size > 600) wrapped.clear()
  wrapped.set(key, lines)
  return lines
}
