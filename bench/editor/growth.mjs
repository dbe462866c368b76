/**
 * How what the page works out grows with its input: each at two sizes, ten times apart, and the ratio of the two. About 10 is
 * linear, about 1 means that only a part is looked at, 100 would be quadratic. Read the ratio, not the milliseconds.
 *
 *     node bench/editor/growth.mjs
 */
import { arrange } from '../../web/layout/arrange.js'
import { USUAL } from '../../web/layout/boxes.js'
import { nearest } from '../../web/model/nearest.js'
import { marksOf } from '../../web/model/prompt_marks.js'
import { Schema } from '../../web/model/schema.js'
import { searchTypes } from '../../web/model/search.js'
import { wrap } from '../../web/view/text.js'

const ROUNDS = 5

/** @param {number} seed */
function randomFrom(seed) {
  return () => (seed = (seed * 48271) % 2147483647) / 2147483647
}

/** @param {number} count */
function boxes(count) {
  const random = randomFrom(7)
  return {
    boxes: Array.from({ length: count }, (_, index) => ({ id: `n${index}`, x: random() * 9000, y: random() * 9000, w: 220, h: 60 + random() * 400, dx: 0, dy: 30, fixed: false, inside: [] })),
    edges: Array.from({ length: 2 * count }, () => {
      const to = 1 + Math.floor(random() * (count - 1))
      return [`n${Math.max(0, to - 1 - Math.floor(random() * 30))}`, `n${to}`]
    }),
  }
}

/** @param {number} count */
function schema(count) {
  const verbs = ['Load', 'Save', 'Blend', 'Mask', 'Upscale', 'Encode', 'Decode', 'Sample', 'Apply', 'Combine']
  return new Schema(Object.fromEntries(Array.from({ length: count }, (_, index) => [`Type${index}`, {
    input: { required: { image: ['IMAGE'], amount: ['INT', {}] } }, output: ['IMAGE'], output_name: ['IMAGE'], output_is_list: [false],
    name: `Type${index}`, display_name: `${verbs[index % 10]} thing ${index}`, description: `${verbs[(index + 3) % 10]}s a thing and gives another one.`, category: `things/${verbs[index % 10]}`,
  }])))
}

const letters = { font: '12px test', measureText: (/** @type {string} */ text) => ({ width: text.length * 7 }) }

/** @type {[string, number, (size: number) => () => unknown][]} name, the smaller size, what makes the work */
const WORK = [
  ['search by a keystroke, node types', 1000, size => { const all = schema(size); return () => searchTypes(all, 'upscale thing') }],
  ['nearest of so many file names', 1000, size => {
    const names = Array.from({ length: size }, (_, index) => `folder${index % 90}/some_model_name_number_${index}.safetensors`)
    return () => nearest('some_model_name_number_4242.ckpt', names)
  }],
  ['colours of a prompt, letters', 10_000, size => { const text = '(a:1.1), '.repeat(size / 9); return () => marksOf(text) }],
  ['lines of a text, letters', 1_000_000, size => { const text = 'lorem ipsum '.repeat(size / 12); return () => wrap(/** @type {any} */ (letters), text, 300, 5) }],
  ['auto layout, nodes', 200, size => { const { boxes: all, edges } = boxes(size); return () => arrange(/** @type {any} */ ({ boxes: all, edges, ...USUAL })) }],
]

/** @param {() => unknown} work */
function median(work) {
  work() // the first is compiled
  const times = Array.from({ length: ROUNDS }, () => {
    const begun = performance.now()
    work()
    return performance.now() - begun
  })
  return times.sort((a, b) => a - b)[ROUNDS >> 1] ?? 0
}

console.log(`${'what'.padEnd(36)} ${'size'.padStart(9)} ${'ms'.padStart(9)} ${'at 10x, ms'.padStart(11)} ${'ratio'.padStart(7)}`)
for (const [name, size, make] of WORK) {
  const [few, many] = [median(make(size)), median(make(size * 10))]
  console.log(`${name.padEnd(36)} ${String(size).padStart(9)} ${few.toFixed(2).padStart(9)} ${many.toFixed(2).padStart(11)} ${(many / Math.max(few, 0.001)).toFixed(1).padStart(7)}`)
}
