/** The panel that the sign opens: what is wrong and what to do, then the connection, the worker, room and memory. */
import { icon } from '../icons/icons.js'
import { t } from '../language/t.js'
import { bytesInWords } from '../model/words.js'
import { fill, h } from '../panels/dom.js'
import { float } from '../panels/float.js'
import { meter } from '../panels/meter.js'
import { ago } from '../panels/times.js'
import { disks } from './disks.js'
import { itemsOf } from './sentences.js'
import { secondsTo } from './sign.js'

/** Ms between two questions while it is open. */
const EVERY = 5000

/**
 * @param {object} parts
 * @param {import('./known.js').KnownStatus} parts.known
 * @param {HTMLElement} parts.anchor
 * @param {() => void} parts.goOn
 * @param {(command: string) => void} parts.run
 */
export function openStatus({ known, anchor, goOn, run }) {
  const content = h('div.status-content')
  const element = h('section.status-panel.scrolls', { role: 'dialog', 'aria-label': t('Status'), tabindex: -1 }, content)
  let drawn = ''

  /** @type {Record<import('./sentences.js').Act, () => HTMLElement>} */
  const acts = {
    retry: () => act('retry', t('Try now'), () => known.retryNow()),
    go_on: () => act('go_on', t('Let the queue go on'), goOn, 'admin'),
    failed: () => act('failed', t('Show the failed jobs'), () => leaveFor('queue')),
    log: () => act('log', t('What the server says'), () => leaveFor('log')),
    devices: () => act('devices', t('What takes memory'), () => leaveFor('devices')),
  }

  /** @param {string} key @param {string} label @param {() => void} onclick @param {string} [needs] */
  const act = (key, label, onclick, needs) => h('button.link', { type: 'button', 'data-key': key, 'data-needs': needs, onclick }, label)

  /** @param {string} command */
  function leaveFor(command) {
    close()
    run(command)
  }

  function draw() {
    const items = itemsOf(known)
    const rows = [connectionWords(), workerWords(), queueWords()]
    const text = JSON.stringify([items, rows, known.room, known.memory, known.worker?.memory])
    if (text === drawn) return
    drawn = text
    const focused = content.contains(document.activeElement) ? /** @type {HTMLElement} */ (document.activeElement).dataset.key : undefined
    fill(content,
      items.length ? h('ul.status-items', {}, items.map(item)) : h('p.status-well', {}, icon('check', 14), t('All is well.')),
      h('dl', {}, rows.map(([label, value]) => (value ? h('div', {}, h('dt', {}, label), h('dd', {}, value)) : null))),
      known.connection.state === 'open' ? meters() : null,
      h('div.acts', {}, known.connection.state === 'open' ? [acts.devices(), acts.log()] : null, act('report', t('Report a problem'), () => leaveFor('report'))))
    // What was pressed may be over: the keyboard stays here.
    if (focused) (/** @type {HTMLElement | null} */ (content.querySelector(`[data-key="${CSS.escape(focused)}"]`)) ?? element).focus({ preventScroll: true })
  }

  /** @param {import('./sentences.js').Item} item */
  const item = ({ tone, text, detail, acts: wanted = [] }) => h('li', { dataset: { tone } }, icon(tone === 'info' ? 'clock' : tone, 14),
    h('div.words', {}, h('p', {}, text), detail ? h('p.detail', {}, detail) : null, wanted.length ? h('div.acts', {}, wanted.map(each => acts[each]())) : null))

  /** @returns {[string, string]} */
  function connectionWords() {
    const { state, at } = known.connection
    const words = { open: t('connected'), connecting: t('connecting'), gone: t('trying again'), offline: t('no network') }[state]
    return [t('Server'), at === null ? words : `${words} ${secondsTo(at)}`]
  }

  /** @returns {[string, string]} */
  function workerWords() {
    const { worker } = known
    if (!worker || known.connection.state !== 'open') return [t('Worker'), '']
    const state = { ready: t('ready'), busy: t('at work'), stopped: t('stopped'), starting: worker.deaths ? t('starting again') : t('starting') }[String(worker.state)] ?? String(worker.state)
    const since = worker.since ? ago(worker.since) : ''
    return [t('Worker'), [worker.memory?.name ?? (worker.device && worker.device !== 'none' ? worker.device : ''), state, since, worker.deaths ? t('ended by itself {count}×', { count: worker.deaths }) : ''].filter(Boolean).join(' · ')]
  }

  /** @returns {[string, string]} */
  function queueWords() {
    const { remaining, running } = known.feed
    const waiting = remaining - Number(running !== null)
    return [t('Queue'), known.connection.state !== 'open' ? '' : running ? t('one runs, {count} wait', { count: waiting }) : waiting ? t('{count} wait', { count: waiting }) : t('empty')]
  }

  function meters() {
    const { memory, worker } = known
    const device = worker?.memory
    return [
      ...disks(known.room).map(({ names, free, total }) => meter(t('Disk: {folders}', { folders: names.join(', ') }), total - free, total, t('{size} left', { size: bytesInWords(free) }))),
      memory.total ? meter(t('Memory of the computer'), memory.total - memory.free, memory.total, t('{size} left', { size: bytesInWords(memory.free) })) : null,
      device && device.type !== 'cpu' ? meter(t('Memory of the device'), device.vram_total - device.vram_free, device.vram_total, t('{size} left', { size: bytesInWords(device.vram_free) })) : null,
    ]
  }

  const ends = [known.listen(draw)]
  const asking = setInterval(() => { if (known.connection.state === 'open') void known.load() }, EVERY)
  const ticking = setInterval(draw, 1000)
  draw()
  const { left, bottom, width } = anchor.getBoundingClientRect()
  const close = float(element, {
    anchor: { x: left, y: bottom + 4, width }, owner: anchor,
    onClose: () => {
      ends.forEach(end => end())
      clearInterval(asking)
      clearInterval(ticking)
      anchor.setAttribute('aria-expanded', 'false')
    },
  })
  anchor.setAttribute('aria-expanded', 'true')
  ;(element.querySelector('button') ?? element).focus({ preventScroll: true })
  void known.load()
  return close
}
