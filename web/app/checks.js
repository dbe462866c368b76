/**
 * Looks at the document as it is opened and edited, and notes at its nodes what the next run would stumble over: types
 * that this server does not have, files that are not there. Only what changed is looked at again.
 *
 * @typedef {import('../tools/editor.js').Editor} Editor
 * @typedef {import('../model/types.js').NodeRecord} NodeRecord
 */
import { faultsOf } from '../model/faults.js'
import { widgetsOf } from '../model/widget_values.js'
import { touchedBy } from './troubles.js'

export class Checks {
  /** @param {{ editor: Editor, session: import('../model/session.js').Session, names: import('./names.js').Names }} parts */
  constructor({ editor, session, names }) {
    this.editor = editor
    this.session = session
    this.names = names
    /** Records to look at; null for all. @type {Set<string> | null} */
    this.wanted = new Set()
    this.waiting = false
    session.listen(change => { if (change.notices) editor.invalidate() })
    editor.store.listen((diff, source) => {
      if (source === 'load') return this.all()
      for (const id of touchedBy(diff, (graph, key) => names.recordId(graph, key))) this.wanted?.add(id)
      this.later()
    })
  }

  /** Everything: another document, or other node types and files. */
  all() {
    this.wanted = null
    this.later()
  }

  later() {
    if (this.waiting || this.wanted?.size === 0) return
    this.waiting = true
    if ('requestIdleCallback' in globalThis) requestIdleCallback(() => this.now(), { timeout: 500 })
    else setTimeout(() => this.now(), 30)
  }

  now() {
    this.waiting = false
    const { store, schema } = this.editor
    const ids = this.wanted ?? new Set([...[...store.records()].flatMap(record => (record.kind === 'node' ? record.id : [])), ...this.session.noticed()])
    this.wanted = new Set()
    if (!hasTypes(schema)) return // the server has not told yet what it has
    /** @type {Map<string, readonly import('../model/session.js').Notice[]>} */
    const found = new Map()
    for (const id of ids) {
      const node = store.node(id)
      found.set(id, node ? this.look(node) : [])
    }
    this.session.setNotices(found)
  }

  /** @param {NodeRecord} node */
  look(node) {
    const { editor, names } = this
    const type = editor.types.of(node)
    return faultsOf(node, type, type ? widgetsOf(type, node) : [], name => names.isLinked(node.id, name))
  }
}

/** @param {import('../model/schema.js').Schema} schema */
const hasTypes = schema => [...schema.types.values()].some(type => !type.virtual)
