/** How much of their quotas a person uses: in words for a list of people, as meters in one's own account. */
import { many, t } from '../language/t.js'
import { bytesInWords } from '../model/words.js'
import { fill, h } from '../panels/dom.js'
import { meter } from '../panels/meter.js'
import { clockTime, dayOf } from '../panels/times.js'

/**
 * What the server says of each quota that is set; nothing of the others. `disk_bytes` is null where the files were never counted.
 *
 * @typedef {{ queued?: number, disk_bytes?: number | null, spent_seconds?: number, open_seconds?: number, room_in?: number | null }} Use
 * @typedef {{ used: number, most: number, words: string, left: string }} Line  words: how much is used of how much; left: what is left of it
 */

/** Ms between two questions while one's own account is shown, and at least between two that something asks for. */
const EVERY = 10_000
const SOON = 2000
/** What changes how much is used. */
const CHANGES = new Set(['jobs', 'job_started', 'job_ended', 'gap'])

/**
 * @param {import('./me.js').Quotas} quotas
 * @param {Use} use
 * @param {number} [now]  ms
 * @returns {Line[]}  one for each quota
 */
export function linesOf({ most_queued: jobs = null, disk_bytes: bytes = null, gpu_seconds_per_day: seconds = null }, use, now = Date.now()) {
  /** @type {Line[]} */
  const found = []
  if (jobs !== null) found.push(jobsLine(jobs, use.queued))
  if (bytes !== null) found.push(filesLine(bytes, use.disk_bytes ?? null))
  if (seconds !== null) found.push(timeLine(seconds, use, now))
  return found
}

/** @param {number} most @param {number} [used] @returns {Line} */
function jobsLine(most, used = 0) {
  const room = most - used
  return { used, most, words: t('{used} of {most} jobs wait or run', { used, most }), left: room > 0 ? many(room, 'room for one more', 'room for {count} more') : t('no room for more') }
}

/** @param {number} most @param {number | null} used @returns {Line} */
function filesLine(most, used) {
  if (used === null) return { used: 0, most, words: t('at most {size} of files', { size: bytesInWords(most) }), left: t('not counted yet') }
  return { used, most, words: t('{used} of {most} of files', { used: bytesInWords(used), most: bytesInWords(most) }), left: used < most ? t('{size} left', { size: bytesInWords(most - used) }) : t('no room for more') }
}

/** @param {number} most @param {Use} use @param {number} now @returns {Line} */
function timeLine(most, { spent_seconds: spent = 0, open_seconds: open = 0, room_in: wait = null }, now) {
  const words = t('{used} of {most} minutes of the device in 24 hours', { used: minutes(spent), most: minutes(most) })
  const left = wait !== null ? againAt(now + wait * 1000, now)
    : spent >= most ? t('no room for more')
      : spent + open >= most ? t('what waits or runs needs the rest')
        : many(minutes(most - spent), 'one minute left', '{count} minutes left')
  return { used: spent, most, words, left }
}

/** @param {number} seconds */
const minutes = seconds => Math.round(seconds / 6) / 10

/** @param {number} at @param {number} now  both in ms */
function againAt(at, now) {
  const time = clockTime(at)
  return new Date(at).toDateString() === new Date(now).toDateString() ? t('room again at {time}', { time }) : t('room again on {day} at {time}', { day: dayOf(at, now), time })
}

/** For a row of a list: '' where nothing is bounded. @param {import('./me.js').Quotas} quotas @param {Use} use */
export const useWords = (quotas, use) => linesOf(quotas, use).map(({ used, most, words, left }) => (used >= most ? `${words}, ${left}` : words)).join(' · ')

/**
 * The meters of one's own account. They are kept current by what the server tells of jobs and, for what other browsers and programs
 * do, by asking now and then. Without a quota there is nothing of it.
 *
 * @param {{ client: import('../api/client.js').Client, me: import('./me.js').Me, feed: Pick<import('../app/queue_feed.js').QueueFeed, 'onEvent'> }} parts
 * @returns {{ element: HTMLElement, end: () => void }}
 */
export function ownUse({ client, me, feed }) {
  const rows = h('div.account-use')
  const element = h('section', { hidden: true }, h('h3', {}, t('What you use')), rows)
  let ended = false
  let asked = -Infinity
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let waiting
  let drawn = ''

  /** @param {Line[]} lines */
  function draw(lines) {
    const text = JSON.stringify(lines)
    if (text === drawn) return
    drawn = text
    element.hidden = !lines.length
    fill(rows, lines.map(({ used, most, words, left }) => meter(words, most > 0 ? used : 1, most > 0 ? most : 1, left)))
  }

  async function ask() {
    asked = performance.now()
    const person = await client.json('/easel/accounts/me?use=true').catch(() => null) // a server that is gone is told of elsewhere
    if (person && !ended) draw(linesOf(person.quotas, person.use))
  }

  /** Many changes at once are one question. */
  function askSoon() {
    waiting ??= setTimeout(() => {
      waiting = undefined
      void ask()
    }, Math.max(0, asked + SOON - performance.now()))
  }

  const deaf = feed.onEvent(({ type }) => { if (CHANGES.has(type)) askSoon() })
  const timer = setInterval(() => { if (!document.hidden) askSoon() }, EVERY)
  if (me.person) draw(linesOf(me.person.quotas, {}))
  void ask()
  return {
    element,
    end: () => {
      ended = true
      deaf()
      clearInterval(timer)
      clearTimeout(waiting)
    },
  }
}
