/**
 * Graphs to begin with, as cards with pictures: ours, and those that packs bring. Words and tags choose among them.
 *
 * @typedef {import('../api/library.js').Template} Template
 */
import { GraphLibrary } from '../api/library.js'
import { icon } from '../icons/icons.js'
import { many, t } from '../language/t.js'
import { fill, h } from './dom.js'
import { wordsOf } from './template_words.js'

/**
 * @param {object} parts
 * @param {import('../api/client.js').Client} parts.client
 * @param {import('./toasts.js').Toasts} parts.toasts
 * @param {() => import('../model/schema.js').Schema} parts.schema
 * @param {(json: unknown, title: string) => void} parts.openJson  may throw Error
 * @returns {import('./drawer.js').Panel}
 */
export function templatesPanel({ client, toasts, schema, openJson }) {
  const library = new GraphLibrary(client)
  return {
    id: 'templates',
    title: t('Templates'),
    size: 'full',
    fill(body, close) {
      const field = h('input.field', { type: 'search', placeholder: t('Search titles, tags and nodes'), 'aria-label': t('Search templates'), autocomplete: 'off' })
      const chips = h('div.chips', { role: 'group', 'aria-label': t('Only those with this tag') })
      const none = h('p.none', { role: 'status' })
      const grid = h('div')
      body.classList.add('templates')
      body.append(h('div.tools', {}, field, chips), h('div.body.scrolls', {}, none, grid))

      /** @type {readonly (Template & { words: string })[] | null} */
      let templates = null
      let failure = ''
      let tag = ''

      async function read() {
        try {
          templates = (await library.templates()).map(template => {
            const told = { ...template, ...wordsOf(template) }
            return { ...told, words: [told.title, told.description, template.title, ...told.tags, ...template.tags, template.pack, ...template.types.map(type => `${type} ${schema().get(type)?.title ?? ''}`)].join('\n').toLowerCase() }
          })
          failure = ''
        } catch (error) {
          failure = /** @type {Error} */ (error).message
        }
        draw()
      }

      function draw() {
        const words = field.value.toLowerCase().split(/\s+/u).filter(Boolean)
        const shown = (templates ?? []).filter(template => (!tag || template.tags.includes(tag)) && words.every(word => template.words.includes(word)))
        const tags = [...new Set((templates ?? []).flatMap(template => template.tags))]
        chips.hidden = !tags.length
        fill(chips, tags.map(each => h('button.chip', { type: 'button', 'aria-pressed': String(each === tag), onclick: () => { tag = each === tag ? '' : each; draw() } }, each)))
        const said = failure || (templates === null ? t('Reading…') : shown.length ? '' : t('No template fits that.'))
        none.hidden = !said
        fill(none, said, failure ? [' ', h('button.link', { type: 'button', onclick: () => void read() }, t('Try again'))] : null)
        const packs = new Set(shown.map(({ pack }) => pack))
        fill(grid, [...packs].map(pack => [
          packs.size > 1 || pack ? h('h3', {}, pack || t('From Easel')) : null,
          h('div.cards', { role: 'list', 'aria-label': pack || t('Templates') }, shown.filter(template => template.pack === pack).map(card)),
        ]))
      }

      /** @param {Template} template */
      function card(template) {
        const { title, description, tags, picture, nodes, types, broken } = template
        const unknown = types.filter(type => !schema().get(type) && !/^[0-9a-f-]{36}$/iu.test(type))
        const small = broken ? t('The file cannot be read.')
          : unknown.length ? t('Needs nodes that are not here: {names}', { names: unknown.slice(0, 3).join(', ') })
            : [many(nodes, '{count} node', '{count} nodes'), ...tags].join(' · ')
        return h('div.card', { role: 'listitem' },
          h('button', { type: 'button', disabled: broken, onclick: () => void open(template, title), onkeydown: walk },
            h('span.picture', {}, picture ? h('img', { src: picture, alt: '', loading: 'lazy', draggable: 'false' }) : icon('nodes', 28)),
            h('span.title', { dir: 'auto' }, title),
            description ? h('span.says', { dir: 'auto' }, description) : null,
            h('span.small', { class: unknown.length || broken ? 'small warn' : 'small' }, small)))
      }

      /** @param {Template} template @param {string} title */
      async function open(template, title) {
        try {
          openJson(await library.template(template), title)
          close()
        } catch (error) {
          toasts.show({ key: 'template', tone: 'error', text: t('“{name}” could not be opened.', { name: title }), detail: /** @type {Error} */ (error).message })
          void read()
        }
      }

      /** The arrows walk the cards as they lie. @param {KeyboardEvent} event */
      function walk(event) {
        const cards = /** @type {HTMLElement[]} */ ([...grid.querySelectorAll('.card button:not(:disabled)')])
        const at = cards.indexOf(/** @type {HTMLElement} */ (event.currentTarget))
        const top = cards[at]?.getBoundingClientRect().top ?? 0
        const columns = Math.max(1, cards.filter(each => Math.abs(each.getBoundingClientRect().top - top) < 4).length)
        /** @type {Record<string, number>} */
        const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns, Home: -at, End: cards.length - 1 - at }
        const step = steps[event.key]
        if (step === undefined) return
        event.preventDefault()
        event.stopPropagation()
        if (event.key === 'ArrowUp' && at < columns) field.focus()
        else cards[Math.max(0, Math.min(cards.length - 1, at + step))]?.focus()
      }

      field.addEventListener('input', draw)
      field.addEventListener('keydown', event => {
        const first = grid.querySelector('.card button:not(:disabled)')
        if ((event.key !== 'ArrowDown' && event.key !== 'Enter') || !(first instanceof HTMLElement)) return
        event.preventDefault()
        if (event.key === 'Enter') first.click()
        else first.focus()
      })
      draw()
      void read()
      return () => body.classList.remove('templates')
    },
  }
}
