/**
 * Pictures that runs have made, newest first: those of this page as they come, and those of the server's history.
 *
 * @typedef {object} Result
 * @property {string} key       the file: a picture told twice, or found in the cache, is one
 * @property {string} promptId
 * @property {string} node      node id in the prompt
 * @property {import('../model/session.js').PictureRef} file
 * @property {string} seed      the seed that made it, or ''
 * @property {() => Promise<any | null>} workflow  the graph that made it, fetched when asked
 */

import { t } from '../language/t.js'
import { kindOf } from '../view/media.js'

const KEPT = 200

export class Results {
  constructor() {
    /** @type {readonly Result[]} */
    this.list = []
    /** @type {Set<() => void>} */
    this.listeners = new Set()
  }

  /** @param {() => void} listener */
  listen(listener) {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /** @param {Result[]} results  oldest first */
  add(results) {
    const known = new Set(this.list.map(result => result.key))
    const fresh = results.filter(result => !known.has(result.key)).reverse()
    if (!fresh.length) return
    this.list = [...fresh, ...this.list].slice(0, KEPT)
    this.listeners.forEach(listener => listener())
  }

  /** Results whose file is gone. @param {string} key */
  drop(key) {
    this.list = this.list.filter(result => result.key !== key)
    this.listeners.forEach(listener => listener())
  }
}

/**
 * The pictures, videos and sounds in a node's `ui` output; `animated` says of each, or once for all, whether it moves.
 * Nodes that compare tell them in two lists.
 *
 * @param {any} output
 * @returns {import('../model/session.js').PictureRef[]}
 */
export function picturesOf(output) {
  const animated = [output?.animated].flat()
  /** @type {[any, 'a' | 'b' | null][]} */
  const listed = [
    ...[output?.images, output?.gifs, output?.video, output?.audio].flatMap(filesOf).map(file => /** @type {[any, null]} */ ([file, null])),
    ...(/** @type {const} */ (['a', 'b'])).flatMap(side => filesOf(output?.[`${side}_images`]).map(file => /** @type {[any, 'a' | 'b']} */ ([file, side]))),
  ]
  return listed.map(([file, side], index) => ({
    filename: file.filename, subfolder: String(file.subfolder ?? ''), type: String(file.type ?? 'output'), ...(file.format ? { format: file.format } : {}),
    ...(side ? { side } : {}),
    ...(kindOf(file.filename) === 'video' || (animated[index] ?? animated[0]) === true ? { moving: true } : {}),
  }))
}

/** Texts in a node's `ui` output, and the names of files that it saved and that are no pictures. @param {any} output @returns {string[]} */
export function textsOf(output) {
  const text = output?.text
  const texts = (Array.isArray(text) ? text.flat() : text === undefined || text === null ? [] : [text]).map(String)
  const saved = [output?.files, output?.latents].flatMap(filesOf)
  return [...texts, ...saved.map(file => t('Saved {path}', { path: [file.type, file.subfolder, file.filename].filter(Boolean).join('/') }))]
}

/** @param {any} list @returns {any[]} */
function filesOf(list) {
  return Array.isArray(list) ? list.filter(file => typeof file?.filename === 'string') : []
}

/** The first seed in a prompt that is no link. @param {any} prompt */
export function seedOf(prompt) {
  for (const node of Object.values(prompt ?? {})) {
    const inputs = /** @type {any} */ (node)?.inputs ?? {}
    const seed = inputs.seed ?? inputs.noise_seed
    if (typeof seed === 'number') return String(seed)
  }
  return ''
}

/**
 * @param {string} promptId @param {any} prompt  API format
 * @param {Record<string, any>} outputs  node id → ui output
 * @param {() => Promise<any | null>} workflow
 * @returns {Result[]}
 */
export function resultsOf(promptId, prompt, outputs, workflow) {
  const seed = seedOf(prompt)
  return Object.entries(outputs ?? {}).flatMap(([node, output]) =>
    picturesOf(output).map(file => ({ key: [file.type, file.subfolder, file.filename].join('|'), promptId, node, file, seed, workflow })))
}
