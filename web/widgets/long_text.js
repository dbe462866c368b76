/** A text too long for a field of the browser: its beginning, and what can be done with the whole. */
import { h } from '../panels/dom.js'
import { float } from '../panels/float.js'

/** Letters that are shown. */
const SHOWN = 4000

/**
 * @param {HTMLElement} host @param {import('./request.js').EditRequest} request @param {string} text
 * @returns {import('./request.js').OpenEditor}
 */
export function openLongText(host, request, text) {
  const stage = host.getBoundingClientRect()
  /** @type {string | null} */
  let next = null
  const copy = h('button', { type: 'button', 'data-tip': 'Put all of it on the clipboard', onclick: () => void navigator.clipboard?.writeText(text).catch(() => undefined) }, 'Copy all')
  const paste = h('button', { type: 'button', 'data-tip': 'Take the text on the clipboard in its place', onclick: async () => {
    next = (await navigator.clipboard?.readText().catch(() => null)) ?? null
    if (next !== null) close()
  } }, 'Paste in its place')
  const shorten = h('button', { type: 'button', 'data-tip': `Keep the first ${SHOWN} letters, which can be edited`, onclick: () => { next = text.slice(0, SHOWN); close() } }, 'Keep the beginning')
  const empty = h('button', { type: 'button', 'data-tip': 'Take all of it out', onclick: () => { next = ''; close() } }, 'Empty it')
  const card = h('div.long-text', { role: 'dialog', 'aria-label': request.label },
    h('p', {}, `This text has ${(text.length / 1e6).toFixed(1)} million letters: too many to be typed in.`),
    h('pre.scrolls', { tabindex: 0 }, `${text.slice(0, SHOWN)}…`), h('div.buttons', {}, copy, paste, shorten, empty))
  const close = float(card, {
    anchor: { x: stage.left + request.box.x, y: stage.top + request.box.y, width: request.box.width, height: request.box.height },
    onClose: () => {
      if (next !== null) request.commit(next)
      request.closed()
    },
  })
  copy.focus({ preventScroll: true })
  return { element: card, close }
}
