/**
 * Sweeps that run or have run: what is known of each cell, from the server's events where the job is this page's own, and
 * from the server's answer else.
 *
 * @typedef {import('./plan.js').Sweep} Sweep
 * @typedef {'waiting' | 'running' | 'done' | 'error' | 'interrupted'} State
 * @typedef {{state: 'waiting' | 'running' | 'done' | 'failed' | 'missing', error: string}} CellState `missing`: the run ended without it
 */
import { t } from '../language/t.js'

/** Ms between two questions after a job of this page, whose events come by themselves, and of another. */
const [OWN, OTHER] = [5000, 1500]
const KEPT = 12

export class Run {
  /** @param {{promptId: string, sweep: Sweep, workflow: any, state: State, own: boolean, outputs?: Record<string, any>, failures?: Record<string, string>}} known */
  constructor({ promptId, sweep, workflow, state, own, outputs = {}, failures = {} }) {
    this.promptId = promptId
    this.sweep = sweep
    this.workflow = workflow
    this.state = state
    this.own = own
    /** By id in the prompt. */
    this.outputs = new Map(Object.entries(outputs))
    this.failures = new Map(Object.entries(failures))
    /** Ids in the prompt that a cell has for itself. @type {ReadonlySet<string>[]} */
    this.ownIds = sweep.cells.map(({ nodes }) => new Set(Object.values(nodes)))
    /** The node that runs. @type {string | null} */
    this.node = null
    /** The cell that it runs for, as long as nothing changes. @type {number | null} */
    this.at = null
    /** @type {Set<() => void>} */
    this.listeners = new Set()
  }

  get isOver() {
    return this.state !== 'waiting' && this.state !== 'running'
  }

  changed() {
    this.at = null
    this.listeners.forEach((listener) => listener())
  }

  /** The id in the prompt of a node of the graph, as it is in a cell. @param {number} cell @param {string} id */
  idIn(cell, id) {
    return this.sweep.cells[cell]?.nodes[id] ?? id
  }

  /** What a cell shows at one of the sweep's outputs. @param {number} cell @param {string} output */
  shown(cell, output) {
    return this.outputs.get(this.idIn(cell, output)) ?? null
  }

  /** @param {number} cell @param {string} id in the prompt */
  has(cell, id) {
    return this.ownIds[cell]?.has(id) || (!id.includes('@') && !(id in (this.sweep.cells[cell]?.nodes ?? {})))
  }

  /** @param {number} cell @returns {CellState} */
  cell(cell) {
    for (const [id, error] of this.failures) if (this.has(cell, id)) return { state: 'failed', error }
    if (this.sweep.outputs.every((id) => this.outputs.has(this.idIn(cell, id)))) return { state: 'done', error: '' }
    if (this.isOver) return { state: 'missing', error: '' }
    return { state: this.state === 'running' && this.node !== null && cell === this.current() ? 'running' : 'waiting', error: '' }
  }

  /** The first cell that is not done and has the node that runs. */
  current() {
    const { node } = this
    if (node === null) return -1
    this.at ??= this.sweep.cells.findIndex((_, cell) => this.has(cell, node) && !this.sweep.outputs.every((id) => this.outputs.has(this.idIn(cell, id))))
    return this.at
  }

  /** How many are done, have failed, and are there at all. */
  counts() {
    const states = this.sweep.cells.map((_, cell) => this.cell(cell).state)
    return { done: states.filter((state) => state === 'done').length, failed: states.filter((state) => state === 'failed').length, all: states.length }
  }
}

export class Runs {
  /** @param {{client: import('../api/client.js').Client}} parts */
  constructor({ client }) {
    this.client = client
    /** @type {Map<string, Run>} */
    this.byId = new Map()
    client.onEvent(({ type, data }) => this.hear(type, data ?? {}))
    client.onState((state) => {
      if (state === 'open') for (const run of this.byId.values()) if (!run.isOver && run.listeners.size) void this.refresh(run)
    })
  }

  /** @param {string} promptId @param {Sweep} sweep @param {any} workflow */
  add(promptId, sweep, workflow) {
    return this.keep(new Run({ promptId, sweep, workflow, state: 'waiting', own: true }))
  }

  /** @param {Run} run */
  keep(run) {
    this.byId.set(run.promptId, run)
    for (const [id, old] of this.byId) if (this.byId.size > KEPT && old.isOver && !old.listeners.size) this.byId.delete(id)
    return run
  }

  /** A sweep by its job; rejects, with a sentence, where there is none. @param {string} promptId */
  async open(promptId) {
    const known = this.byId.get(promptId)
    if (known) return known
    const found = await this.ask(promptId)
    return this.keep(new Run({ promptId, sweep: found.sweep, workflow: found.workflow, state: found.state, own: found.client_id === this.client.clientId, outputs: found.outputs, failures: found.failures }))
  }

  /** The newest ones, newest first. @returns {Promise<{prompt_id: string, accepted: number, axes: {title: string, count: number}[], cells: number, state: State}[]>} */
  list() {
    return this.client.json('/easel/sweeps')
  }

  /** @param {string} promptId @returns {Promise<any>} */
  ask(promptId) {
    return this.client.json(`/easel/sweeps/${encodeURIComponent(promptId)}`)
  }

  /** @param {Run} run */
  async refresh(run) {
    try {
      const { outputs, failures, state } = await this.ask(run.promptId)
      if (run.isOver && state !== 'done') return // an older answer
      for (const [id, output] of Object.entries(outputs)) run.outputs.set(id, output)
      for (const [id, error] of Object.entries(failures)) run.failures.set(id, String(error))
      run.state = state
      run.changed()
    } catch (error) {
      if (/** @type {any} */ (error).status !== 404) return // asked again
      run.state = 'interrupted' // taken out of the queue
      run.changed()
    }
  }

  /** Tells of every change until the function that it returns is called. @param {Run} run @param {() => void} listener */
  watch(run, listener) {
    run.listeners.add(listener)
    const timer = setInterval(() => {
      if (run.isOver) clearInterval(timer)
      else void this.refresh(run)
    }, run.own ? OWN : OTHER)
    return () => {
      run.listeners.delete(listener)
      clearInterval(timer)
    }
  }

  /** @param {string} type @param {any} data */
  hear(type, data) {
    const run = this.byId.get(data.prompt_id)
    if (!run) return
    switch (type) {
      case 'execution_start':
        run.state = 'running'
        break
      case 'executing':
        if (data.node === null || data.node === run.node) return
        run.state = 'running'
        run.node = String(data.node)
        break
      case 'executed':
        if (!data.output) return
        run.outputs.set(String(data.node), data.output)
        break
      case 'execution_error':
        if (data.exception_type !== 'ExecutionBlocked') run.failures.set(String(data.node_id), String(data.exception_message ?? t('It failed.')).trim())
        if (data.timestamp) run.state = 'error'
        break
      case 'execution_success':
        run.state = 'done'
        break
      case 'execution_interrupted':
        run.state = 'interrupted'
        break
      default:
        return
    }
    run.changed()
  }
}
