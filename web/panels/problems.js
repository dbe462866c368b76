/** The panel of problems: every node that cannot run, failed or is worth a look, with its sentences, the way to it, and repairs. */
import { many, t } from '../language/t.js'
import { headOf } from '../model/faults.js'
import { icon } from '../icons/icons.js'
import { fill, h } from './dom.js'

/** Nodes that are shown at once; a graph that lost a folder of models may have hundreds. */
const MOST = 60

/**
 * @param {object} parts
 * @param {import('../app/troubles.js').Troubles} parts.troubles
 * @param {import('../model/session.js').Session} parts.session
 * @param {import('../tools/editor.js').Editor} parts.editor
 * @param {import('../app/names.js').Names} parts.names
 * @returns {import('./drawer.js').Panel}
 */
export function problemsPanel({ troubles, session, editor, names }) {
  /** @param {import('../app/troubles.js').Trouble} trouble */
  function card(trouble) {
    const { record, tone, faults, detail } = trouble
    const title = record ? names.titleOf(record) : t('A node that is gone')
    return h('div.problem', { role: 'listitem', dataset: { tone } },
      h('div.head', {}, icon(tone === 'error' ? 'error' : 'warning', 15), h('span.title', {}, title), h('span.number', {}, `#${trouble.id ?? record?.key ?? ''}`)),
      faults.map(fault => [
        fault.message.split('\n').map(line => h('p', {}, line)),
        h('div.acts', {}, troubles.repairs(trouble, fault).map(({ label, run }) => h('button.repair', { type: 'button', 'data-tip': t('{label}. Ctrl+Z takes it back.', { label }), onclick: run }, label))),
      ]),
      h('button.link', { type: 'button', 'aria-label': t('Show {title}', { title }), 'data-tip': t('Brings the node into view'), onclick: () => troubles.show(trouble) }, t('Show me')),
      detail ? h('details', {}, h('summary', {}, t('Details')), h('pre', { tabindex: 0 }, detail)) : null)
  }

  return {
    id: 'problems',
    title: t('Problems'),
    fill(body) {
      const list = h('div.body.scrolls')
      const all = h('button.plain', { type: 'button', 'data-tip': t('One step, which Ctrl+Z takes back'), onclick: () => troubles.repairAll() })
      const foot = h('div.foot', {}, all)
      body.append(list, foot)
      let drawn = ''

      function draw() {
        const found = troubles.list()
        const state = found.map(({ key, faults }) => `${key} ${faults.map(({ message }) => message).join()}`).join('|')
        const mendable = troubles.mendable().length
        foot.hidden = mendable < 2
        all.textContent = t('Repair {mendable} of them', { mendable })
        if (state === drawn && list.childElementCount) return // the keyboard's place in it stays
        drawn = state
        const hadFocus = list.contains(document.activeElement)
        if (!found.length) return fill(list, h('p.none', {}, t('No problems. What the next run would stumble over is listed here.')))
        /** @type {Map<string, import('../app/troubles.js').Trouble[]>} */
        const groups = new Map()
        for (const trouble of found.slice(0, MOST)) {
          const head = headOf(trouble.faults[0]?.kind ?? 'failed')
          groups.set(head, [...groups.get(head) ?? [], trouble])
        }
        fill(list, [...groups].map(([head, group]) => [groups.size > 1 || group.length > 1 ? h('h3', {}, head, h('span.number', {}, String(group.length))) : null, h('div', { role: 'list', 'aria-label': head }, group.map(card))]),
          found.length > MOST ? h('p.none', {}, many(found.length - MOST, '{count} more node has problems.', '{count} more nodes have problems.')) : null)
        // What was mended is gone: the keyboard goes on to what is left.
        if (hadFocus) /** @type {HTMLElement | null} */ (list.querySelector('button'))?.focus()
      }

      draw()
      const ends = [session.listen(change => { if (change.nodes.size || change.notices) draw() }), editor.store.listen(draw)]
      return () => ends.forEach(end => end())
    },
  }
}
