/**
 * What this page has queued: the prompt and the graph of each job, so that its results can open the graph that made
 * them without asking the server.
 *
 * @typedef {{ prompt: any, workflow: any, targets: readonly string[] | null, sweep?: any }} Job  `sweep`: its cells, where it has any
 */

const KEPT = 50

export class Jobs {
  constructor() {
    /** @type {Map<string, Job>} */
    this.byId = new Map()
  }

  /** @param {string} id */
  get(id) {
    return this.byId.get(id)
  }

  /** A node as the job before this one that had it was sent. @param {string} id @param {string} node @returns {any | null} */
  before(id, node) {
    const ids = [...this.byId.keys()]
    const earlier = ids.slice(0, Math.max(0, ids.indexOf(id))).reverse()
    return earlier.map(each => this.byId.get(each)?.prompt?.[node]).find(Boolean) ?? null
  }

  /** @param {string} id @param {any} prompt @param {any} workflow @param {readonly string[] | null} [targets] the outputs that were asked for; null for all @param {any} [sweep] */
  add(id, prompt, workflow, targets = null, sweep = null) {
    this.byId.set(id, { prompt, workflow, targets, sweep })
    const [oldest] = this.byId.keys()
    if (this.byId.size > KEPT && oldest !== undefined) this.byId.delete(oldest)
  }
}
