/**
 * Frozen nodes: their last result is used whatever changes above them, until they are thawed. It lies in the file as a
 * property of ours, which other editors keep and pass over: a token that is made when the node is frozen, and by its ids
 * in prompts the names of the results that it had then.
 *
 * @typedef {{token: string, results: Record<string, string>}} Frozen
 * @typedef {import('./types.js').NodeRecord} NodeRecord
 */
import { asObject } from './json.js'

export const FROZEN = 'easel_frozen'

/** @param {Pick<NodeRecord, 'properties'>} node @returns {Frozen | null} */
export function frozenOf(node) {
  const { token, results } = asObject(node.properties[FROZEN]) ?? {}
  if (typeof token !== 'string' || token === '') return null
  const named = Object.entries(asObject(results) ?? {}).filter(([, key]) => typeof key === 'string')
  return { token, results: /** @type {Record<string, string>} */ (Object.fromEntries(named)) }
}

/**
 * What a prompt says of its frozen nodes.
 * @param {Iterable<string>} ids of the prompt
 * @param {(id: string) => NodeRecord | undefined} recordOf
 * @returns {Record<string, {token: string, key: string | null}>}
 */
export function frozenIn(ids, recordOf) {
  /** @type {Record<string, {token: string, key: string | null}>} */
  const pins = {}
  for (const id of ids) {
    const record = recordOf(id)
    const frozen = record && frozenOf(record)
    if (frozen) pins[id] = { token: frozen.token, key: frozen.results[id] ?? null }
  }
  return pins
}
