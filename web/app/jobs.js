/**
 * What this page has queued: the prompt and the graph of each job, so that its results can open the graph that made
 * them without asking the server.
 *
 * @typedef {{ prompt: any, workflow: any, targets: readonly string[] | null, sweep?: any }} Job  `sweep`: its cells, where it has any
 */

const KEPT = 50
/** Of which document each job is, is kept for longer: its events go where that is. */
const DOCUMENTS = 5000

export class Jobs {
  constructor() {
    /** @type {Map<string, Job>} */
    this.byId = new Map()
    /** @type {Map<string, string>} */
    this.documents = new Map()
  }

  /** @param {string} id @param {unknown} document  as `extra_data.easel` carries it: its id and name */
  know(id, document) {
    const name = document && typeof document === 'object' && 'id' in document ? document.id : null
    if (typeof name !== 'string') return
    this.documents.set(id, name)
    const [oldest] = this.documents.keys()
    if (this.documents.size > DOCUMENTS && oldest !== undefined) this.documents.delete(oldest)
  }

  /** The document that a job was made from. @param {string} id */
  documentOf(id) {
    return this.documents.get(id) ?? null
  }

  /** One that was refused. @param {string} id */
  drop(id) {
    this.byId.delete(id)
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
