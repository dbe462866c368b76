/**
 * The pictures that a search has found: all their numbers at once, what their tiles show for those in view.
 *
 * @typedef {object} Item
 * @property {number} id
 * @property {'output' | 'input'} type
 * @property {string} subfolder
 * @property {string} filename
 * @property {'image' | 'video' | 'audio'} media
 * @property {number} time       seconds
 * @property {number} size       bytes
 * @property {number} width
 * @property {number} height
 * @property {number} rating
 * @property {boolean} favourite
 * @property {string} graph      what a graph can be made of; '' for nothing
 * @property {number | null} since  seconds: in the trash since then
 * @property {string} version
 * @property {string} problem    why it could not be read; ''
 *
 * @typedef {import('./query.js').Query} Query
 */
import { viewUrl } from '../api/client.js'
import { addressOf } from './query.js'

/** Tiles that one request asks for. */
const TOGETHER = 120
const KEPT = 4000
/** While the server reads new files its news come often. */
const PATIENCE = { calm: 200, scanning: 1500 }

export class Pictures {
  /** @param {import('../api/client.js').Client} client */
  constructor(client) {
    this.client = client
    /** @type {Query | null} */
    this.query = null
    /** @type {Uint32Array} */
    this.ids = new Uint32Array()
    /** @type {Uint32Array} */
    this.times = new Uint32Array()
    /** What the last search said, in words; null while it holds. @type {string | null} */
    this.failure = null
    this.asked = false
    /** @type {Map<number, Item>} */
    this.items = new Map()
    /** What was known before something changed: shown until it is known anew. @type {Map<number, Item>} */
    this.former = new Map()
    /** @type {Set<number>} */
    this.loading = new Set()
    /** @type {Set<(what: 'list' | 'items' | 'news') => void>} */
    this.listeners = new Set()
    this.turn = 0
    /** Grows when what is on its way is no longer true. */
    this.age = 0
    this.scanning = false
    /** Files that the server has not read yet. */
    this.unread = 0
    /** Sentences: folders that cannot be read. @type {string[]} */
    this.problems = []
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined
    this.off = client.onEvent(event => {
      if (event.type !== 'easel_gallery') return
      this.scanning = event.data?.scanning === true
      this.unread = Number(event.data?.unread) || 0
      this.problems = Array.isArray(event.data?.problems) ? event.data.problems.map(String) : []
      this.tell('news')
      this.timer ??= setTimeout(() => {
        this.timer = undefined
        void this.again()
      }, this.scanning ? PATIENCE.scanning : PATIENCE.calm)
    })
  }

  dispose() {
    this.off()
    clearTimeout(this.timer)
    this.listeners.clear()
  }

  /** @param {(what: 'list' | 'items' | 'news') => void} listener */
  listen(listener) {
    this.listeners.add(listener)
  }

  /** @param {'list' | 'items' | 'news'} what */
  tell(what) {
    this.listeners.forEach(listener => listener(what))
  }

  get count() {
    return this.ids.length
  }

  /** @param {Query} query */
  async search(query) {
    this.query = query
    const turn = ++this.turn
    try {
      const text = await this.client.text(`/easel/gallery/search?${addressOf(query)}`)
      if (turn !== this.turn) return
      const [ids = '', times = ''] = text.split('\n')
      this.ids = numbers(ids)
      this.times = numbers(times)
      this.failure = null
    } catch (error) {
      if (turn !== this.turn) return
      this.failure = /** @type {Error} */ (error).message
    }
    this.asked = true
    this.tell('list')
  }

  /** Something has changed: the same search, and the tiles in view. */
  async again() {
    if (!this.query) return
    for (const [id, item] of this.items) this.former.set(id, item)
    this.items.clear()
    this.outdate()
    await this.search(this.query)
  }

  /** @param {number} index @returns {Item | null} */
  at(index) {
    const id = this.ids[index]
    return id === undefined ? null : this.items.get(id) ?? this.former.get(id) ?? null
  }

  /** @param {number} id */
  indexOf(id) {
    return this.ids.indexOf(id)
  }

  /** Has what the tiles of these indexes show fetched, those that are not known yet. @param {number} first @param {number} last  one after */
  need(first, last) {
    /** @type {number[]} */
    const wanted = []
    for (let index = Math.max(0, first); index < Math.min(last, this.ids.length); index++) {
      const id = /** @type {number} */ (this.ids[index])
      if (!this.items.has(id) && !this.loading.has(id)) wanted.push(id)
    }
    for (let at = 0; at < wanted.length; at += TOGETHER) void this.fetch(wanted.slice(at, at + TOGETHER))
  }

  /** What these tiles show, fetched where it is not known. @param {number[]} ids @returns {Promise<Item[]>} */
  async of(ids) {
    for (let tries = 0; tries < 3; tries++) {
      const missing = ids.filter(id => !this.items.has(id))
      if (!missing.length) break
      for (let at = 0; at < missing.length; at += 400) await this.fetch(missing.slice(at, at + 400))
    }
    return ids.flatMap(id => this.items.get(id) ?? [])
  }

  outdate() {
    this.age++
    this.loading.clear()
  }

  /** @param {number[]} ids */
  async fetch(ids) {
    const { age } = this
    ids.forEach(id => this.loading.add(id))
    try {
      /** @type {{ items: Item[] }} */
      const { items } = await this.client.json(`/easel/gallery/items?ids=${ids.join(',')}`)
      if (age !== this.age) return this.tell('items') // asked before something changed: asked again
      for (const item of items) {
        this.items.set(item.id, item)
        this.former.delete(item.id)
      }
      if (this.items.size > KEPT) for (const id of [...this.items.keys()].slice(0, this.items.size - KEPT)) this.items.delete(id)
      if (this.former.size > KEPT) this.former.clear()
    } catch {
      // The next scroll, or the next news, asks again.
    }
    ids.forEach(id => this.loading.delete(id))
    return this.tell('items')
  }

  /** Shown at once, before the server has answered. @param {readonly number[]} ids @param {Partial<Item>} change */
  patch(ids, change) {
    this.outdate()
    for (const id of ids) {
      const item = this.items.get(id) ?? this.former.get(id)
      if (item) this.items.set(id, { ...item, ...change })
    }
    this.tell('items')
  }
}

/** Digits with commas between them. @param {string} text */
const numbers = text => new Uint32Array(text ? JSON.parse(`[${text}]`) : 0)

/** @param {Item} item @param {number} side  device px of the tile */
export const thumbUrl = ({ id, version }, side) => `/easel/gallery/thumb?id=${id}&v=${version}&size=${side > 256 ? 512 : 256}`

/** @param {Item} item */
export const fileUrl = item => (item.since === null ? viewUrl(item, { version: item.version }) : `/easel/gallery/trashed/${item.id}`)
