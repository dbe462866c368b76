/**
 * Queueing the graph: converts, says what is wanted of it and what is frozen, sends, and moves the seeds on.
 *
 * @typedef {import('../tools/editor.js').Editor} Editor
 * @typedef {import('../model/widget_values.js').Widget} Widget
 *
 * @typedef {{ kind: 'to' | 'branch' | 'outputs', records: readonly string[], use?: string }} Part
 *   Not all of the graph: to these nodes; what follows from them; those of them that are outputs. `use`: what their ids in
 *   the prompt begin with, where a subgraph is used more than once and one use is meant
 * @typedef {object} How
 * @property {number} [count]
 * @property {boolean} [front]
 * @property {number} [number]
 * @property {Part | null} [part]
 * @property {string} [slot]  takes the place of the job that waits in it
 * @property {boolean} [hold]  seeds stay as they are
 * @property {boolean} [looks]  what would save its pictures only shows them
 * @property {boolean} [quiet]  why it cannot run was said before
 *
 * @typedef {object} Made What is sent.
 * @property {import('./targets.js').Prompt} prompt
 * @property {any} workflow
 * @property {string[] | null} targets
 * @property {Record<string, unknown>} easel
 * @property {{ node: string, widget: Widget }[]} used  widgets that change after a run
 */
import { newId } from '../api/id.js'
import { t } from '../language/t.js'
import { frozenIn } from '../model/frozen.js'
import { recordAt } from '../model/prompt_ids.js'
import { nextValue } from './next_value.js'
import { downstream, onlyShown, outputsAmong, runTo, upstream } from './targets.js'

export class Runner {
  /**
   * @param {object} parts
   * @param {Editor} parts.editor
   * @param {import('../api/client.js').Client} parts.client
   * @param {import('./jobs.js').Jobs} parts.jobs
   * @param {import('../panels/toasts.js').Toasts} parts.toasts
   * @param {import('./names.js').Names} parts.names
   * @param {import('./troubles.js').Troubles} parts.troubles
   * @param {() => { id: string, name: string }} parts.document  that is on the canvas
   */
  constructor({ editor, client, jobs, toasts, names, troubles, document }) {
    this.editor = editor
    this.client = client
    this.jobs = jobs
    this.toasts = toasts
    this.names = names
    this.troubles = troubles
    this.document = document
    /** Told of each job that was accepted, and, with null, when a person stops what runs. @type {Set<(made: Made | null) => void>} */
    this.listeners = new Set()
    /** What a node's controlled widgets had in the newest run: record id → widget → value. @type {Map<string, Record<string, unknown>>} */
    this.lastUsed = new Map()
    /** Presses that follow quickly keep their order. */
    this.last = Promise.resolve()
  }

  /** @param {(made: Made | null) => void} listener */
  listen(listener) {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /** @param {How} [how] @returns {Promise<boolean>} whether all were accepted */
  queue({ count = 1, ...how } = {}) {
    const batch = newId()
    const { id } = this.document()
    const accepted = this.last.then(async () => {
      for (let index = 0; index < count; index += 1) {
        if (index > 0 && this.document().id !== id) {
          this.toasts.show({ key: 'problem', tone: 'warning', text: t('{count} of {all} runs are queued: another graph was shown.', { count: index, all: count }) })
          return false
        }
        if (!(await this.queueOne(how, count > 1 ? { id: batch, index, of: count } : null))) return false
      }
      return true
    })
    this.last = accepted.then(() => undefined, () => undefined) // one that fails must not hold up all later ones
    return accepted
  }

  /** @param {How} how @param {{ id: string, index: number, of: number } | null} batch */
  async queueOne({ front = false, number, slot, hold = false, ...how }, batch) {
    const made = await this.make(how)
    if (!made) return false
    const { prompt, workflow, targets, easel, used } = made
    // Before sending: a run that fails at once is told of before its acceptance is.
    const id = newId()
    this.jobs.know(id, easel.document)
    this.jobs.add(id, prompt, workflow, targets)
    this.troubles.forget()
    try {
      const reply = await this.client.queuePrompt({
        id, prompt, workflow, front, ...(number === undefined ? {} : { number }), ...(targets ? { targets } : {}),
        easel: { ...easel, ...(batch ? { batch } : {}), ...(slot ? { slot } : {}) },
      })
      if (Object.keys(reply.node_errors ?? {}).length) this.troubles.refuse(reply.node_errors, null)
    } catch (error) {
      this.jobs.drop(id)
      this.troubles.tellRefusal(/** @type {Error} */ (error), how.quiet)
      return false
    }
    if (!hold && this.isShown(made)) this.moveOn(used)
    this.listeners.forEach(listener => listener(made))
    return true
  }

  /** Another tab may be shown by the time that an answer comes. @param {Made} made */
  isShown(made) {
    const { document } = made.easel
    return document !== null && typeof document === 'object' && 'id' in document && document.id === this.document().id
  }

  /** What would be sent now; null, with a notice, where there is nothing to run. @param {Pick<How, 'part' | 'looks' | 'quiet'>} [how] @returns {Promise<Made | null>} */
  async make({ part = null, looks = false, quiet = false } = {}) {
    const document = this.document() // another tab may be shown when it is converted
    const { output, workflow } = await this.editor.toPrompt()
    if (!Object.keys(output).length) {
      if (!quiet) this.toasts.show({ key: 'problem', tone: 'warning', text: t('There is nothing to run yet.'), detail: t('Add a node that makes or shows a picture, such as Save Image.') })
      return null
    }
    const wanted = part ? this.only(output, part) : { prompt: output, targets: null }
    if (!wanted) return null
    const { prompt, targets } = wanted
    const frozen = frozenIn(output, id => recordAt(this.editor.store, id))
    const needed = targets && new Set([...upstream(prompt, targets)].flatMap(id => recordAt(this.editor.store, id)?.id ?? []))
    return {
      prompt: looks ? onlyShown(prompt, this.editor.schema) : prompt, workflow, targets,
      easel: { document, ...(Object.keys(frozen).length ? { frozen } : {}) },
      used: this.controlled().filter(({ node }) => needed?.has(node) ?? true), // a seed that did not run stays
    }
  }

  /**
   * The prompt and its targets for a part of the graph; null, with a notice, where there is nothing to run in it.
   *
   * @param {import('./targets.js').Prompt} output @param {Part} part
   * @returns {{ prompt: import('./targets.js').Prompt, targets: string[] } | null}
   */
  only(output, { kind, records, use }) {
    const { schema, store } = this.editor
    const chosen = new Set(records)
    const meant = (/** @type {string} */ id) => (use === undefined || useOf(id) === use) && chosen.has(recordAt(store, id)?.id ?? '')
    const ids = Object.keys(output).filter(id => [...within(id)].some(meant))
    if (kind === 'to') {
      const { prompt, targets, unseen } = runTo(output, lastOf(output, ids), schema)
      if (targets.length) return { prompt, targets }
      const title = unseen[0] === undefined ? '' : this.names.title(unseen[0])
      this.toasts.show({ key: 'problem', tone: 'warning', text: unseen.length ? t('{title} gives nothing that could be shown.', { title }) : t('What is selected takes no part in a run.'), detail: unseen.length ? t('Run to a node that reads from it.') : t('Notes, muted and bypassed nodes never run.') })
      return null
    }
    const targets = outputsAmong(output, kind === 'branch' ? downstream(output, ids) : ids, schema)
    if (targets.length) return { prompt: output, targets }
    this.toasts.show({ key: 'problem', tone: 'warning', text: kind === 'branch' ? t('Nothing that shows or saves a result follows from here.') : t('None of the selected nodes shows or saves a result.'), detail: t('Add a node such as Preview Image behind it.') })
    return null
  }

  /** Widgets that change after a run, with what they have now. @returns {{ node: string, widget: Widget }[]} */
  controlled() {
    return [...this.editor.store.records()].flatMap(record => {
      if (record.kind !== 'node') return []
      return this.editor.widgets(record.id)
        .filter(widget => widget.control !== null && !this.names.isLinked(record.id, widget.name))
        .map(widget => ({ node: record.id, widget }))
    })
  }

  /** @param {{ node: string, widget: Widget }[]} used */
  moveOn(used) {
    this.lastUsed.clear()
    for (const { node, widget } of used) this.lastUsed.set(node, { ...this.lastUsed.get(node), [widget.name]: widget.value })
    this.troubles.quietly(() => this.editor.store.transact(t('Next seed'), () => {
      for (const { node, widget } of used) {
        if (!this.editor.store.has(node)) continue
        const now = this.editor.widgets(node).find(other => other.name === widget.name)
        const next = nextValue(widget)
        // Typed into while the job was on its way: the person's value stays.
        if (now && now.value === widget.value && next !== widget.value) this.editor.setWidget(node, widget.name, next)
      }
    }, { merge: true }))
  }

  interrupt() {
    this.listeners.forEach(listener => listener(null))
    return this.client.interrupt().catch(error => this.toasts.show({ key: 'stop', tone: 'error', text: t('It could not be stopped.'), detail: error.message }))
  }
}

/** What a node's id begins with: the use of a subgraph that it is in; nothing in the root. @param {string} id */
const useOf = id => id.slice(0, id.lastIndexOf(':') + 1)

/** A node's id and those of the subgraphs that hold it: `1:2:3`, `1:2`, `1`. @param {string} id */
function* within(id) {
  for (let path = id.split(':'); path.length; path = path.slice(0, -1)) yield path.join(':')
}

/**
 * Of the nodes inside a chosen subgraph only those that nothing else in it reads.
 *
 * @param {import('./targets.js').Prompt} prompt @param {readonly string[]} ids
 */
function lastOf(prompt, ids) {
  const inner = new Set(ids.filter(id => id.includes(':')))
  for (const id of [...inner]) {
    for (const value of Object.values(prompt[id]?.inputs ?? {})) if (Array.isArray(value)) inner.delete(String(value[0]))
  }
  return ids.filter(id => !id.includes(':') || inner.has(id))
}
