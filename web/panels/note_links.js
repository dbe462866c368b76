/** Where a formatted note leads, for its menu. */
import { t } from '../language/t.js'
import { noteLinks } from '../view/widget_markdown.js'

/** More would push the rest of the menu away. */
const MOST = 6

/** @param {import('../tools/editor.js').Editor} editor @param {string} node @returns {import('./menu.js').MenuEntry[]} */
export function noteEntries(editor, node) {
  return editor.widgets(node).filter(({ spec }) => spec.kind === 'markdown').flatMap(noteLinks).slice(0, MOST).map(({ href, text }) => ({
    label: t('Open “{name}”', { name: shorten(text.trim() || href) }), icon: 'link', run: () => openAddress(href),
  }))
}

/** @param {string} href one that `safe` let pass */
const openAddress = href => void window.open(href, '_blank', 'noopener,noreferrer')

/** @param {string} text */
const shorten = text => (text.length > 40 ? `${text.slice(0, 39)}…` : text)
