/**
 * What happens while a graph runs: status, progress, previews, results and errors by node, the queue and the connection.
 * None of it is the document: it is never saved and never undone.
 *
 * Nodes are named by their id in the prompt: `"3"`, or `"12:34"` inside the subgraph instance 12. Late, doubled or
 * unknown ids are kept apart harmlessly: who draws asks only for nodes that are there.
 *
 * @typedef {{filename: string, subfolder: string, type: string, format?: string, moving?: boolean, side?: 'a' | 'b'}} PictureRef
 *   `side`: of two that are compared
 * @typedef {object} NodeError
 * @property {string} message One sentence for the artist.
 * @property {string | null} input The input that it is about.
 * @property {string} detail A trace, or more words; may be empty.
 * @property {readonly import('./faults.js').Fault[]} [faults] What the server's check found, one by one.
 *
 * @typedef {object} NodeStatus
 * @property {'idle' | 'queued' | 'running' | 'cached' | 'done' | 'error'} state
 * @property {number} value Steps done.
 * @property {number} max Steps in all; 0 where the node tells none.
 * @property {ImageBitmap | null} preview The picture so far.
 * @property {readonly PictureRef[]} images Results of the last run that made any.
 * @property {readonly string[]} text
 * @property {NodeError | null} error
 * @property {number | null} started `performance.now()` when it began.
 * @property {number | null} ms How long it took.
 * @property {string | null} why Why it ran.
 * @property {readonly OutputFact[]} outputs What its outputs held when it last ran, in the order of its sockets.
 * @property {number | null} bytes Memory: what its run took at most, or what its results hold.
 * @property {'outputs' | 'peak' | null} bytesOf Which of the two `bytes` is.
 * @property {readonly string[]} warnings What it did although something was not as it should be.
 * @property {string | null} key The server's name for its result; null where that is not kept.
 * @property {boolean} frozen Its frozen result was used.
 * @property {boolean} looked What it shows was made for a look at it: it is no output, and shows it until it runs again.
 *
 * @typedef {{type: string, text: string}} OutputFact `text` as "2 images 512×512"; empty where nothing can be said.
 *
 * @typedef {import('./faults.js').Fault} Notice Something about a node that is known without a run.
 *
 * @typedef {object} Run The run that is going on, or went on last, among those that this page queued or watches.
 * @property {string | null} promptId
 * @property {'idle' | 'queued' | 'running' | 'done' | 'error' | 'interrupted'} state
 * @property {string | null} node The node that runs.
 * @property {string | null} message The sentence of its error.
 *
 * @typedef {object} Server
 * @property {'connecting' | 'open' | 'closed'} connection
 * @property {boolean} warming The device process has not reported yet.
 * @property {number} queued Jobs that wait or run.
 *
 * @typedef {object} SessionState What is known of one document's nodes. Who set it aside may go on writing it: `new Session(state)`.
 * @property {Map<string, NodeStatus>} nodes
 * @property {Map<string, Set<string>>} inside Nodes inside instances of subgraphs, by the instance's id.
 * @property {Map<string, readonly Notice[]>} notices By record, since they are about the document: a node of a subgraph has one record and many ids in prompts.
 * @property {ReadonlySet<string>} noticedGraphs
 * @property {Readonly<Run>} run
 *
 * @typedef {{nodes: ReadonlySet<string>, run: boolean, server: boolean, notices: boolean}} SessionChange
 */

import { idsAround, statusOfAll } from './status_inside.js'

/** @type {Readonly<NodeStatus>} */
const IDLE = Object.freeze({
  state: 'idle', value: 0, max: 0, preview: null, images: [], text: [], error: null, started: null, ms: null, why: null,
  outputs: [], bytes: null, bytesOf: null, warnings: [], key: null, frozen: false, looked: false
})

/** @type {readonly Notice[]} */
const NONE = Object.freeze([])

/** @returns {SessionState} */
export const emptySession = () => ({
  nodes: new Map(), inside: new Map(), notices: new Map(), noticedGraphs: new Set(), run: { promptId: null, state: 'idle', node: null, message: null }
})

export class Session {
  /** @type {SessionState} */
  #state
  /** @type {Map<string, Readonly<NodeStatus>>} */
  #together = new Map()
  /** @type {Set<(change: SessionChange) => void>} */
  #listeners = new Set()
  /** Grows with every change: who derives something from all nodes does so once for each. */
  version = 0
  /** @type {Readonly<Server>} */
  server = { connection: 'connecting', warming: true, queued: 0 }

  /** @param {SessionState} [state] */
  constructor(state = emptySession()) {
    this.#state = state
  }

  /** @type {Readonly<Run>} */
  get run() {
    return this.#state.run
  }

  /** Set what is known of the nodes aside, for another document's. @param {SessionState} state @returns {SessionState} */
  exchange(state) {
    const before = this.#state
    this.#state = state
    const ids = [before, state].flatMap(({ nodes, inside }) => [...nodes.keys(), ...inside.keys()])
    this.#tell(new Set(ids), { run: true, notices: before.notices.size + state.notices.size > 0 })
    return before
  }

  /** @param {(change: SessionChange) => void} listener @returns {() => void} ends it */
  listen(listener) {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Of a node; of an instance of a subgraph what goes on inside it. @param {string | number} id @returns {Readonly<NodeStatus>} */
  status(id) {
    const name = String(id)
    const own = this.#state.nodes.get(name)
    const inside = own ? undefined : this.#state.inside.get(name)
    if (!inside) return own ?? IDLE
    let together = this.#together.get(name)
    if (!together) this.#together.set(name, (together = statusOfAll([...inside].map((each) => this.#state.nodes.get(each) ?? IDLE), IDLE)))
    return together
  }

  /** Ids with a status that says something. */
  ids() {
    return this.#state.nodes.keys()
  }

  /** @param {string | number} id @param {Partial<NodeStatus>} patch */
  update(id, patch) {
    const name = String(id)
    const old = this.#state.nodes.get(name) ?? IDLE
    if (!this.#state.nodes.has(name)) this.#nest(name)
    if (patch.preview !== undefined && old.preview && patch.preview !== old.preview) old.preview.close()
    this.#state.nodes.set(name, { ...old, ...patch })
    this.#tell(new Set([name]))
  }

  /** What is known of a node's record without a run. @param {import('./types.js').RecordId} record @returns {readonly Notice[]} */
  notices(record) {
    return this.#state.notices.get(record) ?? NONE
  }

  /** Records with notices. */
  noticed() {
    return this.#state.notices.keys()
  }

  /** Graphs with records that have notices: a subgraph's instance tells of what is inside. @type {ReadonlySet<string>} */
  get noticedGraphs() {
    return this.#state.noticedGraphs
  }

  /**
   * @param {ReadonlyMap<string, readonly Notice[]>} changed by record; an empty list for one that has none any more
   * @param {(record: string) => string | undefined} [graphOf]
   */
  setNotices(changed, graphOf = () => '') {
    let any = false
    for (const [record, list] of changed) {
      const old = this.notices(record)
      if (!old.length && !list.length) continue
      if (JSON.stringify(old) === JSON.stringify(list)) continue
      any = true
      if (list.length) this.#state.notices.set(record, list)
      else this.#state.notices.delete(record)
    }
    if (!any) return
    this.#state.noticedGraphs = new Set([...this.#state.notices.keys()].flatMap((record) => graphOf(record) ?? []))
    this.#tell(new Set(), { notices: true })
  }

  /** @param {Partial<Run>} patch */
  setRun(patch) {
    this.#state.run = { ...this.run, ...patch }
    this.#tell(new Set(), { run: true })
  }

  /** @param {Partial<Server>} patch */
  setServer(patch) {
    this.server = { ...this.server, ...patch }
    this.#tell(new Set(), { server: true })
  }

  /**
   * A run begins: states, progress and errors go; pictures and what flowed last stay until there are new ones, so nothing jumps.
   * @param {string | null} promptId
   */
  startRun(promptId) {
    for (const [id, status] of this.#state.nodes) {
      const { preview, images, text, outputs, key, looked } = status
      this.#state.nodes.set(id, { ...IDLE, preview, images, text, outputs, key, looked })
    }
    this.#state.run = { promptId, state: 'running', node: null, message: null }
    this.#tell(new Set(this.#state.nodes.keys()), { run: true })
  }

  /** Errors only: after an edit, or when a prompt was refused before. */
  clearErrors() {
    /** @type {Set<string>} */
    const touched = new Set()
    for (const [id, status] of this.#state.nodes) {
      if (!status.error) continue
      this.#state.nodes.set(id, { ...status, error: null, state: status.state === 'error' ? 'idle' : status.state })
      touched.add(id)
    }
    if (touched.size) this.#tell(touched)
  }

  /** Another document: forget all nodes. */
  reset() {
    for (const status of this.#state.nodes.values()) status.preview?.close()
    this.exchange(emptySession())
  }

  /** @param {ReadonlySet<string>} nodes @param {{run?: boolean, server?: boolean, notices?: boolean}} [what] */
  #tell(nodes, { run = false, server = false, notices = false } = {}) {
    this.version++
    this.#together.clear()
    const around = this.#state.inside.size ? new Set([...nodes].flatMap((id) => [id, ...idsAround(id)])) : nodes
    for (const listener of [...this.#listeners]) listener({ nodes: around, run, server, notices })
  }

  /** @param {string} id */
  #nest(id) {
    for (const instance of idsAround(id)) {
      const inside = this.#state.inside.get(instance)
      if (inside) inside.add(id)
      else this.#state.inside.set(instance, new Set([id]))
    }
  }
}
