/**
 * The tabs of this window: which documents are open, and which one is on the canvas. A tab that is left keeps its steps, its
 * camera, its selection and what runs told of its nodes; jobs go on writing there.
 *
 * @typedef {import('./tab.js').Tab} Tab
 * @typedef {import('./tab.js').Aside} Aside
 * @typedef {import('./windows.js').WindowRecord} WindowRecord
 * @typedef {{ park: () => unknown, resume: (kept: unknown) => void }} Carrier
 *   What somebody keeps for each document: `resume` gets what `park` gave, or undefined for a document that is new
 */
import { t } from '../language/t.js'
import { Session, emptySession } from '../model/session.js'
import { isReplaceable, newTab, recordOf } from './tab.js'

/** Closed tabs that can be opened again. */
const CLOSED = 25
const KEEP_WAIT = 250

export class Tabs {
  /**
   * @param {object} parts
   * @param {import('../tools/editor.js').Editor} parts.editor
   * @param {import('./windows.js').Windows} parts.windows
   * @param {(tab: Tab) => Promise<Aside>} parts.fetch  a document that is not loaded; throws Error with a sentence
   * @param {(tab: Tab) => void} parts.leave  before another is shown
   * @param {(tab: Tab) => void} parts.forget  a closed one that cannot be opened again by its tab
   * @param {(tab: Tab, error: Error) => void} parts.fail  it could not be shown
   */
  constructor({ editor, windows, fetch, leave, forget, fail }) {
    this.editor = editor
    this.windows = windows
    this.fetch = fetch
    this.leave = leave
    this.forget = forget
    this.fail = fail
    this.shown = newTab()
    this.list = [this.shown]
    /** Newest first. @type {Tab[]} */
    this.closed = []
    /** The one that is being loaded. @type {Tab | null} */
    this.coming = null
    /** @type {Carrier[]} */
    this.carriers = []
    /** @type {Set<() => void>} */
    this.listeners = new Set()
    /** @type {WeakMap<import('../model/session.js').SessionState, Session>} */
    this.hidden = new WeakMap()
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined
    editor.session.listen(({ run }) => { if (run) this.tell() })
  }

  /** @param {() => void} listener */
  listen(listener) {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  tell() {
    this.listeners.forEach(listener => listener())
    this.timer ??= setTimeout(() => this.persist(), KEEP_WAIT)
  }

  /** Writes the list down, at once. */
  persist() {
    clearTimeout(this.timer)
    this.timer = undefined
    const { camera, graphId } = this.editor
    if (graphId === '') this.shown.camera = { ...camera }
    this.windows.write({ tabs: this.list.map(recordOf), shown: this.shown.id, closed: this.closed.map(recordOf) })
  }

  /** Has a value kept for each document. @param {Carrier} carrier */
  carry(carrier) {
    this.carriers.push(carrier)
  }

  /** @param {string} id @returns {Tab | undefined} */
  byId(id) {
    return this.list.find(tab => tab.id === id)
  }

  /** @param {string} name  of a saved file */
  byFile(name) {
    return this.list.find(tab => tab.stored === name)
  }

  /** What no other tab is called. @param {string} name */
  freeName(name) {
    const taken = new Set(this.list.map(titleOf))
    let free = name
    for (let count = 2; taken.has(free); count++) free = `${name} (${count})`
    return free
  }

  /** The smallest that no other tab without a name has. @param {Tab} tab */
  #freeNumber(tab) {
    const taken = new Set(this.list.filter(each => each !== tab && each.name === null).map(each => each.number))
    let free = 1
    while (taken.has(free)) free++
    return free
  }

  /** What is known of the nodes of a document that is open, shown or not. @param {string} id @returns {Session | null} */
  sessionOf(id) {
    const tab = this.byId(id) ?? this.closed.find(each => each.id === id && each.aside)
    if (!tab) return null
    if (tab === this.shown) return this.editor.session
    const state = tab.aside?.session ?? (tab.early ??= emptySession())
    let session = this.hidden.get(state)
    if (!session) {
      session = new Session(state)
      session.listen(({ run }) => { if (run) this.tell() })
      this.hidden.set(state, session)
    }
    return session
  }

  /** Of all documents of which anything is known. */
  sessions() {
    return this.list.filter(tab => tab === this.shown || tab.aside || tab.early).flatMap(tab => this.sessionOf(tab.id) ?? [])
  }

  /** @param {Tab} tab */
  runOf(tab) {
    return tab === this.shown ? this.editor.session.run : (tab.aside?.session ?? tab.early)?.run ?? null
  }

  /**
   * Shows a document that has just been read: in a tab of its own, or in place of one that nobody would miss.
   *
   * @param {Tab} tab @param {Aside} aside @param {{ beside?: boolean }} [how]  `beside`: only an empty one gives way
   */
  open(tab, aside, { beside = false } = {}) {
    const { shown, list } = this
    const at = list.indexOf(shown)
    if (isReplaceable(shown) && !(beside && this.editor.store.size > 0)) {
      list[at] = tab
      this.forget(shown)
    } else list.splice(at + 1, 0, tab)
    tab.number = this.#freeNumber(tab)
    this.#exchange(tab, aside)
  }

  /** @param {Tab} tab @returns {Promise<boolean>} whether it is shown now */
  async show(tab) {
    if (tab === this.shown) {
      this.coming = null
      this.tell()
      return true
    }
    this.coming = tab
    try {
      if (!tab.aside) {
        this.tell()
        const aside = await this.fetch(tab)
        if (!this.list.includes(tab)) return false
        tab.aside = aside
      }
    } catch (error) {
      if (this.coming === tab) {
        this.coming = null
        this.tell()
        this.fail(tab, /** @type {Error} */ (error))
      }
      return false
    }
    if (this.coming !== tab) return false // another was chosen meanwhile
    this.coming = null
    if (tab.aside) this.#exchange(tab, tab.aside)
    return true
  }

  /** @param {Tab} tab @param {Aside} aside */
  #exchange(tab, aside) {
    const { editor, shown: leaving } = this
    this.leave(leaving)
    editor.state.cancel()
    editor.stopMotion()
    const place = editor.places.park()
    if (editor.graphId === '') leaving.camera = place.camera
    const selection = [...editor.selection]
    const carried = this.carriers.map(carrier => carrier.park())
    editor.select([])
    this.shown = tab
    tab.aside = null
    tab.early = null
    const session = editor.session.exchange(aside.session)
    const store = editor.store.exchange(aside.store)
    leaving.aside = { store, session, place, selection, carried }
    if (aside.place) editor.places.resume(aside.place)
    else if (tab.camera) editor.setCamera({ ...tab.camera })
    else editor.places.showAll()
    editor.select(aside.selection)
    this.carriers.forEach((carrier, index) => carrier.resume(aside.carried[index]))
    this.tell()
  }

  /** @param {readonly Tab[]} tabs */
  async close(tabs) {
    const going = new Set(tabs)
    let at = this.list.indexOf(this.shown)
    if (going.has(this.shown)) {
      const rest = [...this.list.slice(at + 1), ...this.list.slice(0, at).reverse()].filter(tab => !going.has(tab))
      // One that is not loaded may fail to: then the next, at last an empty one.
      let shown = false
      for (const tab of rest.slice(0, 3)) if ((shown = await this.show(tab))) break
      if (!shown) {
        at = this.list.indexOf(this.shown)
        const blank = newTab()
        this.list.splice(at + 1, 0, blank)
        this.#exchange(blank, blankAside())
      }
    }
    for (const tab of this.list.filter(each => going.has(each))) {
      if (isReplaceable(tab)) this.forget(tab)
      else this.closed.unshift(tab)
    }
    this.list = this.list.filter(tab => !going.has(tab))
    for (const tab of this.closed.splice(CLOSED)) this.forget(tab)
    this.tell()
  }

  /** Opens again what was closed: this one, or the newest. @param {Tab} [tab] */
  async reopen(tab = this.closed[0]) {
    if (!tab || !this.closed.includes(tab)) return
    this.closed = this.closed.filter(each => each !== tab)
    this.list.splice(this.list.indexOf(this.shown) + 1, 0, tab)
    await this.show(tab)
  }

  /** The next tab, round the end. @param {number} by */
  step(by) {
    const { list, coming, shown } = this
    const at = list.indexOf(coming ?? shown)
    const next = list[(at + by + list.length) % list.length]
    return next ? this.show(next) : Promise.resolve(false)
  }

  /** @param {Tab} tab @param {number} index */
  move(tab, index) {
    const rest = this.list.filter(each => each !== tab)
    rest.splice(Math.max(0, Math.min(index, rest.length)), 0, tab)
    this.list = rest
    this.tell()
  }

  /**
   * The tabs of before a reload.
   *
   * @param {WindowRecord} record @returns {Promise<boolean>} whether one of them could be shown
   */
  async restore(record) {
    const known = new Map([...record.tabs, ...record.closed].map(each => [each.id, newTab(each)]))
    const tabs = (/** @type {import('./windows.js').TabRecord[]} */ records) => [...new Set(records.flatMap(each => known.get(each.id) ?? []))]
    const blank = this.shown
    this.closed = tabs(record.closed)
    this.list = [blank, ...tabs(record.tabs)]
    const wanted = this.byId(record.shown)
    const first = wanted ? [wanted, ...this.list.slice(1, 4).filter(tab => tab !== wanted)] : this.list.slice(1, 4)
    for (const tab of first) {
      if (!(await this.show(tab))) continue
      this.list = this.list.filter(each => each !== blank)
      this.tell()
      return true
    }
    return false
  }
}

/** @returns {Aside} of an empty graph */
export const blankAside = () => ({ store: { records: [], undos: [], redos: [] }, session: emptySession(), place: null, selection: [], carried: [] })

/** @param {Pick<Tab, "name" | "number">} tab */
export const titleOf = tab => tab.name ?? (tab.number > 1 ? t('Untitled {number}', { number: tab.number }) : t('Untitled'))
