/**
 * What happens in the page, told to packs as plain data.
 *
 * @typedef {'graph' | 'selection' | 'run' | 'node' | 'results'} EventName
 */

/** @type {readonly EventName[]} */
const NAMES = ['graph', 'selection', 'run', 'node', 'results']

export class PackEvents {
  /** @type {Map<string, Set<(data: any) => void>>} */
  #listeners = new Map(NAMES.map(name => [name, new Set()]))

  /** @param {object} parts @param {import('../tools/editor.js').Editor} parts.editor @param {import('../model/session.js').Session} parts.session @param {import('../app/results.js').Results} parts.results */
  constructor({ editor, session, results }) {
    let graphTold = 0
    editor.store.listen(() => { // a drag changes it with every frame
      if (this.#listeners.get('graph')?.size) graphTold ||= requestAnimationFrame(() => { graphTold = 0; this.#tell('graph', null) })
    })
    editor.on('selection', () => this.#tell('selection', [...editor.selection].flatMap(id => editor.store.node(id)?.key ?? []).map(String)))
    session.listen(change => {
      const { promptId, state, node, message } = session.run
      if (change.run) this.#tell('run', { id: promptId, state, node, message })
      if (!this.#listeners.get('node')?.size) return
      for (const id of change.nodes) {
        const status = session.status(id)
        this.#tell('node', { id, state: status.state, value: status.value, max: status.max })
      }
    })
    results.listen(() => this.#tell('results', results.list.slice(0, 50).map(({ file }) => ({ ...file }))))
  }

  names() {
    return [...NAMES]
  }

  /** @param {string} name */
  has(name) {
    return this.#listeners.has(name)
  }

  /** @param {EventName} name @param {(data: any) => void} listener @returns {() => void} */
  listen(name, listener) {
    this.#listeners.get(name)?.add(listener)
    return () => this.#listeners.get(name)?.delete(listener)
  }

  /** @param {EventName} name @param {unknown} data */
  #tell(name, data) {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) listener(data)
  }
}
