/** The way to the graph on the canvas, from the whole graph inwards: each step is a button, the last one is where you are. */
import { icon } from '../icons/icons.js'
import { t } from '../language/t.js'
import { fill, h } from './dom.js'

/**
 * @param {HTMLElement} stage
 * @param {object} parts
 * @param {import('../tools/editor.js').Editor} parts.editor
 * @param {import('../app/names.js').Names} parts.names
 * @param {{ title: string, listen: (listener: () => void) => unknown }} parts.graph
 */
export function createBreadcrumbs(stage, { editor, names, graph }) {
  const list = h('ol')
  const element = h('nav.breadcrumbs', { 'aria-label': t('Where you are') }, list)
  let before = ''

  function draw() {
    const { path } = editor.places
    const steps = [graph.title, ...path.map(id => {
      const node = editor.store.node(id)
      return node ? names.titleOf(node) : '…'
    })]
    const text = JSON.stringify([path, steps])
    if (text === before) return
    before = text
    element.hidden = path.length === 0
    fill(list, steps.map((title, level) => {
      const last = level === path.length
      return h('li', {}, level ? icon('right', 12) : null,
        h('button', { type: 'button', 'aria-current': last ? 'location' : undefined, 'data-tip': last ? t('You are here') : t('Go out to “{title}”', { title }), 'data-keys': level === path.length - 1 ? 'Escape' : undefined,
          onclick: () => {
            if (last) editor.places.showAll()
            else editor.places.leave(path.length - level)
            editor.focus()
          } }, h('span', {}, title)))
    }))
  }

  stage.append(element)
  editor.on('graph', draw)
  editor.store.listen(draw)
  graph.listen(draw)
  draw()
  return element
}
