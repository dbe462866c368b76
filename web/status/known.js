/**
 * What is known of the server, for the sign in the bar and its panel: the connection and when it is tried again, the worker,
 * the queue, room and memory, what is wrong with the machine, what is run once more and why.
 *
 * @typedef {{ kind: string, where: string, sentence: string, since: number, retried: number }} Problem
 * @typedef {{ where: string, path: string, free: number, total: number }} Room
 * @typedef {{ promptId: string, name: string, reason: string }} Retry
 */
import { ApiError } from '../api/client.js'

/** Ms between two questions for what no event tells: how much room there is. */
const EVERY = 60_000

export class KnownStatus {
  /**
   * @param {object} parts
   * @param {import('../api/client.js').Client} parts.client
   * @param {import('../app/queue_feed.js').QueueFeed} parts.feed
   * @param {import('../model/session.js').Session} parts.session
   */
  constructor({ client, feed, session }) {
    this.client = client
    this.feed = feed
    this.session = session
    /** @type {any | null} */
    this.worker = null
    /** @type {readonly Problem[]} */
    this.problems = []
    /** @type {readonly Room[]} */
    this.room = []
    this.memory = { free: 0, total: 0 }
    this.version = ''
    /** Jobs that are run once more, until they have ended. @type {Map<string, Retry>} */
    this.retries = new Map()
    /** @type {Set<() => void>} */
    this.listeners = new Set()
    feed.listen(() => {
      this.worker = feed.worker ?? this.worker
      this.tell()
    })
    feed.onEvent(event => this.hear(event))
    feed.onEnded(job => { if (this.retries.delete(job.prompt_id)) this.tell() })
    session.listen(change => { if (change.server) this.tell() })
    for (const event of ['online', 'offline']) addEventListener(event, () => this.tell())
    setInterval(() => { if (!document.hidden && this.connection.state === 'open') void this.load() }, EVERY)
  }

  /** @param {() => void} listener  anything of it has changed @returns {() => void} */
  listen(listener) {
    this.listeners.add(listener)
    return () => void this.listeners.delete(listener)
  }

  tell() {
    this.listeners.forEach(listener => listener())
  }

  /** `at`: when it is tried next, in ms since 1970; null while it is tried. @returns {{ state: 'open' | 'connecting' | 'gone' | 'offline', at: number | null }} */
  get connection() {
    const { state, nextAt } = this.client.socket
    if (state === 'open') return { state: 'open', at: null }
    if (state !== 'reconnecting') return { state: 'connecting', at: null }
    return { state: navigator.onLine ? 'gone' : 'offline', at: nextAt }
  }

  /** Tries to reach the server now. */
  retryNow() {
    this.client.socket.retryNow()
    this.feed.socket.retryNow()
    this.tell()
  }

  async load() {
    const status = await this.client.serverStatus().catch(error => (error instanceof ApiError ? null : Promise.reject(error)))
    if (status) this.take(status)
  }

  /** @param {any} status  what `/easel/status` said */
  take(status) {
    this.worker = status.worker ?? this.worker
    this.problems = status.problems ?? []
    this.room = status.room ?? []
    this.memory = status.memory ?? this.memory
    this.version = status.version ?? ''
    this.tell()
  }

  /** @param {import('../app/queue_feed.js').FeedEvent} event */
  hear({ type, data }) {
    if (type === 'trouble') this.problems = data.problems
    else if (type === 'retry') {
      const job = this.feed.waiting.find(each => each.prompt_id === data.prompt_id) ?? this.feed.running
      this.retries.set(data.prompt_id, { promptId: data.prompt_id, name: job?.prompt_id === data.prompt_id ? job?.name || job?.title || '' : '', reason: data.reason })
    } else if (type === 'gap') {
      this.retries.clear()
      return void this.load()
    } else return
    this.tell()
  }

  /** For a report of a problem. */
  facts() {
    const { connection, worker, problems, room, memory, feed } = this
    return {
      connection, problems, room, memory, retries: [...this.retries.values()],
      worker: worker && { state: worker.state, device: worker.device, deaths: worker.deaths, last_words: worker.last_words },
      queue: { remaining: feed.remaining, paused: feed.paused, reason: feed.reason, problem: feed.problem },
    }
  }
}
