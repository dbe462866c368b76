/**
 * The little Markdown that a form's text has: paragraphs, lists, bold, italic, code and links. It builds elements and never
 * reads HTML, so that whoever wrote the text can put nothing into the page but text.
 */
import { h } from '../panels/dom.js'

const INLINE = /\*\*(?<bold>[^*\n]+)\*\*|\*(?<italic>[^*\n]+)\*|`(?<code>[^`\n]+)`|\[(?<words>[^\]\n]+)\]\((?<address>https?:\/\/[^\s)]+)\)/gu

/** @param {string} text @returns {HTMLElement[]} */
export function blocks(text) {
  return text.replaceAll('\r\n', '\n').split(/\n{2,}/u).flatMap(/** @returns {HTMLElement[]} */ part => {
    const lines = part.split('\n').filter(line => line.trim() !== '')
    if (!lines.length) return []
    const items = lines.map(line => /^\s*[-*]\s+(.*)$/u.exec(line)?.[1])
    if (items.every(item => item !== undefined)) return [h('ul', {}, items.map(item => h('li', {}, inline(item ?? ''))))]
    return [h('p', {}, lines.flatMap((line, index) => [...(index ? [h('br')] : []), ...inline(line)]))]
  })
}

/** @param {string} line @returns {(Node | string)[]} */
function inline(line) {
  /** @type {(Node | string)[]} */
  const found = []
  let at = 0
  for (const match of line.matchAll(INLINE)) {
    found.push(line.slice(at, match.index))
    const { bold, italic, code, words, address } = match.groups ?? {}
    if (bold !== undefined) found.push(h('strong', {}, bold))
    else if (italic !== undefined) found.push(h('em', {}, italic))
    else if (code !== undefined) found.push(h('code', {}, code))
    else found.push(h('a', { href: address, rel: 'noopener noreferrer nofollow', target: '_blank' }, words))
    at = match.index + match[0].length
  }
  return [...found, line.slice(at)].filter(part => part !== '')
}
