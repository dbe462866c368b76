/**
 * Every job of every client, as the server tells of them: what waits, in which order, what runs and how far it is, and
 * what has ended. A page that was away is told what it missed, or, where that is too much, how things stand.
 *
 * @typedef {import('../api/queue.js').WaitingJob} WaitingJob
 * @typedef {import('../api/queue.js').RunningJob} RunningJob
 * @typedef {import('../api/queue.js').PastJob} PastJob
 * @typedef {import('../api/frames.js').PreviewFrame} PreviewFrame
 * @typedef {{ type: string, data: any, client_id: string | null }} FeedEvent
 */
import { parseFrame } from '../api/frames.js'
import { Socket } from '../api/socket.js'

/** The server names so many waiting jobs; when few of them are left, it is asked for more. */
const LISTED = 1000
const FEW = 100
/** Milliseconds after a change until the order of several persons' jobs is asked for: the server deals out their turns. */
const REORDER = 300
/** The server is asked to say something at least so often, in seconds; after more than two such times it is gone. */
const ALIVE = 20
const SILENCE = 50_000

export class QueueFeed {
  /**
   * @param {object} parts
   * @param {(path: string) => string} parts.url  of a websocket
   * @param {() => Promise<any>} parts.state  how the queue stands now
   * @param {() => void} [parts.onSilence]  the network was cut, and nobody was told
   */
  constructor({ url, state, onSilence }) {
    this.fetchState = state
    /** In the order in which they run; the first thousand of those that one may see. @type {readonly WaitingJob[]} */
    this.waiting = []
    /** Whether there were more when the server last named them. */
    this.cut = false
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.reorder = undefined
    /** @type {RunningJob | null} */
    this.running = null
    /** When `running.progress` and `running.ms` were told. */
    this.told = 0
    /** Everybody's jobs that wait or run. */
    this.remaining = 0
    this.paused = false
    this.reason = ''
    /** Why the queue does not get on, such as a full disk. */
    this.problem = ''
    /** What the server last said of its worker. @type {any | null} */
    this.worker = null
    /** @type {import('../api/socket.js').SocketState} */
    this.state = 'closed'
    this.epoch = ''
    this.seq = 0
    this.previews = false
    /** What was told since the queue was asked for; null where it is not. @type {any[] | null} */
    this.meanwhile = null
    /** @type {Set<() => void>} */
    this.listeners = new Set()
    /** @type {Set<(job: PastJob) => void>} */
    this.endListeners = new Set()
    /** @type {Set<(event: FeedEvent) => void>} */
    this.eventListeners = new Set()
    /** @type {Set<(frame: PreviewFrame) => void>} */
    this.previewListeners = new Set()
    this.socket = new Socket({
      url: () => url(`/easel/events?${new URLSearchParams({ alive: String(ALIVE), ...(this.epoch ? { epoch: this.epoch, since: String(this.seq) } : {}), ...(this.previews ? { previews: '1' } : {}) })}`),
      silence: SILENCE,
      onSilence,
      onMessage: data => this.receive(data),
      onState: next => {
        this.state = next
        this.tell()
      },
    })
  }

  open() {
    this.socket.open()
  }

  /** @param {() => void} listener  anything of the above has changed */
  listen(listener) {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /** @param {(job: PastJob) => void} listener  a job has ended, or what is known of an ended one has changed */
  onEnded(listener) {
    this.endListeners.add(listener)
    return () => this.endListeners.delete(listener)
  }

  /** @param {(event: FeedEvent) => void} listener  all that is told, also `gap`: something may have been missed */
  onEvent(listener) {
    this.eventListeners.add(listener)
    return () => this.eventListeners.delete(listener)
  }

  /** Pictures of what runs, for as long as somebody listens. @param {(frame: PreviewFrame) => void} listener */
  onPreview(listener) {
    this.previewListeners.add(listener)
    this.wantPreviews()
    return () => {
      this.previewListeners.delete(listener)
      this.wantPreviews()
    }
  }

  wantPreviews() {
    const wanted = this.previewListeners.size > 0
    if (wanted === this.previews) return
    this.previews = wanted
    this.socket.again()
  }

  tell() {
    this.listeners.forEach(listener => listener())
  }

  /** Milliseconds until the job that runs is done; null where that cannot be told. @param {number} [now] */
  left(now = performance.now()) {
    const left = this.running?.progress?.left_ms
    return typeof left === 'number' ? Math.max(0, left - (now - this.told)) : null
  }

  /** Until all that waits is done too; null where a part is not known. @param {number} [now] */
  leftOfAll(now = performance.now()) {
    const all = [this.running ? this.left(now) : 0, ...this.waiting.map(job => job.expected_ms)]
    return all.includes(null) || this.waiting.length + Number(this.running !== null) < this.remaining ? null : all.reduce((/** @type {number} */ sum, ms) => sum + (ms ?? 0), 0)
  }

  /** @param {string} id */
  find(id) {
    return this.waiting.find(job => job.prompt_id === id) ?? (this.running?.prompt_id === id ? this.running : null)
  }

  /** @param {string | ArrayBuffer} data */
  receive(data) {
    if (typeof data !== 'string') {
      const frame = this.previewListeners.size ? parseFrame(data) : null
      if (frame?.kind === 'preview') this.previewListeners.forEach(listener => listener(frame))
      return
    }
    /** @type {any} */
    let event
    try {
      event = JSON.parse(data)
    } catch {
      return // one unreadable message must not end the stream
    }
    if (typeof event?.type !== 'string' || event.type === 'alive') return
    if (event.type === 'hello') return this.greet(event.data)
    if (typeof event.seq === 'number') {
      if (event.seq !== this.seq + 1) void this.missed()
      this.seq = event.seq
      this.meanwhile?.push(event)
    }
    this.take(event)
    this.eventListeners.forEach(listener => listener(event))
  }

  /** @param {any} data */
  greet({ epoch, seq, resumed, ...state }) {
    const first = this.epoch === ''
    this.epoch = epoch
    if (resumed) { // what was missed follows
      this.setProgress(state.running)
      return
    }
    this.seq = seq
    this.setState(state)
    if (!first) this.eventListeners.forEach(listener => listener({ type: 'gap', data: null, client_id: null }))
  }

  /** @param {any} state  as the server has it */
  setState(state) {
    this.waiting = inOrder(state.waiting ?? [])
    this.cut = this.waiting.length >= LISTED
    this.running = state.running
    this.told = performance.now()
    this.setQueue(state)
  }

  /** @param {any} data */
  setQueue({ queue_remaining: remaining, paused, pause_reason: reason, problem }) {
    Object.assign(this, { remaining, paused, reason, problem: problem ?? '' })
    this.tell()
    if (this.cut && this.waiting.length < FEW) void this.missed()
  }

  /** Something is not as it was told: ask. */
  async missed() {
    if (this.meanwhile) return
    this.meanwhile = []
    const state = await this.fetchState().catch(() => null) // a server that is gone greets when it is back
    const newer = this.meanwhile.filter(event => event.seq > state?.seq)
    this.meanwhile = null
    if (!state) return
    this.setState(state)
    newer.forEach(event => this.take(event, true))
  }

  /** What is expected of each may have changed since it was told. */
  async refresh() {
    const state = await this.fetchState().catch(() => null)
    if (!state) return
    /** @type {Map<string, WaitingJob>} */
    const fresh = new Map((state.waiting ?? []).map((/** @type {WaitingJob} */ job) => [job.prompt_id, job]))
    this.waiting = this.waiting.map(job => ({ ...job, expected_ms: fresh.get(job.prompt_id)?.expected_ms ?? job.expected_ms }))
    this.tell()
  }

  /** @param {RunningJob | null} running */
  setProgress(running) {
    if (!running || !this.running || running.prompt_id !== this.running.prompt_id) return
    this.running = { ...this.running, ms: running.ms, progress: running.progress }
    this.told = performance.now()
    this.tell()
  }

  /** @param {FeedEvent} event @param {boolean} [again]  taken once before */
  take({ type, data }, again = false) {
    if (type === 'jobs') return this.setJobs(data)
    if (type === 'status') return this.setQueue(data)
    if (type === 'worker') this.worker = data
    else if (type === 'job_started') {
      this.running = data
      this.told = performance.now()
      this.waiting = this.waiting.filter(job => job.prompt_id !== data.prompt_id)
    } else if (type === 'job_progress') {
      if (!this.running || this.running.prompt_id !== data.prompt_id) return
      const now = performance.now()
      this.running = { ...this.running, ms: this.running.ms + now - this.told, progress: data }
      this.told = now
    } else if (type === 'executing' && data.node === null) {
      if (this.running?.prompt_id === data.prompt_id) this.running = null
    } else if (type === 'job_ended') {
      if (this.running?.prompt_id === data.prompt_id) this.running = null
      if (!again) this.endListeners.forEach(listener => listener(data))
    } else return
    this.tell()
  }

  /** @param {{ set: WaitingJob[], gone: string[] }} change */
  setJobs({ set, gone }) {
    const left = new Set([...gone, ...set.map(job => job.prompt_id)])
    if (this.running && left.has(this.running.prompt_id)) this.running = null // its worker died: it waits again
    const jobs = [...this.waiting.filter(job => !left.has(job.prompt_id)), ...set]
    this.waiting = inOrder(jobs)
    if (!ofOne(jobs)) {
      this.reorder ??= setTimeout(() => {
        this.reorder = undefined
        void this.missed()
      }, REORDER)
    }
    this.tell()
  }
}

/** Whether they are one person's, in the order of that person alone. @param {readonly WaitingJob[]} jobs */
const ofOne = jobs => jobs.every(job => job.owner === jobs[0]?.owner && (job.pinned ?? null) === null)

/** Of several persons as they are: who is next is not for a page to say. @param {WaitingJob[]} jobs */
const inOrder = jobs => (ofOne(jobs) ? jobs.sort((left, right) => left.number - right.number || left.seq - right.seq) : jobs)
