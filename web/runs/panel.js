/** The panel of the queue and its history: what holds it up, what runs, what waits, what has ended. */
import { askToNotify } from '../app/notify.js'
import { icon } from '../icons/icons.js'
import { t } from '../language/t.js'
import { fill, h } from '../panels/dom.js'
import { openMenu } from '../panels/menu.js'
import { Acts } from './acts.js'
import { hindrances } from './hindrances.js'
import { createPastList } from './past_list.js'
import { createRunningCard } from './running_card.js'
import { createWaitingList } from './waiting_list.js'

/** Whose jobs are, for who sees other people's: '' for one's own. @typedef {{ of: (owner: string | undefined) => string, load: () => Promise<void> }} Whose */

/** What each job is expected to take is asked for again so long after one has ended, in ms. */
const REFRESH = 1500

/**
 * @param {import('./acts.js').Parts & {
 *   feed: import('../app/queue_feed.js').QueueFeed,
 *   settings: import('../app/settings.js').Settings,
 *   typeTitle: (type: string) => string,
 *   seeWorker: () => Promise<any>,
 *   whose: Whose,
 * }} parts  `seeWorker`: what the server says of its worker now
 * @returns {import('../panels/drawer.js').Panel}
 */
export function queuePanel({ feed, settings, typeTitle, seeWorker, whose, ...parts }) {
  const { routes, graph, toasts } = parts
  const acts = new Acts(parts)
  return {
    id: 'queue',
    title: t('Queue'),
    fill(body) {
      const pause = h('button', { type: 'button', 'data-needs': 'admin', onclick: () => void acts.pause(!feed.paused) })
      const said = h('div.reader', { role: 'status' })
      const notices = h('div.notices', { role: 'status' })
      const room = h('div.body.scrolls', { tabindex: -1 })
      const card = createRunningCard({ feed, acts, typeTitle, whose })
      const waiting = createWaitingList({ feed, acts, whose, say: sentence => { said.textContent = sentence } })
      const past = createPastList({ room, routes, acts, whose, document: () => graph.id })
      room.append(card.element, waiting.element, past.element)
      const bell = h('button.narrow', { type: 'button', 'aria-haspopup': 'menu', 'aria-label': t('Tell when jobs are done'), 'data-tip': t('Tell when jobs are done'), onclick: () => openMenu([
        { label: t('A notice when jobs are done and the page is hidden'), checked: settings.values.notify, run: () => void setNotices(!settings.values.notify) },
        { label: t('With a sound'), checked: settings.values.notifySound, enabled: settings.values.notify, run: () => settings.set('notifySound', !settings.values.notifySound) },
      ], bell.getBoundingClientRect(), { label: t('Tell when jobs are done') }) }, icon('bell'))
      body.append(h('div.tools', {}, pause, bell), notices, room, said)

      /** @param {boolean} wanted */
      async function setNotices(wanted) {
        const refusal = wanted ? await askToNotify(settings) : null
        if (!wanted) settings.set('notify', false)
        if (refusal) toasts.show({ key: 'notify', tone: 'warning', text: refusal })
      }

      /** @type {any} */
      let worker = feed.worker
      let drawn = ''
      let drawnPause = ''
      function draw() {
        worker = feed.worker ?? worker
        const label = feed.paused ? t('Go on') : t('Pause')
        if (label !== drawnPause) {
          fill(pause, icon(feed.paused ? 'play' : 'pause'), label)
          pause.dataset.tip = feed.paused ? t('Start waiting jobs again') : t('Start no more jobs; what runs goes on')
          drawnPause = label
        }
        const sentences = hindrances(feed, worker)
        if (JSON.stringify(sentences) !== drawn) {
          drawn = JSON.stringify(sentences)
          fill(notices, sentences.map(({ tone, text, detail }) => h('div.notice', { dataset: { tone } }, icon(tone), h('div.words', {}, h('p', {}, text), detail ? h('p.detail', {}, detail) : null))))
        }
        card.draw()
        waiting.draw()
      }

      let document = graph.id
      /** @type {ReturnType<typeof setTimeout> | undefined} */
      let timer
      const ends = [
        feed.listen(draw),
        feed.onEnded(job => {
          past.take(job)
          if (feed.waiting.length) timer ??= setTimeout(() => { timer = undefined; void feed.refresh() }, REFRESH)
        }),
        feed.onEvent(({ type, data }) => {
          if (type === 'gap' || (type === 'history' && (data.restored || data.cleared))) past.reload()
          else if (type === 'history' && data.removed) past.drop(data.removed)
          else if (type === 'history' && data.changed) past.take(data.changed)
        }),
        graph.listen(() => {
          if (graph.id === document) return
          document = graph.id
          if (past.which() === 'document') past.reload()
        }),
        () => clearTimeout(timer),
        card.end,
        past.end,
      ]
      draw()
      past.reload()
      void whose.load().then(() => { draw(); past.draw() })
      void seeWorker().then(found => {
        worker = found
        draw()
      }, () => undefined) // a server that is gone is told of in the bar
      return () => ends.forEach(end => { if (typeof end === 'function') end() })
    },
  }
}
