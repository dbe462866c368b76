/** Expressions of the open document: results follow what they read, as a part of the same step. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '../../web/node_modules/fast-check/lib/fast-check.js'
import { alike, setExpression, setWidget, setWidgets } from '../../web/commands/set_widget.js'
import { Expressions } from '../../web/model/live_expressions.js'
import { Schema } from '../../web/model/schema.js'
import { save, toPrompt } from '../../web/model/workflow.js'
import { makeContext, OBJECT_INFO } from './support.js'

const schema = new Schema(OBJECT_INFO)
const NODES = [
  { id: 1, type: 'Sample', pos: [0, 0], widgets_values: [5, 'fixed', 20, 8] },
  { id: 2, type: 'Sample', pos: [0, 0], title: 'Second', widgets_values: [5, 'fixed', 30, 8] },
  { id: 3, type: 'Empty', pos: [0, 0], widgets_values: [512] }
]
function open(nodes = NODES) {
  const context = makeContext({ nodes: structuredClone(nodes), links: [] })
  context.expressions = new Expressions(context.store, context.graph, (type) => schema.get(type))
  return context
}
const value = (context, id, name) => context.scene.view(context.store.node(id)).widgets.find((widget) => widget.name === name).value
const bytes = (context) => JSON.stringify(save(context.store))

test('a result follows its source within one step, and undo takes both back', () => {
  const context = open()
  setExpression(context, 'node:3', 'width', '[#1].steps * 16')
  assert.equal(value(context, 'node:3', 'width'), 320)
  const before = bytes(context)
  setWidget(context, 'node:1', 'steps', 40)
  assert.equal(value(context, 'node:3', 'width'), 640)
  assert.equal(context.store.history.undos.length, 2)
  context.store.undo()
  assert.equal(bytes(context), before)
  context.store.redo()
  assert.equal(value(context, 'node:3', 'width'), 640)
})

test('in a gesture every move is followed, and a cancelled one leaves nothing', () => {
  const context = open()
  setExpression(context, 'node:3', 'width', '[Second].cfg * 100')
  const before = bytes(context)
  context.store.begin('Change cfg')
  setWidget(context, 'node:2', 'cfg', 5)
  assert.equal(value(context, 'node:3', 'width'), 500)
  context.store.cancel()
  assert.equal(bytes(context), before)
})

test('a renamed source goes on being read, by its new title or its number', () => {
  const context = open()
  const source = () => context.store.node('node:3').properties.easel_expressions.width
  const rename = (id, title) => context.store.transact('Rename', () => context.store.update(id, { title }))
  setExpression(context, 'node:3', 'width', '[Second].steps * 10')
  rename('node:2', 'Third')
  assert.equal(source(), '[Third].steps * 10')
  assert.equal(context.expressions.problem('node:3', 'width'), null)
  rename('node:2', 'KSampler') // as another one is called
  assert.equal(source(), '[#2].steps * 10')
  context.store.undo()
  context.store.undo()
  assert.equal(source(), '[Second].steps * 10')
  setExpression(context, 'node:3', 'width', '[KSampler].steps * 10')
  rename('node:1', 'First')
  assert.equal(source(), '[First].steps * 10')
})

test('a removed source is told, and the last result stays', () => {
  const context = open()
  setExpression(context, 'node:3', 'width', '[Second].steps * 10')
  setExpression(context, 'node:3', 'width', '[#2].steps')
  context.store.transact('Delete', () => context.store.remove('node:2'))
  assert.equal(value(context, 'node:3', 'width'), 30)
  assert.equal(context.expressions.problem('node:3', 'width').message, 'There is no node #2.')
})

test('circles are told on each of their widgets', () => {
  const context = open()
  setExpression(context, 'node:1', 'steps', '[#2].steps + 1')
  setExpression(context, 'node:2', 'steps', '[#1].steps + 1')
  for (const id of ['node:1', 'node:2']) assert.match(context.expressions.problem(id, 'steps').message, /circle/)
  assert.deepEqual([value(context, 'node:1', 'steps'), value(context, 'node:2', 'steps')], [31, 30])
})

test('a value that is given takes the place of an expression', () => {
  const context = open()
  setExpression(context, 'node:3', 'width', '[#1].steps * 16')
  setWidget(context, 'node:3', 'width', 100)
  setWidget(context, 'node:1', 'steps', 50)
  assert.equal(value(context, 'node:3', 'width'), 100)
  assert.deepEqual(context.store.node('node:3').properties, {})
})

test('a preview writes nothing and says what is wrong', () => {
  const context = open()
  const before = bytes(context)
  assert.equal(context.expressions.preview('node:3', 'width', '[#1].steps * 16'), 320)
  assert.throws(() => context.expressions.preview('node:3', 'width', '[#3].width + 1'), /circle/)
  assert.equal(bytes(context), before)
})

test('a file opens as it is: old results are told apart only when something changes', () => {
  const context = open([...NODES.slice(0, 2), { ...NODES[2], properties: { easel_expressions: { width: '[#1].steps * 16' } } }])
  assert.equal(value(context, 'node:3', 'width'), 512)
  assert.equal(toPrompt(save(context.store), schema).output[3].inputs.width, 320)
  setWidget(context, 'node:2', 'steps', 8)
  assert.equal(value(context, 'node:3', 'width'), 320)
})

test('the same widget of all selected nodes is set in one step, each within its limits', () => {
  const context = open()
  context.select(['node:2', 'node:3'])
  setWidgets(context, 'node:1', 'steps', 7)
  assert.deepEqual([value(context, 'node:1', 'steps'), value(context, 'node:2', 'steps'), value(context, 'node:3', 'width')], [7, 7, 512])
  assert.deepEqual(context.store.history.undos, ['Change steps of 2 nodes'])
  assert.deepEqual(alike(context, 'node:3', 'width').map(({ id }) => id), ['node:3'])
})

test('property: any edits, undone, give the same bytes; what is sent is what is shown', () => {
  const ids = fc.constantFrom('node:1', 'node:2', 'node:3')
  const sources = fc.constantFrom('[#1].steps * 2', '[Second].cfg', '[#3].width / 4', '1 +', '[Gone].x', 'min([#1].steps, [#2].steps)', '7')
  const edits = fc.array(fc.oneof(
    fc.record({ id: ids, name: fc.constantFrom('steps', 'cfg', 'width'), source: sources }),
    fc.record({ id: ids, name: fc.constantFrom('steps', 'cfg', 'width'), value: fc.integer({ min: 1, max: 90 }) }),
    fc.record({ id: ids, title: fc.constantFrom('Second', 'Other', null) })
  ), { maxLength: 12 })
  fc.assert(fc.property(edits, (all) => {
    const context = open()
    const before = bytes(context)
    for (const { id, name, source, value: given, title } of all) {
      const widgets = context.scene.view(context.store.node(id)).widgets
      if (title !== undefined) context.store.transact('Rename', () => context.store.update(id, { title }))
      else if (!widgets.some((widget) => widget.name === name)) continue
      else if (source !== undefined) setExpression(context, id, name, source)
      else setWidget(context, id, name, given)
    }
    const { output } = toPrompt(save(context.store), schema)
    for (const id of ['1', '2', '3']) for (const [name, sent] of Object.entries(output[id].inputs)) assert.equal(sent, value(context, `node:${id}`, name))
    while (context.store.undo());
    assert.equal(bytes(context), before)
  }), { numRuns: 200 })
})
