/**
 * What the worker found when it started that keeps the artist from something: a GPU that is not used, packs without
 * nodes. The terminal says it too, which few look at. Each is told once a page, since a worker may start often.
 *
 * @typedef {{ name: string, state: string, problems: { sentence: string }[] }} Pack
 */
import { fromServer } from '../language/server.js'
import { many, t } from '../language/t.js'

export class Surroundings {
  /** @param {Pick<import('../panels/toasts.js').Toasts, 'show'>} toasts */
  constructor(toasts) {
    this.toasts = toasts
    /** @type {Set<string>} */
    this.told = new Set()
  }

  /** @param {{ advice?: string | null, packs?: Pack[] }} worker  as `/easel/status` has it */
  tell({ advice, packs = [] }) {
    const failed = packs.filter(({ state }) => state === 'failed' || state === 'partly')
    const off = packs.filter(({ state }) => state === 'untrusted').map(({ name }) => name)
    if (advice) this.once({ key: 'gpu', tone: 'warning', stays: true, text: t('The graphics card is not used.'), detail: fromServer(advice) })
    if (failed.length) {
      const detail = failed.flatMap(({ problems }) => problems.map(({ sentence }) => fromServer(sentence))).join('\n')
      this.once({ key: 'packs', tone: 'warning', stays: true, text: t('Nodes are missing: {names} did not load whole.', { names: failed.map(({ name }) => name).join(', ') }), detail })
    }
    if (off.length) {
      const text = many(off.length, 'A pack stays off until you trust it: {names}.', '{count} packs stay off until you trust them: {names}.', { names: off.join(', ') })
      this.once({ key: 'untrusted', text, detail: t('Start the server with --dev-pack NAME for one, with --trust-packs for all.') })
    }
  }

  /** @param {import('../panels/toasts.js').Notice} notice */
  once(notice) {
    const words = `${notice.text}\n${notice.detail}`
    if (this.told.has(words)) return
    this.told.add(words)
    this.toasts.show(notice)
  }
}
