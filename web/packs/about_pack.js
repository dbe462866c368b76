/** One pack: how it is, what went wrong and where, its nodes, what it needs, and what can be done with it. */
import { icon } from '../icons/icons.js'
import { fromServer } from '../language/server.js'
import { dateText, many, t } from '../language/t.js'
import { confirm } from '../panels/dialog.js'
import { h } from '../panels/dom.js'
import { duration } from '../panels/duration.js'
import { approvalForm, fillUnless } from './approval.js'
import { standingOf, waits } from './known.js'
import { createNeeds } from './needs.js'
import { iconOf, stateSentence, stateWord } from './words.js'

/** @typedef {import('./known.js').Pack} Pack */

/** Nodes that are shown before somebody asks for all. */
const MOST_NODES = 24

/**
 * @param {object} parts
 * @param {import('./known.js').KnownPacks} parts.known
 * @param {import('../panels/toasts.js').Toasts} parts.toasts
 * @param {() => import('../model/schema.js').Schema} parts.schema
 * @param {(type: string) => string} parts.colorOf
 * @param {(type: string) => void} parts.place  puts a node on the canvas
 * @param {() => void} parts.showLog
 * @param {() => void} parts.back
 */
export function createAbout({ known, toasts, schema, colorOf, place, showLog, back }) {
  const element = h('aside.about-pack.scrolls', { 'aria-label': t('About the pack') })
  /** @type {Set<string>} */
  const wholly = new Set()
  const needs = createNeeds({ known, toasts, redraw: () => show(known.find(element.dataset.name ?? '')) })

  /** @param {Pack | null} pack */
  function show(pack) {
    const key = JSON.stringify([pack, pack?.node_types?.map(type => schema().get(type)?.title), pack && needs.key(pack)])
    if (element.dataset.about === key) return
    const other = !pack || element.dataset.name !== pack.name
    element.dataset.name = pack?.name ?? ''
    if (other) {
      element.dataset.about = ''
      element.scrollTop = 0
    }
    draw(pack, key)
  }

  /** @param {Pack | null} pack @param {string} key */
  function draw(pack, key) {
    const focused = element.contains(document.activeElement) ? /** @type {HTMLElement} */ (document.activeElement).dataset.key : undefined
    fillUnless(element, key, () => (pack ? content(pack) : [h('p.quiet.none', {}, t('Choose a pack to see how it is.'))]))
    if (focused) /** @type {HTMLElement | null} */ (element.querySelector(`[data-key="${CSS.escape(focused)}"]`))?.focus({ preventScroll: true })
  }

  /** @param {Pack} pack @returns {import('../panels/dom.js').Child[]} */
  function content(pack) {
    const standing = standingOf(pack)
    const sentence = pack.sentence ? fromServer(pack.sentence) : ''
    return [
      h('button.link.back', { type: 'button', onclick: back }, icon('left', 14), t('All packs')),
      h('h2', {}, pack.name),
      h('p.state', { 'data-standing': standing }, icon(iconOf(standing), 14), stateWord(standing), pack.seconds ? h('span.quiet', {}, pack.resting ? t('imported when one of its nodes is needed, in about {time}', { time: duration(pack.seconds * 1000) }) : t('loaded in {time}', { time: duration(pack.seconds * 1000) })) : null),
      h('p.words', {}, stateSentence(pack)),
      sentence ? h('p.wrong-pack', { role: 'note' }, sentence) : null,
      waits(pack) ? h('section', {}, h('h3', {}, t('Approve it')), approvalForm({ known, packs: [pack], toasts })) : null,
      pack.problems?.length ? h('section', {}, h('h3', {}, many(pack.problems.length, 'One problem', '{count} problems')), pack.problems.map(problem), h('button.link', { type: 'button', 'data-key': 'log', onclick: showLog }, t('What the server says'))) : null,
      pack.notes?.length ? h('section', {}, h('h3', {}, t('To know')), h('ul.notes', {}, pack.notes.map(note => h('li', {}, fromServer(note))))) : null,
      nodes(pack),
      needs.section(pack),
      h('section', {}, h('h3', {}, t('Facts')), facts(pack)),
      pack.trust === 'approved' ? h('div.acts', {}, h('button.plain', { type: 'button', 'data-needs': 'admin', 'data-key': 'forget', onclick: () => void forget(pack) }, icon('lock', 14), t('Take the approval back'))) : null,
    ]
  }

  /** @param {import('./known.js').Problem} problem */
  function problem({ sentence, file, line, trace }) {
    return h('div.problem', {},
      h('div.head', {}, icon('error', 14), h('span', {}, fromServer(sentence))),
      file ? h('p.place', {}, h('code', {}, line ? `${file}:${line}` : file)) : null,
      trace ? h('details', {}, h('summary', {}, t('The whole trace')), h('pre', { tabindex: 0 }, trace)) : null)
  }

  /** @param {Pack} pack */
  function nodes({ name, node_types: types = [] }) {
    if (!types.length) return null
    const all = wholly.has(name) || types.length <= MOST_NODES
    return h('section', {}, h('h3', {}, many(types.length, 'One node', '{count} nodes')),
      h('div.pack-nodes', { role: 'list' }, (all ? types : types.slice(0, MOST_NODES)).map(type => {
        const declared = schema().get(type)
        const mark = h('i.socket')
        const output = declared?.outputs[0]
        if (output) mark.style.color = colorOf(output.type)
        return h('div', { role: 'listitem' }, h('button', { type: 'button', 'data-key': `node ${type}`, disabled: !declared, 'data-tip': t('Put it on the canvas'), onclick: () => place(type) }, mark, h('span', {}, declared?.title ?? type)))
      })),
      all ? null : h('button.link', { type: 'button', 'data-key': 'all-nodes', onclick: () => { wholly.add(name); element.dataset.about = ''; show(known.find(name)) } }, t('Show all {count}', { count: types.length })))
  }

  /** @param {Pack} pack */
  function facts(pack) {
    const brings = [pack.page ? t('parts of the page') : '', pack.web?.length ? t('scripts for ComfyUI’s page') : '', pack.locales ? t('words in other languages') : '', pack.examples ? many(pack.examples, 'one example graph', '{count} example graphs') : ''].filter(Boolean)
    const trust = { own: t('It comes with Easel'), dev: t('It is being developed: a save is loaded at once'), all: t('All packs are trusted (--trust-packs)'), approved: pack.approved_at ? t('Approved on {date}', { date: dateText(pack.approved_at * 1000) }) : t('Approved') }
    const rows = [[t('Where it is'), pack.path], [t('Why it runs'), pack.trust ? trust[pack.trust] : ''], [t('It brings'), brings.join(', ')], [t('Fingerprint'), (pack.hash ?? '').slice(0, 12)]]
    return h('dl', {}, rows.filter(([, value]) => value).map(([label, value]) => h('div', {}, h('dt', {}, label), h('dd', {}, value))))
  }

  /** @param {Pack} pack */
  async function forget(pack) {
    const sure = await confirm({ title: t('Take the approval back?'), text: t('{name} is off as soon as no job runs. Its files stay, and its nodes in graphs keep their values.', { name: pack.name }), verb: t('Take it back'), danger: true })
    if (!sure) return
    try {
      await known.forget(pack)
      toasts.show({ key: 'packs', tone: 'done', text: t('{name} is off.', { name: pack.name }) })
    } catch (error) {
      toasts.show({ key: 'packs', tone: 'error', text: /** @type {Error} */ (error).message })
    }
  }

  return { element, show }
}
