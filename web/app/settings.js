/**
 * What the person prefers. Kept on the server, so that it follows them to another browser, and in this browser, so
 * that the page has its colours before the server has answered.
 *
 * @typedef {object} Preferences
 * @property {'system' | 'dark' | 'light'} theme
 * @property {string} palette Id of a palette; empty for Easel's own, or high contrast where the system asks for it.
 * @property {import('../view/palettes.js').Palette[]} palettes One's own.
 * @property {boolean} resultsFolded
 * @property {boolean} inspector
 * @property {boolean} minimap
 * @property {boolean} dots Of the canvas's grid.
 * @property {boolean} badges Nodes show their ids and where they are from.
 * @property {boolean} canvasInfo Frames and nodes in view, told in a corner.
 * @property {number} nodeOpacity 0.3 to 1.
 * @property {string} backdrop A picture behind the graph, `name [input]`; empty for none.
 * @property {import('../commands/keymap.js').Keymap} keymap The preset of keys, and one's own.
 * @property {string} navigation Id of the preset of what mouse and wheel do.
 * @property {string} linkShape How links run: `spline`, `straight`, `elbow`, `hidden`.
 * @property {boolean} guides Moved things stand in line with their neighbours.
 * @property {boolean} snaps Moved things keep to the grid.
 * @property {number} edgeSpeed How fast the view goes along with what is dragged to its edge; 1 is usual, 0 is not at all.
 * @property {string[]} favourites Node types with a star.
 * @property {boolean} notify A notice when jobs are done and the page is hidden; each browser is asked for itself.
 * @property {boolean} notifySound
 * @property {string} language Code of the page's language; '' for the browser's.
 * @typedef {'dots' | 'minimap' | 'badges' | 'guides' | 'snaps' | 'canvasInfo'} Switch Those that are on or off in the panel View.
 */
import { DEFAULT_PRESET } from '../commands/keymap.js'

const KEY = 'easel.settings'
const PREFIX = 'Easel.'

/** What the server keeps too; the rest depends on the screen. @type {readonly (keyof Preferences)[]} */
const SHARED = ['theme', 'palette', 'palettes', 'resultsFolded', 'minimap', 'dots', 'badges', 'nodeOpacity', 'backdrop', 'keymap', 'navigation', 'linkShape', 'guides', 'snaps', 'edgeSpeed', 'favourites', 'language']

/** @type {Preferences} */
const DEFAULTS = {
  theme: 'system', palette: '', palettes: [], resultsFolded: false, inspector: innerWidth >= 1000,
  minimap: true, dots: true, badges: false, canvasInfo: false, nodeOpacity: 1, backdrop: '',
  keymap: { preset: DEFAULT_PRESET, own: {} }, navigation: '', linkShape: 'spline', guides: true, snaps: false, edgeSpeed: 1, favourites: [], notify: false, notifySound: false, language: '',
}

export class Settings {
  /** @param {import('../api/client.js').Client} client */
  constructor(client) {
    this.client = client
    /** Why the server is not to be asked to keep them, as a sentence; '' where it is. */
    this.whyNot = () => ''
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
    const known = SHARED.filter(name => isLike(DEFAULTS[name], stored[PREFIX + name]))
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
    if (SHARED.includes(name) && !this.whyNot()) void this.client.saveSetting(PREFIX + name, value).catch(() => undefined) // this browser still knows it
  }

  /** What a setting is at first. @template {keyof Preferences} Name @param {Name} name @returns {Preferences[Name]} */
  defaultOf(name) {
    return DEFAULTS[name]
  }

  /** Takes over what is known and of the right form; gives the names of what changed. @param {Record<string, unknown>} values @returns {(keyof Preferences)[]} */
  take(values) {
    const known = /** @type {(keyof Preferences)[]} */ (Object.keys(DEFAULTS)).filter(name => isLike(DEFAULTS[name], values[name]) && JSON.stringify(values[name]) !== JSON.stringify(this.values[name]))
    for (const name of known) this.set(name, /** @type {any} */ (values[name]))
    return known
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
    if (!stored || typeof stored !== 'object') return {}
    return Object.fromEntries(Object.entries(stored).filter(([name, value]) => name in DEFAULTS && isLike(Reflect.get(DEFAULTS, name), value)))
  } catch {
    return {}
  }
}

/** What a page that is opened now would find. @param {keyof Preferences} name */
export const storedLocally = name => readLocal()[name]

/** A setting that an older page, or a hand, left in another form is not taken. @param {unknown} model @param {unknown} value */
const isLike = (model, value) => typeof model === typeof value && Array.isArray(model) === Array.isArray(value) && value !== null
