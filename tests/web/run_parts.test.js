/** What is sent when only a part of the graph is to run, and which seeds move on. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Jobs } from '../../web/app/jobs.js'
import { Runner } from '../../web/app/run.js'
import { addNode } from '../../web/commands/add_node.js'
import { duplicate } from '../../web/commands/clipboard.js'
import { connect } from '../../web/commands/connect.js'
import { freeze } from '../../web/commands/freeze.js'
import { setWidget } from '../../web/commands/set_widget.js'
import { FROZEN, frozenOf } from '../../web/model/frozen.js'
import { Schema } from '../../web/model/schema.js'
import { Session } from '../../web/model/session.js'
import { toPrompt } from '../../web/model/to_prompt.js'
import { save } from '../../web/model/workflow.js'
import { makeContext, OBJECT_INFO, socket } from './support.js'

const INFO = {
  ...OBJECT_INFO,
  PreviewAny: { input: { required: { source: ['*'] } }, output: [], output_node: true },
  Save: { ...OBJECT_INFO.Save, output_node: true }
}
const SUB = 'b1a2c3d4-0000-4000-8000-000000000001'
const out = (type, ...links) => ({ name: type, type, links })
const input = (name, type, link) => ({ name, type, link })
const GRAPH = {
  nodes: [
    { id: 1, type: 'Sample', pos: [0, 0], size: [200, 100], outputs: [out('LATENT', 1)], widgets_values: [7, 'increment', 20, 8] },
    { id: 2, type: 'Decode', pos: [300, 0], size: [200, 100], inputs: [input('samples', 'LATENT', 1)], outputs: [out('IMAGE', 2)] },
    { id: 3, type: 'Save', pos: [600, 0], size: [200, 100], inputs: [input('images', 'IMAGE', 2)] },
    { id: 4, type: 'Sample', pos: [0, 300], size: [200, 100], outputs: [out('LATENT')], widgets_values: [9, 'increment', 20, 8] },
    { id: 12, type: SUB, pos: [0, 600], size: [200, 100] }
  ],
  links: [[1, 1, 0, 2, 0, 'LATENT'], [2, 2, 0, 3, 0, 'IMAGE']],
  definitions: { subgraphs: [{
    id: SUB, name: 'Sub', inputs: [], outputs: [],
    nodes: [
      { id: 34, type: 'Empty', pos: [0, 0], size: [200, 100], outputs: [out('LATENT', 5)] },
      { id: 35, type: 'Decode', pos: [300, 0], size: [200, 100], inputs: [input('samples', 'LATENT', 5)], outputs: [out('IMAGE')] }
    ],
    links: [{ id: 5, origin_id: 34, origin_slot: 0, target_id: 35, target_slot: 0, type: 'LATENT' }]
  }] }
}

function page() {
  const context = makeContext(GRAPH)
  context.types.schema = new Schema(INFO)
  const editor = Object.assign(context, {
    schema: context.types.schema,
    toPrompt: async () => toPrompt(save(context.store), context.types.schema),
    widgets: (id) => (context.store.node(id)?.graph === '' ? context.scene.view(context.store.node(id)).widgets : []),
    setWidget: (id, name, value) => setWidget(context, id, name, value)
  })
  const sent = []
  const said = []
  const runner = new Runner({
    editor, jobs: new Jobs(), document: () => ({ id: 'd', name: 'Owls' }),
    client: { queuePrompt: async (job) => { sent.push(job); return { prompt_id: String(sent.length), number: 1, node_errors: {} } } },
    toasts: { show: ({ text }) => said.push(text) }, names: { isLinked: () => false, title: (id) => `node ${id}` },
    troubles: { forget() {}, refuse() {}, quietly: (change) => change(), tellRefusal(error) { throw error } }
  })
  const seed = (id) => editor.widgets(id).find(({ name }) => name === 'seed').value
  return { context, runner, sent, said, seed }
}

test('all of it: no targets, and every seed moves on', async () => {
  const { runner, sent, seed } = page()
  assert.equal(await runner.queue(), true)
  assert.equal('targets' in sent[0], false)
  assert.deepEqual(sent[0].easel, { document: { id: 'd', name: 'Owls' } })
  assert.deepEqual([seed('node:1'), seed('node:4')], [8, 10])
})

test('to a node: a look in the prompt, and only seeds that took part move on', async () => {
  const { runner, sent, seed } = page()
  await runner.queue({ part: { kind: 'to', records: ['node:2'] } })
  assert.deepEqual(sent[0].targets, ['look:2'])
  assert.equal(sent[0].prompt['look:2'].class_type, 'PreviewAny')
  assert.equal(JSON.stringify(sent[0].workflow).includes('look:'), false, 'the graph that is kept with the picture has none')
  assert.deepEqual([seed('node:1'), seed('node:4')], [8, 9])
})

test('to a subgraph: what nothing else in it reads', async () => {
  const { runner, sent } = page()
  await runner.queue({ part: { kind: 'to', records: ['node:12'] } })
  assert.deepEqual(sent[0].targets, ['look:12:35'])
})

test('to a node in a subgraph that is used twice: in the use that one is in, or in both where none is meant', async () => {
  const { context, runner, sent } = page()
  duplicate(context, ['node:12'])
  const inner = { kind: 'to', records: [`node:${SUB}/35`] }
  await runner.queue({ part: { ...inner, use: '12:' } })
  await runner.queue({ part: { ...inner, use: '13:' } })
  await runner.queue({ part: inner })
  assert.deepEqual(sent.map(({ targets }) => targets), [['look:12:35'], ['look:13:35'], ['look:12:35', 'look:13:35']])
  await runner.queue({ part: { kind: 'to', records: ['node:13'], use: '' } })
  assert.deepEqual(sent[3].targets, ['look:13:35'])
})

test('a branch, chosen outputs, and parts with nothing to run', async () => {
  const { runner, sent, said } = page()
  await runner.queue({ part: { kind: 'branch', records: ['node:1'] } })
  assert.deepEqual(sent[0].targets, ['3'])
  await runner.queue({ part: { kind: 'outputs', records: ['node:3', 'node:1'] } })
  assert.deepEqual(sent[1].targets, ['3'])
  assert.equal(await runner.queue({ part: { kind: 'branch', records: ['node:4'] } }), false)
  assert.equal(await runner.queue({ part: { kind: 'outputs', records: ['node:1'] } }), false)
  assert.equal(await runner.queue({ part: { kind: 'to', records: ['node:99'] } }), false)
  assert.equal(sent.length, 2)
  assert.deepEqual(said, ['Nothing that shows or saves a result follows from here.', 'None of the selected nodes shows or saves a result.', 'What is selected takes no part in a run.'])
})

test('what is frozen is said, by ids in the prompt, also inside a subgraph', async () => {
  const { context, runner, sent } = page()
  const put = (id, results) => context.store.transact('Freeze', () => context.store.update(id, { properties: { [FROZEN]: { token: `token ${id}`, results } } }))
  put('node:1', { 1: 'a' })
  put(`node:${SUB}/34`, { '12:34': 'b', '13:34': 'c' })
  await runner.queue()
  assert.deepEqual(sent[0].easel.frozen, { 1: { token: 'token node:1', key: 'a' }, '12:34': { token: `token node:${SUB}/34`, key: 'b' } })
})

test('a frozen subgraph: the nodes inside whose results go out of it, in that use alone', async () => {
  const { context, runner, sent } = page()
  const { id: definition } = context.graph.definition(SUB)
  context.store.transact('Give an output', () => {
    context.store.update(definition, { outputs: [{ id: 'a', name: 'IMAGE', type: 'IMAGE', linkIds: [6] }] })
    context.store.put({ ...context.store.link(`link:${SUB}/5`), id: `link:${SUB}/6`, key: 6, from: 35, to: -20, type: 'IMAGE', raw: null })
    context.store.update('node:12', { outputs: [{ name: 'IMAGE', type: 'IMAGE', widget: null, raw: null }] })
  })
  const [second] = duplicate(context, ['node:12'])
  for (const id of ['node:12', second]) connect(context, socket(context, id, 'out', 'IMAGE'), socket(context, addNode(context, 'Save', { point: { x: 900, y: 0 } }), 'in', 'images'))
  const session = new Session()
  for (const id of ['12:34', '12:35', '13:35']) session.update(id, { key: `key of ${id}` })
  freeze(context, [context.store.node('node:12')], session)
  const { token } = frozenOf(context.store.node('node:12'))
  await runner.queue()
  assert.deepEqual(sent[0].easel.frozen, { '12:35': { token, key: 'key of 12:35' } })
  freeze(context, [context.store.node(`node:${SUB}/35`)], session)
  await runner.queue()
  assert.deepEqual(Object.values(sent[1].easel.frozen).map(({ token: one }) => one === token), [false, false], 'what is frozen itself has the last word')
})
