/**
 * The graph that is open: its name, whether it is saved, what is kept of it and where. The other tabs are in `tabs`.
 *
 * @typedef {import('../tools/editor.js').Editor} Editor
 * @typedef {import('../api/client.js').Client} Client
 * @typedef {import('./tab.js').Tab} Tab
 * @typedef {import('./tab.js').Aside} Aside
 */
import { ApiError } from '../api/client.js'
import { groupBox } from '../commands/move.js'
import { bounds } from '../geometry/rect.js'
import { fit } from '../geometry/viewport.js'
import { t } from '../language/t.js'
import { isObject } from '../model/json.js'
import { load } from '../model/workflow.js'
import { Autosave } from './autosave.js'
import { Conflicts } from './conflict.js'
import { DraftWriter } from './draft_writer.js'
import { fetchDocument } from './fetch_document.js'
import { workflowFromPrompt } from '../import/from_prompt.js'
import { graphOf, isPrompt } from '../import/json.js'
import { isNewer } from './newer.js'
import { newTab } from './tab.js'
import { Tabs, blankAside, titleOf } from './tabs.js'

export const FOLDER = 'workflows'

export class OpenGraph {
  /**
   * @param {object} parts
   * @param {Editor} parts.editor
   * @param {Client} parts.client
   * @param {import('../api/documents.js').Documents} parts.documents
   * @param {import('./windows.js').Windows} parts.windows
   * @param {import('./drafts.js').Drafts} parts.drafts
   * @param {import('../panels/toasts.js').Toasts} parts.toasts
   */
  constructor({ editor, client, documents, windows, drafts, toasts }) {
    this.editor = editor
    this.client = client
    this.documents = documents
    this.drafts = drafts
    this.toasts = toasts
    this.windows = windows
    /** The tabs of before are there. */
    this.started = false
    /** Told of each graph that was opened from a file, with the file. @type {Set<(workflow: import('../model/json.js').Json) => void>} */
    this.onOpen = new Set()
    this.autosave = new Autosave({
      documents, writer: () => windows.id,
      onSent: (tab, turn) => this.sent(tab, turn),
      onConflict: (tab, job, newest) => this.conflicts.begin(tab, job, newest),
    })
    this.tabs = new Tabs({
      editor, windows,
      fetch: tab => fetchDocument(tab, { drafts, documents, quick: !this.started, onNewer: each => this.tellNewer(each) }),
      leave: () => this.writer.flush(),
      forget: tab => this.forget(tab),
      fail: (tab, error) => this.tellFailure(tab, error),
    })
    this.writer = new DraftWriter({ editor, drafts, autosave: this.autosave, tab: () => this.tab, persist: () => this.tabs.persist() })
    this.conflicts = new Conflicts({ graph: this })
    client.onState(state => {
      if (state !== 'open') return
      this.autosave.hurry() // the server is back
      if (this.started) void this.conflicts.look(this.tab)
    })
    editor.store.listen((_diff, source) => {
      if (source !== 'load') this.changed()
    })
  }

  /** The one on the canvas. */
  get tab() {
    return this.tabs.shown
  }

  /** The document's id: jobs carry it. */
  get id() {
    return this.tab.id
  }

  /** The name that it was saved under or came with. */
  get name() {
    return this.tab.name
  }

  /** The name under which the server has it as a file: the one that may be written over unasked. */
  get stored() {
    return this.tab.stored
  }

  get dirty() {
    return this.tab.dirty
  }

  get title() {
    return titleOf(this.tab)
  }

  /** @param {() => void} listener */
  listen(listener) {
    return this.tabs.listen(listener)
  }

  /** @param {string | null} name @param {boolean} dirty @param {Tab} [tab] */
  setState(name, dirty, tab = this.tab) {
    if (name === tab.name && dirty === tab.dirty) return
    tab.name = name
    tab.dirty = dirty
    this.tabs.tell()
  }

  changed() {
    this.tab.turn += 1
    this.setState(this.name, true)
    this.autosave.tell()
    this.writer.keep()
  }

  /** Writes down what is not written yet, at once. */
  flush() {
    this.writer.flush()
  }

  /**
   * Shows a graph, in a tab of its own; API format is laid out. Asks nothing.
   *
   * @param {unknown} json
   * @param {{ name?: string | null, stored?: string | null, dirty?: boolean, id?: string, base?: number | null, modified?: number | null, origin?: string | null }} [state]
   *   `id`, `base`: of a document that the server has
   * @returns {string[]} what had to be mended
   */
  open(json, { dirty = false, ...state } = {}) {
    const whole = graphOf(json) ?? json
    const workflow = isPrompt(whole) ? workflowFromPrompt(whole, this.editor.schema) : whole
    if (!isObject(workflow) || !('nodes' in workflow)) throw new TypeError(t('This JSON holds no graph: neither nodes nor classes are in it.'))
    const { records, notes } = load(workflow)
    // What this page does not understand must not be written over.
    const newer = isNewer(workflow)
    if (state.name && !state.stored && !state.id) state.name = this.tabs.freeName(state.name)
    const tab = newTab(newer ? { name: state.name ?? null, dirty, origin: `${state.id ?? 'file'}:${state.base ?? 0}` } : { ...state, dirty })
    this.tabs.open(tab, { ...blankAside(), store: { records, undos: [], redos: [] } })
    this.showAll()
    if (dirty) tab.turn += 1 // nowhere else is it as it is here
    this.writer.keep(dirty ? 'open' : 'autosave')
    if (newer) this.tellNewer(tab)
    this.onOpen.forEach(listener => listener(workflow))
    return notes
  }

  /** @param {Tab} tab */
  tellNewer(tab) {
    this.toasts.show({
      key: `newer-${tab.id}`, tone: 'warning', stays: true, text: t('“{name}” was made by a newer Easel.', { name: titleOf(tab) }),
      detail: t('This is a copy of it: what this Easel does not know may be lost in it. The graph that was opened stays as it is.'),
    })
  }

  /**
   * Opens a saved graph: in its tab, if it has one.
   *
   * @param {string} name @returns {Promise<string[]>} what had to be mended; throws ApiError where it is not there
   */
  async openStored(name) {
    const open = this.tabs.byFile(name)
    if (open && (await this.tabs.show(open))) return []
    const path = `${FOLDER}/${name}.json`
    const [json, modified, known] = await Promise.all([
      this.client.readUserFile(path),
      this.client.userFileTime(path).catch(() => null),
      this.documents.ofFile(name).catch(() => null),
    ])
    const mine = known && this.tabs.byId(known.id)
    if (mine && (await this.tabs.show(mine))) return []
    const notes = this.open(json, { name, stored: name, modified, ...(known ? { id: known.id, base: known.version } : {}) })
    if (known) void this.tellUnsaved(this.tab, known)
    return notes
  }

  /** Changes that were closed without a save are still there: the file is older. @param {Tab} tab @param {import('../api/documents.js').DocumentInfo} known */
  async tellUnsaved(tab, known) {
    const newest = await this.documents.version(known.id, 'newest').catch(() => null)
    if (!newest || newest.reason === 'save' || JSON.stringify(newest.workflow) === JSON.stringify(this.editor.save()) || tab !== this.tab) return
    this.toasts.show({
      key: 'unsaved', text: t('“{name}” has changes that were never saved.', { name: titleOf(tab) }), stays: true,
      action: { label: t('Show them'), run: () => void this.conflicts.takeNewest(tab) },
    })
  }

  /** Opens a document that the server has: in its tab, if it has one. @param {import('../api/documents.js').DocumentInfo} info */
  async openDocument(info) {
    const open = this.tabs.byId(info.id)
    if (open) return this.tabs.show(open)
    const closed = this.tabs.closed.find(tab => tab.id === info.id)
    if (closed) return this.tabs.reopen(closed)
    const { workflow, version } = await this.documents.version(info.id, 'newest')
    const modified = info.stored === null ? null : await this.client.userFileTime(`${FOLDER}/${info.stored}.json`).catch(() => null)
    this.open(workflow, { id: info.id, base: version, name: info.name, stored: modified === null ? null : info.stored, modified })
    return true
  }

  /** A new, empty graph in a tab of its own. */
  openBlank() {
    this.tabs.open(newTab(), blankAside(), { beside: true })
    this.editor.setCamera({ x: 0, y: 0, zoom: 1 })
    this.writer.keep()
  }

  /** The same graph in a tab of its own, with a life of its own. @param {Tab} tab */
  async duplicate(tab) {
    if (!(await this.tabs.show(tab))) return
    const name = t('{name} copy', { name: titleOf(tab) })
    this.open(this.editor.save(), { name, dirty: true, origin: tab.base === null ? null : `${tab.id}:${tab.base}` })
  }

  /** The camera takes in the whole graph, at once; nothing is looked at in its own size. */
  showAll() {
    const { graph, viewSize } = this.editor
    const box = bounds([...graph.nodes('').map(this.editor.rectOf), ...graph.groups('').map(groupBox)])
    if (!box) this.editor.setCamera({ x: 0, y: 0, zoom: 1 })
    else if (viewSize.w && viewSize.h) this.editor.setCamera(fit(box, viewSize.w, viewSize.h))
  }

  /**
   * Saves to the server. Resolves to false where a file of that name is there and `overwrite` is not set. Throws ApiError 412
   * where the file is not as this tab knows it, unless `anew`.
   *
   * @param {string} name @param {{ overwrite: boolean, anew?: boolean }} options
   */
  async save(name, { overwrite, anew = false }) {
    const { tab } = this
    const workflow = this.editor.save()
    const { turn } = tab
    try {
      const modified = name === tab.stored && !anew ? tab.modified : null
      const { modified: now } = await this.client.writeUserFile(`${FOLDER}/${name}.json`, workflow, { overwrite, modified })
      tab.modified = now
    } catch (error) {
      if (error instanceof ApiError && error.status === 409) return false
      throw error
    }
    tab.stored = name
    tab.name = name
    tab.dirty = tab.turn !== turn // edited while it was on its way
    if (!tab.dirty) {
      tab.turn += 1 // that it was saved is told as well
      this.writer.write(tab, JSON.stringify(workflow), 'save')
    } else if (tab.base !== null && !tab.branch) {
      // What the server has, or is about to have, is newer than what was saved: only the name is told. The next version says it too.
      await this.documents.rename(tab.id, { name, stored: name }).catch(() => undefined)
    }
    this.tabs.tell()
    return true
  }

  /** The file of the shown tab as somebody else has saved it, in a tab of its own. */
  async openTheirs() {
    const name = this.tab.stored
    if (name === null) return
    const json = await this.client.readUserFile(`${FOLDER}/${name}.json`)
    this.open(json, { name: t('{name} (theirs)', { name }), dirty: true })
  }

  /** Another name; its file's too, where it has one. Throws ApiError. @param {Tab} tab @param {string} name */
  async rename(tab, name) {
    if (tab.stored !== null) {
      await this.client.moveUserFile(`${FOLDER}/${tab.stored}.json`, `${FOLDER}/${name}.json`)
      tab.stored = name
    }
    tab.name = name
    const wasSent = tab.turn <= tab.sent
    const turn = (tab.turn += 1)
    if (tab === this.tab) this.writer.keep()
    this.tabs.tell()
    if (tab.base === null) return
    // Should this fail, the next version says so as well.
    const told = await this.documents.rename(tab.id, { name, stored: tab.stored }).then(() => true, () => false)
    if (told && wasSent) this.sent(tab, turn) // a tab that is not shown writes no version
  }

  /** The saved file of a name is gone, or has another name now: what is open is kept, as a document. @param {string} name @param {string | null} [now] */
  fileMoved(name, now = null) {
    const tab = this.tabs.byFile(name)
    if (!tab) return
    tab.stored = now
    if (now !== null) tab.name = now
    else Object.assign(tab, { dirty: true, modified: null })
    this.tabs.tell()
  }

  /** @param {Tab} tab @param {number} turn */
  sent(tab, turn) {
    tab.sent = Math.max(tab.sent, turn)
    // Of one that was closed for good the draft has waited for this.
    if (!this.tabs.list.includes(tab) && !this.tabs.closed.includes(tab)) this.forget(tab)
    this.tabs.tell()
    this.conflicts.announce(tab)
  }

  /** @param {Tab} tab */
  forget(tab) {
    if (tab.turn > tab.sent) return // its draft waits for the server
    this.autosave.forget(tab)
    void this.drafts.forget(tab.id)
  }

  /** @param {Tab} tab @param {Error} error */
  tellFailure(tab, error) {
    this.toasts.show({
      key: 'tab', tone: 'error', text: t('“{name}” could not be shown.', { name: titleOf(tab) }), detail: error.message,
      action: { label: t('Try again'), run: () => void this.tabs.show(tab) },
    })
  }
}
