/**
 * The library of saved graphs, as functions. Names are paths with `/`, without `.json`.
 *
 * @typedef {object} SavedGraph
 * @property {string} name
 * @property {number} size  bytes
 * @property {number} modified  s since 1970
 * @property {number} [nodes]  once the server has looked into it
 * @property {readonly string[]} [tags]
 * @property {boolean} [favourite]
 * @property {number} [opened]  s since 1970
 * @property {string} [picture]  its address
 *
 * @typedef {object} Template
 * @property {string} name
 * @property {string} pack  that brings it; '' for ours
 * @property {string} title
 * @property {string} description
 * @property {readonly string[]} tags
 * @property {number} nodes
 * @property {readonly string[]} types
 * @property {string | null} picture
 * @property {boolean} [broken]
 */
import { exampleInWords } from '../language/examples.js'

const ROOT = '/easel/library'

export class GraphLibrary {
  /** @param {import('./client.js').Client} client */
  constructor(client) {
    this.client = client
  }

  /** @param {string} [query]  words that are in the name, the tags or the graph @returns {Promise<{ graphs: SavedGraph[], folders: string[] }>} */
  list(query = '') {
    return this.client.json(query ? `${ROOT}?q=${encodeURIComponent(query)}` : ROOT)
  }

  /** @param {readonly string[]} names @param {{ favourite?: boolean, tags?: readonly string[], add?: readonly string[], remove?: readonly string[], opened?: true }} marks */
  mark(names, marks) {
    return this.client.send('POST', `${ROOT}/marks`, { names, ...marks })
  }

  /** @param {string} from @param {string} to @param {boolean} [folder] */
  move(from, to, folder = false) {
    return this.client.send('POST', `${ROOT}/move`, { from, to, folder })
  }

  /** @param {string} name @returns {Promise<{ name: string }>} */
  duplicate(name) {
    return this.client.send('POST', `${ROOT}/duplicate`, { name })
  }

  /** @param {string} name */
  makeFolder(name) {
    return this.client.send('POST', `${ROOT}/folders`, { name })
  }

  /** To the trash. @param {{ graphs?: readonly string[], folders?: readonly string[] }} what @returns {Promise<{ token: string }>} */
  remove(what) {
    return this.client.send('POST', `${ROOT}/delete`, what)
  }

  /** @param {string} token @returns {Promise<{ names: string[] }>} */
  restore(token) {
    return this.client.send('POST', `${ROOT}/restore`, { token })
  }

  /** @returns {Promise<Template[]>} */
  templates() {
    return this.client.json('/easel/workflows')
  }

  /** @param {Pick<Template, 'name' | 'pack'>} template @returns {Promise<any>} */
  async template({ name, pack }) {
    return exampleInWords(await this.client.json(`/easel/workflows/${encodeURIComponent(name)}${pack ? `?pack=${encodeURIComponent(pack)}` : ''}`))
  }
}
