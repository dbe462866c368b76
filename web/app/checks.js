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

/** Nodes that are looked at between two frames. */
const AT_ONCE = 300
/** Nearest names that are looked for in one document: repairs look for them again when they are asked for. */
const MOST_GUESSES = 200

export class Checks {
  /** @param {{ editor: Editor, session: import('../model/session.js').Session, names: import('./names.js').Names }} parts */
  constructor({ editor, session, names }) {
    this.editor = editor
    this.session = session
    this.names = names
    /** Records to look at; null for all. @type {Set<string> | null} */
    this.wanted = new Set()
    this.waiting = false
    this.guesses = MOST_GUESSES
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
    this.guesses = MOST_GUESSES
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
    if (!hasTypes(schema)) return // the server has not told yet what it has
    this.wanted ??= new Set([...[...store.records()].flatMap(record => (record.kind === 'node' ? record.id : [])), ...this.session.noticed()])
    /** @type {Map<string, readonly import('../model/session.js').Notice[]>} */
    const found = new Map()
    for (const id of this.wanted) {
      if (found.size === AT_ONCE) break
      this.wanted.delete(id)
      const node = store.node(id)
      found.set(id, node ? this.look(node) : [])
    }
    this.session.setNotices(found, id => store.node(id)?.graph)
    this.later() // a large graph is looked at in parts, so that nobody waits for it
  }

  /** @param {NodeRecord} node */
  look(node) {
    const { editor, names } = this
    const type = editor.types.of(node)
    const guess = this.guesses > 0
    const faults = faultsOf(node, type, type ? widgetsOf(type, node) : [], name => names.isLinked(node.id, name), guess)
    if (guess && faults.some(({ kind }) => kind === 'missing_file')) this.guesses--
    return faults
  }
}

/** @param {import('../model/schema.js').Schema} schema */
const hasTypes = schema => [...schema.types.values()].some(type => !type.virtual)
