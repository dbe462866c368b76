/** The bar at the top: the graph's name, what runs now, the connection, the queue, and Run. */
import { icon } from '../icons/icons.js'
import { many, t } from '../language/t.js'
import { h, setText } from './dom.js'

const MOST_RUNS = 100
/** The time that is left is told from so many ms on, and again so often. */
const SHORTEST = 300
const TICK = 500

/**
 * @param {HTMLElement} host
 * @param {object} parts
 * @param {import('../model/session.js').Session} parts.session
 * @param {import('../app/document.js').OpenGraph} parts.graph
 * @param {import('../app/settings.js').Settings} parts.settings
 * @param {(node: string) => string} parts.titleOf  of a node in the prompt
 * @param {() => number | null} parts.left  ms to the end of the run, as far as that can be told
 * @param {(node: string) => void} parts.showNode
 * @param {(count: number) => void} parts.run
 * @param {() => void} parts.interrupt
 * @param {() => void} parts.rename
 * @param {(anchor: DOMRect) => void} parts.showQueue
 */
export function createTopBar(host, { session, graph, settings, titleOf, left, showNode, run, interrupt, rename, showQueue }) {
  const nameText = h('span')
  const dirty = h('i.dirty', { role: 'img', 'aria-label': t('not saved'), 'data-tip': t('Changes since the last save. They survive a reload.') })
  const tab = h('div.tab', {}, h('button.name', { type: 'button', onclick: rename, 'data-tip': t('Save under a name'), 'data-command': 'save' }, nameText), dirty)

  const what = h('button.what', { type: 'button', 'data-tip': t('Show this node'), onclick: () => session.run.node && showNode(session.run.node) })
  const fill = h('i')
  const meter = h('div.meter', { role: 'progressbar', 'aria-label': t('Progress of the node'), 'aria-valuemin': 0, 'aria-valuemax': 100 }, fill)
  const doing = h('div.doing', {}, what, meter)

  const linkText = h('span')
  const link = h('div.link-state', { role: 'status' }, h('i.dot'), linkText)

  const queue = h('button.queue-count', { type: 'button', 'data-tip': t('What runs and what waits'), onclick: () => showQueue(queue.getBoundingClientRect()) })
  const stop = h('button.stop', { type: 'button', 'aria-label': t('Stop what runs'), 'data-tip': t('Stop what runs'), 'data-command': 'interrupt', onclick: interrupt }, icon('stop'))

  const count = h('input', { type: 'number', min: 1, max: MOST_RUNS, value: '1', 'aria-label': t('How many runs'), 'data-tip': t('How many runs, each with its next seed') })
  const runs = () => Math.max(1, Math.min(MOST_RUNS, Math.round(Number(count.value)) || 1))
  count.addEventListener('change', () => { count.value = String(runs()) })
  count.addEventListener('keydown', event => {
    if (event.key === 'Enter' && !event.ctrlKey && !event.metaKey) run(runs())
  })
  const runButton = h('button', { type: 'button', 'data-tip': t('Run the graph'), 'data-command': 'run', onclick: () => run(runs()) }, t('Run'))
  const runGroup = h('div.run-group', {}, runButton, h('label', {}, '×', count))

  const details = h('button.round', { type: 'button', 'aria-label': t('Details'), 'data-tip': t('Show or hide the details'), 'data-command': 'inspector', 'aria-controls': 'side',
    onclick: () => settings.set('inspector', !settings.values.inspector) }, icon('panel'))

  host.append(tab, h('div.push'), link, doing, queue, stop, runGroup, details)

  function drawGraph() {
    setText(nameText, graph.title)
    dirty.hidden = !graph.dirty
    document.title = `${graph.dirty ? '• ' : ''}${graph.title} – Easel`
  }

  function draw() {
    const { run: now, server } = session
    const running = now.state === 'running'
    host.dataset.running = String(running)
    doing.hidden = !running
    stop.hidden = !running && server.queued === 0
    stop.disabled = !running
    queue.hidden = server.queued === 0
    setText(queue, many(server.queued, '{count} in the queue', '{count} in the queue'))

    const state = server.connection === 'open' ? (server.warming ? 'warming' : 'ready') : server.connection === 'connecting' ? 'warming' : 'offline'
    link.hidden = state === 'ready'
    link.dataset.state = state
    setText(linkText, state === 'offline' ? t('Server gone, trying again') : server.connection === 'open' ? t('Warming up') : t('Connecting'))

    if (running) drawProgress()
    // Between two events the time that is left goes on.
    if (running && !ticking) ticking = setInterval(drawProgress, TICK)
    else if (!running && ticking) {
      clearInterval(ticking)
      ticking = undefined
    }
  }

  /** @type {ReturnType<typeof setInterval> | undefined} */
  let ticking

  function drawProgress() {
    const { node } = session.run
    const status = node ? session.status(node) : null
    const share = status && status.max > 0 ? Math.min(1, status.value / status.max) : 0
    fill.style.transform = `scaleX(${share})`
    meter.setAttribute('aria-valuenow', String(Math.round(share * 100)))
    setText(what, node && status ? sentence(titleOf(node), status, left()) : t('Starting'))
  }

  session.listen(change => {
    if (change.run || change.server) draw()
    else if (session.run.node && change.nodes.has(session.run.node)) drawProgress()
  })
  const drawDetails = () => details.setAttribute('aria-expanded', String(settings.values.inspector))
  settings.listen(drawDetails)
  graph.listen(drawGraph)
  drawDetails()
  drawGraph()
  draw()
  return { runs }
}

/** @param {string} title @param {import('../model/session.js').NodeStatus} status @param {number | null} left ms to the end of the run */
function sentence(title, { value, max }, left) {
  const step = max > 1 ? t('step {value} of {max}', { value, max }) : ''
  const rest = left === null || left < SHORTEST ? '' : t('about {time} left', { time: duration(left) })
  return [title, step, rest].filter(Boolean).join(' · ')
}

/** From the second step on, since the first also loads the model. @param {number} value @param {number} max @param {number | null} started */
export function timeLeft(value, max, started) {
  if (started === null || value < 2 || value >= max) return ''
  return duration(((performance.now() - started) / value) * (max - value))
}

/** @param {number} ms */
export function duration(ms) {
  if (ms < 950) return ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`
  const seconds = ms / 1000
  if (seconds < 10) return `${seconds.toFixed(1)} s`
  if (seconds < 90) return `${Math.round(seconds)} s`
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`
  return `${(seconds / 3600).toFixed(1)} h`
}
