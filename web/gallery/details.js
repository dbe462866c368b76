/**
 * What is known of the picture at hand: how it was made, to be read and copied, and what one thinks of it.
 *
 * @typedef {import('./pictures.js').Item} Item
 * @typedef {Item & { positive: string, negative: string, seed: string, sampler: string, scheduler: string, steps: number | null, cfg: number | null,
 *   models: string[], loras: string[], tags: string[], nodes: string[], read: boolean }} Details
 */
import { icon } from '../icons/icons.js'
import { fromServer } from '../language/server.js'
import { dateText, t } from '../language/t.js'
import { bytesInWords } from '../model/words.js'
import { fill, h } from '../panels/dom.js'

/**
 * @param {object} parts
 * @param {import('../api/client.js').Client} parts.client
 * @param {import('./deeds.js').Deeds} parts.deeds
 * @param {(item: Item) => HTMLElement[]} parts.actions  buttons
 * @param {(text: string) => void} parts.search
 */
export function createAbout({ client, deeds, actions, search }) {
  const element = h('aside.about-file.scrolls', { 'aria-label': t('About the file'), tabindex: -1 })
  /** @type {Item | null} */
  let shown = null
  let drawn = ''
  let turn = 0

  /** @param {Details} item */
  function draw(item) {
    const size = item.width ? `${item.width} × ${item.height}` : ''
    fill(element,
      h('h2', {}, item.filename),
      h('p.sub', {}, [item.type === 'input' ? t('Inputs') : t('Outputs'), item.subfolder].filter(Boolean).join(' / ')),
      item.since === null ? opinion(item) : null,
      h('div.acts', {}, mostWantedFirst(actions(item))),
      item.problem ? h('p.note', {}, icon('warning', 14), fromServer(item.problem)) : null,
      item.read ? null : h('p.quiet', {}, t('This file has not been read yet.')),
      prompt(t('Prompt'), item.positive),
      prompt(t('Negative prompt'), item.negative),
      h('dl.facts', {},
        row(t('Seed'), item.seed, true), row(t('Sampler'), [item.sampler, item.scheduler].filter(Boolean).join(', ')), row(t('Steps'), item.steps), row(t('CFG'), item.cfg),
        item.models.map(model => row(t('Model'), model, true)), item.loras.map(lora => row(t('LoRA'), lora, true)),
        row(t('Size'), size), row(t('Weight'), bytesInWords(item.size)), row(t('Made'), dateText(item.time * 1000))),
      item.since === null ? tags(item) : null,
      item.nodes.length ? h('details', {}, h('summary', {}, t('Nodes')), h('p.nodes', {}, item.nodes.join(', '))) : null)
  }

  /** It has a row of its own. @param {HTMLElement[]} buttons */
  const mostWantedFirst = buttons => [...buttons].sort((one, other) => Number(other.matches('.primary')) - Number(one.matches('.primary')))

  /** @param {Details} item */
  function opinion(item) {
    const stars = [1, 2, 3, 4, 5].map(rating => h('button', {
      type: 'button', 'data-needs': 'write', 'aria-pressed': String(item.rating >= rating), 'aria-label': t('Stars: {count}', { count: rating }), 'data-tip': t('Stars: {count}', { count: rating }), 'data-keys': String(rating),
      onclick: () => void deeds.rate([item.id], { rating: item.rating === rating ? 0 : rating }),
    }, icon(item.rating >= rating ? 'starred' : 'star', 18)))
    return h('div.opinion', {}, h('div.stars', { role: 'group', 'aria-label': t('Stars') }, stars),
      h('button.favourite', { type: 'button', 'data-needs': 'write', 'aria-pressed': String(item.favourite), 'data-tip': t('Favourite'), 'data-keys': 'F', onclick: () => void deeds.rate([item.id], { favourite: !item.favourite }) },
        icon('heart', 16), t('Favourite')))
  }

  /** @param {string} label @param {string} text */
  function prompt(label, text) {
    if (!text) return null
    return h('section', {}, h('header', {}, h('h3', {}, label), copyButton(label, text)), h('p.prompt', {}, text))
  }

  /** @param {string} label @param {string} text */
  function copyButton(label, text) {
    return h('button.round', { type: 'button', 'aria-label': t('Copy: {what}', { what: label }), 'data-tip': t('Copy'), onclick: () => void deeds.copy(text, label) }, icon('copy', 15))
  }

  /** @param {string} label @param {string | number | null} value @param {boolean} [more]  can be copied, and searched for */
  function row(label, value, more = false) {
    if (value === '' || value === null) return null
    const text = String(value)
    return h('div', {}, h('dt', {}, label), h('dd', {}, more
      ? h('button', { type: 'button', 'data-tip': t('Find what else has it: {value}', { value: text }), onclick: () => search(`"${text}"`) }, h('span', {}, text)) : h('span', { 'data-tip': text.length > 24 ? text : undefined }, text),
    more ? copyButton(label, text) : null))
  }

  /** @param {Details} item */
  function tags(item) {
    const field = h('input.field', { type: 'text', 'data-needs': 'write', placeholder: t('Add a tag'), 'aria-label': t('Add a tag'), maxlength: 100, autocomplete: 'off' })
    return h('form.tags', { onsubmit: (/** @type {Event} */ event) => {
      event.preventDefault()
      const tag = field.value.trim()
      if (tag) void deeds.tag([item.id], tag, true).then(() => refresh())
    } }, item.tags.map(tag => h('button.chip', { type: 'button', 'data-needs': 'write', 'aria-label': t('Take the tag “{tag}” off', { tag }), 'data-tip': t('Take it off'), onclick: () => void deeds.tag([item.id], tag, false).then(() => refresh()) }, h('span', {}, tag), icon('close', 11))), field)
  }

  async function refresh() {
    if (!shown) return
    const { id } = shown
    const mine = ++turn
    /** @type {{ item: Details | null } | null} */
    const answer = await client.json(`/easel/gallery/item/${id}`).catch(() => null)
    if (mine !== turn || !answer) return
    if (!answer.item) return gone()
    const text = JSON.stringify(answer.item)
    if (text === drawn) return
    const typed = element.contains(document.activeElement) && document.activeElement instanceof HTMLInputElement
    const top = element.scrollTop
    drawn = text
    draw(answer.item)
    element.scrollTop = top
    if (typed) element.querySelector('input')?.focus({ preventScroll: true })
  }

  function gone() {
    drawn = ''
    fill(element, h('p.quiet.none', {}, t('It is not there any more.')))
  }

  return {
    element,
    /** @param {Item | null} item @param {number} count  chosen ones */
    show(item, count) {
      if (count > 1 || !item) {
        shown = null
        drawn = ''
        turn++
        fill(element, h('p.quiet.none', {}, count > 1 ? t('{count} files are chosen.', { count }) : t('Choose a file to read how it was made.')))
        return
      }
      const other = shown?.id !== item.id
      const changed = shown !== item // asked of the server anew, or judged
      shown = item
      if (other) element.scrollTop = 0
      if (changed || !drawn) void refresh()
    },
    refresh,
  }
}
