/**
 * Boxes of one column that are fed by the same and read by the same are in no order for a layout of points; for sockets they
 * are: a positive prompt above the negative one. They change places within the room that they have.
 *
 * @typedef {import('../model/types.js').RecordId} RecordId
 * @typedef {import('./layered.js').Sized} Sized
 */

/**
 * @param {Sized[]} column @param {readonly (readonly [RecordId, RecordId])[]} edges @param {(id: RecordId) => number} place the order that they should have
 * @returns {Sized[]} from top to bottom
 */
export function orderTwins(column, edges, place) {
  const sorted = [...column].sort((a, b) => a.y - b.y)
  const links = new Map(sorted.map(({ id }) => [id, /** @type {string[]} */ ([])]))
  for (const [from, to] of edges) {
    links.get(to)?.push(`<${from}`)
    links.get(from)?.push(`>${to}`)
  }
  const likeness = (/** @type {Sized | undefined} */ box) => (links.get(box?.id ?? '') ?? []).sort().join('\n')
  for (let first = 0, next = 1; first < sorted.length; first = next++) {
    const kind = likeness(sorted[first])
    while (next < sorted.length && likeness(sorted[next]) === kind) next++
    restack(sorted, first, next, place)
  }
  return sorted
}

/** @param {Sized[]} column @param {number} from @param {number} to @param {(id: RecordId) => number} place */
function restack(column, from, to, place) {
  const run = column.slice(from, to)
  const gaps = run.slice(1).map((box, index) => box.y - (run[index]?.y ?? 0) - (run[index]?.h ?? 0))
  let y = run[0]?.y ?? 0
  run.sort((a, b) => place(a.id) - place(b.id)).forEach((box, index) => {
    column[from + index] = { ...box, y }
    y += box.h + (gaps[index] ?? 0)
  })
}
