/**
 * How long what runs will still take: steps tell it for the node that runs, and for those that follow what they took the
 * last time. Where one of them has never run nothing is promised beyond the node itself.
 *
 * @typedef {import('../model/session.js').Session} Session
 */
import { outputsAmong, upstream } from './targets.js'

const KEPT = 5000

export class Pace {
  /** @param {{ session: Session, jobs: import('./jobs.js').Jobs, schema: () => import('../model/schema.js').Schema }} parts */
  constructor({ session, jobs, schema }) {
    this.session = session
    this.jobs = jobs
    this.schema = schema
    /** What a node took the last time that it ran, in ms, by its id and type. @type {Map<string, number>} */
    this.took = new Map()
    /** The nodes of the run that goes on, which are the same to its end. @type {{ promptId: string, ids: string[] } | null} */
    this.needed = null
    session.listen(({ nodes }) => nodes.forEach(id => this.note(id)))
  }

  /** @param {string} id */
  note(id) {
    const { state, ms } = this.session.status(id)
    const key = state === 'done' && ms !== null ? this.key(id) : null
    if (key === null || ms === null) return
    this.took.delete(key)
    this.took.set(key, ms)
    const [oldest] = this.took.keys()
    if (this.took.size > KEPT && oldest !== undefined) this.took.delete(oldest)
  }

  /** @param {string} id */
  key(id) {
    const type = this.prompt()?.[id]?.class_type
    return type === undefined ? null : `${id} ${type}`
  }

  prompt() {
    return this.jobs.get(this.session.run.promptId ?? '')?.prompt ?? null
  }

  /** Milliseconds until the run's end; null where that cannot be told. @param {number} [now] */
  left(now = performance.now()) {
    const { run } = this.session
    if (run.state !== 'running' || run.node === null) return null
    const rest = this.ids().map(id => {
      const status = this.session.status(id)
      if (id === run.node) return this.leftOf(id, now)
      if (status.state !== 'idle') return 0
      return this.took.get(this.key(id) ?? '') ?? null
    })
    return rest.includes(null) ? this.leftOf(run.node, now) : rest.reduce((/** @type {number} */ sum, ms) => sum + (ms ?? 0), 0)
  }

  /** Of one node that runs. From the second step on, since the first also loads the model. @param {string} id @param {number} now */
  leftOf(id, now) {
    const { value, max, started } = this.session.status(id)
    if (started === null) return null
    if (max > 1) return value >= 2 ? ((now - started) / value) * Math.max(0, max - value) : null
    const took = this.took.get(this.key(id) ?? '')
    return took === undefined ? null : Math.max(0, took - (now - started))
  }

  /** All that the run needs. @returns {string[]} */
  ids() {
    const { promptId } = this.session.run
    const prompt = this.prompt()
    if (!prompt || promptId === null) return []
    if (this.needed?.promptId !== promptId) {
      const targets = this.jobs.get(promptId)?.targets ?? outputsAmong(prompt, Object.keys(prompt), this.schema())
      this.needed = { promptId, ids: [...upstream(prompt, targets)].filter(id => id in prompt && !id.startsWith('look:')) }
    }
    return this.needed.ids
  }
}
