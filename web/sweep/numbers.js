/**
 * Numbers of an axis, as a person writes them: `1, 2, 5`, `1..8`, `1..8 step 0.5`, `4 values from 1 to 8`, for seeds
 * `5 random` and `5 seeds from 100`; and as A1111 has them: `1-8`, `1-8 (+2)`, `1-8 [4]`. Parts stand between commas.
 *
 * @typedef {import('../model/schema.js').NumberSpec} NumberSpec
 */
import { t } from '../language/t.js'
import { fitNumber } from '../model/numbers.js'
import { LARGEST_SEED } from '../model/schema.js'

/** Values of one axis. */
export const MOST_VALUES = 400

const NUMBER = String.raw`([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)`
const BARE = String.raw`((?:\d+\.?\d*|\.\d+))`

/** What a part may look like, and the numbers in it. @type {readonly (readonly [RegExp, (numbers: number[], spec: NumberSpec, random: () => number) => number[]])[]} */
const FORMS = [
  [whole(NUMBER), ([value = 0]) => [value]],
  [whole(String.raw`${NUMBER}\s*(?:\.\.+|…|to)\s*${NUMBER}(?:\s*(?:,?\s*step|by|:)\s*${NUMBER})?`), ([from = 0, to = 0, step], spec) => steps(from, to, step ?? usualStep(from, to, spec))],
  [whole(String.raw`${NUMBER}\s*(?:\.\.+|…|to)\s*${NUMBER}\s+in\s+(\d+)`), ([from = 0, to = 0, count = 0]) => spread(from, to, count)],
  [whole(String.raw`(\d+)\s*(?:values?|steps?)?\s*from\s*${NUMBER}\s*(?:to|\.\.+|…)\s*${NUMBER}`), ([count = 0, from = 0, to = 0]) => spread(from, to, count)],
  [whole(String.raw`(\d+)\s*(?:seeds?|values?)?\s*from\s*${NUMBER}`), ([count = 0, from = 0]) => Array.from({ length: Math.min(count, MOST_VALUES + 1) }, (_, index) => from + index)],
  [whole(String.raw`(\d+)\s*(?:random(?:\s+(?:seeds?|values?))?|seeds?)`), ([count = 0], spec, random) => Array.from({ length: Math.min(count, MOST_VALUES + 1) }, () => drawn(spec, random))],
  [whole(String.raw`${BARE}\s*-\s*${BARE}`), ([from = 0, to = 0], spec) => steps(from, to, usualStep(from, to, spec))],
  [whole(String.raw`${BARE}\s*-\s*${BARE}\s*\(\s*${NUMBER}\s*\)`), ([from = 0, to = 0, step = 1]) => steps(from, to, step)],
  [whole(String.raw`${BARE}\s*-\s*${BARE}\s*\[\s*(\d+)\s*\]`), ([from = 0, to = 0, count = 0]) => spread(from, to, count)]
]

/**
 * The values that a text names, each once, or what is wrong with it.
 * @param {string} text @param {NumberSpec} spec @param {() => number} [random] in [0, 1)
 * @returns {{values: number[], problem: string | null}}
 */
export function readNumbers(text, spec, random = Math.random) {
  const wrong = (/** @type {string} */ problem) => ({ values: [], problem })
  /** @type {Set<number>} */
  const values = new Set()
  for (const part of text.split(/[,;\n]/u).map((each) => each.trim()).filter(Boolean)) {
    const form = FORMS.find(([pattern]) => pattern.test(part))
    if (!form) return wrong(t('“{part}” is no number and no range. Ranges are written 1..8, 1..8 step 0.5, or 4 values from 1 to 8.', { part }))
    const [pattern, make] = form
    const numbers = (pattern.exec(part) ?? []).slice(1).filter((each) => each !== undefined).map(Number)
    const single = numbers.length === 1 && form === FORMS[0]
    for (const value of make(numbers, spec, random)) {
      if (!Number.isFinite(value)) return wrong(t('“{part}” is too large.', { part }))
      if (value < spec.min || value > spec.max) return wrong(t('{value} is outside of {min} to {max}.', { value, min: spec.min, max: spec.max }))
      if (single && spec.integer && !Number.isInteger(value)) return wrong(t('{value} is no whole number.', { value }))
      values.add(fitNumber(spec, value))
      if (values.size > MOST_VALUES) return wrong(t('These are more than {count} values.', { count: MOST_VALUES }))
    }
  }
  return values.size ? { values: [...values], problem: null } : wrong(t('Write the values, such as 1, 2, 5 or 1..8 step 0.5.'))
}

/** @param {string} pattern */
function whole(pattern) {
  return new RegExp(`^${pattern}$`, 'iu')
}

/** From one number to another, both among them where the step leads there. @param {number} from @param {number} to @param {number} step */
function steps(from, to, step) {
  const size = Math.abs(step)
  if (size === 0) return [from, to]
  const count = Math.min(Math.floor(Math.abs(to - from) / size + 1e-9), MOST_VALUES)
  return Array.from({ length: count + 1 }, (_, index) => Number((from + Math.sign(to - from) * index * size).toPrecision(12)))
}

/** So many numbers, evenly from one to another. @param {number} from @param {number} to @param {number} count */
function spread(from, to, count) {
  const wanted = Math.min(count, MOST_VALUES + 1)
  if (wanted < 2) return wanted === 1 ? [from] : []
  return Array.from({ length: wanted }, (_, index) => Number((from + ((to - from) * index) / (wanted - 1)).toPrecision(12)))
}

/** @param {number} from @param {number} to @param {NumberSpec} spec */
function usualStep(from, to, spec) {
  if (spec.integer) return Math.max(1, spec.step)
  return Math.abs(to - from) > 1 ? 1 : 0.1
}

/** @param {NumberSpec} spec @param {() => number} random */
function drawn(spec, random) {
  const [low, high] = [Math.max(spec.min, -LARGEST_SEED), Math.min(spec.max, LARGEST_SEED)]
  const value = low + random() * (high - low)
  return spec.integer ? Math.floor(value) : value
}
