/**
 * The panel of node packs: all of them, those that need somebody first; beside them how one is.
 *
 * @typedef {import('./known.js').Pack} Pack
 * @typedef {import('./known.js').Wanted} Wanted
 */
import { icon } from '../icons/icons.js'
import { many, numberText, t } from '../language/t.js'
import { fill, h, setText } from '../panels/dom.js'
import { VirtualList } from '../panels/virtual_list.js'
import { createAbout } from './about_pack.js'
import { approveAll } from './approval.js'
import { fails, searchPacks, standingOf, waits } from './known.js'
import { iconOf, stateWord } from './words.js'

const ROW = 44

/**
 * @param {object} parts
 * @param {import('../tools/editor.js').Editor} parts.editor
 * @param {import('./known.js').KnownPacks} parts.known
 * @param {import('../panels/toasts.js').Toasts} parts.toasts
 * @param {(type: string) => string} parts.colorOf
 * @param {() => string} parts.takeWanted  the pack to show first, by name; told once
 * @returns {import('../panels/drawer.js').Panel}
 */
export function packsPanel({ editor, known, toasts, colorOf, takeWanted }) {
  /** @type {Wanted} */
  const kept = { words: '', only: 'all' }
  let chosen = ''
  return {
    id: 'packs',
    title: t('Node packs'),
    size: 'wide',
    fill(body) {
      const wanted = takeWanted()
      chosen = wanted || chosen
      const titleOf = (/** @type {string} */ type) => editor.schema.get(type)?.title ?? type
      const about = createAbout({
        known, toasts, colorOf, schema: () => editor.schema, showLog: () => void editor.run('log'),
        place: type => editor.addNode(type, { point: editor.toCanvas({ x: editor.viewSize.w / 2, y: editor.viewSize.h / 2 }) }),
        back: () => { element.classList.remove('reading'); field.focus() },
      })
      /** @type {VirtualList<Pack>} */
      const list = new VirtualList({
        rowHeight: ROW, label: t('Node packs'), draw: row,
        onActive: pack => { chosen = pack?.name ?? ''; about.show(pack) },
        onChoose: pack => { chosen = pack.name; list.setActive(list.items.indexOf(pack)); element.classList.add('reading') },
      })
      const field = h('input.field', { type: 'search', placeholder: t('Search packs and their nodes'), 'aria-label': t('Search packs'), autocomplete: 'off', spellcheck: 'false', value: kept.words, oninput: () => { kept.words = field.value; draw() } })
      list.drivenBy(field)
      const chips = h('div.chips', { role: 'group', 'aria-label': t('Which packs') })
      const all = h('button', { type: 'button', 'data-needs': 'admin', onclick: () => approveAll({ known, toasts }) }, icon('lock', 14), h('span'))
      const again = h('button.round', { type: 'button', 'aria-label': t('Read the packs again'), 'data-tip': t('Read the packs again'), onclick: () => void known.load() }, icon('repeat', 15))
      const count = h('span.count', { role: 'status' })
      const empty = h('div.empty-packs', { hidden: true })
      const element = h('div.packs-panel', {},
        h('div.tools', {}, field, again), h('div.line', {}, chips, all, count),
        h('div.room', {}, h('div.list-room', {}, list.element, empty), about.element))
      body.append(element)

      /** @param {Pack} pack */
      function row(pack) {
        const standing = standingOf(pack)
        const nodes = pack.node_types?.length ?? 0
        return [h('span.mark', { 'data-standing': standing }, icon(iconOf(standing), 14)),
          h('span.words', {}, h('span.title', {}, pack.name), h('span.small', {}, [nodes || standing === 'loaded' ? many(nodes, 'one node', '{count} nodes') : '', pack.problems?.length ? many(pack.problems.length, 'one problem', '{count} problems') : ''].filter(Boolean).join(' · '))),
          standing === 'loaded' ? '' : h('span.standing', { 'data-standing': standing }, stateWord(standing))]
      }

      function draw() {
        const found = searchPacks(known.packs, kept, titleOf)
        const at = found.findIndex(({ name }) => name === chosen)
        const scroll = list.element.scrollTop
        list.setItems(found, at >= 0 ? at : found.length ? 0 : -1)
        list.element.scrollTop = scroll
        list.draw()
        const waiting = known.packs.filter(waits).length
        const failed = known.packs.filter(fails).length
        if ((kept.only === 'waiting' && !waiting) || (kept.only === 'problems' && !failed)) {
          kept.only = 'all'
          return draw()
        }
        fill(chips, chip('all', t('All'), known.packs.length), waiting ? chip('waiting', t('To approve'), waiting) : null, failed ? chip('problems', t('With problems'), failed) : null)
        all.hidden = waiting < 2
        setText(/** @type {Node} */ (all.lastChild), t('Approve all…'))
        setText(count, known.read ? many(found.length, '{count} pack', '{count} packs') : '')
        drawEmpty(found.length)
      }

      /** @param {Wanted['only']} only @param {string} label @param {number} number */
      function chip(only, label, number) {
        return h('button.chip', { type: 'button', 'aria-pressed': String(kept.only === only), onclick: () => { kept.only = only; draw(); /** @type {HTMLElement | null} */ (chips.querySelector('[aria-pressed=true]'))?.focus() } }, label, h('span.number', {}, numberText(number)))
      }

      /** @param {number} found */
      function drawEmpty(found) {
        empty.hidden = found > 0 || (!known.read && !known.failure)
        element.toggleAttribute('data-empty', !known.packs.length)
        if (known.failure) fill(empty, h('p', {}, known.failure), h('button.plain', { type: 'button', onclick: () => void known.load() }, t('Try again')))
        else if (known.packs.length) fill(empty, h('p', {}, t('No pack fits.')), h('button.plain', { type: 'button', onclick: () => { field.value = ''; kept.words = ''; kept.only = 'all'; draw() } }, t('Show all')))
        else fill(empty, h('p', {}, t('There are no node packs yet. Put one into the folder custom_nodes, or make your own with: python3 server.py new-node NAME')), h('button.plain', { type: 'button', onclick: () => void known.load() }, t('Look again')))
      }

      const end = known.listen(draw)
      draw()
      if (wanted) element.classList.add('reading')
      void known.load()
      return end
    },
  }
}
