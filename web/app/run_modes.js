/**
 * When the graph runs by itself: once (not at all), on every change, live while a value is dragged, or again and again. Each
 * document has its mode, and it is at work while the document is on the canvas.
 *
 * @typedef {'once' | 'change' | 'live' | 'loop'} Mode
 * @typedef {{ mode: Mode, ran: string | null }} State  `ran`: the prompt that was asked for last, or was there when the mode began
 */
import { fromServer } from '../language/server.js'
import { t } from '../language/t.js'
import { toPrompt } from '../model/workflow.js'
import { onlyShown } from './targets.js'
import { AWAY } from './troubles.js'

/** Nothing may change for so long before a change runs, in ms. */
const SETTLED = 400
/** Between two jobs of a value that is dragged. */
const APART = 60
/** A hand at rest for so long waits for the newest value: what runs for an older one is not worth its time. */
const AT_REST = 160
/** Unless it is nearly done. */
const EARLY = 0.5

export class RunModes {
  /**
   * @param {object} parts
   * @param {import('../tools/editor.js').Editor} parts.editor
   * @param {import('./run.js').Runner} parts.runner
   * @param {import('./queue_feed.js').QueueFeed} parts.feed
   * @param {import('../api/client.js').Client} parts.client
   * @param {{ id: string, listen: (listener: () => void) => unknown }} parts.graph  the document on the canvas
   * @param {import('../panels/toasts.js').Toasts} parts.toasts
   */
  constructor({ editor, runner, feed, client, graph, toasts }) {
    this.editor = editor
    this.runner = runner
    this.feed = feed
    this.client = client
    this.graph = graph
    this.toasts = toasts
    /** @type {Map<string, State>} */
    this.states = new Map()
    /** @type {Set<() => void>} */
    this.listeners = new Set()
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.rest = undefined
    this.busy = false
    this.more = false
    /** A change waits until what was asked for before has begun. */
    this.held = false
    /** The server refused what there was last: said once. */
    this.refused = false
    let shown = graph.id
    graph.listen(() => {
      if (graph.id === shown) return
      shown = graph.id
      this.begin()
      this.tell()
    })
    editor.store.listen((_diff, source) => { if (source !== 'load') this.touched() })
    editor.store.listenSteps(() => this.touched()) // a value is let go
    feed.listen(() => { if (this.held && !this.waits()) this.later() })
    feed.onEnded(job => this.ended(job))
    client.onState(state => { if (state === 'open') this.again() })
    runner.listen(made => (made ? this.note() : this.stop()))
    addEventListener('keydown', event => {
      if (event.key === 'Escape' && this.mode !== 'once' && this.isFree(event)) this.stop()
    }, true)
  }

  /** @param {() => void} listener */
  listen(listener) {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  tell() {
    this.listeners.forEach(listener => listener())
  }

  get state() {
    return this.states.get(this.graph.id)
  }

  get mode() {
    return this.state?.mode ?? 'once'
  }

  get slot() {
    return `${this.mode}:${this.graph.id}`
  }

  /** @param {Mode} mode */
  set(mode) {
    if (mode === this.mode) return
    if (mode === 'once') this.states.delete(this.graph.id)
    else this.states.set(this.graph.id, { mode, ran: null })
    this.refused = false
    this.tell()
    this.begin()
  }

  stop() {
    clearTimeout(this.timer)
    clearTimeout(this.rest)
    this.set('once')
  }

  /** A mode begins, or its document is shown again. */
  begin() {
    const { state } = this
    if (!state) return
    if (state.mode === 'loop') void this.repeat()
    else state.ran ??= this.prompt()
    this.touched()
  }

  /** The server is back: what it could not be asked for is asked for now. */
  again() {
    this.toasts.dismiss(AWAY)
    if (!this.refused || !this.state) return
    this.refused = false
    this.state.ran = null
    this.touched()
  }

  /** What would be sent, without the titles of its nodes; what is chosen by chance, or by the time, is always the same. @param {boolean} [looks] */
  prompt(looks = false) {
    const { editor } = this
    const { output } = toPrompt(editor.save(), editor.schema, { random: () => 0, now: new Date(0) })
    return JSON.stringify(Object.entries(looks ? onlyShown(output, editor.schema) : output).map(([id, { class_type: type, inputs }]) => [id, type, inputs]))
  }

  /** Something was asked for: what that left behind, the next seed too, is no change. */
  note() {
    if (this.state?.mode === 'change') this.state.ran = this.prompt()
  }

  touched() {
    if (this.mode === 'change') this.later()
    else if (this.mode === 'live') void this.follow()
  }

  later() {
    clearTimeout(this.timer)
    this.timer = setTimeout(() => void this.check(), SETTLED)
  }

  /** A job of this document waits. */
  waits() {
    return this.feed.waiting.some(job => job.client_id === this.client.clientId && job.document === this.graph.id)
  }

  /** On change: runs what is new once hands are off it, and nothing waits. */
  async check() {
    const { state } = this
    if (state?.mode !== 'change') return
    if (this.editor.store.inGesture || this.busy) return this.later()
    const now = this.prompt()
    if (now === state.ran) return
    this.held = this.waits()
    if (this.held) return
    this.busy = true
    state.ran = now
    await this.ask({})
    this.busy = false
  }

  /** Live: sends the newest value; the server exchanges what waits for it. */
  async follow() {
    this.more = true
    if (this.busy) return
    this.busy = true
    while (this.more && this.state?.mode === 'live') {
      this.more = false
      const { state, slot } = this
      const looks = this.editor.store.inGesture
      const now = this.prompt(looks)
      if (!state || now === state.ran) continue
      state.ran = now
      await this.ask({ slot, hold: true, looks })
      clearTimeout(this.rest)
      this.rest = setTimeout(() => this.giveWay(slot), AT_REST)
      await new Promise(resolve => setTimeout(resolve, APART))
    }
    this.busy = false
  }

  /** What runs for an older value ends early, where the newest waits for it. @param {string} slot */
  giveWay(slot) {
    const { running, waiting } = this.feed
    const mine = (/** @type {import('./queue_feed.js').WaitingJob} */ job) => job.slot === slot && job.client_id === this.client.clientId
    if (!running || !mine(running) || !waiting.some(mine)) return
    if ((running.progress?.share ?? 0) < EARLY) void this.client.interrupt(running.prompt_id).catch(() => undefined)
  }

  /** Loop: the next one, so that one runs and none waits. */
  async repeat() {
    if (this.mode !== 'loop' || this.busy || this.waits()) return
    const { running } = this.feed
    if (running?.client_id === this.client.clientId && running.document === this.graph.id) return
    this.busy = true
    const accepted = await this.ask({})
    this.busy = false
    if (!accepted && this.mode === 'loop') this.stop()
  }

  /** Asks for a run. A graph that cannot run is told of once. @param {import('./run.js').How} how */
  async ask(how) {
    const accepted = await this.runner.queue({ ...how, quiet: this.refused })
    if (accepted) this.refused = false
    else if (!this.refused) {
      this.refused = true
      if (this.mode !== 'loop') this.toasts.show({ key: 'run-mode', tone: 'info', text: t('It runs again once the graph can run.') })
    }
    return accepted
  }

  /** @param {import('./queue_feed.js').PastJob} job */
  ended(job) {
    const state = job.document === null ? undefined : this.states.get(job.document)
    if (!state || job.client_id !== this.client.clientId) return
    if (job.state === 'error') {
      if (job.document !== null) this.states.delete(job.document)
      const sentence = fromServer(job.error?.sentence.split('\n')[0] ?? '')
      this.toasts.show({ key: 'run-mode', tone: 'warning', text: t('“{mode}” has stopped, since a run failed.', { mode: nameOf(state.mode) }), detail: sentence })
      this.tell()
    } else if (state.mode === 'loop' && job.state === 'interrupted') { // stopped by a person, wherever
      if (job.document !== null) this.states.delete(job.document)
      this.tell()
    } else if (state.mode === 'loop' && job.document === this.graph.id) void this.repeat()
  }

  /** Nothing else takes this Escape. @param {KeyboardEvent} event */
  isFree({ target }) {
    const { editor } = this
    if (editor.store.inGesture || editor.selection.size || document.querySelector('.floating, dialog[open]')) return false
    return !(target instanceof Element && target.closest('input, textarea, select, [contenteditable], .drawer'))
  }
}

/** @param {Mode} mode */
export const nameOf = mode => ({ once: t('Run'), change: t('On change'), live: t('Live'), loop: t('Loop') })[mode]
