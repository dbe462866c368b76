/**
 * The server's documents and their versions, as functions.
 *
 * @typedef {object} DocumentInfo
 * @property {string} id
 * @property {string | null} name
 * @property {string | null} stored
 * @property {number} version  of the newest
 * @property {number} time  s since 1970, of the newest
 * @property {number | null} thumbnail  the newest version that has a picture
 * @property {number} nodes
 * @property {number} versions  how many there are
 * @property {number | null} deleted
 *
 * @typedef {{ version: number, time: number, label: string | null, reason: string, size: number, nodes: number, thumbnail: boolean, hash: string }} VersionInfo
 * @typedef {{ base: number | null, name: string | null, stored: string | null, reason: string, writer?: string, origin?: string | null, label?: string, thumbnail?: string }} Said
 */

const ROOT = '/easel/documents'

export class Documents {
  /** @param {import('./client.js').Client} client */
  constructor(client) {
    this.client = client
  }

  /** Newest first. @param {{ before?: number, limit?: number, stored?: string, deleted?: boolean }} [which] @returns {Promise<{ documents: DocumentInfo[], next: number | null }>} */
  list(which = {}) {
    return this.client.json(`${ROOT}?${new URLSearchParams(Object.entries(which).map(([key, value]) => [key, String(value)]))}`)
  }

  /** @param {string} id @returns {Promise<DocumentInfo>} */
  info(id) {
    return this.client.json(`${ROOT}/${id}`)
  }

  /** The newest of those that are saved as a file. @param {string} stored @returns {Promise<DocumentInfo | null>} */
  async ofFile(stored) {
    return (await this.list({ stored, limit: 1 })).documents[0] ?? null
  }

  /**
   * Adds a version. Throws ApiError 409 where `base` is not the newest.
   *
   * @param {string} id @param {Said} said @param {string} text  the workflow, as JSON @param {{ keepalive?: boolean }} [how]
   * @returns {Promise<{ version: number, time: number }>}
   */
  add(id, said, text, { keepalive = false } = {}) {
    return this.client.sendText('POST', `${ROOT}/${id}/versions`, `${JSON.stringify(said).slice(0, -1)},"workflow":${text}}`, { keepalive })
  }

  /** Newest first. @param {string} id @param {{ before?: number, limit?: number }} [which] @returns {Promise<{ versions: VersionInfo[], next: number | null }>} */
  versions(id, which = {}) {
    return this.client.json(`${ROOT}/${id}/versions?${new URLSearchParams(Object.entries(which).map(([key, value]) => [key, String(value)]))}`)
  }

  /** @param {string} id @param {number | 'newest'} version @returns {Promise<VersionInfo & { workflow: any }>} */
  version(id, version) {
    return this.client.json(`${ROOT}/${id}/versions/${version}`)
  }

  /** @param {string} id @param {number} version @param {string | null} label */
  label(id, version, label) {
    return this.client.send('PATCH', `${ROOT}/${id}/versions/${version}`, { label })
  }

  /** @param {string} id @param {{ name?: string | null, stored?: string | null }} changes */
  rename(id, changes) {
    return this.client.send('PATCH', `${ROOT}/${id}`, changes)
  }

  /** Puts it aside; `restore` brings it back. @param {string} id */
  remove(id) {
    return this.client.send('DELETE', `${ROOT}/${id}`)
  }

  /** @param {string} id */
  restore(id) {
    return this.client.send('POST', `${ROOT}/${id}/restore`)
  }

  /** The address of a version's picture. @param {string} id @param {number} version */
  thumbnailUrl(id, version) {
    return `${ROOT}/${id}/versions/${version}/thumbnail`
  }
}
