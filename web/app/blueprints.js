/**
 * Subgraphs that are kept in the library, to be used again in any graph: files under `subgraphs/` of the server's user data,
 * each a small graph with one node and the definitions that it needs, as the incumbent keeps its own.
 *
 * @typedef {import('../tools/editor.js').Editor} Editor
 * @typedef {import('../model/schema.js').NodeType} NodeType
 * @typedef {{ name: string, type: NodeType | null, json: any, wrong: string }} Blueprint  `wrong`: why it cannot be used
 */
import { ApiError } from '../api/client.js'
import { copyText, pasteText } from '../commands/clipboard.js'
import { connect } from '../commands/connect.js'
import { t } from '../language/t.js'
import { Graph } from '../model/graph.js'
import { asList, isObject } from '../model/json.js'
import { NodeTypes } from '../model/node_types.js'
import { Store } from '../model/store.js'
import { load } from '../model/workflow.js'
import { uuid } from '../model/uuid.js'

const FOLDER = 'subgraphs'
/** Files read at most: each is asked for by itself. */
const MOST = 300

export class Blueprints {
  /** @type {readonly Blueprint[]} */
  all = []
  /** What became of reading them. */
  failure = ''
  /** @type {Promise<void> | null} */
  #reading = null
  /** @type {Set<() => void>} */
  #listeners = new Set()

  /**
   * @param {object} parts
   * @param {Editor} parts.editor
   * @param {import('../api/client.js').Client} parts.client
   * @param {import('../panels/toasts.js').Toasts} parts.toasts
   */
  constructor({ editor, client, toasts }) {
    this.editor = editor
    this.client = client
    this.toasts = toasts
  }

  /** @param {() => void} listener */
  listen(listener) {
    this.#listeners.add(listener)
    void this.read()
    return () => void this.#listeners.delete(listener)
  }

  /** Reads them once; `again` after a change. @param {{ again?: boolean }} [how] */
  read({ again = false } = {}) {
    if (again || !this.#reading) this.#reading = this.#readAll()
    return this.#reading
  }

  async #readAll() {
    try {
      const files = (await this.client.listUserFiles(FOLDER)).filter(({ path }) => path.endsWith('.json')).slice(0, MOST)
      this.all = (await Promise.all(files.map(({ path }) => this.#readOne(path)))).toSorted((left, right) => left.name.localeCompare(right.name, 'en'))
      this.failure = ''
    } catch (error) {
      this.failure = t('Your nodes could not be read: {reason}', { reason: /** @type {Error} */ (error).message })
      this.#reading = null // the next one who asks tries again
    }
    this.#listeners.forEach(listener => listener())
  }

  /** @param {string} path @returns {Promise<Blueprint>} */
  async #readOne(path) {
    const name = path.replace(/\.json$/u, '')
    try {
      const json = await this.client.readUserFile(`${FOLDER}/${path}`)
      const type = typeIn(json, this.editor.schema)
      return { name, json, type: type && { ...type, name: `${FOLDER}/${name}`, title: name, category: 'my nodes' }, wrong: type ? '' : t('it holds no subgraph') }
    } catch {
      return { name, json: null, type: null, wrong: t('it is no JSON, or the server could not read it') }
    }
  }

  /** Puts a copy of one on the canvas, linked to the socket that was dragged from. @param {Blueprint} blueprint @param {import('../model/types.js').Point} point @param {import('../model/types.js').SocketRef | null} [from] */
  add({ name, json, type, wrong }, point, from = null) {
    const { editor } = this
    if (!type) {
      editor.notify(t('“{name}” cannot be used: {wrong}. Delete it from the library, or save it again.', { name, wrong }))
      return null
    }
    return editor.store.transact(t('Add {name}', { name }), () => {
      const text = JSON.stringify({ ...json, format: 'easel/nodes', links: [] })
      const id = pasteText(editor, text, { point, copies: true })?.[0] ?? null
      const node = id === null ? undefined : editor.store.node(id)
      const fits = node && from ? editor.scene.view(node).layout.sockets.find(each => each.side !== from.side && (each.type === from.type || each.type === '*')) : undefined
      if (node && from && fits) connect(editor, from, { node: node.id, side: fits.side, index: fits.index, name: fits.name, type: fits.type })
      return id
    })
  }

  /**
   * Keeps an instance's subgraph. Resolves to false where there is one of that name and `overwrite` is not set.
   *
   * @param {import('../model/types.js').NodeRecord} instance @param {string} name @param {string} description @param {{ overwrite: boolean }} how
   */
  async save(instance, name, description, { overwrite }) {
    const text = copyText(this.editor, [instance.id])
    const { definitions, nodes } = JSON.parse(text ?? '{}')
    const subgraphs = asList(definitions?.subgraphs).map(each => (isObject(each) && each.id === instance.type ? { ...each, name, description } : each))
    const [node] = asList(nodes)
    if (!isObject(node)) throw new Error(t('The node is gone.'))
    const bare = (/** @type {unknown} */ slots, /** @type {string} */ field) => asList(slots).map(slot => ({ .../** @type {any} */ (slot), [field]: null }))
    const kept = { ...node, id: 1, title: undefined, pos: [0, 0], inputs: bare(node.inputs, 'link'), outputs: bare(node.outputs, 'links') }
    const json = { id: uuid(), revision: 0, last_node_id: 1, last_link_id: 0, nodes: [kept], links: [], groups: [], definitions: { subgraphs }, config: {}, extra: {}, version: 0.4 }
    return this.#write(name, json, overwrite)
  }

  /** @param {Blueprint} blueprint @param {string} name */
  async rename(blueprint, name) {
    if (!(await this.#write(name, blueprint.json, false))) return false
    await this.client.deleteUserFile(`${FOLDER}/${blueprint.name}.json`)
    await this.read({ again: true })
    return true
  }

  /** @param {string} name @param {unknown} json @param {boolean} overwrite */
  async #write(name, json, overwrite) {
    try {
      await this.client.writeUserFile(`${FOLDER}/${name}.json`, json, { overwrite })
    } catch (error) {
      if (error instanceof ApiError && error.status === 409) return false
      throw error
    }
    await this.read({ again: true })
    return true
  }

  /** @param {Blueprint} blueprint */
  async remove(blueprint) {
    try {
      await this.client.deleteUserFile(`${FOLDER}/${blueprint.name}.json`)
      await this.read({ again: true })
      this.toasts.show({
        key: 'blueprint', text: t('Deleted “{name}” from the library.', { name: blueprint.name }),
        ...(blueprint.json ? { action: { label: t('Bring it back'), run: () => void this.#write(blueprint.name, blueprint.json, false) } } : {}),
      })
    } catch (error) {
      this.toasts.show({ key: 'blueprint', tone: 'error', text: t('“{name}” could not be deleted.', { name: blueprint.name }), detail: /** @type {Error} */ (error).message })
    }
  }
}

/** The type of the one node in a kept subgraph's file; null where there is no such thing. @param {unknown} json @param {import('../model/schema.js').Schema} schema */
function typeIn(json, schema) {
  const store = new Store()
  store.load(load(json).records)
  const graph = new Graph(store)
  const node = graph.nodes('').find(({ type }) => graph.definition(type))
  return (node && new NodeTypes(schema, graph).of(node)) ?? null
}
