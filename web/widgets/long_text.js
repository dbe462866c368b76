/** A text too long for a field of the browser: its beginning, and what can be done with the whole. */
import { t } from '../language/t.js'
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
  const copy = h('button', { type: 'button', 'data-tip': t('Put all of it on the clipboard'), onclick: () => void navigator.clipboard?.writeText(text).catch(() => undefined) }, t('Copy all'))
  const paste = h('button', { type: 'button', 'data-tip': t('Take the text on the clipboard in its place'), onclick: async () => {
    next = (await navigator.clipboard?.readText().catch(() => null)) ?? null
    if (next !== null) close()
  } }, t('Paste in its place'))
  const shorten = h('button', { type: 'button', 'data-tip': t('Keep the first {count} letters, which can be edited', { count: SHOWN }), onclick: () => { next = text.slice(0, SHOWN); close() } }, t('Keep the beginning'))
  const empty = h('button', { type: 'button', 'data-tip': t('Take all of it out'), onclick: () => { next = ''; close() } }, t('Empty it'))
  const card = h('div.long-text', { role: 'dialog', 'aria-label': request.label },
    h('p', {}, t('This text has {millions} million letters: too many to be typed in.', { millions: (text.length / 1e6).toFixed(1) })),
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
