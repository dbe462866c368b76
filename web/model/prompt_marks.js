/**
 * What the parts of a prompt are, for the eye: weights `(a:1.2)`, choices `{a|b}`, wildcards `__name__`, `embedding:name`,
 * `<lora:name:1>`, comments, and brackets that do not pair.
 *
 * @typedef {'plain' | 'weight' | 'choice' | 'name' | 'comment' | 'wrong'} Mark
 * @typedef {{from: number, to: number, mark: Mark}} Run
 */

/** Letters that are looked at; the rest is plain. */
export const MOST_MARKED = 40_000

const MARKS = /** @type {readonly Mark[]} */ (['plain', 'weight', 'choice', 'name', 'comment', 'wrong'])
const [WEIGHT, CHOICE, NAME, COMMENT, WRONG] = [1, 2, 3, 4, 5]
const COMMENTS = /\/\*[\s\S]*?\*\/|(?<!:)\/\/.*/gu
const NAMES = /\bembedding:[^\s,()[\]{}|<>:]+|<[a-z]+:[^<>\n]*>|__[\w\-./*]+?__/giu
const PAIRS = /** @type {Readonly<Record<string, string>>} */ ({ ')': '(', '}': '{' })

/** @param {string} text @param {{choices?: boolean}} [options] `choices`: `{a|b}` mean something here @returns {Run[]} without gaps, in order */
export function marksOf(text, { choices = true } = {}) {
  const looked = text.slice(0, MOST_MARKED)
  const marks = new Uint8Array(looked.length)
  for (const found of choices ? looked.matchAll(COMMENTS) : []) marks.fill(COMMENT, found.index, found.index + found[0].length)
  brackets(looked, marks, choices, looked.length < text.length)
  for (const found of looked.matchAll(NAMES)) {
    if (marks[found.index] !== COMMENT) marks.fill(NAME, found.index, found.index + found[0].length)
  }
  return runs(marks, text.length)
}

/** Weights, choices over them; what does not pair is wrong. @param {string} text @param {Uint8Array} marks @param {boolean} choices @param {boolean} cut the text goes on */
function brackets(text, marks, choices, cut) {
  /** @type {number[]} */
  const open = []
  // How many groups begin or end at each letter: nested ones cost no more than flat ones.
  const [weights, chosen] = [new Int32Array(text.length + 1), new Int32Array(text.length + 1)]
  for (let at = 0; at < text.length; at++) {
    const letter = text[at] ?? ''
    if (marks[at] === COMMENT) continue
    if (letter === '\\') at++
    else if (letter === '(' || (choices && letter === '{')) open.push(at)
    else if (letter === ')' || (choices && letter === '}')) {
      const from = open.at(-1)
      if (from === undefined || text[from] !== PAIRS[letter]) marks[at] = WRONG
      else {
        open.pop()
        const groups = letter === ')' ? weights : chosen
        groups[from] = (groups[from] ?? 0) + 1
        groups[at + 1] = (groups[at + 1] ?? 0) - 1
      }
    }
  }
  if (!cut) for (const at of open) marks[at] = WRONG
  for (let at = 0, weight = 0, choice = 0; at < text.length; at++) {
    weight += weights[at] ?? 0
    choice += chosen[at] ?? 0
    if (marks[at] === 0) marks[at] = choice > 0 ? CHOICE : weight > 0 ? WEIGHT : 0
  }
}

/** @param {Uint8Array} marks @param {number} length @returns {Run[]} */
function runs(marks, length) {
  /** @type {Run[]} */
  const found = []
  for (let at = 0; at < marks.length;) {
    const from = at
    while (at < marks.length && marks[at] === marks[from]) at++
    found.push({ from, to: at, mark: MARKS[marks[from] ?? 0] ?? 'plain' })
  }
  if (length > marks.length) found.push({ from: marks.length, to: length, mark: 'plain' })
  return found
}

/**
 * The runs of each line, where the lines are parts of the text in their order, as wrapping makes them.
 * @param {string} text @param {readonly string[]} lines the last may end in an ellipsis of its own @param {readonly Run[]} all
 * @returns {{text: string, mark: Mark}[][]}
 */
export function marksOfLines(text, lines, all) {
  let [at, run] = [0, 0]
  return lines.map((line) => {
    const known = text.startsWith(line, at) ? at : text.indexOf(line, at)
    const from = known >= 0 ? known : text.indexOf(line.replace(/…$/u, ''), at)
    if (from < 0) return [{ text: line, mark: 'plain' }]
    const to = from + line.length
    while (run > 0 && (all[run]?.from ?? 0) > from) run--
    while (run < all.length - 1 && (all[run]?.to ?? 0) <= from) run++
    /** @type {{text: string, mark: Mark}[]} */
    const pieces = []
    for (let next = run; next < all.length; next++) {
      const { from: start, to: end, mark } = /** @type {Run} */ (all[next])
      if (start >= to) break
      const piece = line.slice(Math.max(start, from) - from, Math.min(end, to) - from)
      if (piece) pieces.push({ text: piece, mark })
    }
    const told = pieces.reduce((sum, piece) => sum + piece.text.length, 0)
    if (told < line.length) pieces.push({ text: line.slice(told), mark: 'plain' })
    at = Math.min(to, text.length)
    return pieces
  })
}
