/** The bar at the top: the tabs, what runs now, the connection, the queue, and Run. */
import { icon } from '../icons/icons.js'
import { many, t } from '../language/t.js'
import { h, setText } from './dom.js'
import { createSaveState } from './save_state.js'
import { createTabs } from './tabs.js'

const MOST_RUNS = 100

/**
 * @param {HTMLElement} host
 * @param {object} parts
 * @param {import('../model/session.js').Session} parts.session
 * @param {import('../app/document.js').OpenGraph} parts.graph
 * @param {import('../app/settings.js').Settings} parts.settings
 * @param {HTMLElement} parts.progress  what runs now
 * @param {HTMLElement} parts.runMode  when it runs by itself
 * @param {(count: number) => void} parts.run
 * @param {() => void} parts.interrupt
 * @param {import('./tabs.js').TabParts} parts.tabs
 * @param {() => void} parts.showQueue
 * @param {readonly HTMLElement[]} parts.corner  what stands at its end: how the server is, who is here
 */
export function createTopBar(host, { session, graph, settings, progress, runMode, run, interrupt, tabs, showQueue, corner }) {
  const queue = h('button.queue-count', { type: 'button', 'data-tip': t('What runs and what waits'), 'data-command': 'queue', onclick: showQueue })
  const stop = h('button.stop', { type: 'button', 'aria-label': t('Stop what runs'), 'data-tip': t('Stop what runs'), 'data-command': 'interrupt', onclick: interrupt }, icon('stop'))

  const count = h('input', { type: 'number', min: 1, max: MOST_RUNS, value: '1', 'aria-label': t('How many runs'), 'data-needs': 'run', 'data-tip': t('How many runs, each with its next seed') })
  const runs = () => Math.max(1, Math.min(MOST_RUNS, Math.round(Number(count.value)) || 1))
  count.addEventListener('change', () => { count.value = String(runs()) })
  count.addEventListener('keydown', event => {
    if (event.key === 'Enter' && !event.ctrlKey && !event.metaKey) run(runs())
  })
  const runButton = h('button', { type: 'button', 'data-tip': t('Run the graph'), 'data-command': 'run', onclick: () => run(runs()) }, t('Run'))
  const runGroup = h('div.run-group', {}, runButton, runMode, h('label', {}, '×', count))

  const details = h('button.round', { type: 'button', 'aria-label': t('Details'), 'data-tip': t('Show or hide the details'), 'data-command': 'inspector', 'aria-controls': 'side',
    onclick: () => settings.set('inspector', !settings.values.inspector) }, icon('panel'))

  const row = h('div.tab-row')
  const { openList } = createTabs(row, tabs)
  host.append(row)
  createSaveState(host, { graph })
  host.append(h('div.push'), progress, queue, stop, runGroup, details, ...corner)

  function draw() {
    const { run: now, server } = session
    const running = now.state === 'running'
    host.dataset.running = String(running)
    stop.hidden = !running && server.queued === 0
    stop.disabled = !running && server.queued === 0
    queue.hidden = server.queued === 0
    queue.dataset.count = String(server.queued)
    setText(queue, many(server.queued, '{count} in the queue', '{count} in the queue'))
  }

  session.listen(change => {
    if (change.run || change.server) draw()
  })
  const drawDetails = () => details.setAttribute('aria-expanded', String(settings.values.inspector))
  settings.listen(drawDetails)
  drawDetails()
  draw()
  return { runs, openList }
}
