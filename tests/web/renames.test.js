/** Files with old names: replaced as one step when they are opened, told once, and taken back by one undo. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { OldNames } from '../../web/app/renames.js'
import { byNewNames, readReplacements, Renames } from '../../web/model/renamed.js'
import { Schema } from '../../web/model/schema.js'
import { Store } from '../../web/model/store.js'
import { load, save } from '../../web/model/workflow.js'

const NODES = JSON.parse(readFileSync(new URL('../conversion/nodes.json', import.meta.url), 'utf8'))
const [{ workflow }] = JSON.parse(readFileSync(new URL('../conversion/renamed.json', import.meta.url), 'utf8'))

function opening(schema, replacements = {}) {
  const store = new Store()
  store.load(load(workflow).records)
  const shown = []
  const editor = { store, schema, save: () => save(store), run: () => undefined }
  const graph = { tab: {}, onOpen: new Set() }
  const names = new OldNames({ editor, graph, client: { json: async () => replacements }, toasts: { show: notice => { shown.push(notice); return () => undefined } } })
  return { editor, graph, names, shown, store, types: () => save(store).nodes.map(({ type }) => type) }
}

test('old names are replaced in one step that undo takes back, with values and links kept', async () => {
  const { names, shown, store, types } = opening(new Schema(NODES))
  assert.equal(await names.replace(), 2)
  assert.deepEqual(types(), ['LoadImage', 'Brush', 'Wash'])
  assert.equal(save(store).links.length, 2)
  assert.deepEqual(save(store).nodes[1].widgets_values, { mode: 'quick', strength: 0.5, edge: 'soft' })
  assert.equal(shown.length, 1)
  assert.match(shown[0].text, /2 nodes/u)
  store.undo()
  assert.deepEqual(types(), ['LoadImage', 'OldBrush', 'Wash'])
  assert.equal(store.undoLabel, null)
})

test('replacements that packs register apart from their types are used where a type is missing', async () => {
  const { OldBrush: _, Brush, ...rest } = NODES
  const { easel_renamed: _renamed, ...plain } = Brush
  const { names, types, store } = opening(new Schema({ ...rest, Brush: plain, Wash: { ...NODES.Wash, easel_renamed: [] } }), {
    OldBrush: [{ old_node_id: 'OldBrush', new_node_id: 'Brush', old_widget_ids: ['mode', 'amount'],
      input_mapping: [{ new_id: 'image', old_id: 'picture' }, { new_id: 'strength', old_id: 'amount' }, { new_id: 'edge', set_value: 'soft' }], output_mapping: [{ old_idx: 0, new_idx: 1 }, { old_idx: 1, new_idx: 0 }] }],
  })
  assert.equal(await names.replace(), 1)
  assert.deepEqual(types(), ['LoadImage', 'Brush', 'Wash'])
  assert.deepEqual(save(store).links[1].slice(0, 5), [2, 2, 1, 3, 0])
})

test('what was opened before the types were known is replaced when they come', async () => {
  const opened = opening(new Schema({}))
  assert.equal(await opened.names.replace(), 0)
  opened.editor.schema = new Schema(NODES)
  opened.names.typesCame()
  await new Promise(resolve => setImmediate(resolve))
  assert.deepEqual(opened.types(), ['LoadImage', 'Brush', 'Wash'])
})

test('names that a pack gives while the graph is open are taken, and not again once that was taken back', async () => {
  const { Brush: _, ...before } = NODES
  const opened = opening(new Schema({ ...before, OldBrush: NODES.Brush, Wash: { ...NODES.Wash, easel_renamed: [] } }))
  const came = async schema => {
    opened.editor.schema = schema
    opened.names.typesCame()
    await new Promise(resolve => setImmediate(resolve))
  }
  assert.equal(await opened.names.replace(), 0)
  await came(new Schema(NODES))
  assert.deepEqual(opened.types(), ['LoadImage', 'Brush', 'Wash'])
  opened.store.undo()
  await came(new Schema({ ...NODES }))
  assert.deepEqual(opened.types(), ['LoadImage', 'OldBrush', 'Wash'])
})

test('a file without old names is the same object, a type that is there is never replaced, and nonsense says nothing', () => {
  const plain = { nodes: [{ id: 1, type: 'LoadImage' }], links: [] }
  assert.equal(byNewNames(plain, new Renames(new Schema(NODES))).file, plain)
  const both = new Schema({ ...NODES, OldBrush: NODES.Brush })
  assert.equal(byNewNames(workflow, new Renames(both)).file.nodes[1].type, 'OldBrush')
  for (const nonsense of [null, 5, { a: 3 }, { a: [null, 5, { old_node_id: 3 }, { old_node_id: 'a', new_node_id: 'b', input_mapping: 7 }] }]) assert.ok(readReplacements(nonsense).size <= 1)
})
