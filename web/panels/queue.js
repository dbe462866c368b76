/** What runs and what waits, with the way to take a job out; opened from the count in the top bar. */
import { icon } from '../icons/icons.js'
import { seedOf } from '../app/results.js'
import { many, t } from '../language/t.js'
import { fill, h } from './dom.js'
import { float } from './float.js'

/**
 * @param {DOMRect} anchor
 * @param {object} parts
 * @param {import('../api/client.js').Client} parts.client
 * @param {import('../model/session.js').Session} parts.session
 * @param {import('./toasts.js').Toasts} parts.toasts
 */
export function openQueue(anchor, { client, session, toasts }) {
  const list = h('div.queue-list.scrolls', { role: 'list' })
  const clear = h('button.link', { type: 'button', onclick: () => void act(() => client.send('POST', '/api/queue', { clear: true })) }, t('Remove all that wait'))
  const card = h('div.menu.queue', { role: 'dialog', 'aria-label': t('The queue'), tabindex: -1 }, list, clear)

  /** @param {() => Promise<unknown>} action */
  async function act(action) {
    try {
      await action()
    } catch (error) {
      toasts.show({ tone: 'error', text: t('The queue could not be changed.'), detail: /** @type {Error} */ (error).message })
    }
    await load()
  }

  async function load() {
    const queue = await client.queue().catch(() => null)
    if (!queue || !card.isConnected) return
    const waiting = queue.queue_pending.toSorted((left, right) => left[0] - right[0])
    clear.hidden = waiting.length < 2
    fill(list,
      queue.queue_running.map(item => row(item, 'running', () => client.interrupt(String(item[1])), t('Stop'))),
      waiting.map(item => row(item, 'waiting', () => client.dequeue([String(item[1])]), t('Remove'))),
      queue.queue_running.length + waiting.length ? null : h('p.none', {}, t('Nothing runs and nothing waits.')))
  }

  /** @param {any[]} item @param {string} state @param {() => Promise<unknown>} action @param {string} verb */
  function row(item, state, action, verb) {
    const seed = seedOf(item[2])
    const count = Object.keys(item[2] ?? {}).length
    const name = seed ? many(count, '{count} node, seed {seed}', '{count} nodes, seed {seed}', { seed }) : many(count, '{count} node', '{count} nodes')
    return h('div.entry', { role: 'listitem' }, h('span.open', {}, icon(state === 'running' ? 'play' : 'clock', 15), h('span.words', {}, h('span.title.number', {}, name), h('span.small', {}, state === 'running' ? t('running') : t('waiting')))),
      h('button.act', { type: 'button', 'aria-label': `${verb}: ${name}`, 'data-tip': verb, onclick: () => void act(action) }, icon(state === 'running' ? 'stop' : 'close', 14)))
  }

  const end = session.listen(change => { if (change.server || change.run) void load() })
  float(card, { anchor: { x: anchor.left, y: anchor.top, width: anchor.width, height: anchor.height + 6 }, onClose: end })
  card.focus()
  void load()
}
