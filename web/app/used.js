/** How often each node type was added in this browser, and which ones last. */

const USED = 'easel.used'
const RECENT = 'easel.recent'
/** How many of the last ones are remembered. */
const KEPT = 8

export class Used {
  constructor() {
    /** @type {Map<string, number>} */
    this.counts = new Map(Object.entries(read(USED) ?? {}).filter(([, count]) => typeof count === 'number'))
    const recent = read(RECENT)
    /** Latest first. @type {string[]} */
    this.recent = Array.isArray(recent) ? recent.filter(name => typeof name === 'string').slice(0, KEPT) : []
  }

  /** @param {string} type */
  add(type) {
    this.counts.set(type, (this.counts.get(type) ?? 0) + 1)
    this.recent = [type, ...this.recent.filter(name => name !== type)].slice(0, KEPT)
    write(USED, Object.fromEntries(this.counts))
    write(RECENT, this.recent)
  }
}

/** @param {string} key @returns {any} */
function read(key) {
  try {
    const value = JSON.parse(localStorage.getItem(key) ?? 'null')
    return typeof value === 'object' ? value : null
  } catch {
    return null
  }
}

/** @param {string} key @param {unknown} value */
function write(key, value) {
  try {
    localStorage.setItem(key, JSON.stringify(value))
  } catch {
    // Storage that is full: the order is remembered until the page closes.
  }
}
