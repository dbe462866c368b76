/** Times as a person says them: "12 minutes ago", the day that a list is parted by. */
import { language, t } from '../language/t.js'

// Made once: lists of thousands ask for them with every frame.
const relative = new Intl.RelativeTimeFormat(language, { numeric: 'auto' })
const dates = {
  short: new Intl.DateTimeFormat(language, { day: 'numeric', month: 'short', year: 'numeric' }),
  week: new Intl.DateTimeFormat(language, { weekday: 'long', day: 'numeric', month: 'long' }),
  year: new Intl.DateTimeFormat(language, { day: 'numeric', month: 'long' }),
  far: new Intl.DateTimeFormat(language, { day: 'numeric', month: 'long', year: 'numeric' }),
  exact: new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' }),
  clock: new Intl.DateTimeFormat(language, { hour: 'numeric', minute: '2-digit' }),
}
const DAY = 24 * 3600 * 1000

/** @param {number} time  s or ms since 1970 */
const inMs = time => (time > 1e11 ? time : time * 1000)

/** @param {number} time  s or ms since 1970 @param {number} [now] ms */
export function ago(time, now = Date.now()) {
  const minutes = Math.round((now - inMs(time)) / 60_000)
  if (minutes < 1) return t('just now') // a clock that went back too
  if (minutes < 60) return relative.format(-minutes, 'minute')
  if (minutes < 60 * 24) return relative.format(-Math.round(minutes / 60), 'hour')
  if (minutes < 60 * 24 * 14) return relative.format(-Math.round(minutes / 60 / 24), 'day')
  return dates.short.format(inMs(time))
}

/** The day of a time, as a heading: "Today", "Yesterday", "3 November". @param {number} time @param {number} [now] */
export function dayOf(time, now = Date.now()) {
  const [day, today] = [startOfDay(inMs(time)), startOfDay(now)]
  const apart = Math.round((today - day) / DAY)
  if (apart < 2 && apart >= 0) return capital(relative.format(-apart, 'day'))
  if (new Date(day).getFullYear() !== new Date(today).getFullYear()) return dates.far.format(day)
  return (apart > 0 && apart < 7 ? dates.week : dates.year).format(day)
}

/** With its date, for tips. @param {number} time */
export const exactTime = time => dates.exact.format(inMs(time))

/** @param {number} time */
export const clockTime = time => dates.clock.format(inMs(time))

/** @param {number} ms */
function startOfDay(ms) {
  const date = new Date(ms)
  date.setHours(0, 0, 0, 0)
  return date.getTime()
}

/** @param {string} text */
const capital = text => text.charAt(0).toLocaleUpperCase(language) + text.slice(1)
