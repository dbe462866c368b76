/**
 * What is known of the server in sentences: what is not as it should be, the worst first, each with what can be done.
 *
 * @typedef {'info' | 'warning' | 'error'} Tone
 * @typedef {'retry' | 'go_on' | 'failed' | 'log' | 'devices'} Act
 * @typedef {{ id: string, tone: Tone, short: string, text: string, detail?: string, acts?: readonly Act[] }} Item
 *   `short`: for the bar
 */
import { fromServer } from '../language/server.js'
import { many, t } from '../language/t.js'
import { hindrances } from '../runs/hindrances.js'

/** With less than this a disk is told of before it is full, in bytes. */
const LITTLE = 500e6
const ORDER = { error: 0, warning: 1, info: 2 }

/** @type {Record<string, () => string>} */
const KINDS = {
  disk_full: () => t('The disk is full'),
  read_only: () => t('A folder cannot be written'),
  gone: () => t('A folder is gone'),
  locked: () => t('A file is locked'),
  damaged: () => t('A file is damaged'),
  clock: () => t('The clock was set'),
  memory: () => t('Little memory is left'),
}

/** @param {import('./known.js').KnownStatus} known @returns {Item[]} */
export function itemsOf(known) {
  const found = [...connectionItems(known)]
  const there = known.connection.state === 'open'
  if (there) found.push(...problemItems(known), ...queueItems(known), ...workerItems(known), ...retryItems(known))
  return found.sort((one, other) => ORDER[one.tone] - ORDER[other.tone])
}

/** @param {import('./known.js').KnownStatus} known @returns {Item[]} */
function connectionItems({ connection: { state } }) {
  if (state === 'open') return []
  if (state === 'connecting') return [{ id: 'connection', tone: 'info', short: t('Connecting'), text: t('The page is connecting to the server.') }]
  const detail = t('Nothing is lost: what was accepted is kept there, your changes are kept in this browser until it is back.')
  if (state === 'offline') return [{ id: 'connection', tone: 'error', short: t('No network, trying again'), text: t('This device has no network.'), detail, acts: ['retry'] }]
  return [{ id: 'connection', tone: 'error', short: t('Server gone, trying again'), text: t('The server does not answer.'), detail, acts: ['retry'] }]
}

/** @param {import('./known.js').KnownStatus} known @returns {Item[]} */
function problemItems({ problems, room }) {
  /** @type {Item[]} */
  const found = problems.map(({ kind, where, sentence, retried }) => ({
    id: `${kind} ${where}`, tone: kind === 'clock' || kind === 'memory' ? 'warning' : 'error', short: KINDS[kind]?.() ?? t('Something is wrong'), text: fromServer(sentence),
    ...(retried > 0 && kind !== 'clock' ? { detail: many(retried, 'It was looked at once more since, and will be again.', 'It was looked at {count} times since, and will be again.') } : {}),
    ...(kind === 'memory' ? { acts: /** @type {const} */ (['devices']) } : {}),
  }))
  const low = room.find(({ free, total, path }) => total > 0 && free < LITTLE && !problems.some(({ where }) => where === path))
  if (low) found.push({ id: `low ${low.path}`, tone: 'warning', short: t('The disk is almost full'), text: t('The disk that holds the folder {path} is almost full.', { path: low.path }), detail: t('Before it is full, jobs wait and nothing is lost.') })
  return found
}

/** @param {import('./known.js').KnownStatus} known @returns {Item[]} */
function queueItems({ feed, problems }) {
  const told = new Set(problems.map(({ sentence }) => sentence))
  const problem = told.has(feed.problem) ? '' : feed.problem
  const asked = ['paused from the page', 'started with --paused'].includes(feed.reason)
  const { remaining, running, paused, reason } = feed
  return hindrances({ state: 'open', remaining, running, paused, reason, problem }, null).map(({ tone, text, detail }, index) => ({
    id: `queue ${index} ${reason}`, tone, text, ...(detail ? { detail } : {}),
    short: tone === 'error' ? t('The queue waits') : t('The queue is paused'),
    ...(paused && tone !== 'error' ? { acts: /** @type {readonly Act[]} */ (asked ? ['go_on'] : ['failed', 'go_on']) } : {}),
  }))
}

/** @param {import('./known.js').KnownStatus} known @returns {Item[]} */
function workerItems({ worker, session }) {
  const starts = worker?.state === 'starting' || worker?.state === 'stopped'
  if (starts && worker.deaths > 0) return [{ id: 'worker', tone: 'warning', short: t('Worker restarting'), text: t('The worker ended and is started again.'), detail: String(worker.last_words ?? ''), acts: ['log'] }]
  if (starts || session.server.warming) return [{ id: 'worker', tone: 'info', short: t('Warming up'), text: t('The worker is starting.'), detail: t('Graphs can be edited and queued meanwhile.') }]
  if (worker?.silent_since) return [{ id: 'silent', tone: 'warning', short: t('The worker does not answer'), text: t('The worker has not answered for a while: it stands still, or the machine is overloaded.'), detail: t('The job goes on when it does. A job that is stopped gets another worker.'), acts: ['log'] }]
  return []
}

/** @param {import('./known.js').KnownStatus} known @returns {Item[]} */
function retryItems({ retries, feed: { running, waiting } }) {
  // A page that came later did not hear why.
  const others = [...(running && running.attempt > 1 ? [running] : []), ...waiting.filter(job => job.attempts > 0)].filter(job => !retries.has(job.prompt_id))
    .map(job => ({ promptId: job.prompt_id, name: job.name || job.title, reason: '' }))
  return [...retries.values(), ...others].map(({ promptId, name, reason }) => ({
    id: `retry ${promptId}`, tone: 'warning', short: t('A job is run once more'),
    text: name ? t('“{name}” is run once more.', { name }) : t('A job is run once more.'),
    detail: reason ? fromServer(reason) : t('The server or its worker ended while it ran.'), acts: ['log'],
  }))
}

/** What the bar says: of several, the worst. @param {readonly Item[]} items @returns {{ tone: Tone | '', words: string }} */
export function inShort(items) {
  const [first] = items
  return { tone: first?.tone ?? '', words: first?.short ?? '' }
}

/** What a screen reader is told when it changes. @param {readonly Item[]} items @param {readonly Item[]} before */
export function news(items, before) {
  const known = new Set(before.map(({ id }) => id))
  const fresh = items.filter(({ id, tone }) => !known.has(id) && tone !== 'info').map(({ text }) => text)
  if (fresh.length) return fresh.join(' ')
  return before.some(({ tone }) => tone !== 'info') && !items.some(({ tone }) => tone !== 'info') ? t('All is well again.') : ''
}
