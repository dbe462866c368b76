/**
 * The choices of a list that a node declares by an address of the server, as ComfyUI's `remote` does. Only this server is
 * asked: a graph or a pack must not make the page call another.
 *
 * @typedef {import('../model/widget_specs.js').RemoteSource} RemoteSource
 */
import { t } from '../language/t.js'

/** Time for an answer where the node says none, and the longest that it may say, in ms. */
const USUAL_TIME = 4096
const LONGEST_TIME = 60_000
/** Tries after the first, and the pause before the first of them, in ms. */
const MOST_TRIES = 5
const PAUSE = 500

/** @typedef {{time: number, choices: readonly unknown[]}} Kept */
/** By address and key of the answer. @type {Map<string, Kept>} */
const kept = new Map()

/** @param {RemoteSource} source */
const keyOf = ({ route, params, key }) => JSON.stringify([route, params, key])

/** What was read and still holds; null where the server has to be asked. @param {RemoteSource} source @param {number} [now] @returns {readonly unknown[] | null} */
export function keptChoices(source, now = Date.now()) {
  const found = kept.get(keyOf(source))
  return found && (source.refresh === 0 || now - found.time < source.refresh) ? found.choices : null
}

/** What was read last, however old. @param {RemoteSource} source @returns {readonly unknown[]} */
export const lastChoices = source => kept.get(keyOf(source))?.choices ?? []

/** Forget what was read. */
export const forgetChoices = () => kept.clear()

/**
 * Where to ask. Throws an Error whose message can be shown.
 *
 * @param {RemoteSource} source @param {string} page the page's own address
 */
export function addressOf({ route, params }, page) {
  /** @type {URL} */
  let address
  try {
    address = new URL(route, page)
  } catch {
    throw new Error(t('“{route}” is no address to read the list from. The node\'s author can mend it.', { route }))
  }
  if (address.origin !== new URL(page).origin) {
    throw new Error(t('The list would come from {host}, which is not this server: Easel does not ask others.', { host: address.host || address.protocol }))
  }
  for (const [name, value] of Object.entries(params)) address.searchParams.set(name, value)
  return address.href
}

/**
 * Asks the server, again where it does not answer. Rejects with an Error whose message can be shown.
 *
 * @param {RemoteSource} source @param {AbortSignal} signal
 * @param {{ page?: string, pause?: number, again?: (tries: number) => void }} [how] `again`: so many tries have failed
 * @returns {Promise<readonly unknown[]>}
 */
export async function readChoices(source, signal, { page = location.href, pause = PAUSE, again = () => undefined } = {}) {
  const address = addressOf(source, page)
  for (let tries = 0; ; tries++) {
    try {
      const choices = await ask(address, source, signal)
      kept.set(keyOf(source), { time: Date.now(), choices })
      return choices
    } catch (error) {
      if (signal.aborted || !(error instanceof NoAnswer) || tries >= Math.min(source.retries, MOST_TRIES)) throw error
      again(tries + 1)
      await rest(pause * 2 ** tries, signal)
    }
  }
}

/** It may answer when it is asked again. */
class NoAnswer extends Error {}

/** @param {string} address @param {RemoteSource} source @param {AbortSignal} signal @returns {Promise<readonly unknown[]>} */
async function ask(address, { route, key, timeout }, signal) {
  const time = Math.min(timeout || USUAL_TIME, LONGEST_TIME)
  const late = AbortSignal.timeout(time)
  /** @type {Response} */
  let reply
  /** @type {string} */
  let text
  try {
    // A redirect must not lead elsewhere either.
    reply = await fetch(address, { mode: 'same-origin', signal: AbortSignal.any([signal, late]) })
    text = await reply.text()
  } catch (error) {
    if (signal.aborted) throw error
    throw new NoAnswer(late.aborted ? t('The server did not answer {route} within {seconds} s.', { route, seconds: Math.round(time / 100) / 10 }) : t('The server does not answer {route}.', { route }))
  }
  if (reply.status >= 500) throw new NoAnswer(t('The server could not make the list of {route} (status {status}).', { route, status: reply.status }))
  if (!reply.ok) throw new Error(t('The server has no list at {route} (status {status}).', { route, status: reply.status }))
  const list = listIn(text, key)
  if (!list) throw new Error(key ? t('What {route} answers is no list under “{key}”.', { route, key }) : t('What {route} answers is no list.', { route }))
  return list
}

/** @param {string} text @param {string} key @returns {readonly unknown[] | null} */
function listIn(text, key) {
  try {
    const value = JSON.parse(text)
    const list = key ? value?.[key] : value
    return Array.isArray(list) && list.every(each => ['string', 'number', 'boolean'].includes(typeof each)) ? list : null
  } catch {
    return null
  }
}

/** @param {number} time @param {AbortSignal} signal */
const rest = (time, signal) => new Promise((resolve, reject) => {
  const timer = setTimeout(resolve, time)
  signal.addEventListener('abort', () => {
    clearTimeout(timer)
    reject(signal.reason)
  }, { once: true })
})
