/**
 * The unsaved graph of each browser tab, kept in the browser so that a reload, a crash or a closed window loses
 * nothing. Each tab owns one draft and holds a lock on it while it lives: a new tab takes up a draft that nobody
 * owns any more, and two open tabs never write the same one.
 *
 * @typedef {{ name: string | null, stored?: string | null, dirty: boolean, time: number, workflow: any }} Draft
 *   `name`: what it is called; `stored`: what the server has it as; `time`: ms since 1970
 */

const PREFIX = 'easel.draft.'
const TAB = 'easel.tab'
const VIEW = 'easel.view'
const KEPT = 12

export class Drafts {
  /**
   * @param {Storage} local  where drafts are
   * @param {Storage} session  where this tab's id is, so that it survives a reload
   * @param {LockManager | undefined} locks  absent where the page came over plain HTTP from another machine
   */
  constructor(local, session, locks) {
    this.local = local
    this.session = session
    this.locks = locks
    this.id = ''
  }

  /**
   * Takes up this tab's draft, or one that no living tab owns.
   *
   * @returns {Promise<Draft | null>}
   */
  async claim() {
    const own = this.session.getItem(TAB)
    if (own && (await this.hold(own))) {
      this.take(own)
      return this.read(own)
    }
    // A duplicated tab carries the other's id: it starts from the same graph and goes its own way.
    const copied = own ? this.read(own) : null
    if (!copied && this.locks) {
      for (const id of this.ids()) {
        if (await this.hold(id)) {
          this.take(id)
          return this.read(id)
        }
      }
    }
    const newest = this.ids()[0]
    const fresh = crypto.randomUUID?.() ?? String(Math.random()).slice(2)
    await this.hold(fresh)
    this.take(fresh)
    return copied ?? (this.locks || !newest ? null : this.read(newest))
  }

  /** @param {string} id */
  take(id) {
    this.id = id
    this.session.setItem(TAB, id)
  }

  /** Holds a draft for as long as the page lives. @param {string} id @returns {Promise<boolean>} */
  hold(id) {
    const { locks } = this
    if (!locks) return Promise.resolve(this.session.getItem(TAB) === id || !this.local.getItem(PREFIX + id))
    return new Promise(resolve => {
      void locks.request(PREFIX + id, { ifAvailable: true }, lock => {
        resolve(lock !== null)
        return lock ? new Promise(() => undefined) : undefined
      })
    })
  }

  /** Ids of all drafts, newest first. @returns {string[]} */
  ids() {
    /** @type {[string, number][]} */
    const found = []
    for (let index = 0; index < this.local.length; index += 1) {
      const key = this.local.key(index)
      if (key?.startsWith(PREFIX)) found.push([key.slice(PREFIX.length), parseInt(this.local.getItem(key) ?? '', 10) || 0])
    }
    return found.sort((left, right) => right[1] - left[1]).map(([id]) => id)
  }

  /** Of this tab, over a reload. @param {import('../geometry/viewport.js').Camera} camera */
  keepView(camera) {
    this.session.setItem(VIEW, JSON.stringify(camera))
  }

  /** Once: after a crash there is none, rather than one of another graph. @returns {import('../geometry/viewport.js').Camera | null} */
  takeView() {
    try {
      const { x, y, zoom } = JSON.parse(this.session.getItem(VIEW) ?? '{}')
      this.session.removeItem(VIEW)
      return [x, y, zoom].every(Number.isFinite) && zoom > 0 ? { x, y, zoom } : null
    } catch {
      return null
    }
  }

  /** @param {string} id @returns {Draft | null} */
  read(id) {
    const text = this.local.getItem(PREFIX + id) ?? ''
    try {
      const draft = JSON.parse(text.slice(text.indexOf(' ')))
      return draft && typeof draft === 'object' && draft.workflow ? draft : null
    } catch {
      return null
    }
  }

  /**
   * Writes this tab's draft. When the browser's room is used up, the oldest drafts of other, closed tabs make way.
   *
   * @param {Draft} draft
   * @returns {boolean} false where it does not fit at all
   */
  write(draft) {
    const text = `${draft.time} ${JSON.stringify(draft)}` // the time first, so that sorting parses nothing else
    const others = this.ids().filter(id => id !== this.id)
    others.slice(KEPT).forEach(id => this.local.removeItem(PREFIX + id))
    for (;;) {
      try {
        this.local.setItem(PREFIX + this.id, text)
        return true
      } catch {
        const oldest = others.pop()
        if (!oldest) return false
        this.local.removeItem(PREFIX + oldest)
      }
    }
  }
}
