/**
 * Reads Markdown, with a package that is loaded when the first formatted note is drawn. Until then, and where it cannot be
 * had, a note is drawn as the text that it is.
 *
 * @typedef {import('marked').Token} Token
 */

/** Letters that are read: more than anyone sees on a node, and little enough for a file with megabytes. */
export const LETTERS = 20_000

/** @type {((text: string) => Token[]) | null} */
let read = null
let asked = false
/** @type {Set<() => void>} */
const waiting = new Set()

/** The tokens of a note's beginning; null while the reader is on its way. @param {string} text @returns {Token[] | null} */
export function tokensOf(text) {
  if (!read) void loadMarkdown()
  if (!read) return null
  try {
    return read(text.length > LETTERS ? text.slice(0, LETTERS) : text)
  } catch {
    return [] // nested deeper than it can go: drawn as the text that it is
  }
}

/** Have the reader. @returns {Promise<boolean>} whether it could be had */
async function loadMarkdown() {
  if (read || asked) return read !== null
  asked = true
  try {
    const { lexer } = await import('marked')
    read = (text) => lexer(text)
    for (const listener of waiting) listener()
    return true
  } catch {
    return false
  }
}

/** Call back when notes can be drawn as they are meant. @param {() => void} listener */
export const whenMarkdownIsRead = (listener) => void waiting.add(listener)
