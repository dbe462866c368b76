/** Graph files that say what they need: read with caution, written beside all else, and judged by what is here. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { SharedCheck } from '../../web/sharing/check.js'
import { localNames, useLocalFiles } from '../../web/sharing/local_files.js'
import { itemsOf, lacking, neededBy, withNeeds } from '../../web/sharing/needed.js'
import { Store } from '../../web/model/store.js'
import { load, save } from '../../web/model/workflow.js'
import { Schema } from '../../web/model/schema.js'

const HASH = 'ab'.repeat(32)

test('models are read from shared files and from those of the incumbent, each once', () => {
  const needed = neededBy({
    nodes: [{ id: 1, type: 'A', properties: { models: [{ name: 'a.safetensors', directory: 'loras', url: 'https://host/a', hash: HASH.toUpperCase(), hash_type: 'SHA256' }] } }],
    models: [{ name: 'sub\\b.safetensors', directory: 'vae', hash: '123', hash_type: 'BLAKE3' }],
    definitions: { subgraphs: [{ id: 's', nodes: [{ id: 2, properties: { models: [{ name: 'c.safetensors', url: 'javascript:alert(1)' }] } }] }] },
    extra: { easel: { share: { version: 1, easel: '0.1.0', models: [{ name: 'a.safetensors', directory: 'loras', size: 5 }], packs: [{ name: 'p', version: '1', types: ['A', 3] }] } } },
  })
  assert.deepEqual(needed.models.map(({ name, directory, sha256, size, url }) => [name, directory, sha256, size, url]), [
    ['a.safetensors', 'loras', HASH, 5, 'https://host/a'], ['sub/b.safetensors', 'vae', '', 0, ''], ['c.safetensors', '', '', 0, ''],
  ])
  assert.deepEqual(needed.packs, [{ name: 'p', version: '1', source: '', types: ['A'] }])
  for (const broken of [null, 5, {}, { models: 3, nodes: [null, 5, { properties: { models: { name: 'x' } } }], extra: { easel: { share: 'x' } }, definitions: 7 }]) {
    assert.deepEqual(neededBy(broken), { models: [], packs: [], easel: '' })
  }
})

test('a shared file is the graph as it was, and opens as it was written', () => {
  const graph = { nodes: [{ id: 1, type: 'Note', pos: [0, 0], size: [210, 60], widgets_values: ['x'] }], links: [], groups: [], extra: { ds: { scale: 1 }, easel: { app: { version: 1 } } }, version: 0.4, last_node_id: 1, last_link_id: 0, config: {} }
  const shared = withNeeds(graph, { easel: '0.1.0', models: [{ directory: 'loras', name: 'a', size: 3, sha256: HASH, title: '', url: 'javascript:x' }], packs: [{ name: 'p', version: '', source: '', types: ['T'] }] })
  assert.deepEqual({ ...shared, extra: { ...shared.extra, easel: { app: { version: 1 } } } }, graph)
  assert.deepEqual(shared.extra.easel.share, { version: 1, easel: '0.1.0', models: [{ directory: 'loras', name: 'a', size: 3, sha256: HASH }], packs: [{ name: 'p', types: ['T'] }] })
  const store = new Store()
  store.load(load(shared).records)
  assert.deepEqual(JSON.parse(JSON.stringify(save(store))), shared)
})

test('what is lacking comes first, and a pack that is off is no missing one', () => {
  const needed = neededBy({ models: [{ name: 'here' }, { name: 'renamed' }, { name: 'gone' }], extra: { easel: { share: { packs: [{ name: 'off' }, { name: 'absent' }, { name: 'older', version: '1' }] } } } })
  const answer = { models: [{ state: 'here' }, { state: 'renamed', as: ['loras', 'mine'] }, { state: 'missing' }], packs: { off: null, absent: null, older: '2' } }
  const items = itemsOf(needed, answer, name => (name === 'absent' ? null : { name, standing: name === 'off' ? 'off' : 'here' }))
  assert.deepEqual(items.map(({ name, state }) => `${name} ${state}`), ['gone missing', 'absent missing', 'renamed renamed', 'off off', 'older version', 'here here'])
  assert.equal(lacking(items).length, 4)
  assert.deepEqual([...localNames(items)], [['renamed', 'mine']])
})

test('all values that name a renamed file change in one step, with either slash, and one undo takes it back', () => {
  const combo = { input: { required: { name: [['mine.safetensors'], {}] } }, output: [], output_name: [], name: 'Loader', display_name: 'Loader', category: '' }
  const known = new Schema({ Loader: combo })
  const store = new Store()
  const nodes = [1, 2, 3].map(id => ({ id, type: 'Loader', pos: [0, 0], size: [210, 60], widgets_values: [id === 3 ? 'other' : id === 2 ? 'sub\\theirs' : 'sub/theirs'] }))
  store.load(load({ nodes, links: [] }).records)
  const editor = { store, schema: known, types: { of: node => known.get(node.type), get: name => known.get(name), schema: known } }
  assert.equal(useLocalFiles(editor, new Map([['sub/theirs', 'mine.safetensors']])), 2)
  const values = () => save(store).nodes.map(node => node.widgets_values[0])
  assert.deepEqual(values(), ['mine.safetensors', 'mine.safetensors', 'other'])
  store.undo()
  assert.deepEqual(values(), ['sub/theirs', 'sub\\theirs', 'other'])
})

test('a graph that needs nothing asks nobody; one that lacks something is told once it is known', async () => {
  const sent = []
  const shown = []
  const answers = [{ models: [{ state: 'looking' }], packs: {} }, { models: [{ state: 'renamed', as: ['loras', 'mine'] }], packs: {} }]
  const check = new SharedCheck({
    client: { send: async (...what) => { sent.push(what); return answers.shift() } }, packs: { packs: [], read: true, load: async () => undefined },
    toasts: { show: notice => { shown.push(notice); return () => undefined }, dismiss: () => undefined }, open: () => undefined,
  })
  await check.look({ nodes: [] })
  assert.equal(sent.length, 0)
  await check.look({ models: [{ name: 'theirs', directory: 'loras' }] })
  assert.equal(sent.length, 2)
  assert.equal(shown.length, 1)
  assert.match(shown[0].text, /another name/u)
})
