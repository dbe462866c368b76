/** Above the wall: files that nodes of the open graph name and this server has not, with the nearest that it has. */
import { icon } from '../icons/icons.js'
import { many, t } from '../language/t.js'
import { fill, h } from '../panels/dom.js'

/** Files that are told; the list of problems has all. */
const MOST = 4

/** @param {{ inGraph: import('./in_graph.js').InGraph, editor: import('../tools/editor.js').Editor }} parts */
export function createMissing({ inGraph, editor }) {
  const element = h('section.missing', { hidden: true, 'aria-label': t('Models that this graph misses') })
  let drawn = ''
  return {
    element,
    draw() {
      const missing = inGraph.missing()
      const now = JSON.stringify(missing.map(({ node, widget, value, near }) => [node.id, widget, value, near]))
      if (now === drawn) return
      drawn = now
      element.hidden = !missing.length
      fill(element, h('h3', {}, icon('warning', 14), many(missing.length, '{count} model of this graph is not here', '{count} models of this graph are not here')),
        missing.slice(0, MOST).map(({ node, widget, value, near }) => h('div.one', {},
          h('button.link', { type: 'button', 'data-tip': t('Show the node'), onclick: () => { editor.select([node.id]); editor.reveal(node.id) } }, value),
          near.slice(0, 2).map(name => h('button.chip', { type: 'button', 'data-tip': t('Use {name} in its place', { name }), onclick: () => editor.setWidget(node.id, widget, name) }, h('span', {}, name))))),
        missing.length > MOST ? h('p.small', {}, t('and {count} more', { count: missing.length - MOST })) : null)
    },
  }
}
