/**
 * What this page has queued: the prompt and the graph of each job, so that its results can open the graph that made
 * them without asking the server.
 *
 * @typedef {{ prompt: any, workflow: any }} Job
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

  /** @param {string} id @param {any} prompt @param {any} workflow */
  add(id, prompt, workflow) {
    this.byId.set(id, { prompt, workflow })
    const [oldest] = this.byId.keys()
    if (this.byId.size > KEPT && oldest !== undefined) this.byId.delete(oldest)
  }
}
