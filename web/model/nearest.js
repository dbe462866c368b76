/**
 * Which names of a list are meant by one that is not in it: a file that lies in another folder or has another ending, a
 * slip of the finger, another version of the same model. Who offers a repair and who lists choices rank alike.
 */

/** Below this a name has too little in common to be offered. */
const LEAST = 0.34
/** Of the best by their parts so many are compared letter by letter. */
const COMPARED = 48
/** Letters of a name that are looked at. */
const LETTERS = 160
/** Precisions and the like: files that differ in these alone are close, and sharing only these says nothing. */
const COMMON = new Set(['fp16', 'fp32', 'fp8', 'bf16', 'e4m3fn', 'e5m2', 'scaled', 'pruned', 'emaonly', 'model', 'safetensors', 'v', 'the', 'of'])

/** @typedef {{base: string, stem: string, parts: ReadonlySet<string>, pairs: ReadonlySet<string>}} Parsed */

/**
 * @template Choice
 * @param {string} name @param {readonly Choice[]} choices @param {{limit?: number}} [options]
 * @returns {{choice: Choice, score: number}[]} best first; a score of 1 is the same file elsewhere
 */
export function nearest(name, choices, { limit = 5 } = {}) {
  const wanted = parse(name)
  if (!wanted.base) return []
  const scored = choices.map((choice) => {
    const other = parse(String(choice))
    return { choice, other, score: likeness(wanted, other) }
  })
  scored.sort((a, b) => b.score - a.score)
  const best = scored.slice(0, COMPARED).map(({ choice, other, score }) => ({
    choice, score: score >= 0.9 ? score : Math.max(score, (score + closeness(wanted.stem, other.stem)) / 2)
  }))
  return best.filter(({ score }) => score >= LEAST).sort((a, b) => b.score - a.score).slice(0, limit)
}

/** @param {string} path @returns {Parsed} */
function parse(path) {
  const base = (path.slice(-LETTERS).toLowerCase().split(/[\\/]/u).pop() ?? '').trim()
  const stem = base.replace(/\.[a-z0-9]{1,12}$/u, '')
  const parts = new Set(stem.match(/\p{L}+|\d+(?:\.\d+)*/gu) ?? [])
  const pairs = new Set()
  const letters = stem.replaceAll(/[^\p{L}\p{N}]+/gu, ' ')
  for (let at = 0; at + 1 < letters.length; at++) pairs.add(letters.slice(at, at + 2))
  return { base, stem, parts, pairs }
}

/** 0 to 1: by whole words and by pairs of letters. @param {Parsed} a @param {Parsed} b */
function likeness(a, b) {
  if (a.base === b.base) return 1
  if (a.stem === b.stem) return 0.95
  const weight = (/** @type {string} */ part) => (COMMON.has(part) ? 0.3 : Math.min(part.length, 6))
  return 0.89 * (0.5 * shared(a.parts, b.parts, weight) + 0.5 * shared(a.pairs, b.pairs, () => 1))
}

/** Dice's share of two sets. @param {ReadonlySet<string>} a @param {ReadonlySet<string>} b @param {(item: string) => number} weight */
function shared(a, b, weight) {
  let [both, all] = [0, 0]
  for (const item of a) {
    all += weight(item)
    if (b.has(item)) both += 2 * weight(item)
  }
  for (const item of b) all += weight(item)
  return all > 0 ? both / all : 0
}

/** 1 for the same word, less by every letter that differs; two that changed places count as one. @param {string} a @param {string} b */
export function closeness(a, b) {
  const most = Math.max(a.length, b.length)
  if (most === 0) return 1
  let before = /** @type {number[]} */ ([])
  let last = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1
      let cost = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + same)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) cost = Math.min(cost, (before[j - 2] ?? 0) + 1)
      row[j] = cost
    }
    before = last
    last = row
  }
  return 1 - (last[b.length] ?? most) / most
}
