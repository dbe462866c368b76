/**
 * Boxes as one would read a graph from its results: each after what reads it, what feeds the upper sockets first. Boxes
 * that nothing else puts in an order stand so, and their links cross less.
 *
 * @typedef {import('../model/types.js').RecordId} RecordId
 * @typedef {import('./layered.js').Sized} Sized
 */

/** @param {readonly Sized[]} boxes @param {readonly (readonly [RecordId, RecordId])[]} edges those into one box from its upper sockets to its lower ones @returns {Sized[]} */
export function readingOrder(boxes, edges) {
  /** @type {Map<RecordId, RecordId[]>} */
  const feeders = new Map()
  const givers = new Set(edges.map(([from]) => from))
  for (const [from, to] of edges) {
    const list = feeders.get(to)
    if (list) list.push(from)
    else feeders.set(to, [from])
  }
  const above = [...boxes].sort((a, b) => Number(givers.has(a.id)) - Number(givers.has(b.id)) || a.y - b.y || a.x - b.x)
  const known = new Map(boxes.map((box) => [box.id, box]))
  /** @type {Set<Sized>} */
  const order = new Set()
  for (const start of above) {
    const waiting = [start]
    for (let box = waiting.pop(); box; box = waiting.pop()) {
      if (order.has(box)) continue
      order.add(box)
      for (const id of (feeders.get(box.id) ?? []).toReversed()) {
        const feeder = known.get(id)
        if (feeder) waiting.push(feeder)
      }
    }
  }
  return [...order]
}
