/**
 * What an instance of a subgraph tells of the nodes inside it: it runs when one of them runs, with that one's progress; it has
 * failed when one has; it is done when all that were told of are. It shows the picture so far, or the first that came.
 *
 * @typedef {import('./session.js').NodeStatus} NodeStatus
 */

/** The ids of the instances around a node, from its own id: `1:2:3` lies in `1:2` and `1`. @param {string} id @returns {string[]} */
export function idsAround(id) {
  /** @type {string[]} */
  const around = []
  for (let cut = id.lastIndexOf(':'); cut > 0; cut = id.lastIndexOf(':', cut - 1)) around.push(id.slice(0, cut))
  return around
}

/** @param {readonly Readonly<NodeStatus>[]} inside @param {Readonly<NodeStatus>} idle @returns {Readonly<NodeStatus>} */
export function statusOfAll(inside, idle) {
  const running = inside.find(({ state }) => state === 'running')
  const failed = inside.find(({ error }) => error !== null)
  const told = inside.filter(({ state }) => state !== 'idle')
  const state = running ? 'running' : failed ? 'error'
    : told.some((each) => each.state === 'queued') ? 'queued'
      : !told.length ? 'idle' : told.every((each) => each.state === 'cached') ? 'cached' : 'done'
  const times = inside.flatMap(({ ms }) => (ms === null ? [] : ms))
  const images = inside.find((each) => each.images.length)?.images ?? idle.images
  // What was left of a preview is less than a result.
  const preview = running?.preview ?? (images.length ? null : inside.find((each) => each.preview)?.preview) ?? null
  return {
    ...idle, state, images, preview, value: running?.value ?? 0, max: running?.max ?? 0, started: running?.started ?? null,
    ms: times.length ? times.reduce((sum, ms) => sum + ms, 0) : null,
    error: failed?.error ? { ...failed.error, input: null } : null
  }
}
