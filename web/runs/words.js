/** What the panel says of jobs. */
import { fromServer } from '../language/server.js'
import { many, t } from '../language/t.js'
import { duration } from '../panels/duration.js'

/**
 * @typedef {import('../api/queue.js').About} About
 * @typedef {import('../api/queue.js').PastJob} PastJob
 */

/** What a job is called. @param {About} job */
export const titleOf = ({ name, title, nodes }) => name || title || many(nodes, 'A graph of {count} node', 'A graph of {count} nodes')

/** Which of several it is, or how many it makes; '' for one alone. @param {About} job */
export const placeOf = ({ batch, cells }) => (cells ? many(cells, 'a grid of {count} cell', 'a grid of {count} cells') : batch ? t('{number} of {count}', { number: batch.index + 1, count: batch.of }) : '')

/** @param {About} job */
export const seedOf = ({ seed }) => (seed === null ? '' : t('seed {seed}', { seed: String(seed) }))

/** What tells it apart from others of the same graph, in one line. @param {About} job */
export const nameOf = job => joined([titleOf(job), placeOf(job), seedOf(job)])

/** @param {readonly (string | false | null | undefined)[]} parts */
export const joined = parts => parts.filter(Boolean).join(' · ')

/** How it went. @param {PastJob} job */
export function outcomeOf({ state, ms, error }) {
  if (state === 'error') return fromServer(error?.sentence.split('\n')[0] ?? '') || t('It failed.')
  if (state === 'interrupted') return t('stopped')
  return ms === null ? '' : duration(ms)
}
