/**
 * Which nodes cost what in the last run: each node's share of the dearest one, and of all.
 *
 * @typedef {'time' | 'memory'} HeatMode
 * @typedef {{mode: HeatMode, most: number, total: number, of: ReadonlyMap<string, number>}} HeatMap `of`: 0 to 1, by id in the prompt
 */

/** @param {Pick<import('./session.js').Session, 'ids' | 'status'>} session @param {HeatMode} mode @returns {HeatMap} */
export function heatOf(session, mode) {
  /** @type {Map<string, number>} */
  const costs = new Map()
  for (const id of session.ids()) {
    const { ms, bytes, state } = session.status(id)
    const cost = mode === 'time' ? ms : bytes
    // A subgraph's instance is as dear as all that is in it.
    if (cost !== null && state !== 'running') for (const shown of holders(id)) costs.set(shown, (costs.get(shown) ?? 0) + cost)
  }
  const outer = [...costs].filter(([id]) => !id.includes(':')).map(([, cost]) => cost)
  const most = Math.max(0, ...costs.values())
  return { mode, most, total: outer.reduce((sum, cost) => sum + cost, 0), of: new Map([...costs].map(([id, cost]) => [id, most > 0 ? cost / most : 0])) }
}

/** @param {string} id */
function* holders(id) {
  for (let path = id.split(':'); path.length; path = path.slice(0, -1)) yield path.join(':')
}
