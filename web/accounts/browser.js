/**
 * What a browser keeps (open tabs, drafts) is kept apart for each person who logs in at it. The first account, and pages without
 * accounts, keep theirs as ever.
 */
const KEY = 'easel.person'
const FIRST = 'default'

/** Whose drafts this page opens: '' for the first. @param {Storage} local */
export const personOf = local => local.getItem(KEY) ?? ''

/** Whether the page has to be opened anew, since another person is here than it was opened for. @param {Storage} local @param {Storage} session @param {import('./me.js').Person} person */
export function isAnother(local, session, { accounts, id }) {
  const now = accounts && id !== FIRST ? id : ''
  if (personOf(local) === now) return false
  try {
    if (now) local.setItem(KEY, now)
    else local.removeItem(KEY)
    session.clear() // what told this window from others was the other person's
  } catch {
    return false
  }
  return local instanceof Storage // one that forgets with the page would be here again and again
}

/** @param {Storage} storage @param {string} person @returns {Storage} what is kept there for them */
export function kept(storage, person) {
  return person ? new Apart(storage, `easel.of.${person}.`) : storage
}

/** @implements {Storage} */
class Apart {
  /** @param {Storage} storage @param {string} prefix */
  constructor(storage, prefix) {
    this.storage = storage
    this.prefix = prefix
  }

  get keys() {
    return Array.from({ length: this.storage.length }, (_, index) => this.storage.key(index)).flatMap(key => (key?.startsWith(this.prefix) ? [key.slice(this.prefix.length)] : []))
  }

  get length() {
    return this.keys.length
  }

  /** @param {number} index */
  key(index) {
    return this.keys[index] ?? null
  }

  /** @param {string} key */
  getItem(key) {
    return this.storage.getItem(this.prefix + key)
  }

  /** @param {string} key @param {string} value */
  setItem(key, value) {
    this.storage.setItem(this.prefix + key, value)
  }

  /** @param {string} key */
  removeItem(key) {
    this.storage.removeItem(this.prefix + key)
  }

  clear() {
    for (const key of this.keys) this.removeItem(key)
  }
}
