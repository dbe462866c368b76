import assert from 'node:assert/strict'
import { test } from 'node:test'

import { workflowFromPrompt } from '../../web/import/from_prompt.js'
import { isPrompt } from '../../web/import/json.js'
import { nextValue, randomSeed } from '../../web/app/next_value.js'
import { LARGEST_SEED, Schema } from '../../web/model/schema.js'
import { toPrompt } from '../../web/model/to_prompt.js'

const schema = new Schema({
  Load: { input: { required: { name: [['a.ckpt', 'b.ckpt'], {}] } }, output: ['MODEL', 'CLIP'], output_name: ['MODEL', 'CLIP'] },
  Sample: {
    input: { required: { model: ['MODEL'], seed: ['INT', { control_after_generate: true, max: 1000 }], cfg: ['FLOAT', {}] }, optional: { mask: ['MASK'] } },
    output: ['LATENT'],
  },
})

const PROMPT = {
  7: { class_type: 'Load', inputs: { name: 'b.ckpt' } },
  'x:1': { class_type: 'Sample', inputs: { model: ['7', 0], seed: ['n', 0], cfg: 4.5 }, _meta: { title: 'Second pass' } },
  n: { class_type: 'Unknown', inputs: { number: 5, from: ['7', 1] } },
}

test('API format is told from workflows', () => {
  assert.ok(isPrompt(PROMPT))
  for (const other of [{}, [], null, 'x', { nodes: [], links: [] }, { 1: { inputs: {} } }]) assert.equal(isPrompt(other), false)
})

test('a prompt becomes a workflow that gives the same prompt back', () => {
  const workflow = workflowFromPrompt(PROMPT, schema)
  const ids = Object.fromEntries(workflow.nodes.map(node => [node.title ?? node.type, node.id]))
  assert.equal(ids.Load, 7)
  const { output } = toPrompt(workflow, schema)
  assert.deepEqual(output[7]?.inputs, { name: 'b.ckpt' })
  const sampled = output[String(ids['Second pass'])]
  assert.deepEqual(sampled?.inputs.model, ['7', 0])
  assert.deepEqual(sampled?.inputs.seed, [String(ids.Unknown), 0])
  assert.equal(sampled?.inputs.cfg, 4.5)
  assert.equal(sampled?._meta.title, 'Second pass')
})

test('what feeds stands left of what it feeds, and nothing overlaps', () => {
  const { nodes, links } = workflowFromPrompt(PROMPT, schema)
  const at = new Map(nodes.map(node => [node.id, node.pos[0]]))
  for (const [, from, , to] of links) assert.ok((at.get(from) ?? 0) < (at.get(to) ?? 0))
  for (const a of nodes) {
    for (const b of nodes) {
      if (a !== b && a.pos[0] === b.pos[0]) assert.ok(a.pos[1] + a.size[1] <= b.pos[1] || b.pos[1] + b.size[1] <= a.pos[1])
    }
  }
})

test('circles and long chains are laid out too', () => {
  const circle = { 1: { class_type: 'Unknown', inputs: { a: ['2', 0] } }, 2: { class_type: 'Unknown', inputs: { a: ['1', 0] } } }
  assert.equal(workflowFromPrompt(circle, schema).links.length, 2)
  const chain = Object.fromEntries([...Array(5000).keys()].map(id => [id + 1, { class_type: 'Unknown', inputs: id ? { a: [String(id), 0] } : {} }]))
  assert.equal(workflowFromPrompt(chain, schema).nodes.length, 5000)
})

/** @param {Partial<import('../../web/model/schema.js').NumberSpec>} spec @param {number} value @param {any} control @returns {any} */
const seed = (spec, value, control) => ({ name: 'seed', label: '', tooltip: '', socketless: false, value, control, spec: { kind: 'number', min: 0, max: 2 ** 64, step: 1, ...spec } })

test('seeds move on as their control says', () => {
  assert.equal(nextValue(seed({}, 5, 'fixed')), 5)
  assert.equal(nextValue(seed({}, 5, 'increment')), 6)
  assert.equal(nextValue(seed({ max: 5 }, 5, 'increment')), 5)
  assert.equal(nextValue(seed({}, 0, 'decrement')), 0)
  assert.equal(nextValue(seed({ max: 10 }, 5, 'randomize'), () => 0.5), 5)
  assert.equal(nextValue(seed({}, 5, null)), 5)
  assert.ok(Number.isSafeInteger(randomSeed({ min: 0, max: 2 ** 64, step: 1 }, () => 0.999999)))
  assert.ok(randomSeed({ min: 0, max: 2 ** 64, step: 1 }, () => 0.9999999999) <= LARGEST_SEED)
})

test('choices move on too', () => {
  const combo = (/** @type {string} */ value, /** @type {string} */ control) => /** @type {any} */ ({ value, control, spec: { kind: 'combo', options: ['a', 'b', 'c'] } })
  assert.equal(nextValue(combo('b', 'increment')), 'c')
  assert.equal(nextValue(combo('c', 'increment')), 'c')
  assert.equal(nextValue(combo('c', 'increment-wrap')), 'a')
  assert.equal(nextValue(combo('a', 'decrement')), 'a')
  assert.equal(nextValue(combo('a', 'randomize'), () => 0.99), 'c')
})
