/**
 * The graph that is open: its name, whether it is saved, and its draft in the browser.
 *
 * @typedef {import('../tools/editor.js').Editor} Editor
 * @typedef {import('../api/client.js').Client} Client
 */
import { ApiError } from '../api/client.js'
import { groupBox } from '../commands/move.js'
import { bounds } from '../geometry/rect.js'
import { fit } from '../geometry/viewport.js'
import { t } from '../language/t.js'
import { isObject } from '../model/json.js'
import { isPrompt, workflowFromPrompt } from './from_prompt.js'

export const FOLDER = 'workflows'
const DRAFT_WAIT = 400
const DRAFT_LATEST = 30_000

export class OpenGraph {
  /**
   * @param {object} parts
   * @param {Editor} parts.editor
   * @param {Client} parts.client
   * @param {import('./drafts.js').Drafts} parts.drafts
   * @param {import('../panels/toasts.js').Toasts} parts.toasts
   */
  constructor({ editor, client, drafts, toasts }) {
    this.editor = editor
    this.client = client
    this.drafts = drafts
    this.toasts = toasts
    /** The name that it was saved under or came with. @type {string | null} */
    this.name = null
    /** The name under which the server has it: the one that may be written over unasked. @type {string | null} */
    this.stored = null
    this.dirty = false
    /** @type {Set<() => void>} */
    this.listeners = new Set()
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined
    this.pending = false
    /** When the first change came that no draft holds yet. @type {number | undefined} */
    this.since = undefined
    editor.store.listen((_diff, source) => {
      if (source !== 'load') this.changed()
    })
    addEventListener('pagehide', () => {
      this.flush()
      this.#keepView()
    })
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'hidden') this.flush()
    })
  }

  get title() {
    return this.name ?? t('Untitled')
  }

  /** @param {() => void} listener */
  listen(listener) {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /** @param {string | null} name @param {boolean} dirty */
  setState(name, dirty) {
    if (name === this.name && dirty === this.dirty) return
    this.name = name
    this.dirty = dirty
    this.listeners.forEach(listener => listener())
  }

  changed() {
    this.setState(this.name, true)
    this.keep()
  }

  /** Writes the draft soon. */
  keep() {
    this.pending = true
    this.since ??= performance.now()
    this.timer ??= setTimeout(() => this.flushAtRest(), DRAFT_WAIT)
  }

  /** Writing a large graph takes longer than a frame: it waits until nothing moves, but not for ever. */
  flushAtRest() {
    this.timer = undefined
    const now = performance.now()
    const { store, renderer } = this.editor
    const moves = store.inGesture || now - renderer.lastFrame < DRAFT_WAIT
    if (moves && now - (this.since ?? 0) < DRAFT_LATEST) this.timer = setTimeout(() => this.flushAtRest(), DRAFT_WAIT)
    else this.flush()
  }

  flush() {
    clearTimeout(this.timer)
    this.timer = undefined
    if (!this.pending) return
    this.pending = false
    this.since = undefined
    const kept = this.drafts.write({ name: this.name, stored: this.stored, dirty: this.dirty, time: Date.now(), workflow: this.editor.save() })
    if (kept) return
    this.toasts.show({ key: 'draft', tone: 'warning', stays: true, text: t('This graph is too large for the browser to keep over a reload.'), detail: t('Save it under a name (Ctrl+S).') })
  }

  /**
   * Puts a graph on the canvas; API format is laid out. Asks nothing.
   *
   * @param {unknown} json
   * @param {{ name?: string | null, stored?: string | null, dirty?: boolean }} [state]
   * @returns {string[]} what had to be mended
   */
  open(json, { name = null, stored = null, dirty = false } = {}) {
    const whole = isObject(json) && !('nodes' in json) && isObject(json.workflow) ? json.workflow : json // a pair with its prompt, as pictures carry it
    const workflow = isPrompt(whole) ? workflowFromPrompt(whole, this.editor.schema) : whole
    if (!isObject(workflow) || !('nodes' in workflow)) throw new TypeError(t('This JSON holds no graph: neither nodes nor classes are in it.'))
    const notes = this.editor.load(workflow)
    this.showAll()
    this.stored = stored
    this.setState(name, dirty)
    this.keep()
    return notes
  }

  /** The camera takes in the whole graph, at once; nothing is looked at in its own size. */
  showAll() {
    const { graph, viewSize } = this.editor
    const box = bounds([...graph.nodes('').map(this.editor.rectOf), ...graph.groups('').map(groupBox)])
    if (!box) this.editor.setCamera({ x: 0, y: 0, zoom: 1 })
    else if (viewSize.w && viewSize.h) this.editor.setCamera(fit(box, viewSize.w, viewSize.h))
  }

  /** Where a reload finds the view again. */
  #keepView() {
    const { camera, graphId } = this.editor
    if (graphId === '') this.drafts.keepView({ ...camera })
  }

  /** The view of before the reload. */
  lookAsBefore() {
    const view = this.drafts.takeView()
    if (view) this.editor.setCamera(view)
  }

  /**
   * Saves to the server. Resolves to false where a file of that name is there and `overwrite` is not set.
   *
   * @param {string} name @param {{ overwrite: boolean }} options
   */
  async save(name, { overwrite }) {
    const workflow = this.editor.save()
    const { version } = this.editor.store
    try {
      await this.client.writeUserFile(`${FOLDER}/${name}.json`, workflow, { overwrite })
    } catch (error) {
      if (error instanceof ApiError && error.status === 409) return false
      throw error
    }
    this.stored = name
    this.setState(name, this.editor.store.version !== version) // edited while it was on its way
    this.keep()
    return true
  }
}
