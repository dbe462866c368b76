/**
 * The newest state of each open document, in this browser: written before the server is asked, so that nothing is lost while
 * the server is away, its disk is full, or the browser ends without a word.
 *
 * @typedef {import('./draft_room.js').Draft} Draft
 * @typedef {import('./draft_room.js').DraftRoom} DraftRoom
 */

const LAST = 'easel.last.'

export class Drafts {
  /** @param {Promise<DraftRoom>} room @param {import('./windows.js').Windows} windows */
  constructor(room, windows) {
    this.room = room
    this.windows = windows
  }

  /** @param {string} document @param {string} [window] */
  keyOf(document, window = this.windows.id) {
    return `${window}/${document}`
  }

  /** @param {Omit<Draft, 'window' | 'time'>} draft @returns {Promise<boolean>} whether there was room */
  async write(draft) {
    try {
      const room = await this.room
      await room.put(this.keyOf(draft.document), { ...draft, window: this.windows.id, time: Date.now() })
    } catch {
      return false
    }
    const last = this.last()
    if (last?.document === draft.document && last.turn <= draft.turn) this.forgetLast()
    return true
  }

  /** What the database no longer takes, since the page is going: at once, if it fits. @param {Omit<Draft, 'window' | 'time'>} draft */
  writeLast(draft) {
    if (!this.windows.id) return
    const key = LAST + this.windows.id
    try {
      this.windows.local.setItem(key, JSON.stringify({ ...draft, window: this.windows.id, time: Date.now() }))
    } catch {
      this.windows.local.removeItem(key) // an older one must not pass for the newest; the database may yet have it
    }
  }

  /** @returns {Draft | null} */
  last(window = this.windows.id) {
    try {
      const draft = JSON.parse(this.windows.local.getItem(LAST + window) ?? 'null')
      return typeof draft?.text === 'string' && typeof draft.document === 'string' ? draft : null
    } catch {
      return null
    }
  }

  forgetLast() {
    this.windows.local.removeItem(LAST + this.windows.id)
  }

  /** @param {string} document @returns {Promise<Draft | null>} */
  async read(document) {
    const { id, from } = this.windows
    const room = await this.room
    const kept = await room.get(this.keyOf(document)).catch(() => null)
      ?? (from === id ? null : await room.get(this.keyOf(document, from)).catch(() => null))
    const last = this.last() ?? (from === id ? null : this.last(from))
    const found = last?.document === document && last.turn >= (kept?.turn ?? 0) ? last : kept
    return typeof found?.text === 'string' ? found : null
  }

  /** @param {string} document */
  async forget(document) {
    const room = await this.room
    await room.remove(this.keyOf(document)).catch(() => undefined)
    if (this.last()?.document === document) this.forgetLast()
  }

  /** Drafts of windows that ended long ago, where the server has all of it. @param {number} before  ms since 1970 */
  async sweep(before) {
    const room = await this.room
    const keys = await room.keys().catch(() => [])
    for (const window of await this.windows.abandoned(before)) {
      const record = this.windows.read(window)
      if (record?.tabs.some(tab => tab.turn > tab.sent || tab.branch)) continue
      for (const key of keys.filter(each => each.startsWith(`${window}/`))) await room.remove(key).catch(() => undefined)
      this.windows.local.removeItem(LAST + window)
      this.windows.forget(window)
    }
  }
}
