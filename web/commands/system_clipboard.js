/**
 * Nodes to the system's clipboard and back, where a command asks rather than a key that the browser knows. Browsers give
 * the clipboard to pages of this machine and of https only, and may ask first: what was copied here is remembered, so that
 * it can be pasted here all the same.
 *
 * @typedef {import('./context.js').Context & import('./context.js').Viewing} Full
 */
import { t } from '../language/t.js'
import { copyText, pasteText } from './clipboard.js'

/** @type {string | null} */
let last = null

/** Nodes were copied, by whatever way. @param {string} text */
export function remember(text) {
  last = text
}

/** @param {Full} context @param {boolean} [readable] laid out for the eye */
export async function copyToClipboard(context, readable = false) {
  const text = copyText(context, context.selection, { readable })
  if (text === null) return
  remember(text)
  try {
    await clipboard().writeText(text)
  } catch {
    context.notify(t('The browser did not let the page use the clipboard: it can be pasted in this page only'))
  }
}

/** @param {Full} context @param {boolean} links */
export async function pasteFromClipboard(context, links) {
  const point = context.pointer
  const read = await clipboard().readText().catch(() => null)
  const text = read ?? last
  if (text === null) context.notify(t('The browser did not let the page read the clipboard: press Ctrl+V instead'))
  else if (!pasteText(context, text, { point, links })) context.notify(t('The clipboard holds no nodes'))
}

/** The browser's, or one that refuses: over plain HTTP there is none. @returns {Pick<Clipboard, 'readText' | 'writeText'>} */
export function clipboard() {
  return globalThis.navigator?.clipboard ?? { readText: () => Promise.reject(new Error('no clipboard')), writeText: () => Promise.reject(new Error('no clipboard')) }
}
