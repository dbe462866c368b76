/**
 * The routes of this server, for whoever writes a program for it: read from its OpenAPI document.
 *
 * @typedef {{ name: string, in: string, schema?: object }} Parameter
 * @typedef {{ content?: Record<string, { schema?: object }>, description?: string }} Content
 * @typedef {object} Operation
 * @property {string[]} tags
 * @property {string} summary
 * @property {Parameter[]} [parameters]
 * @property {Content} [requestBody]
 * @property {Record<string, Content>} responses
 * @typedef {object} Document
 * @property {{ description: string, version: string }} info
 * @property {{ name: string }[]} tags
 * @property {Record<string, Record<string, Operation>>} paths
 * @property {{ schemas: Record<string, object> }} components
 */
import { t } from '../language/t.js'
import { fill, h } from '../panels/dom.js'
import { shapeText } from './shapes.js'

const main = /** @type {HTMLElement} */ (document.getElementById('reference'))

async function start() {
  const answer = await fetch('/easel/openapi.json')
  if (!answer.ok) throw new Error(`${answer.status}`)
  /** @type {Document} */
  const found = await answer.json()
  document.title = t('Easel: routes for programs')
  const sections = found.tags.map(({ name }) => section(name, found))
  const search = h('input.find', {
    type: 'search',
    'aria-label': t('Find a route'),
    placeholder: t('Find a route'),
    oninput: () => narrow(search.value, sections),
  })
  fill(main,
    h('header', {},
      h('h1', {}, document.title),
      h('p.quiet', {}, said(found.info.description)),
      h('p', {}, h('a', { href: '/easel/openapi.json' }, t('The document, for tools that make clients of it'))),
      search),
    ...sections.map(each => each.element))
}

/** @param {string} tag @param {Document} found */
function section(tag, found) {
  const rows = Object.entries(found.paths).flatMap(([path, operations]) =>
    Object.entries(operations)
      .filter(([, operation]) => operation.tags[0] === tag)
      .map(([method, operation]) => ({
        words: `${method} ${path} ${operation.summary}`.toLowerCase(),
        element: h('li', {}, route(method, path, operation, found)),
      })))
  const element = h('section', {}, h('h2', {}, tag), h('ul', {}, ...rows.map(row => row.element)))
  return { element, rows }
}

/** @param {string} method @param {string} path @param {Operation} operation @param {Document} found */
function route(method, path, operation, found) {
  const given = operation.parameters?.filter(each => each.in === 'query').map(each => each.name) ?? []
  const [status, done] = Object.entries(operation.responses)[0] ?? ['', {}]
  const takes = contentText(operation.requestBody, found)
  const gives = contentText(done, found)
  return h('details', {},
    h('summary', {},
      h('code.method', {}, method.toUpperCase()),
      h('code.path', {}, path),
      h('span.said', {}, said(operation.summary))),
    h('div.more', {},
      given.length > 0 && h('p', {}, t('In the address:'), ' ', h('code', {}, given.map(name => `${name}=`).join('  '))),
      takes && h('div', {}, h('p.quiet', {}, t('Takes')), h('pre', {}, takes)),
      h('div', {}, h('p.quiet', {}, t('Gives ({status})', { status })), h('pre', {}, gives || t('nothing')))))
}

/** What stands between backticks is code. @param {string} text */
function said(text) {
  return text.split('`').map((part, index) => (index % 2 ? h('code', {}, part) : part))
}

/** @param {Content | undefined} content @param {Document} found */
function contentText(content, found) {
  return Object.entries(content?.content ?? {})
    .map(([type, { schema }]) => (schema ? shapeText(schema, found.components.schemas) : type))
    .join('\n')
}

/** Shows the routes that have all the words. @param {string} wanted @param {ReturnType<typeof section>[]} sections */
function narrow(wanted, sections) {
  const words = wanted.toLowerCase().split(/\s+/).filter(Boolean)
  for (const { element, rows } of sections) {
    for (const row of rows) row.element.hidden = !words.every(word => row.words.includes(word))
    element.hidden = rows.every(row => row.element.hidden)
  }
}

start().catch(error => {
  fill(main, h('p', { role: 'alert' }, t('The list of routes could not be loaded: {why}', { why: String(error.message) })))
}).finally(() => main.removeAttribute('aria-busy'))
