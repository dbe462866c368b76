/**
 * The server's events, written into the session: the one place that knows their names. The document is never touched.
 *
 * @typedef {import('../api/client.js').Client} Client
 * @typedef {import('./results.js').Results} Results
 * @typedef {import('./jobs.js').Jobs} Jobs
 */
import { fromServer } from '../language/server.js'
import { t } from '../language/t.js'
import { isObject } from '../model/json.js'
import { withoutCell } from '../model/prompt_ids.js'
import { Session } from '../model/session.js'
import { cellGraph } from '../sweep/cell_graph.js'
import { Measured } from './measured.js'
import { picturesOf, resultsOf, textsOf } from './results.js'
import { lookAt, lookedAt } from './targets.js'
import { whySentence } from './why.js'

/**
 * @param {object} parts
 * @param {Client} parts.client
 * @param {Session} parts.session  of the shown document
 * @param {(document: string | null) => Session | null} parts.sessionOf  of a document that is open in a tab
 * @param {Results} parts.results
 * @param {Jobs} parts.jobs
 * @param {import('./troubles.js').Troubles} parts.troubles
 * @param {() => import('../model/schema.js').Schema} parts.schema
 * @param {(pictures: import('../model/session.js').PictureRef[]) => Promise<unknown>} parts.prepare  gets them ready to be drawn
 * @param {(document: string, message: string) => void} parts.tellElsewhere  a job of a document that is not shown has failed
 */
export function listenToServer({ client, session: shown, sessionOf, results, jobs, troubles, schema, prepare, tellElsewhere }) {
  const measured = new Measured()
  /** Where the event that is being heard belongs. */
  let session = shown

  /** A job's events go to the document that it was made from, shown or not. @param {unknown} promptId */
  const sessionFor = promptId => (typeof promptId === 'string' ? sessionOf(jobs.documentOf(promptId)) ?? new Session() : shown)

  /** @type {Record<string, (data: any) => void>} */
  const handlers = {
    status: data => {
      const queued = data.status?.exec_info?.queue_remaining
      if (Number.isInteger(queued)) session.setServer({ queued })
    },

    execution_start: data => {
      measured.clear()
      session.startRun(data.prompt_id)
      if (session === shown) troubles.showRefused() // another job's start does not mend them
    },

    execution_cached: data => {
      if (!isCurrent(data)) return
      for (const node of listOf(data.nodes)) {
        if (lookedAt(String(node)) === null) session.update(node, { state: 'cached', why: null, ms: null })
      }
    },

    executing: data => {
      if (data.node === null || data.node === undefined) return finish(data.prompt_id)
      if (!isCurrent(data)) return
      if (data.prompt_id === undefined) session.setRun({ state: 'running' }) // told on a reconnect
      const node = String(data.display_node ?? data.node)
      settle(node)
      if (lookedAt(node) !== null) return // made for a look at another node: nothing of it is on the canvas
      session.setRun({ node })
      // Told once more where lazy inputs have arrived, or for a node within this one: it goes on.
      const goesOn = session.status(node).state === 'running'
      const old = session.status(node).looked && !jobs.get(data.prompt_id)?.prompt?.[lookAt(node)] ? { images: [], text: [], looked: false } : {}
      session.update(node, { state: 'running', ...old, ...(goesOn ? {} : { started: performance.now(), value: 0, max: 0, ms: null, why: why(data, node) }) })
    },

    progress: data => {
      if (isCurrent(data)) session.update(shownFor(data.node), { value: count(data.value), max: count(data.max) })
    },

    progress_state: data => {
      if (!isCurrent(data)) return
      for (const entry of Object.values(data.nodes ?? {})) {
        if (!isObject(entry)) continue
        const node = String(entry.display_node_id ?? entry.node_id)
        const status = session.status(node)
        if (entry.state === 'finished' && status.state === 'running' && session.run.node !== node) done(node)
        else if (entry.state === 'running' && count(entry.max) > 1) session.update(node, { value: count(entry.value), max: count(entry.max) })
      }
    },

    easel_nodes: data => {
      if (!isCurrent(data)) return
      for (const [id, facts] of Object.entries(data.nodes ?? {})) if (isObject(facts)) takeFacts(id, facts)
    },

    executed: data => {
      if (!data.output) return
      const shown = String(data.display_node ?? data.node)
      const node = lookedAt(shown) ?? shown
      const job = jobs.get(data.prompt_id)
      // Results count also where their graph is no longer the one on the canvas.
      results.add(resultsOf(data.prompt_id, job?.prompt, { [node]: data.output }, async () => (job?.workflow ? cellGraph(job.workflow, job.sweep, String(data.node)) : workflowOf(client, data.prompt_id, String(data.node)))))
      const pictures = picturesOf(data.output)
      // The old pictures stay until the new ones are decoded, so that the node never blinks.
      void prepare(pictures).then(() => {
        const heard = sessionFor(data.prompt_id) // another tab may be shown by now
        if (!isCurrent(data, heard)) return
        const before = data.merge ? heard.status(node) : null
        heard.update(node, {
          preview: null, looked: node !== shown,
          images: [...(before?.images ?? []), ...pictures],
          text: [...(before?.text ?? []), ...textsOf(data.output)],
        })
      })
    },

    execution_error: data => {
      if (!isCurrent(data)) return
      const message = fromServer(String(data.exception_message ?? data.exception_type ?? t('It failed.')).trim())
      const detail = Array.isArray(data.traceback) ? data.traceback.join('') : ''
      const id = data.node_id === null || data.node_id === undefined ? null : String(data.node_id)
      const node = id === null ? null : lookedAt(id) ?? withoutCell(id)
      if (node !== null) session.update(node, { state: 'error', error: { message, input: null, detail } })
      if (data.timestamp === null || data.exception_type === 'ExecutionBlocked') return // that branch, or that cell; the run goes on
      session.setRun({ state: 'error', node, message })
      const document = jobs.documentOf(data.prompt_id)
      if (session === shown || document === null) troubles.tellFailure(node, message)
      else tellElsewhere(document, message)
    },

    execution_interrupted: data => {
      if (!isCurrent(data)) return
      settle(null, 'idle')
      session.setRun({ state: 'interrupted', node: null })
    },

    execution_success: data => {
      if (!isCurrent(data)) return
      settle(null)
      session.setRun({ state: 'done', node: null })
    },
  }

  /** @param {string} id @param {any} facts */
  function takeFacts(id, facts) {
    const node = String(facts?.display_node ?? id)
    if (lookedAt(node) !== null) return
    measured.add(node, id, facts)
    const running = session.status(node).state === 'running'
    session.update(node, {
      ...(running ? {} : measured.of(node) ?? {}),
      ...(node === id ? {
        outputs: listOf(facts.outputs).map(output => ({ type: String(output?.type ?? '*'), text: fromServer(String(output?.text ?? '')) })),
        warnings: listOf(facts.warnings).map(warning => fromServer(String(warning))), key: typeof facts.key === 'string' ? facts.key : null, frozen: facts.frozen === true,
      } : {}),
    })
  }

  /** @param {any} data @param {string} node */
  function why(data, node) {
    const now = jobs.get(data.prompt_id)?.prompt?.[node]
    return whySentence(data.reason, {
      type: schema().get(now?.class_type ?? ''), now: now?.inputs ?? {}, before: jobs.before(data.prompt_id, node)?.inputs ?? null,
      isCached: id => session.status(id).state === 'cached',
    })
  }

  /** Late events of an older run change nothing. @param {any} data @param {Session} [of] */
  function isCurrent(data, of = session) {
    return data.prompt_id === undefined || data.prompt_id === of.run.promptId
  }

  /** A node made at run time is shown as the one that made it. @param {unknown} id */
  function shownFor(id) {
    const name = String(id)
    return session.status(name).state === 'running' ? name : session.run.node ?? name
  }

  /** @param {string} node @param {'done' | 'idle'} [state] */
  function done(node, state = 'done') {
    const { started, max, value } = session.status(node)
    const known = state === 'done' ? measured.of(node) : null
    session.update(node, { state, value: state === 'done' ? max : value, ms: started === null ? null : performance.now() - started, ...known ?? {} })
  }

  /** Nodes that ran and are not `except` have ended. @param {string | null} except @param {'done' | 'idle'} [state] */
  function settle(except, state) {
    for (const id of [...session.ids()]) {
      if (id !== except && session.status(id).state === 'running') done(id, state)
    }
  }

  /** @param {string | undefined} promptId */
  function finish(promptId) {
    if (promptId !== undefined && promptId !== session.run.promptId) return
    settle(null)
    if (session.run.state === 'running') session.setRun({ state: 'done', node: null })
  }

  client.onEvent(({ type, data }) => {
    if (!Object.hasOwn(handlers, type)) return
    session = sessionFor(data?.prompt_id)
    handlers[type]?.(data ?? {})
  })

  client.onFrame(frame => {
    const heard = frame.kind === 'text' ? shown : sessionFor(frame.promptId || undefined)
    if (frame.kind === 'text') return heard.update(frame.node, { text: [frame.text] })
    const { run } = heard
    const node = frame.displayNode ?? run.node
    if (!node || (frame.promptId && frame.promptId !== run.promptId)) return
    void createImageBitmap(frame.blob).then(preview => {
      const now = sessionFor(frame.promptId || undefined) // another tab may be shown by now
      const late = now.run.promptId !== run.promptId || now.run.state !== 'running'
      if (late) preview.close()
      else now.update(node, { preview })
    }, () => undefined) // a preview that does not decode is left out
  })
}

/** @param {unknown} value */
const count = value => (typeof value === 'number' && Number.isFinite(value) ? value : 0)

/** @param {unknown} value @returns {any[]} */
const listOf = value => (Array.isArray(value) ? value : [])

/** The graph of a finished or waiting job. @param {Client} client @param {string} promptId @param {string} node that showed a result @returns {Promise<any | null>} */
async function workflowOf(client, promptId, node) {
  const entry = await client.historyEntry(promptId)
  return cellGraph(entry?.prompt?.[3]?.extra_pnginfo?.workflow ?? null, entry?.prompt?.[3]?.easel?.sweep, node)
}
