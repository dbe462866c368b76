/**
 * Prompt weights by keyboard: Ctrl+Up and Ctrl+Down turn the selected words (or the word at the caret) into
 * `(words:1.05)` and change the number; at 1 the parentheses go away.
 */

export const WEIGHT_STEP = 0.05
const WEIGHTED = /^\((.*):(-?\d*\.?\d+)\)$/su

/**
 * @param {string} text
 * @param {number} start  selection
 * @param {number} end
 * @param {number} delta
 * @returns {{ text: string, start: number, end: number }}
 */
export function changeWeight(text, start, end, delta) {
  const span = enclosingWeight(text, start, end) ?? (start === end ? wordAt(text, start) : trimmed(text, start, end))
  const chosen = text.slice(span.start, span.end)
  if (!chosen) return { text, start, end }

  const parts = WEIGHTED.exec(chosen)
  const inner = parts?.[1] ?? chosen
  const weight = Math.round(((parts ? Number(parts[2]) : 1) + delta) * 100) / 100
  const changed = weight === 1 ? inner : `(${inner}:${Number(weight.toFixed(2))})`
  return { text: text.slice(0, span.start) + changed + text.slice(span.end), start: span.start, end: span.start + changed.length }
}

/** The innermost `(…:number)` that holds the selection. @param {string} text @param {number} start @param {number} end */
function enclosingWeight(text, start, end) {
  let depth = 0
  for (let open = start - (text[start] === '(' && start < end ? 0 : 1); open >= 0; open -= 1) {
    if (text[open - 1] === '\\') continue
    if (text[open] === ')' && open < start) depth += 1
    if (text[open] !== '(') continue
    if (depth > 0) {
      depth -= 1
      continue
    }
    const close = closing(text, open)
    if (close >= end - 1 && WEIGHTED.test(text.slice(open, close + 1))) return { start: open, end: close + 1 }
  }
  return null
}

/** @param {string} text @param {number} open @returns {number} index of the parenthesis that closes, or -1 */
function closing(text, open) {
  let depth = 0
  for (let at = open; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1
    else if (text[at] === '(') depth += 1
    else if (text[at] === ')' && --depth === 0) return at
  }
  return -1
}

/** @param {string} text @param {number} at */
function wordAt(text, at) {
  const stop = /[\s,.;:()[\]{}|<>"]/u
  let start = at
  let end = at
  while (start > 0 && !stop.test(/** @type {string} */ (text[start - 1]))) start -= 1
  while (end < text.length && !stop.test(/** @type {string} */ (text[end]))) end += 1
  return { start, end }
}

/** @param {string} text @param {number} start @param {number} end */
function trimmed(text, start, end) {
  const chosen = text.slice(start, end)
  return { start: start + chosen.length - chosen.trimStart().length, end: end - (chosen.length - chosen.trimEnd().length) }
}
