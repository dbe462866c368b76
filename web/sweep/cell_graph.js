/** The graph that made one result of a sweep: the job's graph with the values of the cell. */
import { withChanges } from './changes.js'

/**
 * @param {any} workflow the job's graph
 * @param {any} sweep what the job's extra data says of it; anything else leaves the graph as it is
 * @param {string} node id in the prompt of what showed the result
 */
export function cellGraph(workflow, sweep, node) {
  if (!workflow || !Array.isArray(sweep?.cells)) return workflow
  const index = sweep.cells.findIndex((/** @type {any} */ cell) => Object.values(cell?.nodes ?? {}).includes(node))
  const changes = sweep.cells[Math.max(0, index)]?.changes
  return Array.isArray(changes) && changes.length ? withChanges(workflow, /** @type {any} */ (changes.filter(Array.isArray))) : workflow
}
