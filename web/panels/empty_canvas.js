/** What an empty canvas says: how to begin, by one press. It lets through all that is done on the canvas round it. */
import { icon } from '../icons/icons.js'
import { t } from '../language/t.js'
import { h } from './dom.js'

/** @param {HTMLElement} stage @param {import('../tools/editor.js').Editor} editor */
export function createEmptyCanvas(stage, editor) {
  const element = h('div.empty-canvas', { hidden: true },
    h('p', {}, t('Nothing on the canvas yet. Add a first node, or drop a picture that carries its graph.')),
    h('div.acts', {},
      h('button.primary', { type: 'button', 'data-command': 'search', 'data-tip': t('Search all nodes'), onclick: () => editor.run('search') }, icon('add', 15), t('Add a node')),
      h('button.plain', { type: 'button', 'data-command': 'graphs', 'data-tip': t('Saved graphs, and examples'), onclick: () => editor.run('graphs') }, icon('folder', 15), t('Open a graph'))))
  const draw = () => { element.hidden = editor.graphId !== '' || editor.graph.ids('', 'node').size > 0 || editor.graph.ids('', 'group').size > 0 }
  stage.querySelector('#widgets')?.after(element)
  editor.on('graph', draw)
  editor.store.listen(draw)
  draw()
}
