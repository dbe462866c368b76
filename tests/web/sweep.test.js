/** Sweeps: values as they are typed, cells in reading order, and one prompt that holds what is equal in them once. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '../../web/node_modules/fast-check/lib/fast-check.js'
import { Schema } from '../../web/model/schema.js'
import { changesBetween, withChanges } from '../../web/sweep/changes.js'
import { merge } from '../../web/sweep/merge.js'
import { readNumbers } from '../../web/sweep/numbers.js'
import { cellCount, placesOf, planSweep } from '../../web/sweep/plan.js'
import { bareName, fileLabels, parts, readReplacements, readTexts } from '../../web/sweep/texts.js'
import { OBJECT_INFO } from './support.js'

const FLOAT = { kind: 'number', integer: false, default: 8, min: 0, max: 100, step: 0.1, round: 0.01, digits: 2, display: 'number', log: false, unit: '', seed: false }
const INT = { ...FLOAT, integer: true, min: 1, max: 10000, step: 1, round: 0, digits: 0 }
const SEED = { ...INT, min: 0, max: 2 ** 64, seed: true }

for (const [text, spec, values] of [
  ['1, 2, 5', INT, [1, 2, 5]],
  ['1..4', INT, [1, 2, 3, 4]],
  ['4..1', INT, [4, 3, 2, 1]],
  ['1..3 step 0.5', FLOAT, [1, 1.5, 2, 2.5, 3]],
  ['0.1..0.3 step 0.1', FLOAT, [0.1, 0.2, 0.3]],
  ['0..0.3', FLOAT, [0, 0.1, 0.2, 0.3]],
  ['4 values from 1 to 8', FLOAT, [1, 3.33, 5.67, 8]],
  ['4 values from 1 to 20', INT, [1, 7, 14, 20]],
  ['1..8 in 2', INT, [1, 8]],
  ['3 seeds from 100', SEED, [100, 101, 102]],
  ['1-5 (+2)', INT, [1, 3, 5]],
  ['1-10 [4]', INT, [1, 4, 7, 10]],
  ['1-3, 9; 12\n9', INT, [1, 2, 3, 9, 12]],
  ['10 to 20 step 5', INT, [10, 15, 20]]
]) {
  test(`${text} are ${values}`, () => assert.deepEqual(readNumbers(text, spec), { values, problem: null }))
}

test('random seeds are as many as were asked for, and whole', () => {
  const { values } = readNumbers('5 random', SEED)
  assert.equal(values.length, 5)
  assert.ok(values.every((value) => Number.isSafeInteger(value)))
})

for (const [text, spec, problem] of [
  ['', INT, /Write the values/u], ['1, two', INT, /“two” is no number/u], ['1.5', INT, /no whole number/u], ['0', INT, /outside of 1 to 10000/u],
  ['1..100000', INT, /outside|more than/u], ['1..1000', INT, /more than 400/u], ['999999999 random', SEED, /more than 400/u], ['1e999', FLOAT, /too large/u]
]) {
  test(`“${text}” is told to be wrong`, () => assert.match(readNumbers(text, spec).problem, problem))
}

test('search and replace reads quotes, and looks before it leaps', () => {
  assert.deepEqual(parts('red, "a, b" , "say ""hi""",, blue '), ['red', 'a, b', 'say "hi"', 'blue'])
  assert.deepEqual(readReplacements('red, green, red', 'a red cat'), { from: 'red', values: ['red', 'green'], problem: null })
  assert.match(readReplacements('pink, green', 'a red cat').problem, /“pink” does not occur/u)
  assert.match(readReplacements('red', 'a red cat').problem, /take the place/u)
  assert.match(readReplacements(' , ', 'a red cat').problem, /what to look for/u)
  assert.deepEqual(readTexts('one\n\n two \none').values, ['one', 'two'])
})

test('labels become names of files that every system takes', () => {
  assert.equal(bareName('sd/deep\\a model.v2.safetensors'), 'a model.v2')
  assert.equal(fileLabels(['Steps-20', 'Text-a/b\\c: "d"%date%', '..']), 'Steps-20_Text-a-b-c-d-date_x')
  fc.assert(fc.property(fc.array(fc.string({ unit: 'grapheme' })), (labels) => {
    const name = fileLabels(labels)
    assert.ok(new TextEncoder().encode(name).length <= 120)
    assert.doesNotMatch(name, /[/\\:*?"<>|%\p{Cc}]/u)
  }))
})

test('changes lead from one JSON to another', () => {
  const before = { nodes: [{ id: 1, values: [1, 'a', null] }, { id: 2, values: { text: 'x' } }], extra: { a: 1 } }
  const after = { nodes: [{ id: 1, values: [2, 'a', [1]] }, { id: 2, values: { text: 'y' } }], extra: { a: 1 } }
  const changes = changesBetween(before, after)
  assert.deepEqual(changes, [[['nodes', 0, 'values', 0], 2], [['nodes', 0, 'values', 2], [1]], [['nodes', 1, 'values', 'text'], 'y']])
  assert.deepEqual(withChanges(before, changes), after)
  assert.deepEqual(withChanges({ a: 1 }, [[['b', 'c'], 1], [['__proto__'], 2]]), { a: 1 })
})

test('cells are read from left to right, then down, then page by page', () => {
  const axis = (count) => ({ title: '', steps: Array.from({ length: count }, (_, index) => ({ label: String(index), acts: [] })) })
  const axes = [axis(2), axis(3), axis(2)]
  assert.equal(cellCount(axes), 12)
  assert.deepEqual(placesOf(axes).slice(0, 7), [[0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0], [0, 2, 0], [1, 2, 0], [0, 0, 1]])
  assert.equal(cellCount([]), 0)
})

const link = (id, from, slot, to, input, type) => [id, from, slot, to, input, type]
/** A loader, two texts, a sampler, a decoder and a saver; a picture of its own beside them. */
const WORKFLOW = {
  nodes: [
    { id: 1, type: 'Load', pos: [0, 0], size: [200, 80], widgets_values: ['a.safetensors'], outputs: [{ name: 'MODEL', type: 'MODEL', links: [1] }, { name: 'CLIP', type: 'CLIP', links: [2] }, { name: 'VAE', type: 'VAE', links: [5] }] },
    { id: 2, type: 'Encode', pos: [0, 0], size: [200, 80], widgets_values: ['a red {cat|dog} in red'], inputs: [{ name: 'clip', type: 'CLIP', link: 2 }], outputs: [{ name: 'CONDITIONING', type: 'CONDITIONING', links: [3] }] },
    { id: 3, type: 'Empty', pos: [0, 0], size: [200, 80], widgets_values: [512], outputs: [{ name: 'LATENT', type: 'LATENT', links: [4] }] },
    { id: 4, type: 'Sample', pos: [0, 0], size: [200, 80], widgets_values: [7, 'fixed', 20, 8], inputs: [{ name: 'model', type: 'MODEL', link: 1 }, { name: 'positive', type: 'CONDITIONING', link: 3 }, { name: 'latent', type: 'LATENT', link: 4 }], outputs: [{ name: 'LATENT', type: 'LATENT', links: [6] }] },
    { id: 5, type: 'Decode', pos: [0, 0], size: [200, 80], inputs: [{ name: 'samples', type: 'LATENT', link: 6 }, { name: 'vae', type: 'VAE', link: 5 }], outputs: [{ name: 'IMAGE', type: 'IMAGE', links: [7] }] },
    { id: 6, type: 'Save', pos: [0, 0], size: [200, 80], widgets_values: ['art'], inputs: [{ name: 'images', type: 'IMAGE', link: 7 }] },
    { id: 7, type: 'LoadImage', pos: [0, 0], size: [200, 80], widgets_values: ['cat.png', 'image'], outputs: [{ name: 'IMAGE', type: 'IMAGE', links: [8] }] },
    { id: 8, type: 'Save', pos: [0, 0], size: [200, 80], widgets_values: ['other'], inputs: [{ name: 'images', type: 'IMAGE', link: 8 }] }
  ],
  links: [link(1, 1, 0, 4, 0, 'MODEL'), link(2, 1, 1, 2, 0, 'CLIP'), link(3, 2, 0, 4, 1, 'CONDITIONING'), link(4, 3, 0, 4, 2, 'LATENT'), link(5, 1, 2, 5, 1, 'VAE'), link(6, 4, 0, 5, 0, 'LATENT'), link(7, 5, 0, 6, 0, 'IMAGE'), link(8, 7, 0, 8, 0, 'IMAGE')]
}

const schema = new Schema(OBJECT_INFO)
const axis = (title, node, widget, values) => ({ title, steps: values.map((value) => ({ label: String(value), acts: [{ node: `node:${node}`, widget, value }] })) })
const replacing = (title, node, widget, from, values) => ({ title, steps: values.map((to) => ({ label: to, acts: [{ node: `node:${node}`, widget, from, to }] })) })
const plan = (axes, more = {}) => planSweep({ workflow: WORKFLOW, schema, axes, seed: 1, ...more })

test('cells that differ in the sampler share loaders and encoders', async () => {
  const { job, problem } = await plan([axis('Steps', 4, 'steps', [10, 20, 30]), axis('CFG', 4, 'cfg', [5, 7])])
  assert.equal(problem, null)
  assert.deepEqual(Object.keys(job.prompt).filter((id) => !id.includes('@')).sort(), ['1', '2', '3', '4', '5', '6'])
  assert.equal(Object.keys(job.prompt).length, 3 + 6 * 3)
  assert.equal(job.prompt['4@5'].inputs.steps, 30)
  assert.equal(job.prompt['4@5'].inputs.cfg, 7)
  assert.deepEqual(job.prompt['4@5'].inputs.model, ['1', 0])
  assert.deepEqual(job.prompt['5@5'].inputs.samples, ['4@5', 0])
  assert.deepEqual(job.targets, ['6', '6@1', '6@2', '6@3', '6@4', '6@5'])
  assert.deepEqual(job.sweep.outputs, ['6'])
  assert.deepEqual(job.sweep.cells[5].nodes, { 4: '4@5', 5: '5@5', 6: '6@5' })
  assert.equal(job.prompt['6@5'].inputs.filename_prefix, 'art_Steps-30_CFG-7')
})

test("a cell's graph is the open one with its values", async () => {
  const { job } = await plan([axis('Steps', 4, 'steps', [20, 30]), replacing('Text', 2, 'text', 'red', ['red', 'blue'])])
  const graph = withChanges(job.workflow, job.sweep.cells[3].changes)
  assert.equal(graph.nodes.find(({ id }) => id === 4).widgets_values[2], 30)
  assert.match(graph.nodes.find(({ id }) => id === 2).widgets_values[0], /^a blue (?:cat|dog) in blue$/u)
  assert.deepEqual(job.sweep.cells[0].changes, [], 'the first has the values that are there')
})

test('texts in which something is replaced run once for each, with the same choices', async () => {
  const { job } = await plan([replacing('Text', 2, 'text', 'red', ['red', 'blue']), axis('Steps', 4, 'steps', [20, 30])])
  const texts = Object.entries(job.prompt).filter(([, node]) => node.class_type === 'Encode').map(([, node]) => node.inputs.text)
  assert.equal(texts.length, 2)
  assert.equal(texts[0].replaceAll('red', 'blue'), texts[1])
  assert.equal(Object.values(job.prompt).filter((node) => node.class_type === 'Sample').length, 4)
})

test('two axes may change one text', async () => {
  const { job } = await plan([replacing('Text', 2, 'text', 'red', ['red', 'blue']), replacing('Text', 2, 'text', 'a ', ['a ', 'two '])])
  const texts = Object.values(job.prompt).filter((node) => node.class_type === 'Encode').map((node) => node.inputs.text.replace(/cat|dog/u, 'x'))
  assert.deepEqual(texts, ['a red x in red', 'a blue x in blue', 'two red x in red', 'two blue x in blue'])
})

test('equal cells run once', async () => {
  const { job } = await plan([axis('Steps', 4, 'steps', [20, 30, 20])])
  assert.equal(Object.values(job.prompt).filter((node) => node.class_type === 'Sample').length, 2)
  assert.deepEqual(job.sweep.cells[2].nodes, job.sweep.cells[0].nodes)
  assert.deepEqual(job.targets, ['6', '6@1'])
})

test('a frozen node is the same in all cells', async () => {
  const frozenIn = () => ({ 2: { token: 'x', key: null } })
  const { job } = await plan([replacing('Text', 2, 'text', 'red', ['red', 'blue']), axis('Steps', 4, 'steps', [20, 30])], { frozenIn })
  assert.equal(Object.values(job.prompt).filter((node) => node.class_type === 'Encode').length, 1)
  assert.deepEqual(job.frozen, { 2: { token: 'x', key: null } })
  const alone = await plan([replacing('Text', 2, 'text', 'red', ['red', 'blue'])], { frozenIn })
  assert.match(alone.problem, /Nothing that shows or saves/u)
})

test('what makes no sweep is told', async () => {
  assert.match((await plan([])).problem, /Choose a widget/u)
  assert.match((await plan([axis('Steps', 4, 'steps', [20])])).problem, /One value/u)
  assert.match((await plan([axis('Steps', 4, 'steps', Array.from({ length: 401 }, (_, i) => i + 1))])).problem, /401 cells are too many/u)
  assert.match((await plan(Array.from({ length: 5 }, () => axis('Steps', 4, 'steps', [20])))).problem, /4 axes/u)
})

test('prompts are merged whatever their order, and a circle ends', () => {
  const node = (inputs) => ({ class_type: 'Save', inputs })
  const prompt = (value) => ({ 3: node({ a: ['2', 0] }), 2: node({ a: ['1', 0], b: value }), 1: node({ c: 1 }), 4: node({ a: ['5', 0] }), 5: node({ a: ['4', 0] }) })
  const { prompt: merged, cells } = merge([prompt(1), prompt(2)], { isOutput: () => true })
  assert.deepEqual(merged['3@1'].inputs.a, ['2@1', 0])
  assert.deepEqual(merged['2@1'].inputs.a, ['1', 0])
  assert.deepEqual(cells[0], {})
})
