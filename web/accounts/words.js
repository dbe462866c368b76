/** Words of accounts: browsers, quotas, passwords that are made. */
import { t } from '../language/t.js'
import { bytesInWords } from '../model/words.js'

/** @param {import('./me.js').Quotas} quotas */
export function quotaWords({ most_queued: queued, disk_bytes: disk, gpu_seconds_per_day: seconds }) {
  const found = [queued === null ? '' : t('at most {count} jobs in the queue', { count: queued }), disk === null ? '' : t('{size} of files', { size: bytesInWords(disk) }), seconds === null ? '' : t('{count} minutes of the device a day', { count: Math.round(seconds / 6) / 10 })].filter(Boolean)
  return found.length ? ` · ${found.join(' · ')}` : ''
}

/** A browser as a person knows it, from what it calls itself. @param {string} agent */
export function browserWords(agent) {
  const browser = /Edg\//u.test(agent) ? 'Edge' : /Firefox\//u.test(agent) ? 'Firefox' : /Chrom(?:e|ium)\//u.test(agent) ? 'Chrome' : /Safari\//u.test(agent) ? 'Safari' : ''
  const system = /Windows/u.test(agent) ? 'Windows' : /iPhone|iPad/u.test(agent) ? 'iOS' : /Android/u.test(agent) ? 'Android' : /Mac OS/u.test(agent) ? 'macOS' : /Linux/u.test(agent) ? 'Linux' : ''
  if (!browser) return agent.slice(0, 60) || t('a program')
  return system ? t('{browser} on {system}', { browser, system }) : browser
}

const LETTERS = 'abcdefghijkmnpqrstuvwxyz23456789'

/** Four groups of four letters, none of them easily taken for another. */
export function newPassword() {
  const random = crypto.getRandomValues(new Uint8Array(16))
  return [...random].map(value => LETTERS[value % LETTERS.length]).join('').replace(/(.{4})(?=.)/gu, '$1-')
}
