/** The list of models as the panel looks through it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { Catalogue, UNKNOWN } from '../../web/models/catalogue.js'

const ROWS = {
  loras: [
    ['a/b/ink.v2.safetensors', 300, 30, 0, 'LoRA', 'SDXL', 'fp16', true, ['best']],
    ['a/oil.safetensors', 100, 10, 5, 'LoRA', 'SD 1', 'fp16', false, []],
    ['new.safetensors', 200, 20, 0, null, null, null, false, []],
    ['odd.ckpt', 1, 1, 0, '', '', '', false, []]
  ],
  vae: [], gligen: []
}

/** @param {any} answer */
async function read(answer) {
  const catalogue = new Catalogue(/** @type {any} */ ({ json: async () => { if (answer instanceof Error) throw answer; return answer } }), () => undefined)
  await catalogue.load()
  catalogue.end()
  return catalogue
}

const wanted = /** @type {const} */ ({ kind: 'loras', folder: '', text: '', family: '', starred: false, sort: 'name' })

test('models are found by words, folder, family and star, in three orders', async () => {
  const catalogue = await read({ kinds: ROWS, unread: 0 })
  const found = (/** @type {Partial<import('../../web/models/catalogue.js').Wanted>} */ change) => catalogue.search({ ...wanted, ...change }).map(model => model.title)
  assert.deepEqual(found({}), ['ink.v2', 'oil', 'new', 'odd'])
  assert.deepEqual(found({ text: 'SDXL best' }), ['ink.v2'])
  assert.deepEqual(found({ folder: 'a' }), ['ink.v2', 'oil'])
  assert.deepEqual(found({ folder: 'a/b' }), ['ink.v2'])
  assert.deepEqual(found({ family: 'SD 1' }), ['oil'])
  assert.deepEqual(found({ family: UNKNOWN }), ['new', 'odd'])
  assert.deepEqual(found({ starred: true }), ['ink.v2'])
  assert.deepEqual(found({ sort: 'newest' }), ['ink.v2', 'new', 'oil', 'odd'])
  assert.deepEqual(found({ sort: 'largest' }), ['ink.v2', 'new', 'oil', 'odd'])
  assert.deepEqual(found({ kind: 'nothing' }), [])
})

test('folders count what lies deeper, families those that nobody knows, and empty kinds that few use are left out', async () => {
  const catalogue = await read({ kinds: ROWS, unread: 0 })
  assert.deepEqual(catalogue.folders('loras'), [['a', 2], ['a/b', 1]])
  assert.deepEqual(new Map(catalogue.families('loras')), new Map([['SDXL', 1], ['SD 1', 1], [UNKNOWN, 2]]))
  assert.deepEqual(catalogue.shownKinds(), ['loras', 'vae'])
})

test('a server that does not answer is told, and what was there stays', async () => {
  const catalogue = await read(new Error('The server does not answer.'))
  assert.equal(catalogue.failure, 'The server does not answer.')
  assert.equal(catalogue.read, false)
})
