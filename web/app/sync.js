/**
 * The connection's ups and downs: what was missed while it was gone is fetched, and "warming up" lasts until the
 * server says that its worker is there.
 */
import { cellGraph } from '../sweep/cell_graph.js'
import { picturesOf, resultsOf, textsOf } from './results.js'

const HISTORY = 60
const WARMING_POLL = 1000
const SLOWEST_POLL = 4000

export class Sync {
  /**
   * @param {object} parts
   * @param {import('../api/client.js').Client} parts.client
   * @param {import('../model/session.js').Session} parts.session
   * @param {(document: string | null) => import('../model/session.js').Session | null} parts.sessionOf  a document's, where it is open; null is the shown one
   * @param {() => import('../model/session.js').Session[]} parts.sessions  of all documents that are open
   * @param {import('./results.js').Results} parts.results
   * @param {import('./jobs.js').Jobs} parts.jobs
   * @param {(words: string) => void} parts.onTrouble  the worker died while it started; its last line
   * @param {(worker: any) => void} parts.onWorker  the worker is ready; what `/easel/status` says of it
   * @param {(status: any) => void} [parts.onStatus]  what `/easel/status` said, whenever it was asked
   * @param {() => Promise<void>} parts.onReady  the worker reported: node types are now sure
   */
  constructor({ client, session, sessionOf, sessions, results, jobs, onTrouble, onWorker, onStatus, onReady }) {
    this.client = client
    this.session = session
    this.sessionOf = sessionOf
    this.sessions = sessions
    this.results = results
    this.jobs = jobs
    this.onTrouble = onTrouble
    this.onWorker = onWorker
    this.onStatus = onStatus
    this.onReady = onReady
    this.polling = false
    /** The node types that the page has are those of the worker that runs now. */
    this.typesSure = false
    client.onState(state => {
      session.setServer({ connection: state === 'open' ? 'open' : state === 'connecting' ? 'connecting' : 'closed' })
      if (state !== 'open') return
      void this.catchUp()
      void this.awaitWorker(!this.typesSure)
      this.typesSure = false // a server that comes back may have others
    })
    // A worker that died and is replaced shows as a status or an error; either is a reason to ask.
    client.onEvent(({ type }) => {
      if (type === 'execution_error') void this.awaitWorker(false)
    })
  }

  /**
   * Asks until the worker is ready, ever more slowly; ends when the connection does.
   *
   * @param {boolean} tell  also where it is ready at once
   */
  async awaitWorker(tell) {
    if (this.polling) return
    this.polling = true
    let wait = WARMING_POLL / 4
    let waited = false
    while (this.client.socket.state === 'open') {
      const status = await this.client.serverStatus().catch(() => null)
      if (status) this.onStatus?.(status)
      if (isReady(status)) {
        this.session.setServer({ warming: false })
        this.onWorker(status.worker)
        if (tell || waited) await this.onReady()
        break
      }
      waited = true
      if (status) this.session.setServer({ warming: true })
      if (status?.worker?.last_words) this.onTrouble(String(status.worker.last_words))
      await new Promise(resolve => setTimeout(resolve, wait))
      wait = Math.min(SLOWEST_POLL, wait * 1.5)
    }
    this.polling = false
  }

  /** The queue, and the results that came while nobody listened. */
  async catchUp() {
    const before = new Map(this.sessions().map(session => [session, session.run]))
    const [queue, history] = await Promise.all([
      this.client.queue().catch(() => null),
      this.client.history(HISTORY).catch(() => null),
    ])
    if (history) this.takeHistory(history)
    if (history) this.showLast(history)
    if (!queue) return
    const running = queue.queue_running.map(item => String(item[1]))
    this.session.setServer({ queued: running.length + queue.queue_pending.length })
    for (const item of [...queue.queue_running, ...queue.queue_pending]) this.jobs.know(String(item[1]), item[3]?.easel?.document)
    const mine = queue.queue_running.find(item => item[3]?.client_id === this.client.clientId)
    const runs = mine ? this.sessionOf(this.jobs.documentOf(String(mine[1]))) : null
    for (const session of this.sessions()) {
      const { promptId, state } = session.run
      const old = before.get(session) ?? session.run
      // A run that began while the answer was on its way is not in it, and needs none: its events come.
      if (promptId !== old.promptId) continue
      if (session === runs) {
        const id = String(mine?.[1])
        this.jobs.add(id, mine?.[2], mine?.[3]?.extra_pnginfo?.workflow ?? null, null, mine?.[3]?.easel?.sweep)
        if (promptId !== id || (state !== 'running' && old.state === state)) session.startRun(id)
      } else if (promptId && state === 'running' && old.state === state && !running.includes(promptId)) {
        this.takeOutcome(session, history?.[promptId] ?? null)
      }
    }
  }

  /** @param {Record<string, any>} history  oldest first */
  takeHistory(history) {
    this.results.add(Object.entries(history).flatMap(([id, entry]) => {
      const workflow = entry?.prompt?.[3]?.extra_pnginfo?.workflow ?? null
      const sweep = entry?.prompt?.[3]?.easel?.sweep
      return Object.entries(entry?.outputs ?? {}).flatMap(([node, output]) => resultsOf(id, entry?.prompt?.[2], { [node]: output }, () => Promise.resolve(cellGraph(workflow, sweep, node))))
    }))
  }

  /** After a reload the nodes show again what the last run of each document made. @param {Record<string, any>} history */
  showLast(history) {
    const seen = new Set()
    for (const { prompt, outputs } of Object.values(history).reverse()) {
      if (prompt?.[3]?.client_id !== this.client.clientId) continue
      const session = this.sessionOf(prompt[3]?.easel?.document?.id ?? null)
      if (!session || seen.has(session)) continue
      seen.add(session)
      if (session.run.promptId !== null) continue
      for (const [id, output] of Object.entries(outputs ?? {})) session.update(id, { images: picturesOf(output), text: textsOf(output) })
    }
  }

  /** The run that this page watched has ended unseen. @param {import('../model/session.js').Session} session @param {any} entry  of the history */
  takeOutcome(session, entry) {
    for (const id of [...session.ids()]) {
      if (session.status(id).state === 'running') session.update(id, { state: entry ? 'done' : 'idle' })
    }
    for (const [id, output] of Object.entries(entry?.outputs ?? {})) {
      session.update(id, { state: 'done', images: picturesOf(output), text: textsOf(output) })
    }
    const failure = entry?.status?.messages?.find((/** @type {any} */ message) => message[0] === 'execution_error')?.[1]
    if (failure) session.update(String(failure.node_id), { state: 'error', error: { message: String(failure.exception_message).trim(), input: null, detail: (failure.traceback ?? []).join('') } })
    session.setRun({ state: failure ? 'error' : entry ? 'done' : 'interrupted', node: null })
  }
}

/** @param {any} status what /easel/status said */
function isReady(status) {
  const state = status?.worker?.state
  return state === 'ready' || state === 'busy'
}
