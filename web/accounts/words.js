/** Words of accounts: browsers, passwords that are made. */
import { t } from '../language/t.js'

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
