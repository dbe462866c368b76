/**
 * The jobs that this page has queued: what was sent, and which of them waits, runs or has ended.
 *
 * @typedef {{ id: string, prompt: any, workflow: any, state: 'waiting' | 'running' | 'ended' }} Job
 */

const KEPT = 50

export class Jobs {
  constructor() {
    /** @type {Map<string, Job>} */
    this.byId = new Map()
    /** @type {Set<() => void>} */
    this.listeners = new Set()
  }

  /** @param {() => void} listener */
  listen(listener) {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /** @param {string} id */
  get(id) {
    return this.byId.get(id)
  }

  /** @param {string} id @param {any} prompt @param {any} workflow */
  add(id, prompt, workflow) {
    // The first events can come before the reply that names the job.
    this.byId.set(id, { id, prompt, workflow, state: this.byId.get(id)?.state ?? 'waiting' })
    for (const [old, job] of this.byId) {
      if (this.byId.size <= KEPT) break
      if (job.state === 'ended') this.byId.delete(old)
    }
    this.tell()
  }

  /** @param {string} id */
  started(id) {
    this.set(id, 'running')
  }

  /** @param {string} id */
  ended(id) {
    this.set(id, 'ended')
  }

  /** @param {string} id @param {Job['state']} state */
  set(id, state) {
    const job = this.byId.get(id) ?? { id, prompt: null, workflow: null, state }
    this.byId.set(id, { ...job, state })
    this.tell()
  }

  tell() {
    this.listeners.forEach(listener => listener())
  }
}
