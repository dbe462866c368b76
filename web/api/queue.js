/**
 * The routes that steer the queue and its history.
 *
 * @typedef {object} About What lists say of a job.
 * @property {string} prompt_id
 * @property {number | null} [pinned]  its place before all others, where an admin gave it one
 * @property {string | null} client_id
 * @property {string} name  what a person called it
 * @property {string | null} document  id of the document that its graph was made in
 * @property {string} title  what that document was called
 * @property {{ id: string, index: number, of: number } | null} batch
 * @property {string | null} slot
 * @property {number} nodes
 * @property {number | null} seed
 * @property {number} cells  of its grid, where it is a sweep
 * @property {number} accepted  seconds since 1970
 * @property {string} [owner]  whose it is, where there are accounts
 *
 * @typedef {About & { number: number, seq: number, attempts: number, expected_ms: number | null }} WaitingJob
 * @typedef {{ node: string | null, node_type: string, value: number, max: number, done: number, total: number, share: number, left_ms: number | null }} Progress
 * @typedef {WaitingJob & { attempt: number, interrupted: boolean, ms: number, progress: Progress | null }} RunningJob
 * @typedef {object} Came What came of a job.
 * @property {number} rank
 * @property {number} ended  seconds since 1970
 * @property {number | null} ms
 * @property {'success' | 'error' | 'interrupted'} state
 * @property {import('./client.js').FileRef[]} pictures  the first ones
 * @property {number} count  how many pictures there are
 * @property {{ sentence: string, node: string, type: string, kind: string } | null} error
 * @typedef {About & Came} PastJob
 * @typedef {{ prompt: any, workflow: any, targets: string[], about: About }} JobGraph
 * @typedef {{ to: 'front' | 'back' } | { before: string } | { after: string }} Place
 */

export class QueueRoutes {
  /** @param {import('./client.js').Client} client */
  constructor(client) {
    this.client = client
  }

  /** How things stand now. @returns {Promise<any>} */
  state() {
    return this.client.json('/easel/queue')
  }

  /** @param {boolean} paused */
  pause(paused) {
    return this.client.send('POST', '/easel/queue', { paused })
  }

  /** @param {readonly string[]} ids @param {Place} place */
  move(ids, place) {
    return this.client.send('POST', '/easel/queue/move', { ids, ...place })
  }

  /** Takes waiting jobs out; all without ids. @param {readonly string[] | null} ids @returns {Promise<{ removed: string[] }>} */
  cancel(ids) {
    return this.client.send('POST', '/easel/queue/cancel', ids ? { ids } : { all: true })
  }

  /** @param {readonly string[]} ids @returns {Promise<{ restored: string[] }>} */
  bringBack(ids) {
    return this.client.send('POST', '/easel/queue/restore', { ids })
  }

  /** Gives a waiting job another prompt. ApiError 409 once it runs. @param {string} id @param {object} body  as for POST /prompt */
  edit(id, body) {
    return this.client.send('PUT', `/easel/queue/${encodeURIComponent(id)}`, body)
  }

  /** @param {string} id @returns {Promise<JobGraph>} */
  job(id) {
    return this.client.json(`/easel/jobs/${encodeURIComponent(id)}`)
  }

  /** @param {string} id @param {string} name */
  rename(id, name) {
    return this.client.send('POST', `/easel/jobs/${encodeURIComponent(id)}`, { name })
  }

  /** @param {string} id @param {{ seeds?: 'same' | 'new', front?: boolean, client_id?: string, prompt_id?: string }} how @returns {Promise<{ prompt_id: string }>} */
  again(id, how) {
    return this.client.send('POST', `/easel/jobs/${encodeURIComponent(id)}/again`, how)
  }

  /** @param {{ before?: number | null, document?: string | null, state?: string | null, limit?: number }} which @returns {Promise<{ entries: PastJob[], next: number | null }>} */
  history(which) {
    const query = Object.entries(which).flatMap(([name, value]) => (value === null || value === undefined ? [] : [[name, String(value)]]))
    return this.client.json(`/easel/history?${new URLSearchParams(query)}`)
  }

  /** @param {readonly string[] | 'all'} ids @returns {Promise<{ removed: string[] }>} */
  forget(ids) {
    return this.client.send('POST', '/easel/history', { remove: ids })
  }

  /** @param {readonly string[]} ids */
  remember(ids) {
    return this.client.send('POST', '/easel/history', { restore: ids })
  }
}
