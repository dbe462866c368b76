/**
 * Queueing the graph: converts, sends, moves the seeds on, and puts refusals on the nodes that they are about.
 *
 * @typedef {import('../tools/editor.js').Editor} Editor
 * @typedef {import('../model/session.js').Session} Session
 * @typedef {import('../model/widget_values.js').Widget} Widget
 * @typedef {{ message: string, input: string | null, detail: string }} Problem
 */
import { ApiError } from '../api/client.js'
import { nextValue } from './next_value.js'

export class Runner {
  /**
   * @param {object} parts
   * @param {Editor} parts.editor
   * @param {import('../api/client.js').Client} parts.client
   * @param {Session} parts.session
   * @param {import('./jobs.js').Jobs} parts.jobs
   * @param {import('../panels/toasts.js').Toasts} parts.toasts
   * @param {import('./names.js').Names} parts.names
   */
  constructor({ editor, client, session, jobs, toasts, names }) {
    this.editor = editor
    this.client = client
    this.session = session
    this.jobs = jobs
    this.toasts = toasts
    this.names = names
    /** What a node's controlled widgets had in the newest run: record id → widget → value. @type {Map<string, Record<string, unknown>>} */
    this.lastUsed = new Map()
    /** Problems that the server's check found, by prompt id, until they are mended. @type {Map<string, Problem>} */
    this.refused = new Map()
    /** Presses that follow quickly keep their order. */
    this.last = Promise.resolve()
    editor.store.listen((diff, source) => this.forgetMended(diff, source))
  }

  /**
   * @param {{ count?: number, front?: boolean, number?: number }} [how]
   * @returns {Promise<boolean>} whether all were accepted
   */
  queue({ count = 1, front = false, number } = {}) {
    const accepted = this.last.then(async () => {
      for (let done = 0; done < count; done += 1) {
        if (!(await this.queueOne(front, number))) return false
      }
      return true
    })
    this.last = accepted.then(() => undefined)
    return accepted
  }

  /** @param {boolean} front @param {number | undefined} number */
  async queueOne(front, number) {
    const { output, workflow } = await this.editor.toPrompt()
    if (!Object.keys(output).length) {
      this.toasts.show({ key: 'problem', tone: 'warning', text: 'There is nothing to run yet.', detail: 'Add a node that makes or shows a picture, such as Save Image.' })
      return false
    }
    const used = this.controlled()
    this.forgetProblems() // before sending: a run that fails at once is told of before its acceptance is
    try {
      const reply = await this.client.queuePrompt({ prompt: output, workflow, front, ...(number === undefined ? {} : { number }) })
      this.jobs.add(reply.prompt_id, output, workflow)
      if (Object.keys(reply.node_errors ?? {}).length) this.refuse(reply.node_errors, null)
    } catch (error) {
      this.tellRefusal(/** @type {Error} */ (error))
      return false
    }
    this.moveOn(used)
    return true
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
    this.editor.store.transact('Next seed', () => {
      for (const { node, widget } of used) {
        if (!this.editor.store.has(node)) continue
        const now = this.editor.widgets(node).find(other => other.name === widget.name)
        const next = nextValue(widget)
        // Typed into while the job was on its way: the person's value stays.
        if (now && now.value === widget.value && next !== widget.value) this.editor.setWidget(node, widget.name, next)
      }
    }, { merge: true })
  }

  interrupt() {
    return this.client.interrupt().catch(error => this.toasts.show({ key: 'stop', tone: 'error', text: 'It could not be stopped.', detail: error.message }))
  }

  forgetProblems() {
    this.refused.clear()
    this.session.clearErrors()
    this.toasts.dismiss('problem')
  }

  /** @param {Error} error */
  tellRefusal(error) {
    const body = error instanceof ApiError ? error.body : null
    const nodeErrors = body?.node_errors ?? {}
    if (Object.keys(nodeErrors).length) return this.refuse(nodeErrors, body.error)
    const path = body?.error?.extra_info?.path
    const node = Array.isArray(path) ? String(path[0]) : body?.error?.extra_info?.node_id
    this.toasts.show({
      key: 'problem', tone: 'error', text: error.message, detail: body?.error?.details || '',
      ...(node === undefined || node === null ? {} : { action: { label: 'Show me', run: () => this.names.show(String(node)) } }),
    })
  }

  /** @param {Record<string, any>} nodeErrors @param {any} error  null where other outputs run all the same */
  refuse(nodeErrors, error) {
    this.forgetProblems()
    for (const [id, { errors, class_type: type }] of Object.entries(nodeErrors)) {
      /** @type {any[]} */
      const list = Array.isArray(errors) && errors.length ? errors : [{ message: 'The server refuses this node.' }]
      this.refused.set(id, {
        message: list.map(item => sentence(item, String(type))).join('\n'),
        input: list[0]?.extra_info?.input_name ?? null,
        detail: list.map(item => [item.message, item.details].filter(Boolean).join(': ')).join('\n'),
      })
    }
    this.showRefused()
    const [first] = this.refused
    if (!first) return
    const more = this.refused.size - 1
    this.toasts.show({
      key: 'problem', tone: 'error',
      text: `${error ? 'The graph cannot run' : 'A part of the graph cannot run'}: ${this.names.title(first[0])}${more ? ` and ${more} more` : ''}`,
      detail: first[1].message,
      action: { label: 'Show me', run: () => this.names.show(first[0]) },
    })
  }

  /** @param {string} id @param {string} message  of a node that failed while it ran */
  tellFailure(id, message) {
    this.toasts.show({ key: 'problem', tone: 'error', text: `${this.names.title(id)} failed.`, detail: message.split('\n')[0] ?? '', action: { label: 'Show me', run: () => this.names.show(id) } })
  }

  /** Once more after a run has cleared the states. */
  showRefused() {
    for (const [id, error] of this.refused) this.session.update(id, { state: 'error', error })
  }

  /**
   * An edit to a node, or to its links, is taken for an attempt to mend it: the next run tells.
   *
   * @param {import('../model/types.js').Diff} diff @param {string} source
   */
  forgetMended(diff, source) {
    if (source === 'load') {
      this.refused.clear()
      this.toasts.dismiss('problem')
      return
    }
    /** @type {Set<string>} */
    const touched = new Set()
    for (const [id, { to }] of Object.entries(diff.updated)) {
      if ('values' in to || 'mode' in to) touched.add(id)
    }
    for (const record of [...Object.values(diff.added), ...Object.values(diff.removed)]) {
      if (record.kind === 'link') touched.add(this.names.recordId(record.graph, record.to))
      if (record.kind === 'node') touched.add(record.id)
    }
    for (const record of touched) {
      const id = this.names.promptId(record)
      if (id === null || !this.session.status(id).error) continue
      this.refused.delete(id)
      this.session.update(id, { state: 'idle', error: null })
    }
  }
}

/**
 * What is wrong, in words. The sentence names its node; where it is shown on that node, this would say it twice.
 *
 * @param {any} item @param {string} type
 */
function sentence(item, type) {
  const text = String(item.sentence ?? [item.message, item.details].filter(Boolean).join(': '))
  const rest = text.startsWith(type) ? text.replace(/^\S+(?: "[^"]*")? \(#[^)]*\):? /u, '') : text
  return rest.charAt(0).toUpperCase() + rest.slice(1)
}
