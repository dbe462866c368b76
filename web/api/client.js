/**
 * The server's REST routes as functions, and its events as one stream. Knows nothing of the graph or the page.
 *
 * @typedef {import('./frames.js').PreviewFrame} PreviewFrame
 * @typedef {import('./frames.js').TextFrame} TextFrame
 * @typedef {import('./socket.js').SocketState} SocketState
 * @typedef {{ type: string, data: any }} ServerEvent
 * @typedef {{ filename: string, subfolder?: string, type?: string, owner?: string }} FileRef
 * @typedef {{ path: string, size: number, modified: number, created?: number }} UserFile
 * @typedef {{ error: { type: string, message: string, details: string, extra_info?: any }, node_errors: Record<string, any> }} PromptRefusal
 */
import { exampleInWords } from '../language/examples.js'
import { fromServer } from '../language/server.js'
import { t } from '../language/t.js'
import { parseFrame } from './frames.js'
import { newId } from './id.js'
import { Socket, socketUrl } from './socket.js'
import { upload } from './upload.js'

const CLIENT_ID = 'easel.clientId'

/** A reply that is no success, or no reply at all (`status` 0). `message` can be shown as it is. */
export class ApiError extends Error {
  /** @param {string} message @param {number} status @param {any} [body] */
  constructor(message, status, body = null) {
    super(message)
    this.name = 'ApiError'
    this.status = status
    this.body = body
  }
}

export class Client {
  constructor() {
    /** @type {string} */
    this.clientId = readSession(CLIENT_ID) ?? newId()
    /** @type {Set<(event: ServerEvent) => void>} */
    this.eventListeners = new Set()
    /** @type {Set<(frame: PreviewFrame | TextFrame) => void>} */
    this.frameListeners = new Set()
    /** @type {Set<(state: SocketState) => void>} */
    this.stateListeners = new Set()
    /** Who is told that the server does not know this person any more. @type {Set<() => void>} */
    this.strangerListeners = new Set()
    this.socket = new Socket({
      url: () => socketUrl(`/ws?clientId=${encodeURIComponent(this.clientId)}`),
      greeting: () => JSON.stringify({ type: 'feature_flags', data: { supports_preview_metadata: true, easel_nodes: true, easel_deltas: true } }),
      onMessage: data => this.receive(data),
      onState: state => this.stateListeners.forEach(listener => listener(state)),
    })
    writeSession(CLIENT_ID, this.clientId)
  }

  connect() {
    this.socket.open()
  }

  /** @param {(event: ServerEvent) => void} listener */
  onEvent(listener) {
    this.eventListeners.add(listener)
    return () => this.eventListeners.delete(listener)
  }

  /** @param {(frame: PreviewFrame | TextFrame) => void} listener */
  onFrame(listener) {
    this.frameListeners.add(listener)
    return () => this.frameListeners.delete(listener)
  }

  /** @param {(state: SocketState) => void} listener */
  onState(listener) {
    this.stateListeners.add(listener)
    return () => this.stateListeners.delete(listener)
  }

  /** @param {() => void} listener  a request was answered with 401 */
  onStranger(listener) {
    this.strangerListeners.add(listener)
  }

  /** @param {string | ArrayBuffer} data */
  receive(data) {
    if (typeof data !== 'string') {
      const frame = parseFrame(data)
      if (frame) this.frameListeners.forEach(listener => listener(frame))
      return
    }
    /** @type {ServerEvent} */
    let event
    try {
      event = JSON.parse(data)
    } catch {
      return // one unreadable message must not end the stream
    }
    if (event?.type === 'status' && typeof event.data?.sid === 'string') {
      this.clientId = event.data.sid
      writeSession(CLIENT_ID, this.clientId)
    }
    if (typeof event?.type === 'string') this.eventListeners.forEach(listener => listener(event))
  }

  /** Every node type. @returns {Promise<Record<string, any>>} */
  async objectInfo() {
    const types = await this.json('/api/object_info')
    // Something between the page and the server may answer in its place. The page then keeps the types that it has.
    if (types === null || typeof types !== 'object' || Array.isArray(types)) throw new ApiError(t('What the server answered is no list of node types.'), 200)
    return types
  }

  /** What the server knows of its workers. @returns {Promise<any>} */
  serverStatus() {
    return this.json('/easel/status')
  }

  /** An example graph that comes with Easel. @param {string} name */
  async example(name) {
    return exampleInWords(await this.json(`/easel/workflows/${encodeURIComponent(name)}`))
  }

  /**
   * Hands a graph to the queue. A refusal is an ApiError with status 400 whose `body` is a PromptRefusal.
   *
   * @param {{ id?: string, prompt: object, workflow: object, number?: number, front?: boolean, targets?: string[], easel?: object }} job
   *   `id`: the job's, so that what is told of it before the answer comes is known; `targets`: only these outputs; `easel`: what
   *   only a server of ours understands
   * @returns {Promise<{ prompt_id: string, number: number, node_errors: Record<string, any> }>}
   */
  queuePrompt({ id, prompt, workflow, number, front, targets, easel }) {
    return this.send('POST', '/api/prompt', {
      client_id: this.clientId,
      ...(id ? { prompt_id: id } : {}),
      prompt,
      extra_data: { extra_pnginfo: { workflow }, ...(easel ? { easel } : {}) },
      ...(targets ? { partial_execution_targets: targets } : {}),
      ...(front ? { front: true } : {}),
      ...(number ? { number } : {}),
    })
  }

  /** @returns {Promise<{ queue_running: any[], queue_pending: any[] }>} */
  queue() {
    return this.json('/api/queue')
  }

  /** Takes waiting jobs out of the queue. @param {string[]} ids */
  dequeue(ids) {
    return this.send('POST', '/api/queue', { delete: ids })
  }

  /** The newest `count` finished jobs, oldest first. @param {number} count @returns {Promise<Record<string, any>>} */
  history(count) {
    return this.json(`/api/history?max_items=${count}`)
  }

  /** @param {string} id @returns {Promise<any | null>} */
  async historyEntry(id) {
    return (await this.json(`/api/history/${encodeURIComponent(id)}`))[id] ?? null
  }

  /** Stops the job that runs now, or that job only if it runs. @param {string} [id] */
  interrupt(id) {
    return this.send('POST', '/api/interrupt', id ? { prompt_id: id } : {})
  }

  /** @param {string} route @returns {Promise<any>} */
  json(route) {
    return this.send('GET', route)
  }

  /**
   * @param {File | Blob} file
   * @param {{ name: string, overwrite?: boolean, subfolder?: string, type?: 'input' | 'temp', onProgress?: (share: number) => void, signal?: AbortSignal }} options
   * @returns {Promise<{ name: string, subfolder: string, type: string }>}
   */
  uploadImage(file, options) {
    return upload('/api/upload/image', file, options)
  }

  /**
   * Gives a picture of the server another alpha channel, as a new file.
   *
   * @param {Blob} mask  a picture of the same size, whose alpha channel is taken
   * @param {{ name: string, subfolder: string, original: FileRef }} options
   * @returns {Promise<{ name: string, subfolder: string, type: string }>}
   */
  uploadMask(mask, { name, subfolder, original }) {
    const { filename, subfolder: folder = '', type = 'output' } = original
    return upload('/api/upload/mask', mask, { name, subfolder, fields: { original_ref: JSON.stringify({ filename, subfolder: folder, type }) } })
  }

  /** The folder is made by the first save. @param {string} folder @returns {Promise<UserFile[]>} */
  listUserFiles(folder) {
    return this.json(`/api/userdata?dir=${encodeURIComponent(folder)}&recurse=true&full_info=true&absent=empty`)
  }

  /** @param {string} path @returns {Promise<any>} */
  readUserFile(path) {
    return this.json(`/api/userdata/${encodeURIComponent(path)}`)
  }

  /** A file's time; null where it is not there. @param {string} path @returns {Promise<number | null>} */
  async userFileTime(path) {
    return (await this.json(`/easel/userdata_time?file=${encodeURIComponent(path)}`)).modified
  }

  /**
   * Throws ApiError with status 409 if the file is there and `overwrite` is false, and with 412 if it is not as it was at
   * `modified`: changed (`file_changed`) or gone (`file_gone`).
   *
   * @param {string} path @param {unknown} value @param {{ overwrite: boolean, modified?: number | null }} options
   * @returns {Promise<UserFile>}
   */
  writeUserFile(path, value, { overwrite, modified = null }) {
    const unless = modified === null ? '' : `&modified=${modified}`
    return this.send('POST', `/api/userdata/${encodeURIComponent(path)}?overwrite=${overwrite}&full_info=true${unless}`, value)
  }

  /** Throws ApiError with status 409 if there is a file at `to`. @param {string} path @param {string} to */
  moveUserFile(path, to) {
    return this.send('POST', `/api/userdata/${encodeURIComponent(path)}/move/${encodeURIComponent(to)}?overwrite=false`)
  }

  /** @param {string} path */
  deleteUserFile(path) {
    return this.send('DELETE', `/api/userdata/${encodeURIComponent(path)}`)
  }

  /** Model files with a picture beside them, by kind, with the picture's time. @returns {Promise<Record<string, Record<string, number>>>} */
  modelPictures() {
    return this.json('/easel/model_pictures')
  }

  /** @returns {Promise<string[]>} */
  embeddings() {
    return this.json('/embeddings')
  }

  /** The list of tags of one's own; '' for none. @returns {Promise<string>} */
  async tags() {
    const reply = await fetch('/easel/tags')
    return reply.ok ? reply.text() : ''
  }

  /** Languages of the page that can be chosen. @returns {Promise<{ languages: { code: string, name: string, yours: boolean, error: string }[] }>} */
  languages() {
    return this.json('/easel/languages')
  }

  /** @returns {Promise<Record<string, any>>} */
  settings() {
    return this.json('/api/settings')
  }

  /** @param {string} id @param {unknown} value */
  saveSetting(id, value) {
    return this.send('POST', `/api/settings/${encodeURIComponent(id)}`, value)
  }

  /** @param {string} method @param {string} route @param {unknown} [body] @returns {Promise<any>} */
  send(method, route, body) {
    return this.sendText(method, route, body === undefined ? undefined : JSON.stringify(body))
  }

  /** @param {string} method @param {string} route @param {string | undefined} body  JSON @param {{ keepalive?: boolean }} [how] @returns {Promise<any>} */
  async sendText(method, route, body, how) {
    return parseOr(await this.#answer(method, route, body, how))
  }

  /** An answer that is no JSON. @param {string} route @returns {Promise<string>} */
  text(route) {
    return this.#answer('GET', route, undefined)
  }

  /** @param {string} method @param {string} route @param {string | undefined} body @param {{ keepalive?: boolean }} [how] @returns {Promise<string>} */
  async #answer(method, route, body, { keepalive = false } = {}) {
    /** @type {Response} */
    let response
    try {
      response = await fetch(route, { method, keepalive, ...(body === undefined ? {} : { body, headers: { 'Content-Type': 'application/json' } }) })
    } catch {
      throw new ApiError(t('The server does not answer. Is it still running?'), 0)
    }
    const text = await response.text()
    if (response.ok) return text
    const value = parseOr(text)
    if (response.status === 401 && value?.error?.type !== 'wrong_password') this.strangerListeners.forEach(listener => listener())
    throw new ApiError(refusal(response, text, value), response.status, value)
  }
}

/**
 * Where a file of the server is fetched. `preview` asks for a smaller encoding, `version` tells apart two
 * files that had the same name; `maybe` is for files that graphs name and that may not be here: then the answer is empty,
 * where an error would be logged by the browser. A file's `owner` is whose it is, for who sees other people's.
 *
 * @param {FileRef} file @param {{ preview?: string, version?: string | number, maybe?: boolean }} [options]
 */
export function viewUrl(file, { preview, version, maybe = false } = {}) {
  const query = new URLSearchParams({ filename: file.filename, subfolder: file.subfolder ?? '', type: file.type ?? 'output' })
  if (file.owner) query.set('owner', file.owner)
  if (preview) query.set('preview', preview)
  if (version !== undefined) query.set('rand', String(version))
  if (maybe) query.set('absent', 'empty')
  return `/api/view?${query}`
}

/** @param {string} text @returns {any} */
function parseOr(text) {
  if (!text) return null
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** @param {Response} response @param {string} text @param {any} value */
function refusal(response, text, value) {
  const said = value?.error?.message ?? (typeof value?.error === 'string' ? value.error : null)
  if (said) return fromServer(String(said))
  if (response.status === 413) return t('The file is larger than the server accepts (--max-upload-size).')
  if (text && text.length < 200 && !text.startsWith('<')) return fromServer(text)
  return t('The server answered {status}', { status: `${response.status} ${response.statusText}` }).trim() + '.'
}

// Session storage can be forbidden; the id then lives as long as the page.
/** @param {string} key */
function readSession(key) {
  try {
    return sessionStorage.getItem(key)
  } catch {
    return null
  }
}

/** @param {string} key @param {string} value */
function writeSession(key, value) {
  try {
    sessionStorage.setItem(key, value)
  } catch {
    return
  }
}
