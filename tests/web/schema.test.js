import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Schema } from '../../web/model/schema.js'
import { defaultValues, widgetsOf, withValue } from '../../web/model/widget_values.js'
import { categoryWords, formatNumber, humanise, inSentence, rowLabel } from '../../web/model/words.js'

const read = (required, optional = {}) => new Schema({ T: { input: { required, optional }, output: [['a', 'b'], 'IMAGE'], output_name: ['pick', 'IMAGE'], output_is_list: [false, true] } }).get('T')
const input = (type) => type.inputs[0]

test('widgets of each kind, with defaults and ranges', () => {
  assert.deepEqual(input(read({ x: ['INT', {}] })).widget, { kind: 'number', integer: true, default: 0, min: 0, max: 2048, step: 1, round: 1, digits: 0, display: 'number', log: false, unit: 'px', seed: false })
  const float = input(read({ x: ['FLOAT', { default: 8, min: 0, max: 100, step: 0.1, round: 0.01, display: 'slider' }] })).widget
  assert.deepEqual([float.digits, float.round, float.display], [2, 0.01, 'slider'])
  assert.equal(input(read({ x: ['FLOAT', { round: false }] })).widget.round, 0)
  assert.equal(input(read({ noise_seed: ['INT', {}] })).widget.seed, true)
  assert.deepEqual(input(read({ x: [['p', 'q']] })).widget, { kind: 'combo', default: 'p', options: ['p', 'q'], upload: null, control: false, multiple: false, remote: false })
  assert.equal(input(read({ x: ['COMBO', { options: ['p'], image_upload: true }] })).widget.upload, 'image')
  assert.equal(input(read({ x: ['BOOLEAN', { label_on: 'yes' }] })).widget.on, 'yes')
  assert.equal(input(read({ x: ['STRING', { multiline: true }] })).widget.multiline, true)
  assert.equal(input(read({ x: ['IMAGE'] })).widget, null)
  const forced = input(read({ x: ['INT', { forceInput: true }] }))
  assert.deepEqual([forced.widget, forced.forced], [null, true])
})

test('inputs stand in the order that the server gives', () => {
  const schema = new Schema({ T: { input: { required: { a: ['INT'], b: ['INT'] } }, input_order: { required: ['b', 'a'] }, output: [] } })
  assert.deepEqual(schema.get('T').inputs.map(({ name }) => name), ['b', 'a'])
})

test('combo outputs and lists', () => {
  assert.deepEqual(read({}).outputs.map(({ name, type, list }) => [name, type, list]), [['pick', 'COMBO', false], ['IMAGE', 'IMAGE', true]])
})

test('what is no catalogue is none, and what is no entry is passed over', () => {
  for (const junk of [null, 3, 'x', [], { A: null, B: 4, C: { input: 5, output: 'x', output_name: {} }, D: { input: { required: { x: null, y: [], z: [3, 4] } } } }]) {
    assert.ok(new Schema(junk).get('Reroute'))
  }
})

test('a list of values is read by the order of the declaration', () => {
  const type = read({ model: ['MODEL'], seed: ['INT', {}], image: [['a.png'], { image_upload: true }], text: ['STRING', {}] }, { late: ['FLOAT', { default: 2 }] })
  assert.deepEqual(defaultValues(type), [0, 'randomize', 'a.png', '', 'image', 2])
  const values = widgetsOf(type, { values: [7, 'fixed', 'b.png', 'hello', 'image', 3] })
  assert.deepEqual(values.map(({ name, value }) => [name, value]), [['seed', 7], ['image', 'b.png'], ['text', 'hello'], ['late', 3]])
  assert.equal(values[0].control, 'fixed')
  assert.deepEqual(widgetsOf(type, { values: [7, true] }).map(({ value, control }) => [value, control]), [[7, 'randomize'], ['a.png', null], ['', null], [2, null]])
  assert.deepEqual(withValue(type, { values: null }, 'text', 'x'), [0, 'randomize', 'a.png', 'x'])
  assert.deepEqual(withValue(type, { values: [1] }, 'nothing', 'x'), [1])
})

test('values of the wrong kind are shown as they are', () => {
  const type = read({ steps: ['INT', {}], on: ['BOOLEAN', {}] })
  assert.deepEqual(widgetsOf(type, { values: ['twenty', { a: 1 }, 5, 6] }).map(({ value }) => value), ['twenty', { a: 1 }])
})

test('what a type waits for is read where the server says it', () => {
  const types = { Wan: { easel_later: 'the Wan video models', input: { required: { length: ['INT', { default: 81 }] } } }, Odd: { easel_later: { a: 1 } }, Plain: {} }
  const schema = new Schema(types)
  assert.deepEqual(['Wan', 'Odd', 'Plain', 'Reroute'].map((name) => schema.get(name).later), ['the Wan video models', '', '', ''])
  assert.equal(widgetsOf(schema.get('Wan'), { values: [33] })[0].value, 33, 'its widgets hold values as any')
})

test('names for the eye', () => {
  assert.equal(humanise('sampler_name'), 'Sampler name')
  assert.equal(rowLabel('sampler_name'), 'Sampler')
  assert.equal(rowLabel('name'), 'Name')
  assert.equal(categoryWords('latent/3d/custom_sampling'), 'Latent / 3D / Custom sampling')
  assert.equal(categoryWords('_for_testing'), 'For testing')
  assert.deepEqual(['Sampler name', 'CFG', 'LoRA strength', 'Steps'].map(inSentence), ['sampler name', 'CFG', 'LoRA strength', 'steps'])
  assert.equal(humanise('CLIP_VISION_OUTPUT'), 'CLIP vision output')
  assert.equal(humanise('vae'), 'VAE')
  assert.equal(formatNumber(20261122, 0), '20\u2009261\u2009122')
  assert.equal(formatNumber(5, 1), '5.0')
  assert.equal(formatNumber(-1234, 0), '-1234')
})
