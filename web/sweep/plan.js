/**
 * From axes to one job: the cells in reading order, the prompt that holds them all, and what any page needs to draw their grid.
 *
 * @typedef {import('./bench.js').Act} Act
 * @typedef {{label: string, acts: readonly Act[]}} Step One place on an axis.
 * @typedef {{title: string, steps: readonly Step[]}} Axis The first runs from left to right, the second down, others are pages.
 * @typedef {{at: number[], nodes: Record<string, string>, changes: import('./changes.js').Change[]}} Cell
 * @typedef {{version: 1, axes: readonly Axis[], cells: Cell[], outputs: string[]}} Sweep
 *   As it is kept with the job, `extra_data.easel.sweep`; `outputs`: ids in the graph of what is shown of a cell
 * @typedef {{prompt: import('./merge.js').Prompt, workflow: any, targets: string[], sweep: Sweep, frozen: Record<string, any>}} Job
 */
import { t } from '../language/t.js'
import { Bench } from './bench.js'
import { changesBetween } from './changes.js'
import { Merger } from './merge.js'
import { fileLabels } from './texts.js'

export const MOST_CELLS = 400
export const MOST_AXES = 4

/** Ms of work after which the page may draw. */
const BREATH = 24

/** What keeps its pictures only until the server ends, and what keeps them for good. */
const [SHOWN, SAVED] = ['PreviewImage', 'SaveImage']

/** @param {readonly Axis[]} axes */
export const cellCount = (axes) => axes.reduce((count, { steps }) => count * steps.length, axes.length ? 1 : 0)

/** Places of all cells, as one reads: from left to right, then down, then the next page. @param {readonly Axis[]} axes @returns {number[][]} */
export function placesOf(axes) {
  return Array.from({ length: cellCount(axes) }, (_, index) => {
    let rest = index
    return axes.map(({ steps }) => {
      const at = rest % steps.length
      rest = Math.floor(rest / steps.length)
      return at
    })
  })
}

/** What a cell sets. @param {readonly Axis[]} axes @param {readonly number[]} at */
const actsAt = (axes, at) => axes.flatMap(({ steps }, axis) => steps[at[axis] ?? 0]?.acts ?? [])

/** What a cell is called. @param {readonly Axis[]} axes @param {readonly number[]} at */
export const labelsAt = (axes, at) => axes.map(({ steps }, axis) => steps[at[axis] ?? 0]?.label ?? '')

/** Why these axes make no sweep; null where they do. @param {readonly Axis[]} axes */
export function refusal(axes) {
  const count = cellCount(axes)
  if (axes.length > MOST_AXES) return t('A sweep has {count} axes at most.', { count: MOST_AXES })
  if (count > MOST_CELLS) return t('{count} cells are too many: a sweep has {most} at most. Take values away.', { count, most: MOST_CELLS })
  return null
}

/**
 * @param {object} parts
 * @param {unknown} parts.workflow the open graph
 * @param {import('../model/schema.js').Schema} parts.schema
 * @param {readonly Axis[]} parts.axes
 * @param {(prompt: import('./merge.js').Prompt) => Record<string, any>} [parts.frozenIn] which of its nodes are frozen
 * @param {boolean} [parts.keep] previews are saved too
 * @param {Date} [parts.now] @param {number} [parts.seed]
 * @param {() => Promise<unknown>} [parts.breathe] lets the page draw between cells
 * @returns {Promise<{job: Job, problem: null} | {job: null, problem: string}>}
 */
export async function planSweep({ workflow, schema, axes, frozenIn = () => ({}), keep = false, now, seed, breathe }) {
  const wrong = (/** @type {string} */ problem) => /** @type {const} */ ({ job: null, problem })
  const refused = refusal(axes)
  if (refused !== null) return wrong(refused)
  if (!axes.length) return wrong(t('Choose a widget to sweep.'))
  const bench = new Bench(workflow, schema, { ...(now && { now }), ...(seed !== undefined && { seed }) })
  const base = bench.with([])
  const places = placesOf(axes)
  const frozen = frozenIn(base.output)
  const merger = new Merger({ isOutput: (type) => schema.get(type)?.output === true, frozen: new Set(Object.keys(frozen)) })
  /** @type {import('./changes.js').Change[][]} */
  const changes = []
  let since = performance.now()
  for (const at of places) {
    const { output, workflow: graph } = bench.with(actsAt(axes, at))
    merger.add(keep ? keptPreviews(output, schema) : output)
    changes.push(changesBetween(base.workflow, graph))
    if (performance.now() - since < BREATH) continue
    await breathe?.()
    since = performance.now()
  }
  const merged = merger.finish()
  if (!merged.outputs.length) {
    return wrong(cellCount(axes) < 2
      ? t('One value makes no sweep: write several.')
      : t('Nothing that shows or saves a result differs from cell to cell. Is a node behind these widgets muted, bypassed or frozen?'))
  }
  const cells = places.map((at, index) => ({ at, nodes: merged.cells[index] ?? {}, changes: changes[index] ?? [] }))
  nameFiles(merged, cells, axes)
  return { job: { prompt: merged.prompt, targets: merged.targets, workflow: base.workflow, frozen: pick(frozen, merged.prompt), sweep: { version: 1, axes, cells, outputs: merged.outputs } }, problem: null }
}

/** @param {import('./merge.js').Prompt} prompt @param {import('../model/schema.js').Schema} schema @returns {import('./merge.js').Prompt} */
function keptPreviews(prompt, schema) {
  if (!schema.get(SAVED)) return prompt
  return Object.fromEntries(Object.entries(prompt).map(([id, node]) => [id, node.class_type === SHOWN ? { ...node, class_type: SAVED, inputs: { ...node.inputs, filename_prefix: 'sweep' } } : node]))
}

/** Files that are told apart by their names. @param {import('./merge.js').Merged} merged @param {Cell[]} cells @param {readonly Axis[]} axes */
function nameFiles({ prompt, outputs }, cells, axes) {
  const named = new Set()
  for (const { at, nodes } of cells) {
    for (const id of outputs) {
      const own = nodes[id] ?? id
      const node = prompt[own]
      const prefix = node?.inputs.filename_prefix
      if (!node || named.has(own) || typeof prefix !== 'string') continue
      named.add(own)
      const labels = axes.map(({ title, steps }, axis) => `${title}-${steps[at[axis] ?? 0]?.label ?? ''}`)
      prompt[own] = { ...node, inputs: { ...node.inputs, filename_prefix: `${prefix}_${fileLabels(labels)}` } }
    }
  }
}

/** @param {Record<string, any>} pins @param {import('./merge.js').Prompt} prompt */
const pick = (pins, prompt) => Object.fromEntries(Object.entries(pins).filter(([id]) => id in prompt))
