import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '../../web/node_modules/fast-check/lib/fast-check.js'
import { labelOf } from '../../web/model/labels.js'
import { closeness, nearest } from '../../web/model/nearest.js'

const FILES = [
  'v1-5-pruned-emaonly.safetensors', 'sd_xl_base_1.0.safetensors', 'sd_xl_refiner_1.0.safetensors', 'anime/dreamshaper_8.safetensors',
  'flux1-dev-fp8.safetensors', 'flux1-schnell.safetensors', 'juggernautXL_v9.safetensors', 'sd3.5_medium.safetensors'
]
const first = (name) => nearest(name, FILES)[0]?.choice

test('the same file in another folder or with another ending comes first', () => {
  assert.deepEqual(nearest('dreamshaper_8.safetensors', FILES)[0], { choice: 'anime/dreamshaper_8.safetensors', score: 1 })
  assert.equal(first('models\\SD\\v1-5-pruned-emaonly.ckpt'), 'v1-5-pruned-emaonly.safetensors')
})

test('other versions and slips are found', () => {
  assert.equal(first('v1-5-pruned-emaonly-fp16.safetensors'), 'v1-5-pruned-emaonly.safetensors')
  assert.equal(first('sd_xl_base_1.0_0.9vae.safetensors'), 'sd_xl_base_1.0.safetensors')
  assert.equal(first('juggernaut_xl_v8.safetensors'), 'juggernautXL_v9.safetensors')
  assert.equal(first('dreamshpaer_8.safetensors'), 'anime/dreamshaper_8.safetensors')
  assert.equal(first('flux1-dev.safetensors'), 'flux1-dev-fp8.safetensors')
})

test('what has nothing in common is not offered', () => {
  assert.deepEqual(nearest('qwen_image_edit.safetensors', ['t5xxl_fp16.safetensors', 'clip_l.safetensors']), [])
  assert.deepEqual(nearest('', FILES), [])
})

test('the nearest of thousands of names', () => {
  const many = Array.from({ length: 10_000 }, (_, index) => `folder${index % 90}/some_model_name_number_${index}.safetensors`)
  assert.equal(nearest('some_model_name_number_4242.ckpt', many)[0].choice, `folder${4242 % 90}/some_model_name_number_4242.safetensors`)
})

test('property: closeness is 1 for the same word only, and the same both ways', () => {
  const word = fc.string({ maxLength: 12 })
  fc.assert(fc.property(word, word, (a, b) => {
    assert.equal(closeness(a, b), closeness(b, a))
    assert.equal(closeness(a, b) === 1, a === b)
  }))
})

test('an input is called what its row says', () => {
  const type = { inputs: [{ name: 'ckpt_name', label: 'ckpt_name' }, { name: 'x', label: 'Strength of it' }] }
  assert.equal(labelOf(undefined, type, 'ckpt_name'), 'Checkpoint')
  assert.equal(labelOf({ inputs: [] }, type, 'x'), 'Strength of it')
  assert.equal(labelOf({ inputs: [{ name: 'x', raw: { label: 'Mine' } }] }, type, 'x'), 'Mine')
  assert.equal(labelOf(undefined, undefined, 'sampler_name'), 'Sampler')
})
