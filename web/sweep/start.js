/** A sweep is sent, and what it will take is told before. */
import { frozenIn } from '../model/frozen.js'
import { recordAt } from '../model/prompt_ids.js'
import { planSweep } from './plan.js'

/**
 * @typedef {import('./plan.js').Job} Job
 * @typedef {{nodes: number, ms: number | null, bytes: number | null}} Cost `ms`: null where a node of it has not run yet
 */

/** @param {import('../tools/editor.js').Editor} editor @param {import('./draft.js').Draft} draft @param {() => boolean} [isWanted] */
export async function jobOf(editor, draft, isWanted = () => true) {
  const axes = draft.axesRead()
  if (!axes) return null
  const breathe = () => new Promise((resolve) => setTimeout(resolve)).then(() => {
    if (!isWanted()) throw new DOMException('', 'AbortError')
  })
  return planSweep({
    workflow: editor.save(), schema: editor.schema, axes, keep: draft.keep, breathe,
    frozenIn: (prompt) => frozenIn(prompt, (id) => recordAt(editor.store, id)),
  })
}

/**
 * What a sweep will take, by what its nodes took the last time.
 * @param {Job} job @param {import('../model/session.js').Session} session @param {(file: import('../model/session.js').PictureRef) => Promise<number | null>} sizeOf
 * @returns {Promise<Cost>}
 */
export async function costOf({ prompt, sweep }, session, sizeOf) {
  const times = Object.keys(prompt).map((id) => {
    const { ms, state } = session.status(id.replace(/@\d+$/u, ''))
    return ms ?? (state === 'cached' && !id.includes('@') ? 0 : null)
  })
  const files = sweep.outputs.flatMap((id) => session.status(id).images.slice(0, 1))
  const sizes = await Promise.all(files.map(sizeOf))
  const cells = new Set(sweep.cells.map(({ nodes }) => sweep.outputs.map((id) => nodes[id] ?? id).join(' '))).size
  return {
    nodes: times.length,
    ms: times.includes(null) ? null : times.reduce((/** @type {number} */ sum, each) => sum + (each ?? 0), 0),
    bytes: files.length === sweep.outputs.length && !sizes.includes(null) ? cells * sizes.reduce((/** @type {number} */ sum, each) => sum + (each ?? 0), 0) : null,
  }
}

/** The bytes of a file of the server; null where it does not say. @param {string} url */
export async function sizeAt(url) {
  const reply = await fetch(url, { method: 'HEAD' }).catch(() => null)
  const length = reply?.ok ? Number(reply.headers.get('Content-Length')) : 0
  return length > 0 ? length : null
}
