/**
 * Frozen nodes: their last result is used whatever changes above them, until they are thawed. It lies in the file as a
 * property of ours, which other editors keep and pass over: a token that is made when the node is frozen, and by its ids
 * in prompts the names of the results that it had then; of an instance of a subgraph by the ids of the nodes inside it.
 *
 * @typedef {{token: string, results: Record<string, string>}} Frozen
 * @typedef {import('./types.js').NodeRecord} NodeRecord
 */
import { asObject } from './json.js'
import { idsAround } from './status_inside.js'

export const FROZEN = 'easel_frozen'

/** @param {Pick<NodeRecord, 'properties'>} node @returns {Frozen | null} */
export function frozenOf(node) {
  const { token, results } = asObject(node.properties[FROZEN]) ?? {}
  if (typeof token !== 'string' || token === '') return null
  const named = Object.entries(asObject(results) ?? {}).filter(([, key]) => typeof key === 'string')
  return { token, results: /** @type {Record<string, string>} */ (Object.fromEntries(named)) }
}

/**
 * What a prompt says of its frozen nodes. Of a frozen instance of a subgraph those nodes inside are meant whose results go
 * out of it.
 * @param {Readonly<Record<string, {inputs: Readonly<Record<string, unknown>>}>>} prompt
 * @param {(id: string) => NodeRecord | undefined} recordOf
 * @returns {Record<string, {token: string, key: string | null}>}
 */
export function frozenIn(prompt, recordOf) {
  /** @type {Map<string, Frozen | null>} */
  const known = new Map()
  const at = (/** @type {string} */ id) => {
    let frozen = known.get(id)
    if (frozen === undefined) {
      const record = recordOf(id)
      known.set(id, (frozen = record ? frozenOf(record) : null))
    }
    return frozen
  }
  /** @type {Record<string, {token: string, key: string | null}>} */
  const pins = {}
  const pin = (/** @type {string} */ id, /** @type {Frozen} */ { token, results }) => (pins[id] = { token, key: results[id] ?? null })
  for (const [reader, { inputs }] of Object.entries(prompt)) {
    for (const value of Object.values(inputs)) {
      const id = Array.isArray(value) ? String(value[0]) : ''
      if (!(id in prompt)) continue
      const left = idsAround(id).find((each) => !reader.startsWith(`${each}:`) && at(each))
      const frozen = left === undefined ? null : at(left)
      if (frozen) pin(id, frozen)
    }
  }
  // What is frozen itself has the last word.
  for (const id of Object.keys(prompt)) {
    const frozen = at(id)
    if (frozen) pin(id, frozen)
  }
  return pins
}
