/** What becomes of a value after a run, as its control says. */
import { LARGEST_SEED } from '../model/schema.js'

/**
 * @param {import('../model/widget_values.js').Widget} widget
 * @param {() => number} [random] in [0, 1)
 * @returns {unknown}
 */
export function nextValue({ spec, value, control, expression }, random = Math.random) {
  if (control === null || control === 'fixed' || expression) return value
  if (spec.kind === 'combo') return nextChoice(spec.options, value, String(control), random)
  if (spec.kind !== 'number') return value
  const { min, step } = spec
  const max = Math.min(spec.max, LARGEST_SEED)
  const now = Number(value)
  if (control === 'randomize') return randomSeed(spec, random)
  const next = control === 'increment' ? now + step : now - step
  return Number.isFinite(next) ? Math.max(min, Math.min(max, next)) : value
}

/** @param {{ min: number, max: number, step: number }} spec @param {() => number} [random] */
export function randomSeed({ min, max, step }, random = Math.random) {
  const low = Math.max(min, -LARGEST_SEED)
  const high = Math.min(max, LARGEST_SEED)
  return Math.floor((random() * (high - low)) / step) * step + low
}

/** @param {readonly unknown[]} options @param {unknown} value @param {string} control @param {() => number} random */
function nextChoice(options, value, control, random) {
  if (!options.length) return value
  if (control === 'randomize') return options[Math.floor(random() * options.length)]
  const at = options.indexOf(value)
  if (control === 'increment-wrap') return options[(at + 1) % options.length]
  return options[Math.max(0, Math.min(options.length - 1, at + (control === 'increment' ? 1 : -1)))]
}
