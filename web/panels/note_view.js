/** A formatted note to be read at the side, where it has room and its words can be marked. What does it is loaded when first shown. */
import { t } from '../language/t.js'
import { h } from './dom.js'

/** Letters that are formatted. */
const LETTERS = 100_000

/** What a note may consist of: words and their forms, nothing that acts, loads or looks like the page itself. */
const ALLOWED = {
  ALLOWED_TAGS: [
    'a', 'b', 'blockquote', 'br', 'code', 'del', 'em', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'hr', 'i', 'kbd', 'li', 'ol', 'p', 'pre', 's', 'strong', 'sub', 'sup',
    'table', 'tbody', 'td', 'th', 'thead', 'tr', 'u', 'ul',
  ],
  ALLOWED_ATTR: ['href', 'start', 'align'], ALLOWED_URI_REGEXP: /^(?:https?|mailto):/iu, ALLOW_DATA_ATTR: false, ALLOW_ARIA_ATTR: false,
}

/** Pictures of a help page come from this server, from beside the page. */
const WITH_PICTURES = { ALLOWED_TAGS: [...ALLOWED.ALLOWED_TAGS, 'img'], ALLOWED_ATTR: [...ALLOWED.ALLOWED_ATTR, 'src', 'alt'], ALLOWED_URI_REGEXP: /^(?:(?:https?|mailto):|\/easel\/nodes\/)/iu }

/** The last note that was shown, so that a panel that is drawn often formats it once. @type {{ text: string, element: HTMLElement } | null} */
let shown = null

/**
 * @param {string} text Markdown
 * @param {{ pictures?: string | null }} [options]  where pictures lie that are named without an address; none are shown without it
 * @returns {HTMLElement} filled as soon as it can be
 */
export function noteView(text, { pictures = null } = {}) {
  if (pictures !== null) {
    const element = h('div.note', {}, h('p', { class: 'plain' }, text.slice(0, 2000)))
    void fillIn(element, text, pictures)
    return element
  }
  if (shown?.text === text) return shown.element
  const element = h('div.note')
  shown = { text, element }
  element.append(h('p', { class: 'plain' }, text.slice(0, 2000)))
  void fillIn(element, text)
  return element
}

/** @param {HTMLElement} element @param {string} text @param {string | null} [pictures] */
async function fillIn(element, text, pictures = null) {
  try {
    const [{ marked }, { default: purify }] = await Promise.all([import('marked'), import('dompurify')])
    const html = marked.parse(text.slice(0, LETTERS), { async: false, gfm: true })
    const found = purify.sanitize(harmless(html, pictures), { ...ALLOWED, ...(pictures ? WITH_PICTURES : {}), RETURN_DOM_FRAGMENT: true })
    for (const picture of found.querySelectorAll('img')) if (!pictures || !picture.getAttribute('src')?.startsWith(pictures)) picture.remove()
    for (const link of found.querySelectorAll('a')) {
      const href = link.getAttribute('href')
      if (!href) link.replaceWith(...link.childNodes)
      Object.assign(link, { target: '_blank', rel: 'noopener noreferrer' })
    }
    for (const item of found.querySelectorAll('li')) if (/^\s*[☑☐]/u.test(item.textContent ?? '')) item.classList.add('task')
    element.replaceChildren(found)
    if (text.length > LETTERS) element.append(h('p.quiet', {}, t('The note goes on: edit it to see the rest.')))
  } catch {
    element.replaceChildren(h('p', { class: 'plain' }, text.slice(0, LETTERS)))
  }
}

/**
 * Boxes of a task list as letters, pictures as links to them: the page loads nothing from elsewhere. What would run is cut off
 * before the sanitizer takes it away, since the browser complains of it as soon as it is read.
 *
 * @param {string} html @param {string | null} pictures
 */
const harmless = (html, pictures) => html
  .replaceAll(/<[a-z][^>]*>/giu, tag => tag.replaceAll(/\son\w+\s*=\s*(?:"[^"]*"|'[^']*'|[^\s>]*)/giu, ''))
  .replaceAll(/<input[^>]*checkbox[^>]*>/gu, box => (box.includes('checked') ? '☑' : '☐'))
  .replaceAll(/<img[^>]*src="([^"]*)"[^>]*alt="([^"]*)"[^>]*>/gu, (_, src, alt) => (pictures && /^(?![a-z][a-z\d+.-]*:|\/|\.\.)[^?#]+$/iu.test(src) ? `<img src="${pictures}${src}" alt="${alt}">` : `<a href="${src}">${alt || src}</a>`))
