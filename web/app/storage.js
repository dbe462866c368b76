/**
 * The browser's storage, or where a person forbids it (then even naming it throws) one that forgets with the page: the
 * page works all the same.
 *
 * @param {'localStorage' | 'sessionStorage'} name
 * @returns {Storage}
 */
export function storage(name) {
  try {
    return window[name]
  } catch {
    return new Forgetful()
  }
}

/** @implements {Storage} */
class Forgetful {
  /** @type {Map<string, string>} */
  #kept = new Map()

  get length() {
    return this.#kept.size
  }

  /** @param {number} index */
  key(index) {
    return [...this.#kept.keys()][index] ?? null
  }

  /** @param {string} key */
  getItem(key) {
    return this.#kept.get(key) ?? null
  }

  /** @param {string} key @param {string} value */
  setItem(key, value) {
    this.#kept.set(key, value)
  }

  /** @param {string} key */
  removeItem(key) {
    this.#kept.delete(key)
  }

  clear() {
    this.#kept.clear()
  }
}
