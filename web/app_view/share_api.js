/**
 * What a guest's page asks of the server, all of it under the link's own address.
 *
 * @typedef {import('./form_values.js').Form} Form
 * @typedef {import('./form_values.js').Value} Value
 * @typedef {{ kind: 'text', text: string, output: string } | { kind: 'image' | 'video' | 'audio' | 'file', output: string }} Result
 * @typedef {object} Run
 * @property {string} id
 * @property {number} created  seconds since 1970
 * @property {'waiting' | 'running' | 'done' | 'failed' | 'stopped'} state
 * @property {Record<string, Value>} given
 * @property {readonly Result[]} results
 * @property {number | null} [before]  jobs that end before it
 * @property {number} [done]  steps of the graph
 * @property {number} [step]
 * @property {number} [steps]
 */
import { fromServer } from '../language/server.js'
import { t } from '../language/t.js'

/** A refusal: what the server said, and of which input. */
export class Refused extends Error {
  /** @param {string} message @param {number} status @param {string} input */
  constructor(message, status, input = '') {
    super(message)
    this.status = status
    this.input = input
  }
}

export class ShareApi {
  /** @param {string} base */
  constructor(base) {
    this.base = base
  }

  /** @returns {Promise<{ form: Form, name: string, left: number | null, expires: number | null }>} */
  form() {
    return this.ask('/form')
  }

  /** @returns {Promise<{ runs: Run[], left: number | null }>} */
  runs() {
    return this.ask('/runs')
  }

  /** @param {Record<string, Value>} values @returns {Promise<{ run: string }>} */
  run(values) {
    return this.ask('/runs', { method: 'POST', body: JSON.stringify({ values }), headers: { 'Content-Type': 'application/json' } })
  }

  /** @param {string} run */
  stop(run) {
    return this.ask(`/runs/${run}/stop`, { method: 'POST' })
  }

  /** @param {File} file @returns {Promise<{ picture: string }>} */
  picture(file) {
    return this.ask('/pictures', { method: 'POST', body: file, headers: { 'Content-Type': 'application/octet-stream' } })
  }

  /** @param {string} run @param {number} index @param {boolean} [save] */
  file(run, index, save = false) {
    return `${this.base}/runs/${run}/${index}${save ? '?save=1' : ''}`
  }

  /** @param {string} route @param {RequestInit} [options] @returns {Promise<any>} */
  async ask(route, options) {
    /** @type {Response} */
    let reply
    try {
      reply = await fetch(this.base + route, options)
    } catch {
      throw new Refused(t('The server does not answer. It may be switched off.'), 0)
    }
    const body = await reply.json().catch(() => null)
    if (reply.ok) return body
    const said = body?.error
    throw new Refused(said?.message ? fromServer(String(said.message)) : t('The server answered {status}', { status: reply.status }), reply.status, String(said?.extra_info?.input ?? ''))
  }
}
