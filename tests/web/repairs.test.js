/** What is wrong with nodes, as the page sees it and as the server says it, and what mends it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { freeze, thaw } from '../../web/commands/freeze.js'
import { repairAll, repairsOf } from '../../web/commands/repair.js'
import { faultFrom, faultsOf, knowPacks, rankOf, whereToGet } from '../../web/model/faults.js'
import { frozenIn, frozenOf } from '../../web/model/frozen.js'
import { heatOf } from '../../web/model/heat.js'
import { recordAt } from '../../web/model/prompt_ids.js'
import { Schema } from '../../web/model/schema.js'
import { Session } from '../../web/model/session.js'
import { widgetsOf } from '../../web/model/widget_values.js'
import { save } from '../../web/model/workflow.js'
import { bytesInWords } from '../../web/model/words.js'
import { makeContext, OBJECT_INFO } from './support.js'

const node = (id, type, pos, more = {}) => ({ id, type, pos, size: [200, 80], ...more })
const GRAPH = {
  nodes: [
    node(1, 'Load', [0, 0], { widgets_values: ['b.safetensor'] }),
    node(2, 'Load', [900, 900], { widgets_values: ['a.safetensors'] }),
    node(3, 'Sample', [300, 0], { widgets_values: [7, 'randomize', '30 steps', 500] }),
    node(4, 'Decode', [600, 0], { inputs: [{ name: 'samples', type: 'LATENT', link: null }, { name: 'vae', type: 'VAE', link: null }] }),
    node(5, 'Sharpe', [900, 0], { inputs: [{ name: 'image', type: 'IMAGE', link: null }], outputs: [{ name: 'IMAGE', type: 'IMAGE', links: [] }], widgets_values: [0.7], properties: { cnr_id: 'some-pack', aux_id: 'me/some-pack' } }),
    node(6, 'Mute', [0, 300], { mode: 2 })
  ],
  links: []
}
const fault = (kind, input = null, extra = {}) => ({ kind, message: '', input, extra })
const value = (context, id, name) => widgetsOf(context.types.get(context.store.node(id).type), context.store.node(id)).find((widget) => widget.name === name).value

test('files, types and muted nodes, seen without a run', () => {
  const context = makeContext(GRAPH)
  const look = (id) => {
    const record = context.store.node(id)
    const type = context.types.get(record.type)
    return faultsOf(record, type, type ? widgetsOf(type, record) : [], () => false)
  }
  assert.deepEqual(look('node:1').map(({ kind, input }) => [kind, input]), [['missing_file', 'name']])
  assert.match(look('node:1')[0].message, /^Name: there is no file “b.safetensor” on this server\. The nearest name is “b.safetensors”\.$/u)
  assert.deepEqual(look('node:2'), [])
  assert.match(look('node:5')[0].message, /has no node “Sharpe”.*node pack “some-pack” \(github\.com\/me\/some-pack\)/u)
  assert.deepEqual(look('node:6'), [], 'what never runs needs nothing')
  const linked = context.store.node('node:1')
  assert.deepEqual(faultsOf(linked, context.types.get('Load'), widgetsOf(context.types.get('Load'), linked), () => true), [], 'the link says what it is')
})

test('what cannot be told from the list of files is no fault', () => {
  const { types } = makeContext()
  const look = (name) => faultsOf({ type: 'LoadImage', mode: 0, inputs: [], properties: {} }, types.get('LoadImage'), widgetsOf(types.get('LoadImage'), { values: [name] }), () => false)
  assert.equal(look('dog.png').length, 1)
  for (const name of ['sub/dog.png', 'dog.png [output]', 'cat.png', '']) assert.deepEqual(look(name), [], name)
})

test('a type that waits comes before a file that is missing', () => {
  const order = ['missing_file', 'node_not_in_this_version', 'value_not_in_list', 'missing_node_type', 'required_input_missing', 'unheard_of']
  assert.deepEqual(order.toSorted((a, b) => rankOf({ kind: a }) - rankOf({ kind: b })),
    ['missing_node_type', 'node_not_in_this_version', 'required_input_missing', 'value_not_in_list', 'missing_file', 'unheard_of'])
})

test('where a type comes from, as far as its file says', () => {
  assert.match(whereToGet({ properties: { cnr_id: 'comfy-core' } }), /ComfyUI’s own/u)
  assert.match(whereToGet({ properties: { aux_id: 'me/Pack' } }), /pack “Pack” \(github\.com\/me\/Pack\)/u)
  assert.match(whereToGet({ properties: { aux_id: 'javascript:alert(1)' } }), /does not say/u)
  assert.match(whereToGet({ properties: {} }), /does not say/u)
  knowPacks((name) => (name === 'off-pack' ? { name: 'Off-Pack', standing: 'off' } : ({ 'me/Broken': { name: 'Broken', standing: 'broken' }, 'me/Gone': { name: 'Gone', standing: 'failed' }, 'me/Slow': { name: 'Slow', standing: 'loading' } })[name] ?? null))
  assert.match(whereToGet({ properties: { cnr_id: 'off-pack' } }), /“Off-Pack”, which is off/u)
  assert.match(whereToGet({ properties: { aux_id: 'me/Broken' } }), /“Broken”, which did not load/u)
  assert.match(whereToGet({ properties: { aux_id: 'me/Gone' } }), /“Gone”, which could not be loaded/u)
  assert.match(whereToGet({ properties: { aux_id: 'me/Slow' } }), /“Slow”, which is still being loaded/u)
  assert.match(whereToGet({ properties: { cnr_id: 'another' } }), /custom_nodes, then approve/u)
  knowPacks(() => null)
})

test('the server’s words, with the labels of widgets in place of names of the wire', () => {
  const said = (sentence, input) => faultFrom({ type: 'x', sentence, extra_info: { input_name: input } }, 'Load', () => 'Checkpoint').message
  assert.equal(said('Load "Mine" (#3): ckpt_name is 0, which is no ckpt_name_2.', 'ckpt_name'), 'Checkpoint is 0, which is no ckpt_name_2.')
  assert.equal(said('Load (#3) has nothing at its input ckpt_name.', 'ckpt_name'), 'Has nothing at its input Checkpoint.')
  assert.equal(said('Load (#3): a.b(c is odd', 'a.b(c'), 'Checkpoint is odd')
  assert.equal(faultFrom({ message: 'Refused', details: 'why' }, 'Load', String).message, 'Refused: why')
  assert.equal(faultFrom(null, 'Load', String).kind, 'refused')
})

test('the nearest file name, in one step that can be undone', () => {
  const context = makeContext(GRAPH)
  const [repair] = repairsOf(context, context.store.node('node:1'), fault('missing_file', 'name'))
  assert.equal(repair.label, 'Use “b.safetensors”')
  assert.equal(repair.sure, true)
  repair.run()
  assert.equal(value(context, 'node:1', 'name'), 'b.safetensors')
  context.store.undo()
  assert.equal(value(context, 'node:1', 'name'), 'b.safetensor')
})

test('the right type, and the right range', () => {
  const context = makeContext(GRAPH)
  const mend = (kind, input) => repairsOf(context, context.store.node('node:3'), fault(kind, input))[0]
  assert.equal(mend('invalid_input_type', 'steps').label, 'Set it to 30')
  mend('invalid_input_type', 'steps').run()
  assert.equal(value(context, 'node:3', 'steps'), 30)
  assert.equal(mend('value_bigger_than_max', 'cfg').label, 'Set it to 100.00')
  mend('value_bigger_than_max', 'cfg').run()
  assert.equal(value(context, 'node:3', 'cfg'), 100)
  assert.equal(mend('value_bigger_than_max', 'cfg'), undefined, 'nothing is left to mend')
})

test('the nearest output of the type, which makes no circle', () => {
  const context = makeContext(GRAPH)
  const [repair] = repairsOf(context, context.store.node('node:4'), fault('required_input_missing', 'vae'))
  repair.run()
  assert.equal(context.graph.linkInto(context.store.node('node:4'), 1).from, 1)
  repairsOf(context, context.store.node('node:4'), fault('required_input_missing', 'samples'))[0].run()
  assert.equal(context.graph.linkInto(context.store.node('node:4'), 0).from, 3)
  assert.deepEqual(repairsOf(context, context.store.node('node:3'), fault('required_input_missing', 'latent')), [], 'only its own result is of that type')
  assert.deepEqual(repairsOf(context, context.store.node('node:3'), fault('required_input_missing', 'nothing')), [])
})

test('the nearest known type keeps values', () => {
  const context = makeContext(GRAPH)
  const [repair] = repairsOf(context, context.store.node('node:5'), fault('missing_node_type'))
  assert.equal(repair.label, 'Replace by Sharpen')
  repair.run()
  assert.equal(context.store.node('node:5').type, 'Sharpen')
  context.store.undo()
  assert.equal(context.store.node('node:5').type, 'Sharpe')
})

test('a circle is cut where the server says that it closes', () => {
  const context = makeContext({
    nodes: [
      node(1, 'Sharpen', [0, 0], { inputs: [{ name: 'image', type: 'IMAGE', link: 2 }], outputs: [{ name: 'IMAGE', type: 'IMAGE', links: [1] }] }),
      node(2, 'Sharpen', [300, 0], { inputs: [{ name: 'image', type: 'IMAGE', link: 1 }], outputs: [{ name: 'IMAGE', type: 'IMAGE', links: [2] }] })
    ],
    links: [[1, 1, 0, 2, 0, 'IMAGE'], [2, 2, 0, 1, 0, 'IMAGE']]
  })
  const [repair] = repairsOf(context, context.store.node('node:1'), fault('dependency_cycle', null, { path: ['1', '2', '1'] }))
  repair.run()
  assert.deepEqual(context.graph.links('').map(({ from }) => from), [1])
  assert.deepEqual(repairsOf(context, context.store.node('node:1'), fault('dependency_cycle', null, { path: 'nonsense' })), [])
})

test('all that is sure is mended in one step', () => {
  const context = makeContext(GRAPH)
  const all = [['node:1', fault('missing_file', 'name')], ['node:3', fault('invalid_input_type', 'steps')], ['node:3', fault('value_bigger_than_max', 'cfg')], ['node:4', fault('required_input_missing', 'vae')], ['node:2', fault('unheard_of')]]
  const before = JSON.stringify(save(context.store))
  assert.equal(repairAll(context, all.map(([id, each]) => ({ node: context.store.node(id), fault: each }))), 4)
  assert.equal(value(context, 'node:3', 'steps'), 30)
  assert.equal(value(context, 'node:3', 'cfg'), 100)
  context.store.undo()
  assert.equal(JSON.stringify(save(context.store)), before)
})

test('freezing keeps the names of results in the file, by the node’s ids in prompts', () => {
  const context = makeContext(GRAPH)
  const session = new Session()
  session.update('3', { key: 'result' })
  session.update('4', { key: null })
  freeze(context, [context.store.node('node:3'), context.store.node('node:4')], session)
  const { token, results } = frozenOf(context.store.node('node:3'))
  assert.deepEqual(results, { 3: 'result' })
  assert.deepEqual(frozenOf(context.store.node('node:4')).results, {})
  assert.deepEqual(context.notices, ['It has no result yet: the next one is the one that is kept'])
  const recordOf = (id) => recordAt(context.store, id)
  assert.deepEqual(frozenIn({ 1: { inputs: {} }, 3: { inputs: {} }, 99: { inputs: {} }, '9:3': { inputs: {} } }, recordOf), { 3: { token, key: 'result' } })
  const again = makeContext(save(context.store))
  assert.equal(frozenOf(again.store.node('node:3')).token, token, 'it survives in the file')
  thaw(context, [context.store.node('node:3')])
  assert.equal(frozenOf(context.store.node('node:3')), null)
  context.store.undo()
  assert.equal(frozenOf(context.store.node('node:3')).token, token)
  assert.equal(frozenOf({ properties: { easel_frozen: { token: 3 } } }), null)
  assert.equal(frozenOf({ properties: { easel_frozen: 'yes' } }), null)
})

test('a prompt’s id leads to the record, through subgraphs', () => {
  const context = makeContext({
    nodes: [node(12, 'sub', [0, 0])], links: [],
    definitions: { subgraphs: [{ id: 'sub', name: 'Sub', inputs: [], outputs: [], nodes: [node(34, 'Load', [0, 0])], links: [] }] }
  })
  assert.equal(recordAt(context.store, '12').type, 'sub')
  assert.equal(recordAt(context.store, '12:34').type, 'Load')
  assert.equal(recordAt(context.store, '12:35'), undefined)
  assert.equal(recordAt(context.store, '13:34'), undefined)
})

test('heat is a share of the dearest; a subgraph is as dear as what is in it', () => {
  const session = new Session()
  session.update('1', { state: 'done', ms: 100, bytes: 10 })
  session.update('2:1', { state: 'done', ms: 150, bytes: 5 })
  session.update('2:2', { state: 'done', ms: 250, bytes: null })
  session.update('3', { state: 'running', ms: 900 })
  const { of, most, total } = heatOf(session, 'time')
  assert.deepEqual({ most, total, 1: of.get('1'), 2: of.get('2'), inner: of.get('2:1') }, { most: 400, total: 500, 1: 0.25, 2: 1, inner: 0.375 })
  assert.equal(heatOf(session, 'memory').most, 10)
  assert.deepEqual(heatOf(new Session(), 'time').most, 0)
  assert.deepEqual([0, 999, 1000, 412_000_000, 3.2e12].map(bytesInWords), ['0 bytes', '999 bytes', '1.0 kB', '412 MB', '3.2 TB'])
})

test('node types that change under an open graph: what was unknown is known', () => {
  const context = makeContext({ nodes: [node(1, 'Newcomer', [0, 0])], links: [] })
  const record = context.store.node('node:1')
  assert.equal(faultsOf(record, context.types.get('Newcomer'), [], () => false).length, 1)
  context.types.schema = new Schema({ ...OBJECT_INFO, Newcomer: { input: { required: {} }, output: [] } })
  assert.deepEqual(faultsOf(record, context.types.get('Newcomer'), [], () => false), [])
})
