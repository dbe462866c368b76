/**
 * The document: plain records by id, and every change to it as a recorded diff.
 *
 * Undo is a diff reversed: no command writes its own inverse. A step is either one `transact`, or everything between
 * `begin` and `commit` (a gesture); `cancel` takes a gesture back as if it had not been.
 *
 * @typedef {import('./types.js').Entry} Entry
 * @typedef {import('./types.js').Diff} Diff
 * @typedef {import('./types.js').Json} Json
 * @typedef {import('./types.js').RecordId} RecordId
 * @typedef {import('./types.js').Source} Source
 * @typedef {import('./types.js').Step} Step
 *
 * @typedef {{records: readonly Entry[], undos: Step[], redos: Step[]}} SetAside A document that is not the open one.
 */
import { addTo, compose, emptyDiff, isEmpty, removeFrom, reverse, updateIn } from './diff.js'
import { equal } from './json.js'

/** Steps kept; a step holds only the fields that changed. */
const STEPS = 500

export class Store {
  /** @type {Map<RecordId, Entry>} */
  #records = new Map()
  /** @type {Step[]} */
  #undos = []
  /** @type {Step[]} */
  #redos = []
  /** The open gesture. @type {Step | null} */
  #gesture = null
  /** The diff of the running transaction. @type {Diff | null} */
  #diff = null
  /** @type {Set<(diff: Diff, source: Source) => void>} */
  #listeners = new Set()
  /** @type {Set<() => void>} */
  #stepListeners = new Set()
  /** @type {Set<(before: Entry | undefined, after: Entry | undefined) => void>} */
  #indexes = new Set()
  /** @type {Set<(diff: Diff) => void>} */
  #derivations = new Set()
  /** Rises with every change, so that derived values know when they are old. */
  version = 0

  /** @param {RecordId} id @returns {Entry | undefined} */
  get(id) {
    return this.#records.get(id)
  }

  /** @param {RecordId} id */
  node(id) {
    const record = this.#records.get(id)
    return record?.kind === 'node' ? record : undefined
  }

  /** @param {RecordId} id */
  link(id) {
    const record = this.#records.get(id)
    return record?.kind === 'link' ? record : undefined
  }

  /** @param {RecordId} id */
  group(id) {
    const record = this.#records.get(id)
    return record?.kind === 'group' ? record : undefined
  }

  /** @param {RecordId} id */
  has(id) {
    return this.#records.has(id)
  }

  get size() {
    return this.#records.size
  }

  /** All records, in no order that means anything: drawing and saving sort by `z`. */
  records() {
    return this.#records.values()
  }

  /**
   * Tell `listener` of every change, once per transaction, after it. Returns the function that ends it.
   * @param {(diff: Diff, source: Source) => void} listener
   */
  listen(listener) {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Tell `listener` when the steps have changed: also at the end of a gesture, which changes no record. @param {() => void} listener */
  listenSteps(listener) {
    this.#stepListeners.add(listener)
    return () => this.#stepListeners.delete(listener)
  }

  /**
   * Tell `follow` of every record that comes, goes or changes, at once, also within a transaction: for indexes that commands
   * ask while they change things. Returns the function that ends it.
   * @param {(before: Entry | undefined, after: Entry | undefined) => void} follow
   */
  index(follow) {
    this.#indexes.add(follow)
    return () => this.#indexes.delete(follow)
  }

  /**
   * Let `derive` add to every change what follows from it, as a part of the same step; undo and redo bring it along. Returns
   * the function that ends it.
   * @param {(diff: Diff) => void} derive
   */
  derive(derive) {
    this.#derivations.add(derive)
    return () => this.#derivations.delete(derive)
  }

  /**
   * Run `change` and record what it did as one step named `label`, or as a part of the open gesture. Should it throw,
   * nothing of it stays. `merge` adds it to the last step instead: for changes that follow from a step, or that nobody
   * would call one (a seed that moves on after a run).
   * @template T
   * @param {string} label
   * @param {() => T} change
   * @param {{merge?: boolean}} [options]
   * @returns {T}
   */
  transact(label, change, { merge = false } = {}) {
    if (this.#diff) return change()
    this.#diff = emptyDiff()
    let result
    try {
      result = change()
      for (const derive of this.#derivations) derive(this.#diff)
    } catch (error) {
      this.#apply(reverse(this.#diff))
      this.#diff = null
      throw error
    }
    const diff = this.#diff
    this.#diff = null
    if (isEmpty(diff)) return result
    if (this.#gesture) compose(this.#gesture.diff, diff, true)
    else this.#push(label, diff, merge)
    this.#tell(diff, 'user')
    return result
  }

  /** @param {Entry} record */
  put(record) {
    const diff = this.#open()
    if (this.#records.has(record.id)) throw new Error(`There is a record ${record.id} already`)
    this.#set(record.id, record)
    addTo(diff, record.id, record)
  }

  /**
   * Replace fields of a record. Fields that are equal to what they were are no change.
   * @param {RecordId} id
   * @param {object} patch
   */
  update(id, patch) {
    const diff = this.#open()
    const record = this.#records.get(id)
    if (!record) throw new Error(`There is no record ${id}`)
    const old = /** @type {Json} */ (/** @type {unknown} */ (record))
    const fields = /** @type {Json} */ (patch)
    /** @type {Json} */
    const from = {}
    /** @type {Json} */
    const to = {}
    let changed = false
    for (const field in fields) {
      const value = fields[field]
      if (equal(old[field], value)) continue
      from[field] = old[field]
      to[field] = value
      changed = true
    }
    if (!changed) return
    this.#set(id, /** @type {Entry} */ ({ ...record, ...to }), record)
    updateIn(diff, id, from, to)
  }

  /** Remove a record; one that is not there is no error. @param {RecordId} id */
  remove(id) {
    const diff = this.#open()
    const record = this.#records.get(id)
    if (!record) return
    this.#set(id, undefined)
    removeFrom(diff, id, record)
  }

  /** Open a gesture: all that follows is one step. An open one is closed first. @param {string} label */
  begin(label) {
    this.commit()
    this.#gesture = { label, diff: emptyDiff() }
  }

  /** Close the gesture. One that changed nothing leaves no step. @param {string} [label] a better name for it */
  commit(label) {
    const step = this.#gesture
    this.#gesture = null
    if (step && !isEmpty(step.diff)) this.#push(label ?? step.label, step.diff, false)
  }

  /** Take the open gesture back. */
  cancel() {
    const step = this.#gesture
    this.#gesture = null
    if (!step || isEmpty(step.diff)) return
    const back = reverse(step.diff)
    this.#apply(back)
    this.#tell(back, 'cancel')
  }

  get inGesture() {
    return this.#gesture !== null
  }

  /** The step that `undo` would take back. */
  get undoLabel() {
    return this.#undos.at(-1)?.label ?? null
  }

  get redoLabel() {
    return this.#redos.at(-1)?.label ?? null
  }

  /** Steps, oldest first. */
  get history() {
    return { undos: this.#undos.map((step) => step.label), redos: this.#redos.map((step) => step.label).reverse() }
  }

  /** Take the last step back. Returns its name, or null where there is none. */
  undo() {
    this.commit()
    return this.#move(this.#undos, this.#redos, 'undo')
  }

  redo() {
    this.commit()
    return this.#move(this.#redos, this.#undos, 'redo')
  }

  /** Take several steps back (a negative count) or do them again, told as one change. @param {number} count */
  jump(count) {
    this.commit()
    const back = count < 0
    const [from, to] = back ? [this.#undos, this.#redos] : [this.#redos, this.#undos]
    const diff = emptyDiff()
    for (let left = Math.abs(count); left > 0; left--) {
      const step = from.pop()
      if (!step) break
      const part = back ? reverse(step.diff) : step.diff
      this.#apply(part)
      compose(diff, part, true)
      to.push(step)
    }
    if (!isEmpty(diff)) this.#tell(diff, back ? 'undo' : 'redo')
    this.#tellSteps()
  }

  /** Replace the whole document and forget all steps. @param {Iterable<Entry>} records */
  load(records) {
    this.#gesture = null
    this.exchange({ records: [...records], undos: [], redos: [] })
  }

  /**
   * Set the document aside with its steps, and take up another: listeners hear of it once, as of a load. An open gesture is
   * closed first.
   * @param {SetAside} other @returns {SetAside}
   */
  exchange(other) {
    this.commit()
    const before = [...this.#records.values()]
    const setAside = { records: before, undos: this.#undos, redos: this.#redos }
    for (const { id } of before) this.#set(id, undefined)
    for (const record of other.records) this.#set(record.id, record)
    this.#undos = other.undos
    this.#redos = other.redos
    this.#tellSteps()
    // Nearly all who hear of it start anew: the lists are made for those who ask.
    const after = [...this.#records.values()]
    const byId = (/** @type {readonly Entry[]} */ entries) => Object.fromEntries(entries.map((record) => [record.id, record]))
    this.#tell({
      get added() {
        return byId(after)
      },
      get removed() {
        return byId(before)
      },
      updated: {}
    }, 'load')
    return setAside
  }

  #open() {
    if (!this.#diff) throw new Error('A record can only be changed inside transact()')
    return this.#diff
  }

  /** @param {string} label @param {Diff} diff @param {boolean} merge */
  #push(label, diff, merge) {
    const last = this.#undos.at(-1)
    if (merge && last) {
      const diffs = compose(last.diff, diff)
      this.#undos[this.#undos.length - 1] = { label: last.label, diff: diffs }
    } else if (!merge) {
      this.#undos.push({ label, diff })
      if (this.#undos.length > STEPS) this.#undos.shift()
    }
    this.#redos = []
    this.#tellSteps()
  }

  #tellSteps() {
    for (const listener of [...this.#stepListeners]) listener()
  }

  /** @param {Step[]} from @param {Step[]} to @param {'undo' | 'redo'} source */
  #move(from, to, source) {
    const step = from.pop()
    if (!step) return null
    const diff = source === 'undo' ? reverse(step.diff) : step.diff
    this.#apply(diff)
    to.push(step)
    this.#tell(diff, source)
    this.#tellSteps()
    return step.label
  }

  /** @param {Diff} diff */
  #apply(diff) {
    for (const id in diff.removed) this.#set(id, undefined)
    for (const id in diff.added) this.#set(id, diff.added[id])
    for (const id in diff.updated) {
      const record = this.#records.get(id)
      if (record) this.#set(id, /** @type {Entry} */ ({ ...record, ...diff.updated[id]?.to }), record)
    }
  }

  /** @param {RecordId} id @param {Entry | undefined} record @param {Entry | undefined} [before] */
  #set(id, record, before = this.#records.get(id)) {
    if (record) this.#records.set(id, record)
    else this.#records.delete(id)
    for (const follow of this.#indexes) follow(before, record)
  }

  /** @param {Diff} diff @param {Source} source */
  #tell(diff, source) {
    this.version++
    for (const listener of [...this.#listeners]) listener(diff, source)
  }
}
