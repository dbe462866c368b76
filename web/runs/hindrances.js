import { fromServer } from '../language/server.js'
import { many, t } from '../language/t.js'

/**
 * What keeps jobs from being run, with what to do about it.
 *
 * @param {Pick<import('../app/queue_feed.js').QueueFeed, 'state' | 'paused' | 'reason' | 'problem' | 'remaining' | 'running'>} feed
 * @param {any} worker  what the server says of it
 * @returns {{ tone: 'info' | 'warning' | 'error', text: string, detail?: string }[]}
 */
export function hindrances({ state, paused, reason, problem, remaining, running }, worker) {
  const waiting = remaining - Number(running !== null)
  const found = []
  if (state === 'reconnecting') found.push({ tone: /** @type {const} */ ('warning'), text: t('The server does not answer.'), detail: t('What was accepted is kept there, and runs when it is back.') })
  const asked = reason === 'paused from the page' || reason === 'started with --paused'
  if (paused && asked) found.push({ tone: /** @type {const} */ ('info'), text: reason === 'paused from the page' ? t('The queue is paused.') : t('The queue is paused, since the server was started so.'), detail: waiting ? many(waiting, '{count} job waits.', '{count} jobs wait.') : '' })
  else if (paused) found.push({ tone: /** @type {const} */ ('warning'), text: t('The queue is paused: {reason}.', { reason: fromServer(reason) }), detail: t('Look at the failed jobs below, take out what harms, then go on.') })
  if (problem) found.push({ tone: /** @type {const} */ ('error'), text: fromServer(problem), detail: t('The jobs wait meanwhile; nothing is lost.') })
  if ((worker?.state === 'starting' || worker?.state === 'stopped') && worker.deaths > 0) found.push({ tone: /** @type {const} */ ('warning'), text: t('The worker ended and is started again.'), detail: String(worker.last_words ?? '') })
  return found
}

