/**
 * Pictures of nodes, a video's first frame among them: fetched once, decoded off the main thread, kept while they are in view or were so lately.
 *
 * @typedef {import('../model/session.js').PictureRef} PictureRef
 * @typedef {{bitmap: ImageBitmap | null, state: 'loading' | 'ready' | 'failed', used: number, arrival: Promise<void>}} Entry
 */

import { bitmapOf, kindOf } from './media.js'

/** Decoded pictures kept, by pixels: about 256 MB. */
const BUDGET = 64_000_000
/** What had to go is not fetched again for so long, in ms: more may be in view than there is room for. */
const PAUSE = 5_000
/** @type {Readonly<Entry>} */
const AWAY = Object.freeze({ bitmap: null, state: 'loading', used: 0, arrival: Promise.resolve() })

export class Pictures {
  /** @type {Map<string, Entry>} */
  #entries = new Map()
  /** When pictures had to go, by address. @type {Map<string, number>} */
  #gone = new Map()
  #clock = 0
  #pixels = 0

  /**
   * @param {(ref: PictureRef) => string} urlOf
   * @param {() => void} changed called when a picture has arrived or failed
   */
  constructor(urlOf, changed) {
    this.urlOf = urlOf
    this.changed = changed
  }

  /** The picture, if it is here; the first question for it starts the fetch. @param {PictureRef} ref @returns {Readonly<Entry>} */
  get(ref) {
    const url = this.urlOf(ref)
    const gone = this.#gone.get(url)
    return gone !== undefined && performance.now() - gone < PAUSE ? AWAY : this.#ask(url, ref)
  }

  /** @param {string} url @param {PictureRef} ref */
  #ask(url, ref) {
    let entry = this.#entries.get(url)
    if (!entry) {
      this.#gone.delete(url)
      entry = { bitmap: null, state: 'loading', used: 0, arrival: Promise.resolve() }
      this.#entries.set(url, entry)
      entry.arrival = this.#fetch(url, kindOf(ref.filename), entry)
    }
    entry.used = ++this.#clock
    return entry
  }

  /** Resolves when the picture is here, or cannot be: who waits can then show it with no gap. @param {PictureRef} ref */
  load(ref) {
    return this.#ask(this.urlOf(ref), ref).arrival
  }

  /** @param {string} url @param {import('./media.js').MediaKind} kind @param {Entry} entry */
  async #fetch(url, kind, entry) {
    try {
      const bitmap = await bitmapOf(url, kind)
      if (this.#entries.get(url) !== entry) return bitmap.close() // forgotten meanwhile: its file is another by now
      entry.bitmap = bitmap
      entry.state = 'ready'
      this.#pixels += bitmap.width * bitmap.height
      this.#trim()
    } catch {
      entry.state = 'failed' // shown on the node: the file may be gone, or be no picture
    }
    this.changed()
  }

  /** Drop what was asked for longest ago until the rest fits; it is fetched again when it is seen again. */
  #trim() {
    if (this.#pixels <= BUDGET) return
    const oldest = [...this.#entries].filter(([, entry]) => entry.bitmap).sort(([, a], [, b]) => a.used - b.used)
    for (const [url, { bitmap }] of oldest.slice(0, -4)) {
      if (this.#pixels <= BUDGET || !bitmap) break
      this.#pixels -= bitmap.width * bitmap.height
      bitmap.close()
      this.#entries.delete(url)
      this.#gone.set(url, performance.now())
    }
  }

  /** Forget a picture whose file has changed. @param {PictureRef} ref */
  forget(ref) {
    const url = this.urlOf(ref)
    const bitmap = this.#entries.get(url)?.bitmap
    if (bitmap) this.#pixels -= bitmap.width * bitmap.height
    bitmap?.close()
    this.#entries.delete(url)
  }
}
