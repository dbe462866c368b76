/**
 * Writes down what the shown document has become: as a draft in this browser, soon after each change, and from there to the
 * server.
 *
 * @typedef {import('./tab.js').Tab} Tab
 * @typedef {import('./autosave.js').Reason} Reason
 */
import { thumbnail } from './thumbnail.js'

const WAIT = 400
/** At latest, however much moves. */
const LATEST = 10_000
/** Between two pictures of a document. */
const PICTURE_EVERY = 60_000

export class DraftWriter {
  /**
   * @param {object} parts
   * @param {import('../tools/editor.js').Editor} parts.editor
   * @param {import('./drafts.js').Drafts} parts.drafts
   * @param {import('./autosave.js').Autosave} parts.autosave
   * @param {() => Tab} parts.tab  the shown one
   * @param {() => void} parts.persist  writes the list of tabs
   */
  constructor({ editor, drafts, autosave, tab, persist }) {
    this.editor = editor
    this.drafts = drafts
    this.autosave = autosave
    this.tab = tab
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined
    /** @type {Reason | null} */
    this.pending = null
    /** When the first change came that no draft holds yet. @type {number | undefined} */
    this.since = undefined
    /** The newest draft, while the database is busy with it. @type {Parameters<import('./drafts.js').Drafts['write']>[0] | null} */
    this.writing = null
    /** When each document's picture was made. @type {WeakMap<Tab, number>} */
    this.pictured = new WeakMap()
    /** Whether drafts have room in this browser. */
    this.hasRoom = true
    const leave = () => {
      this.flush()
      // The database may not get to it any more.
      if (this.writing) this.drafts.writeLast(this.writing)
      persist()
      this.autosave.hurry()
    }
    addEventListener('pagehide', leave)
    // After that too: an editor that closes with the page gives its text late.
    document.addEventListener('visibilitychange', () => { if (document.visibilityState === 'hidden') leave() })
  }

  /** Writes soon. @param {Reason} [reason] */
  keep(reason = 'autosave') {
    if (this.pending === null || this.pending === 'autosave') this.pending = reason
    this.since ??= performance.now()
    this.timer ??= setTimeout(() => this.flushAtRest(), WAIT)
  }

  /** Writing a large graph takes longer than a frame: it waits until nothing moves, but not for ever. */
  flushAtRest() {
    this.timer = undefined
    const now = performance.now()
    const { store, renderer } = this.editor
    const moves = store.inGesture || now - renderer.lastFrame < WAIT
    if (moves && now - (this.since ?? 0) < LATEST) this.timer = setTimeout(() => this.flushAtRest(), WAIT)
    else this.flush()
  }

  flush() {
    clearTimeout(this.timer)
    this.timer = undefined
    if (this.pending === null) return
    const reason = this.pending
    this.pending = null
    this.since = undefined
    this.write(this.tab(), JSON.stringify(this.editor.save()), reason)
  }

  /** @param {Tab} tab @param {string} text @param {Reason} reason */
  write(tab, text, reason) {
    const { id, turn, name, stored, dirty, base } = tab
    const draft = { document: id, turn, name, stored, dirty, base, text }
    this.writing = draft
    void this.drafts.write(draft).then(written => {
      this.hasRoom = written
      if (this.writing === draft) this.writing = null
    })
    if (turn > tab.sent) this.autosave.add(tab, { text, turn, reason, thumbnail: this.picture(tab, reason) })
  }

  /** @param {Tab} tab @param {Reason} reason @returns {string | null} */
  picture(tab, reason) {
    const now = performance.now()
    const last = this.pictured.get(tab)
    if (tab !== this.tab() || (reason === 'autosave' && last !== undefined && now - last < PICTURE_EVERY)) return null
    const picture = thumbnail(this.editor)
    if (picture) this.pictured.set(tab, now)
    return picture
  }
}
