/**
 * What keeps nodes from running: what the server's check refused, what failed in a run, and what the page sees before any.
 * It is put on the nodes, told in one notice however many there are, and mended.
 *
 * @typedef {import('../tools/editor.js').Editor} Editor
 * @typedef {import('../model/faults.js').Fault} Fault
 * @typedef {import('../model/session.js').NodeError} NodeError
 * @typedef {import('../model/types.js').NodeRecord} NodeRecord
 *
 * @typedef {object} Trouble One node's.
 * @property {string} key
 * @property {string | null} id In the prompt; null for what was seen without one.
 * @property {NodeRecord | undefined} record Undefined for a node that is gone.
 * @property {'error' | 'warning'} tone
 * @property {readonly Fault[]} faults Most important first.
 * @property {string} detail
 */
import { ApiError } from '../api/client.js'
import { repairAll, repairsOf } from '../commands/repair.js'
import { fromServer } from '../language/server.js'
import { many, t } from '../language/t.js'
import { faultFrom, isChoice, packOf, rankOf } from '../model/faults.js'
import { labelOf } from '../model/labels.js'
import { recordAt } from '../model/prompt_ids.js'

/** A notice that is wrong as soon as the server is back. */
export const AWAY = 'server-away'

export class Troubles {
  /**
   * @param {object} parts
   * @param {Editor} parts.editor
   * @param {import('../model/session.js').Session} parts.session
   * @param {import('../panels/toasts.js').Toasts} parts.toasts
   * @param {import('./names.js').Names} parts.names
   * @param {() => void} parts.openList  the panel of problems
   */
  constructor({ editor, session, toasts, names, openList }) {
    this.editor = editor
    this.session = session
    this.toasts = toasts
    this.names = names
    this.openList = openList
    /** What the server's check found, by prompt id, until it is mended. @type {Map<string, NodeError>} */
    this.refused = new Map()
    /** @type {{ version: number, document: number, list: readonly Trouble[] } | null} */
    this.kept = null
    /** @type {{ of: readonly Trouble[], list: { node: NodeRecord, fault: Fault }[] } | null} */
    this.keptMendable = null
    this.quiet = false
    editor.store.listen((diff, source) => this.forgetMended(diff, source))
  }

  /** @param {string} id in the prompt */
  recordOf(id) {
    return recordAt(this.editor.store, id) ?? this.names.node(id)
  }

  /** All there are, errors first, each with what can be done. @returns {readonly Trouble[]} */
  list() {
    const { session, editor } = this
    if (this.kept?.version === session.version && this.kept.document === editor.store.version) return this.kept.list
    const errors = this.errors()
    const list = [...errors, ...this.warnings(errors)]
    list.sort((left, right) => Number(left.tone === 'warning') - Number(right.tone === 'warning') || first(left) - first(right))
    // Steps of a run change nothing of it: what was derived from the list stays.
    const stays = this.kept?.document === editor.store.version && same(this.kept.list, list)
    this.kept = { version: session.version, document: editor.store.version, list: stays && this.kept ? this.kept.list : list }
    return this.kept.list
  }

  /** @returns {Trouble[]} */
  errors() {
    return [...this.session.ids()].flatMap(id => {
      const { error } = this.session.status(id)
      if (!error) return []
      const faults = error.faults ?? [{ kind: 'failed', message: error.message, input: error.input, extra: {} }]
      return [{ key: `error ${id}`, id, record: this.recordOf(id), tone: /** @type {const} */ ('error'), faults: sorted(faults), detail: error.detail }]
    })
  }

  /** @param {readonly Trouble[]} errors @returns {Trouble[]} */
  warnings(errors) {
    const { session, editor } = this
    const seen = [...session.noticed()].map(id => ({ key: `notice ${id}`, id: null, record: editor.store.node(id), faults: sorted(session.notices(id)) }))
    const noted = [...session.ids()].flatMap(id => {
      const faults = session.status(id).warnings.map(message => ({ kind: 'noted', message, input: null, extra: {} }))
      return faults.length ? [{ key: `warning ${id}`, id, record: this.recordOf(id), faults }] : []
    })
    // What an error says already is not said twice.
    const wrong = new Set(errors.flatMap(({ record }) => record?.id ?? []))
    return [...seen, ...noted].flatMap(each => (each.record && !wrong.has(each.record.id) ? [{ ...each, tone: /** @type {const} */ ('warning'), detail: '' }] : []))
  }

  /** @param {Trouble} trouble @param {Fault} fault */
  repairs(trouble, fault) {
    const { record } = trouble
    if (!record) return []
    const repairs = [...this.packRepairs(record, fault), ...repairsOf(this.editor, record, fault)]
    const widget = isChoice(fault) && fault.input !== null ? this.editor.widget(record.id, fault.input) : undefined
    if (widget?.spec.kind !== 'combo' || widget.spec.options.length < 2) return repairs
    return [...repairs, { label: t('Choose another'), sure: false, run: () => this.choose(record, widget.name) }]
  }

  /** A node whose pack is here and off, or did not load, leads to it. @param {NodeRecord} record @param {Fault} fault @returns {import('../commands/repair.js').Repair[]} */
  packRepairs(record, { kind }) {
    const pack = kind === 'missing_node_type' ? packOf(record) : null
    return pack ? [{ label: t('Show the pack'), sure: false, run: () => void this.editor.run('packs', pack.name) }] : []
  }

  /** Opens the list of a widget once its node has come into view: lists close when the view moves. @param {NodeRecord} record @param {string} name */
  choose(record, name) {
    const { editor } = this
    this.names.showRecord(record)
    /** @type {import('../geometry/viewport.js').Camera | null} */
    let before = null
    const whenStill = () => {
      if (editor.camera === before) return editor.editWidget(record.id, name)
      before = editor.camera
      requestAnimationFrame(whenStill)
    }
    requestAnimationFrame(whenStill)
  }

  /** What can be done about a node. @param {string} record @returns {import('../commands/repair.js').Repair[]} */
  repairsFor(record) {
    return this.list().filter(trouble => trouble.record?.id === record)
      .flatMap(trouble => trouble.faults.flatMap(fault => this.repairs(trouble, fault).slice(0, 2)))
  }

  /** Faults that have a repair which need not be looked at. */
  mendable() {
    const of = this.list()
    if (this.keptMendable?.of === of) return this.keptMendable.list
    const list = of.flatMap(trouble => {
      const { record } = trouble
      return record ? trouble.faults.filter(fault => repairsOf(this.editor, record, fault).some(({ sure }) => sure)).map(fault => ({ node: record, fault })) : []
    })
    this.keptMendable = { of, list }
    return list
  }

  repairAll() {
    const count = repairAll(this.editor, this.mendable())
    this.toasts.dismiss('problem')
    this.toasts.show({
      key: 'repaired', tone: count ? 'done' : 'info', text: count ? many(count, 'One problem is mended.', '{count} problems are mended.') : t('Nothing could be mended without a choice of yours.'),
      ...(count ? { detail: t('Ctrl+Z takes it back.') } : {}),
    })
  }

  /** @param {Trouble} trouble */
  show(trouble) {
    if (trouble.id !== null) this.names.show(trouble.id)
    else if (trouble.record) this.names.showRecord(trouble.record)
  }

  forget() {
    this.refused.clear()
    this.session.clearErrors()
    this.toasts.dismiss('problem')
  }

  /** @param {Error} error @param {boolean} [quiet]  only at the nodes */
  tellRefusal(error, quiet = false) {
    const body = error instanceof ApiError ? error.body : null
    const nodeErrors = body?.node_errors ?? {}
    if (Object.keys(nodeErrors).length) return this.refuse(nodeErrors, body.error, quiet)
    if (quiet) return
    const path = body?.error?.extra_info?.path
    const node = Array.isArray(path) ? String(path[0]) : body?.error?.extra_info?.node_id
    this.toasts.show({
      key: error instanceof ApiError && error.status === 0 ? AWAY : 'problem', tone: 'error', text: error.message, detail: fromServer(body?.error?.details || ''),
      ...(node === undefined || node === null ? {} : { action: { label: t('Show me'), run: () => this.names.show(String(node)) } }),
    })
  }

  /** @param {Record<string, any>} nodeErrors @param {any} error  null where other outputs run all the same @param {boolean} [quiet] */
  refuse(nodeErrors, error, quiet = false) {
    this.refused.clear()
    for (const [id, { errors, class_type: type }] of Object.entries(nodeErrors)) {
      /** @type {any[]} */
      const list = Array.isArray(errors) && errors.length ? errors : [{ message: t('The server refuses this node.') }]
      const record = this.recordOf(id)
      const labelFor = (/** @type {string} */ name) => labelOf(record, record && this.editor.types.of(record), name)
      const faults = sorted(list.map(item => faultFrom(item, String(type), labelFor)))
      this.refused.set(id, {
        message: faults.map(({ message }) => message).join('\n'), input: faults[0]?.input ?? null, faults,
        detail: list.map(item => [item.message, item.details].filter(Boolean).join(': ')).join('\n'),
      })
    }
    this.showRefused()
    if (!quiet) this.tell(error !== null && error !== undefined)
  }

  /** One notice for all errors. @param {boolean} whole  nothing runs */
  tell(whole) {
    const errors = this.list().filter(({ tone }) => tone === 'error')
    const [worst] = errors
    if (!worst) return
    const count = errors.reduce((sum, { faults }) => sum + faults.length, 0)
    const title = worst.record ? this.names.titleOf(worst.record) : `#${worst.id}`
    const message = worst.faults[0]?.message ?? ''
    const mendable = this.mendable().length
    const [repair] = worst.faults[0] ? this.repairs(worst, worst.faults[0]).filter(({ sure }) => sure) : []
    this.toasts.show({
      key: 'problem', tone: 'error',
      text: refusedText(whole, count, title),
      detail: count === 1 ? message : `${title}: ${message}`,
      actions: [
        { label: t('Show me'), run: () => this.show(worst) },
        ...(count > 1 ? [{ label: t('Show all'), run: this.openList }] : []),
        ...(count > 1 && mendable > 1 ? [{ label: t('Repair {count}', { count: mendable }), tip: t('As one step that can be undone'), run: () => this.repairAll() }] : repair ? [{ label: repair.label, run: repair.run }] : []),
      ],
    })
  }

  /** @param {string | null} id  of a node that failed while it ran; null where no node is to blame @param {string} message */
  tellFailure(id, message) {
    const there = id !== null && this.names.node(id) !== undefined
    this.toasts.show({
      key: 'problem', tone: 'error', detail: message.split('\n')[0] ?? '',
      text: id === null ? t('The run failed.') : there ? t('{title} failed.', { title: this.names.title(id) }) : t('A node that is no longer in the graph (#{id}) failed.', { id }),
      ...(there ? { action: { label: t('Show me'), run: () => this.names.show(id) } } : {}),
    })
  }

  /** A change that is no attempt to mend anything, such as the next seed after a run that may have failed already. @param {() => void} change */
  quietly(change) {
    this.quiet = true
    try {
      change()
    } finally {
      this.quiet = false
    }
  }

  /** Once more after a run has cleared the states. */
  showRefused() {
    for (const [id, error] of this.refused) this.session.update(id, { state: 'error', error })
  }

  /** Node types have come: whoever has its type now is not refused for the want of it any more. */
  typesCame() {
    let mended = false
    for (const { id, record, faults } of this.errors()) {
      if (!id || !record || !faults.every(({ kind }) => kind === 'missing_node_type') || !this.editor.types.of(record)) continue
      this.refused.delete(id)
      this.session.update(id, { state: 'idle', error: null })
      mended = true
    }
    if (mended) this.toasts.dismiss('problem') // it counts what is no more
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
    if (this.quiet) return
    const touched = touchedBy(diff, (graph, key) => this.names.recordId(graph, key))
    const wrong = [...this.session.ids()].filter(id => this.session.status(id).error)
    for (const id of wrong) {
      const record = recordAt(this.editor.store, id)
      if (record && !touched.has(record.id)) continue
      this.refused.delete(id)
      this.session.update(id, { state: 'idle', error: null })
    }
    if (wrong.length && !this.errors().length) this.toasts.dismiss('problem')
  }
}

/**
 * Nodes whose values, type or links a change touched.
 *
 * @param {import('../model/types.js').Diff} diff @param {(graph: string, key: import('../model/types.js').Key) => string} recordId
 */
export function touchedBy(diff, recordId) {
  /** @type {Set<string>} */
  const touched = new Set()
  for (const id in diff.updated) {
    const to = diff.updated[id]?.to ?? {}
    if ('values' in to || 'mode' in to || 'type' in to || 'inputs' in to || 'properties' in to) touched.add(id)
  }
  for (const record of [...Object.values(diff.added), ...Object.values(diff.removed)]) {
    if (record.kind === 'link') touched.add(recordId(record.graph, record.to))
    if (record.kind === 'node') touched.add(record.id)
  }
  return touched
}

/** @param {readonly Trouble[]} left @param {readonly Trouble[]} right */
const same = (left, right) => left.length === right.length && left.every((trouble, index) => {
  const other = right[index]
  return other !== undefined && trouble.key === other.key && trouble.record === other.record && trouble.faults.length === other.faults.length &&
    trouble.faults.every((fault, at) => fault.message === other.faults[at]?.message)
})

/** @param {boolean} whole nothing runs @param {number} count of problems @param {string} title of the only node */
function refusedText(whole, count, title) {
  if (count === 1) return whole ? t('The graph cannot run: {title}', { title }) : t('A part of the graph cannot run: {title}', { title })
  return whole ? many(count, 'The graph cannot run: {count} problem', 'The graph cannot run: {count} problems')
    : many(count, 'A part of the graph cannot run: {count} problem', 'A part of the graph cannot run: {count} problems')
}

/** @param {readonly Fault[]} faults */
const sorted = faults => faults.toSorted((left, right) => rankOf(left) - rankOf(right))

/** @param {Trouble} trouble */
const first = ({ faults }) => (faults[0] ? rankOf(faults[0]) : 0)
