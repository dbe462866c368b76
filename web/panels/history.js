/**
 * The steps of this graph by name, oldest first: the current one is marked, those that were taken back are paler. A click,
 * or Enter, goes there, over any number of steps at once.
 */
import { icon } from '../icons/icons.js'
import { t } from '../language/t.js'
import { h } from './dom.js'
import { VirtualList } from './virtual_list.js'

/** @typedef {{ label: string, at: number }} Step  `at`: how many steps lie behind when one stands here */

const ROW = 30

/**
 * @param {{ editor: import('../tools/editor.js').Editor }} parts
 * @returns {import('./drawer.js').Panel}
 */
export function historyPanel({ editor }) {
  const { store } = editor
  return {
    id: 'history',
    title: t('History'),
    fill(body) {
      /** @type {VirtualList<Step>} */
      const list = new VirtualList({
        rowHeight: ROW,
        label: t('Steps of the history'),
        draw: ({ label, at }) => {
          const now = store.history.undos.length
          return [
            h('span.mark', {}, at === now ? icon('right', 14) : null),
            h('span.name', { class: at > now ? 'name undone' : 'name' }, label),
            at === now ? h('span.aside', {}, t('now')) : '',
          ]
        },
        onChoose: step => go(step),
      })
      const none = h('p.none', {}, t('Nothing was done yet. Each thing you do to the graph is listed here by name, and a click goes back to it.'))
      body.append(h('div.body.steps', {}, list.element, none))
      list.drivenBy(list.element)

      /** @param {Step} step */
      function go({ at }) {
        editor.state.cancel()
        store.jump(at - store.history.undos.length)
      }

      function draw() {
        const { undos, redos } = store.history
        const steps = [t('As it was opened'), ...undos, ...redos].map((label, at) => ({ label, at }))
        const empty = steps.length === 1
        none.hidden = !empty
        list.element.hidden = empty
        list.setItems(empty ? [] : steps, empty ? -1 : undos.length)
      }

      const end = store.listenSteps(draw)
      draw()
      return end
    },
  }
}
