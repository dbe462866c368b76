/**
 * Every change goes to the server, as a version of its document: about a second after it, one at a time. While the server
 * does not take them they stay drafts in this browser, and it is tried again by itself.
 *
 * @typedef {import('./tab.js').Tab} Tab
 * @typedef {'autosave' | 'open' | 'save' | 'restore'} Reason
 * @typedef {{ text: string, turn: number, reason: Reason, thumbnail: string | null, label?: string | null }} Job
 * @typedef {'' | 'saved' | 'saving' | 'away' | 'full' | 'refused' | 'conflict'} SaveState
 */
import { ApiError } from '../api/client.js'

/** Between two versions of one document, in ms. */
const SPACING = 1000
/** What browsers still send after their page is gone: 64 KiB, a little less for what is said beside the graph. They refuse a larger body. */
const KEEPALIVE_BYTES = 60_000
const FIRST_WAIT = 2000
const LONGEST_WAIT = 60_000

export class Autosave {
  /**
   * @param {object} parts
   * @param {import('../api/documents.js').Documents} parts.documents
   * @param {() => string} parts.writer  names this window on the server
   * @param {(tab: Tab, turn: number) => void} parts.onSent
   * @param {(tab: Tab, job: Job, newest: { version: number }) => Promise<void>} parts.onConflict  makes a branch of it
   */
  constructor({ documents, writer, onSent, onConflict }) {
    this.documents = documents
    this.writer = writer
    this.onSent = onSent
    this.onConflict = onConflict
    /** The newest of each document that waits. @type {Map<Tab, Job>} */
    this.waiting = new Map()
    /** @type {Tab | null} */
    this.sending = null
    /** What the last try came to, where that was nothing. @type {'' | 'away' | 'full'} */
    this.trouble = ''
    /** Documents that the server does not take as they are, and its words. @type {Map<Tab, string>} */
    this.refused = new Map()
    this.wait = 0
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined
    /** Why the server is not to be asked, as a sentence; '' where it is. */
    this.whyNot = () => ''
    /** Until when the next one waits, by document. @type {Map<Tab, number>} */
    this.notBefore = new Map()
    /** @type {Set<() => void>} */
    this.listeners = new Set()
    /** Those who wait until a document's versions are there. @type {Map<Tab, ((sent: boolean) => void)[]>} */
    this.hoping = new Map()
  }

  /** @param {() => void} listener */
  listen(listener) {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /** @param {Tab} tab @returns {SaveState} */
  stateOf(tab) {
    if (tab.branch) return 'conflict'
    if (tab.turn <= tab.sent) return tab.base === null ? '' : 'saved'
    if (this.refused.has(tab)) return 'refused'
    return this.trouble || 'saving'
  }

  /** @param {Tab} tab @param {Job} job */
  add(tab, job) {
    const why = this.whyNot()
    if (why) {
      this.refused.set(tab, why)
      return this.tell()
    }
    const before = this.waiting.get(tab)
    // A save that waits stays one, and a picture that waits is better than none.
    this.waiting.set(tab, {
      ...job, reason: before && job.reason === 'autosave' ? before.reason : job.reason,
      thumbnail: job.thumbnail ?? before?.thumbnail ?? null, label: job.label ?? before?.label ?? null,
    })
    this.refused.delete(tab)
    this.tell()
    this.plan()
  }

  /** Resolves once the document's newest state is on the server, or could not be sent. @param {Tab} tab @returns {Promise<boolean>} */
  settled(tab) {
    if (!this.waiting.has(tab) && this.sending !== tab) return Promise.resolve(tab.turn <= tab.sent)
    this.hurry()
    return new Promise(resolve => this.hoping.set(tab, [...this.hoping.get(tab) ?? [], resolve]))
  }

  /** Nothing waits any longer: the server is back, or the page goes. */
  hurry() {
    this.wait = 0
    this.notBefore.clear()
    this.plan()
  }

  plan() {
    clearTimeout(this.timer)
    if (this.sending || !this.waiting.size) return
    const now = performance.now()
    const [tab, due] = [...this.waiting.keys()].map(each => /** @type {const} */ ([each, this.notBefore.get(each) ?? 0])).reduce((left, right) => (right[1] < left[1] ? right : left))
    const wait = Math.max(this.wait, due - now)
    if (wait <= 0) void this.send(tab)
    else this.timer = setTimeout(() => void this.send(tab), wait)
  }

  /** @param {Tab} tab */
  async send(tab) {
    const job = this.waiting.get(tab)
    if (!job || this.sending) return
    this.waiting.delete(tab)
    this.sending = tab
    try {
      await this.sendOne(tab, job)
      this.trouble = ''
      this.wait = 0
      if (!this.waiting.has(tab)) this.answer(tab, true)
    } catch (error) {
      if (!this.waiting.has(tab)) this.waiting.set(tab, job)
      const { status, message } = error instanceof ApiError ? error : { status: 0, message: String(error) }
      if (status === 507 || status === 0 || status >= 500 || status === 429 || status === 401) { // 401: until who is here has logged in again
        this.trouble = status === 507 ? 'full' : 'away'
        this.wait = Math.min(LONGEST_WAIT, (this.wait || FIRST_WAIT / 2) * 2)
      } else {
        this.waiting.delete(tab)
        this.refused.set(tab, message) // the same again would be refused again
      }
      this.answer(tab, false)
    }
    this.sending = null
    this.notBefore.set(tab, performance.now() + SPACING)
    this.tell()
    this.plan()
  }

  /** @param {Tab} tab @param {Job} job */
  async sendOne(tab, job) {
    const branch = tab.branch
    const { id, base } = branch ?? tab
    try {
      const { version } = await this.documents.add(id, {
        base, name: tab.name, stored: branch ? null : tab.stored, reason: job.reason, writer: this.writer(), origin: tab.origin,
        ...(job.label ? { label: job.label } : {}), ...(job.thumbnail ? { thumbnail: job.thumbnail } : {}),
      }, job.text, { keepalive: document.visibilityState === 'hidden' && bytesOf(job) < KEEPALIVE_BYTES })
      // It may have become another document meanwhile: then this says nothing of it.
      if (tab.branch !== branch || (branch ?? tab).id !== id) return
      ;(branch ?? tab).base = version
      this.onSent(tab, job.turn)
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 409) throw error
      await this.onConflict(tab, job, error.body?.error?.extra_info ?? { version: 0 })
    }
  }

  /** Sends nothing more of it. @param {Tab} tab */
  forget(tab) {
    this.waiting.delete(tab)
    this.refused.delete(tab)
    this.notBefore.delete(tab)
    this.answer(tab, false)
  }

  /** @param {Tab} tab @param {boolean} sent */
  answer(tab, sent) {
    this.hoping.get(tab)?.forEach(resolve => resolve(sent))
    this.hoping.delete(tab)
  }

  tell() {
    this.listeners.forEach(listener => listener())
  }
}

/** @param {Job} job */
const bytesOf = ({ text, thumbnail }) => new Blob([text]).size + (thumbnail?.length ?? 0)
