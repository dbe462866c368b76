/** Old group nodes on the canvas: shown with the values of their parts, set, unpacked. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { unpackGroup } from '../../web/commands/group_unpack.js'
import { setWidget } from '../../web/commands/set_widget.js'
import { Schema } from '../../web/model/schema.js'
import { save, toPrompt } from '../../web/model/workflow.js'
import { makeContext } from './support.js'

const read = (name) => JSON.parse(readFileSync(new URL(`../conversion/${name}`, import.meta.url), 'utf8'))
const schema = new Schema(read('nodes.json'))
const [{ workflow, prompt: wanted }] = read('group_nodes.json')

function opened() {
  const context = makeContext(structuredClone(workflow))
  context.types.schema = schema
  context.scene.rebuild()
  return context
}
const prompt = (context) => JSON.parse(JSON.stringify(toPrompt(save(context.store), schema, { random: () => 0 }).output))

test('a group node shows the widgets of its parts, and sets them', () => {
  const context = opened()
  const { title, widgets, layout } = context.scene.view(context.store.node('node:12'))
  assert.equal(title, 'Pair')
  assert.deepEqual(widgets.map(({ label, value }) => [label, value]), [['width', 256], ['height', 128], ['batch_size', 2]])
  assert.deepEqual(layout.sockets.filter(({ side }) => side === 'in').map(({ name }) => name), ['vae'])
  assert.deepEqual(prompt(context), wanted)
  setWidget(context, 'node:12', widgets[1].name, 640)
  assert.equal(prompt(context)['12:0'].inputs.height, 640)
})

test('unpacked it is its parts, with its values and links', () => {
  const context = opened()
  const before = JSON.stringify(save(context.store))
  const came = unpackGroup(context, context.store.node('node:12'))
  assert.equal(came.length, 2)
  const ids = new Map(came.map((id, index) => [`12:${index}`, id.slice(5)]))
  const moved = (value) => (Array.isArray(value) ? [ids.get(value[0]) ?? value[0], value[1]] : value)
  const expected = Object.fromEntries(Object.entries(wanted).map(([id, node]) => [ids.get(id) ?? id, { ...node, inputs: Object.fromEntries(Object.entries(node.inputs).map(([name, value]) => [name, moved(value)])) }]))
  assert.deepEqual(prompt(context), expected)
  context.store.undo()
  assert.equal(JSON.stringify(save(context.store)), before)
})
