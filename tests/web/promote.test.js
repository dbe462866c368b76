/** Widgets inside subgraphs on their instances: shown, hidden, ordered, several levels deep, and read from files of other versions. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addNode } from '../../web/commands/add_node.js'
import { duplicate } from '../../web/commands/clipboard.js'
import { connect } from '../../web/commands/connect.js'
import { demote, demoteThrough, moveListed, promote, promotedAs, promoteThrough, unlist, widgetsInside } from '../../web/commands/promote.js'
import { setWidget } from '../../web/commands/set_widget.js'
import { makeSubgraph } from '../../web/commands/subgraph_make.js'
import { movePort, removePort } from '../../web/commands/subgraph_ports.js'
import { unpack } from '../../web/commands/subgraph_unpack.js'
import { Schema } from '../../web/model/schema.js'
import { save, toPrompt } from '../../web/model/workflow.js'
import { makeContext, OBJECT_INFO, socket } from './support.js'

const schema = new Schema(OBJECT_INFO)
const bytes = (context) => JSON.stringify(save(context.store))
const prompt = (context) => toPrompt(JSON.parse(bytes(context)), schema, { random: () => 0 }).output
const node = (context, id) => context.store.node(id)
const at = { point: { x: 0, y: 0 } }
const shown = (context, id) => context.scene.view(node(context, id)).widgets.map(({ name, value }) => [name, value])

/** An instance of a subgraph with a sampler and a sharpener in it. */
function instance() {
  const context = makeContext()
  const [sample, sharpen] = ['Sample', 'Sharpen'].map((type, index) => addNode(context, type, { point: { x: index * 300, y: 0 } }))
  const id = makeSubgraph(context, [sample, sharpen])
  const graphId = node(context, id).type
  return { context, id, graphId, sample: `node:${graphId}/1`, sharpen: `node:${graphId}/2` }
}

test('a widget is shown on the instance, with a value of its own, and hidden again', () => {
  const { context, id, sample } = instance()
  const before = bytes(context)
  assert.equal(promote(context, node(context, sample), 'steps'), 'steps')
  assert.deepEqual(shown(context, id), [['steps', 20]])
  assert.deepEqual(promotedAs(context, node(context, sample), 'steps'), { port: 0 })
  const [copy] = duplicate(context, [id])
  setWidget(context, id, 'steps', 7)
  setWidget(context, copy, 'steps', 9)
  const output = prompt(context)
  assert.deepEqual([output[`${node(context, id).key}:1`].inputs.steps, output[`${node(context, copy).key}:1`].inputs.steps], [7, 9])
  demote(context, node(context, sample), 'steps')
  assert.deepEqual(shown(context, id), [])
  assert.equal(prompt(context)[`${node(context, id).key}:1`].inputs.steps, 20)
  for (let count = 0; count < 5; count++) context.store.undo()
  assert.equal(bytes(context), before)
})

test('values keep to their widgets while others come, move and go', () => {
  const { context, id, graphId, sample, sharpen } = instance()
  for (const name of ['seed', 'steps', 'cfg']) promote(context, node(context, sample), name)
  setWidget(context, id, 'steps', 7)
  setWidget(context, id, 'seed', 5)
  setWidget(context, id, 'cfg', 3)
  promote(context, node(context, sharpen), 'amount')
  setWidget(context, id, 'amount', 0.5)
  movePort(context, graphId, 'in', 2, 0)
  assert.deepEqual(shown(context, id), [['cfg', 3], ['seed', 5], ['steps', 7], ['amount', 0.5]])
  removePort(context, graphId, 'in', 1)
  assert.deepEqual(shown(context, id), [['cfg', 3], ['steps', 7], ['amount', 0.5]])
  const output = prompt(context)
  const key = node(context, id).key
  assert.deepEqual(output[`${key}:1`].inputs, { seed: 0, steps: 7, cfg: 3 })
  assert.equal(output[`${key}:2`].inputs.amount, 0.5)
  assert.deepEqual(prompt(makeContext(JSON.parse(bytes(context)))), output)
})

test('what becomes of a promoted seed after a run is the instance’s own, kept beside the values', () => {
  const { context, id, sample } = instance()
  promote(context, node(context, sample), 'seed')
  const control = (each) => context.scene.view(node(context, each)).widgets[0].control
  assert.equal(control(id), 'randomize', 'that inside, until it is set')
  const [copy] = duplicate(context, [id])
  setWidget(context, id, 'seed', 'fixed', 'control')
  assert.deepEqual([control(id), control(copy)], ['fixed', 'randomize'])
  assert.deepEqual(node(context, id).values, [], 'the file’s list has no place for it')
  const opened = makeContext(JSON.parse(bytes(context)))
  assert.equal(opened.scene.view(node(opened, id)).widgets[0].control, 'fixed')
  unpack(context, node(context, id))
  assert.equal(context.scene.view(node(context, [...context.selection][0])).widgets[0].control, 'fixed')
})

test('a widget that a link feeds cannot be shown', () => {
  const { context, graphId, sample, sharpen } = instance()
  context.store.transact('Give', () => context.store.update(sharpen, { outputs: [{ name: 'INT', type: 'INT', widget: null, raw: null }] }))
  connect(context, { node: sharpen, side: 'out', index: 0, name: 'INT', type: 'INT' }, { node: sample, side: 'in', index: -1, name: 'steps', type: 'INT' })
  assert.equal(promote(context, node(context, sample), 'steps'), null)
  assert.match(context.notices.at(-1), /link feeds/)
  assert.ok(widgetsInside(context, graphId).find(({ widget }) => widget.name === 'steps').linked)
})

test('from three levels deep to the outermost, in one step, and no more', () => {
  const { context, id, sample } = instance()
  const middle = makeSubgraph(context, [id], 'Middle')
  const outer = makeSubgraph(context, [middle], 'Outer')
  const outerId = node(context, outer).type
  const steps = context.store.history.undos.length
  const found = () => widgetsInside(context, outerId).find(({ widget }) => widget.name === 'steps')
  assert.deepEqual([found().path.length, found().node.id, found().shown], [2, sample, false])
  promoteThrough(context, found())
  assert.equal(context.store.history.undos.length, steps + 1)
  assert.equal(found().shown, true)
  assert.deepEqual(shown(context, outer), [['steps', 20]])
  setWidget(context, outer, 'steps', 44)
  assert.equal(Object.values(prompt(context)).find(({ class_type }) => class_type === 'Sample').inputs.steps, 44)
  demoteThrough(context, found())
  assert.deepEqual(shown(context, outer), [])
  assert.equal(found().shown, false)
})

test('widgets that a file lists on the instance are shown, set, sent and taken off', () => {
  const { context, id } = instance()
  const file = JSON.parse(bytes(context))
  const [given] = file.nodes
  given.properties = { proxyWidgets: [['1', 'cfg'], ['1', 'seed'], ['1', 'control_after_generate'], ['2', 'amount'], ['9', 'gone']] }
  given.widgets_values = [4, 77, 'increment', 0.25, 1]
  const opened = makeContext(file)
  const key = node(opened, id).key
  assert.deepEqual(JSON.parse(bytes(opened)), file, 'kept as it was')
  assert.deepEqual(shown(opened, id), [['cfg', 4], ['seed', 77], ['amount', 0.25]])
  assert.equal(opened.scene.view(node(opened, id)).widgets[1].control, 'increment')
  setWidget(opened, id, 'amount', 1.5)
  setWidget(opened, id, 'seed', 'fixed', 'control')
  assert.deepEqual(node(opened, id).values, [4, 77, 'fixed', 1.5, 1])
  const output = prompt(opened)
  assert.deepEqual([output[`${key}:1`].inputs.cfg, output[`${key}:1`].inputs.seed, output[`${key}:2`].inputs.amount], [4, 77, 1.5])
  moveListed(opened, node(opened, id), 3, 0)
  assert.deepEqual(shown(opened, id), [['amount', 1.5], ['cfg', 4], ['seed', 77]])
  assert.deepEqual(node(opened, id).values, [1.5, 4, 77, 'fixed', 1])
  opened.store.undo()
  opened.store.transact('Off', () => unlist(opened, node(opened, id), '1', 'cfg'))
  assert.deepEqual(node(opened, id).values, [77, 'fixed', 1.5, 1])
  assert.deepEqual(shown(opened, id), [['seed', 77], ['amount', 1.5]])
})

test('a list that names the inputs themselves gives the order', () => {
  const { context, id, sample } = instance()
  promote(context, node(context, sample), 'steps')
  const file = JSON.parse(bytes(context))
  file.nodes[0].properties = { proxyWidgets: [['2', 'amount'], ['-1', 'steps']] }
  file.nodes[0].widgets_values = [0.75, 12]
  const opened = makeContext(file)
  assert.deepEqual(shown(opened, id), [['amount', 0.75], ['steps', 12]])
  setWidget(opened, id, 'steps', 13)
  const key = node(opened, id).key
  assert.equal(prompt(opened)[`${key}:1`].inputs.steps, 13)
  assert.equal(prompt(opened)[`${key}:2`].inputs.amount, 0.75)
})

test('a list that names what the inputs stand for shows each once, in the order of the list', () => {
  const { context, id, sample } = instance()
  for (const name of ['seed', 'steps', 'cfg']) promote(context, node(context, sample), name)
  const file = JSON.parse(bytes(context))
  file.nodes[0].properties = { proxyWidgets: [['1', 'cfg'], ['1', 'seed'], ['2', 'amount'], ['1', 'steps']] }
  file.nodes[0].widgets_values = []
  const opened = makeContext(file)
  assert.deepEqual(shown(opened, id), [['cfg', 8], ['seed', 0], ['amount', 1], ['steps', 20]])
  setWidget(opened, id, 'steps', 9)
  setWidget(opened, id, 'amount', 0.5)
  const key = node(opened, id).key
  const output = prompt(opened)
  assert.deepEqual([output[`${key}:1`].inputs.steps, output[`${key}:1`].inputs.cfg, output[`${key}:2`].inputs.amount], [9, 8, 0.5])
  moveListed(opened, node(opened, id), 3, 0)
  assert.deepEqual(shown(opened, id), [['steps', 9], ['cfg', 8], ['seed', 0], ['amount', 0.5]])
  assert.deepEqual(prompt(opened), output)
})

test('listed widgets follow their nodes a level deeper and back', () => {
  const { context, id, graphId } = instance()
  const file = JSON.parse(bytes(context))
  file.nodes[0].properties = { proxyWidgets: [['1', 'cfg'], ['2', 'amount']] }
  file.nodes[0].widgets_values = [4, 0.25]
  const opened = makeContext(file)
  opened.graphId = graphId
  const was = prompt(opened)
  const nested = makeSubgraph(opened, [`node:${graphId}/1`])
  const inner = node(opened, nested)
  assert.deepEqual(node(opened, id).properties.proxyWidgets, [[String(inner.key), 'cfg'], ['2', 'amount']])
  const key = node(opened, id).key
  const deep = prompt(opened)
  assert.equal(deep[`${key}:${inner.key}:1`].inputs.cfg, 4)
  assert.equal(deep[`${key}:2`].inputs.amount, 0.25)
  unpack(opened, inner)
  assert.deepEqual(node(opened, id).properties.proxyWidgets, [['1', 'cfg'], ['2', 'amount']])
  assert.deepEqual(prompt(opened), was)
})

test('a broken definition shows what it can', () => {
  const file = {
    nodes: [{ id: 1, type: 'sub', pos: [0, 0], size: [200, 100], properties: { proxyWidgets: [['1'], 7, ['5', 'x'], ['1', 'steps']] }, widgets_values: { steps: 3 } }], links: [],
    definitions: { subgraphs: [{ id: 'sub', name: 'Sub', inputs: [{}, { name: 'a', linkIds: ['x'] }], outputs: [{}], nodes: [{ id: 1, type: 'Sample', pos: [0, 0], size: [200, 100] }], links: [] }] }
  }
  const context = makeContext(file)
  assert.deepEqual(shown(context, 'node:1'), [['steps', 3]])
  assert.equal(prompt(context)['1:1'].inputs.steps, 3)
  assert.deepEqual(socket(context, 'node:1', 'in', 'a').type, '*')
})
