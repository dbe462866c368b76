/** Times in words. */
import { t } from '../language/t.js'

/** @param {number} ms */
export function duration(ms) {
  if (ms < 950) return ms < 10 ? t('{number} ms', { number: ms.toFixed(1) }) : t('{number} ms', { number: Math.round(ms) })
  const seconds = ms / 1000
  if (seconds < 10) return t('{number} s', { number: seconds.toFixed(1) })
  if (seconds < 90) return t('{number} s', { number: Math.round(seconds) })
  if (seconds < 5400) return t('{number} min', { number: Math.round(seconds / 60) })
  return t('{number} h', { number: (seconds / 3600).toFixed(1) })
}

/** From the second step on, since the first also loads the model. @param {number} value @param {number} max @param {number | null} started */
export function timeLeft(value, max, started) {
  if (started === null || value < 2 || value >= max) return ''
  return duration(((performance.now() - started) / value) * (max - value))
}
