/**
 * Which documents each browser tab has open, so that a reload, a crash or a restart finds them again. Each browser tab
 * ("window" here, since the page has tabs of its own) owns one list and holds a lock on it while it lives: a new one takes
 * up a list that nobody owns any more, and two that are open never write the same one.
 *
 * @typedef {object} TabRecord
 * @property {string} id  the document
 * @property {string | null} name
 * @property {number} number  by which those without a name are told apart
 * @property {string | null} stored
 * @property {number | null} modified  the saved file's time, as it was when it was read or written last
 * @property {boolean} dirty
 * @property {number | null} base  the newest version that is known to be on the server
 * @property {number} turn
 * @property {number} sent  the turn that the server has
 * @property {string | null} origin
 * @property {Branch | null} branch
 * @property {import('../geometry/viewport.js').Camera | null} camera
 *
 * @typedef {{ id: string, base: number | null, version: number }} Branch
 *   Where its changes go while it is not decided what becomes of them and of `version`, which somebody else made
 * @typedef {{ tabs: TabRecord[], shown: string, closed: TabRecord[] }} WindowRecord
 */
import { newId } from '../api/id.js'

const PREFIX = 'easel.window.'
/** Drafts of versions of the page that had one graph in a window. */
const OLD = 'easel.draft.'
const TAB = 'easel.tab'

export class Windows {
  /**
   * @param {Storage} local  where the lists are
   * @param {Storage} session  where this window's id is, so that it survives a reload
   * @param {LockManager | undefined} locks  absent where the page came over plain HTTP from another machine
   */
  constructor(local, session, locks) {
    this.local = local
    this.session = session
    this.locks = locks
    this.id = ''
    /** Whose drafts are read first: another's, where this window began as its copy. */
    this.from = ''
    /** What an older version of the page left here. @type {{ name: string | null, stored: string | null, dirty: boolean, workflow: any } | null} */
    this.old = null
  }

  /**
   * Takes up this window's list, or one that no living window owns.
   *
   * @returns {Promise<WindowRecord | null>}
   */
  async claim() {
    const own = this.session.getItem(TAB)
    if (own && (await this.hold(own))) return this.take(own, own)
    // A duplicated window carries the other's id: it starts from the same documents.
    if (!(own && this.read(own)) && this.locks) {
      for (const id of this.ids()) if (await this.hold(id)) return this.take(id, id)
    }
    const from = own && this.read(own) ? own : this.locks ? '' : this.ids()[0] ?? ''
    const fresh = newId()
    await this.hold(fresh)
    return this.take(fresh, from)
  }

  /** @param {string} id @param {string} from */
  take(id, from) {
    this.id = id
    this.from = from || id
    try {
      this.session.setItem(TAB, id)
    } catch {
      // No room: a reload then takes up the newest list that nobody owns, which is this one.
    }
    if (!from) return null
    const record = this.read(from)
    this.old = record ? null : this.takeOld(from)
    return record
  }

  /** Holds a list for as long as the page lives. @param {string} id @returns {Promise<boolean>} */
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

  /** Ids of all windows, newest first. @returns {string[]} */
  ids() {
    /** @type {Map<string, number>} */
    const found = new Map()
    for (let index = 0; index < this.local.length; index += 1) {
      const key = this.local.key(index)
      const prefix = [PREFIX, OLD].find(each => key?.startsWith(each))
      if (!key || !prefix) continue
      const id = key.slice(prefix.length)
      found.set(id, Math.max(found.get(id) ?? 0, parseInt(this.local.getItem(key) ?? '', 10) || 0))
    }
    return [...found].sort((left, right) => right[1] - left[1]).map(([id]) => id)
  }

  /** @param {string} id @returns {WindowRecord | null} */
  read(id) {
    const record = parsed(this.local.getItem(PREFIX + id))
    const tabs = listed(record?.tabs)
    return tabs.length ? { tabs, shown: String(record?.shown), closed: listed(record?.closed) } : null
  }

  /** Writes this window's list, at once. @param {WindowRecord} record @returns {boolean} whether there was room */
  write(record) {
    if (!this.id) return true // the page goes before it has taken up a list: nothing is its own yet
    try {
      this.local.setItem(PREFIX + this.id, `${Date.now()} ${JSON.stringify(record)}`) // the time first, so that sorting parses nothing else
      return true
    } catch {
      return false
    }
  }

  /** @param {string} id */
  takeOld(id) {
    const draft = parsed(this.local.getItem(OLD + id))
    return draft?.workflow ? { name: textOr(draft.name), stored: textOr(draft.stored), dirty: draft.dirty !== false, workflow: draft.workflow } : null
  }

  /** Once it is a draft of today. */
  forgetOld() {
    this.local.removeItem(OLD + this.from)
    this.old = null
  }

  /** Windows that nobody owns and nobody has used for long. @param {number} before  ms since 1970 @returns {Promise<string[]>} */
  async abandoned(before) {
    const { held } = (await this.locks?.query()) ?? {}
    const owned = new Set(held?.map(({ name }) => name))
    return this.ids().filter(id => held && id !== this.id && !owned.has(PREFIX + id) && parseInt(this.local.getItem(PREFIX + id) ?? '', 10) < before)
  }

  /** @param {string} id */
  forget(id) {
    this.local.removeItem(PREFIX + id)
  }
}

/** @param {string | null} text  a time, then JSON @returns {any} */
function parsed(text) {
  try {
    const value = JSON.parse((text ?? '').slice((text ?? '').indexOf(' ')))
    return value && typeof value === 'object' ? value : null
  } catch {
    return null
  }
}

/** @param {unknown} value @returns {TabRecord[]} what can be read of it */
function listed(value) {
  return (Array.isArray(value) ? value : []).flatMap(each => {
    if (typeof each?.id !== 'string' || !each.id) return []
    return [{
      id: each.id, name: textOr(each.name), number: numberOr(each.number) ?? 1, stored: textOr(each.stored), modified: numberOr(each.modified), dirty: each.dirty === true,
      base: numberOr(each.base), turn: numberOr(each.turn) ?? 0, sent: numberOr(each.sent) ?? 0, origin: textOr(each.origin),
      branch: typeof each.branch?.id === 'string' ? { id: each.branch.id, base: numberOr(each.branch.base), version: numberOr(each.branch.version) ?? 0 } : null,
      camera: [each.camera?.x, each.camera?.y, each.camera?.zoom].every(Number.isFinite) && each.camera.zoom > 0 ? each.camera : null,
    }]
  })
}

/** @param {unknown} value */
const textOr = value => (typeof value === 'string' ? value : null)
/** @param {unknown} value */
const numberOr = value => (typeof value === 'number' && Number.isFinite(value) ? value : null)
