/**
 * What the worker found when it started that keeps the artist from something: a GPU that is not used. The terminal says it
 * too, which few look at. It is told once a page, since a worker may start often. (Packs: packs/install.js.)
 */
import { fromServer } from '../language/server.js'
import { t } from '../language/t.js'

export class Surroundings {
  /** @param {Pick<import('../panels/toasts.js').Toasts, 'show'>} toasts */
  constructor(toasts) {
    this.toasts = toasts
    /** @type {Set<string>} */
    this.told = new Set()
  }

  /** @param {{ advice?: string | null }} worker  as `/easel/status` has it */
  tell({ advice }) {
    if (advice) this.once({ key: 'gpu', tone: 'warning', stays: true, text: t('The graphics card is not used.'), detail: fromServer(advice) })
  }

  /** @param {import('../panels/toasts.js').Notice} notice */
  once(notice) {
    const words = `${notice.text}\n${notice.detail}`
    if (this.told.has(words)) return
    this.told.add(words)
    this.toasts.show(notice)
  }
}
