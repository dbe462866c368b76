/**
 * What the person prefers. Kept on the server, so that it follows them to another browser, and in this browser, so
 * that the page has its colours before the server has answered.
 *
 * @typedef {{ theme: 'system' | 'dark' | 'light', resultsFolded: boolean, inspector: boolean }} Preferences
 */

const KEY = 'easel.settings'
const PREFIX = 'Easel.'

/** What the server keeps too; the rest depends on the screen. @type {readonly (keyof Preferences)[]} */
const SHARED = ['theme', 'resultsFolded']

/** @type {Preferences} */
const DEFAULTS = { theme: 'system', resultsFolded: false, inspector: innerWidth >= 1000 }

export class Settings {
  /** @param {import('../api/client.js').Client} client */
  constructor(client) {
    this.client = client
    /** @type {Preferences} */
    this.values = { ...DEFAULTS, ...readLocal() }
    /** @type {Set<() => void>} */
    this.listeners = new Set()
  }

  /** @param {() => void} listener */
  listen(listener) {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /** Takes over what the server has. A server that does not answer leaves the local values. */
  async load() {
    /** @type {Record<string, any>} */
    const stored = (await this.client.settings().catch(() => null)) ?? {}
    const known = SHARED.filter(name => typeof stored[PREFIX + name] === typeof DEFAULTS[name])
    if (!known.length) return
    this.values = { ...this.values, ...Object.fromEntries(known.map(name => [name, stored[PREFIX + name]])) }
    this.changed()
  }

  /**
   * @template {keyof Preferences} Name
   * @param {Name} name @param {Preferences[Name]} value
   */
  set(name, value) {
    if (this.values[name] === value) return
    this.values = { ...this.values, [name]: value }
    this.changed()
    if (SHARED.includes(name)) void this.client.saveSetting(PREFIX + name, value).catch(() => undefined) // this browser still knows it
  }

  changed() {
    try {
      localStorage.setItem(KEY, JSON.stringify(this.values))
    } catch {
      // Storage that is full or forbidden: the setting holds until the page closes.
    }
    this.listeners.forEach(listener => listener())
  }
}

/** @returns {Partial<Preferences>} */
function readLocal() {
  try {
    const stored = JSON.parse(localStorage.getItem(KEY) ?? '{}')
    return stored && typeof stored === 'object' ? stored : {}
  } catch {
    return {}
  }
}
