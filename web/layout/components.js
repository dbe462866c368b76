/**
 * What hangs together: parts of a graph without a link between them.
 *
 * @typedef {import('../model/types.js').RecordId} RecordId
 * @typedef {{ids: RecordId[], edges: [RecordId, RecordId][]}} Part
 */

/** @param {readonly RecordId[]} ids @param {readonly (readonly [RecordId, RecordId])[]} edges those to others are left out @returns {Part[]} in the order of their first members */
export function components(ids, edges) {
  /** @type {Map<RecordId, RecordId>} */
  const above = new Map(ids.map((id) => [id, id]))
  const root = (/** @type {RecordId} */ id) => {
    let top = id
    for (let next = above.get(top); next !== undefined && next !== top; next = above.get(top)) {
      above.set(top, above.get(next) ?? next)
      top = next
    }
    return top
  }
  const known = edges.filter(([from, to]) => from !== to && above.has(from) && above.has(to))
  for (const [from, to] of known) above.set(root(from), root(to))
  /** @type {Map<RecordId, Part>} */
  const parts = new Map()
  for (const id of ids) {
    const top = root(id)
    const part = parts.get(top)
    if (part) part.ids.push(id)
    else parts.set(top, { ids: [id], edges: [] })
  }
  for (const [from, to] of known) parts.get(root(from))?.edges.push([from, to])
  return [...parts.values()]
}
