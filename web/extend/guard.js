/**
 * Runs what packs give the page. What fails there is told with the pack's name and hurts nobody else; a hook that fails
 * again and again is called no more.
 *
 * @typedef {import('../panels/toasts.js').Toasts} Toasts
 */
import { t } from '../language/t.js'

/** A hook that failed so often is left out until the page is loaded again. */
const MOST = 3
/** Hooks in one notice. */
const LINES = 4
/** Files of packs are served there; an error that names one is that pack's. */
const FROM_PACK = /\/easel\/packs\/([^/\s]+)\/[^/\s]+\/([^\s:?)]+)(?:[^\s:)]*)(?::(\d+))?/u

export class Guard {
  /** @param {string} pack @param {Pick<Toasts, 'show'>} toasts */
  constructor(pack, toasts) {
    this.pack = pack
    this.toasts = toasts
    /** @type {Map<string, number>} */
    this.failed = new Map()
    /** What was told of each hook, the newest last. @type {Map<string, string>} */
    this.told = new Map()
  }

  /**
   * Calls it, and waits for nothing. A promise that is refused counts as failed too.
   *
   * @template {any[]} Args @template Result
   * @param {string} what  a name for the person, such as `command “Tidy”`
   * @param {(...args: Args) => Result} hook @param {Args} args
   * @returns {Result | undefined} undefined where it failed, or is called no more
   */
  call(what, hook, ...args) {
    if ((this.failed.get(what) ?? 0) >= MOST) return undefined
    try {
      const result = hook(...args)
      if (result instanceof Promise) result.catch(error => this.tell(what, error))
      return result
    } catch (error) {
      this.tell(what, error)
      return undefined
    }
  }

  /** @param {string} what @param {unknown} error */
  tell(what, error) {
    const times = (this.failed.get(what) ?? 0) + 1
    this.failed.set(what, times)
    const place = placeOf(error)
    console.warn(`[${this.pack}] ${what}:`, error)
    const line = [`${what}: ${wordsOf(error)}`, place && t('In {file}, line {line}.', place), times >= MOST && t('It is not called any more until the page is loaded again.')]
    this.told.delete(what)
    this.told.set(what, line.filter(Boolean).join(' '))
    // One notice a pack: a script that fails in every hook must not fill the corner.
    const detail = [...this.told.values()].slice(-LINES).reverse().join('\n')
    this.toasts.show({ key: `pack ${this.pack}`, tone: 'warning', stays: true, text: t('The script of the pack {pack} failed.', { pack: this.pack }), detail })
  }
}

/** Errors that no guard sees, such as those of timers and elements: told with the pack whose file they name. @param {(pack: string) => Guard} guardOf */
export function hearStrayErrors(guardOf) {
  /** @param {unknown} error @param {string} [file] */
  const pack = (error, file = '') => FROM_PACK.exec(file)?.[1] ?? FROM_PACK.exec(stackOf(error))?.[1] ?? null
  addEventListener('error', event => {
    const name = pack(event.error, event.filename)
    if (name) guardOf(decodeURIComponent(name)).tell(t('its script'), event.error ?? event.message)
  })
  addEventListener('unhandledrejection', event => {
    const name = pack(event.reason)
    if (!name) return
    event.preventDefault()
    guardOf(decodeURIComponent(name)).tell(t('its script'), event.reason)
  })
}

/** @param {unknown} error */
const stackOf = error => (error instanceof Error ? error.stack ?? '' : '')

/** @param {unknown} error */
const wordsOf = error => (error instanceof Error ? `${error.name}: ${error.message}` : String(error))

/** @param {unknown} error @returns {{ file: string, line: string } | null} the first place in a pack's own files */
function placeOf(error) {
  const found = FROM_PACK.exec(stackOf(error))
  return found?.[2] && found[3] ? { file: found[2], line: found[3] } : null
}
