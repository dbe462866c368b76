/** Wires without lines: made, renamed, copied, taken into subgraphs and out. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addNode } from '../../web/commands/add_node.js'
import { copyText, pasteText } from '../../web/commands/clipboard.js'
import { connect } from '../../web/commands/connect.js'
import { setWidget } from '../../web/commands/set_widget.js'
import { makeSubgraph } from '../../web/commands/subgraph_make.js'
import { unpack } from '../../web/commands/subgraph_unpack.js'
import { drawLines, sendByName, sendLinks, takeByName } from '../../web/commands/wires.js'
import { Schema } from '../../web/model/schema.js'
import { wireName } from '../../web/model/wires.js'
import { load, save, toPrompt } from '../../web/model/workflow.js'
import { makeContext, OBJECT_INFO, socket } from './support.js'

const schema = new Schema(OBJECT_INFO)
const prompt = (context) => toPrompt(save(context.store), schema, { random: () => 0 }).output
const node = (context, id) => context.store.node(id)
const at = (x, y) => ({ point: { x, y } })
const names = (context, graph = '') => context.graph.nodes(graph).filter(({ type }) => type === 'SetNode' || type === 'GetNode').map((each) => `${each.type.slice(0, 3)} ${wireName(each)}`)

/** A picture sent by name to what saves it. */
function wired() {
  const context = makeContext()
  const [source, out] = ['LoadImage', 'Save'].map((type, index) => addNode(context, type, at(index * 600, 0)))
  const set = sendByName(context, socket(context, source, 'out', 'IMAGE'), { x: 240, y: 20 })
  const get = takeByName(context, socket(context, out, 'in', 'images'), 'IMAGE', { x: 500, y: 20 })
  return { context, source, out, set, get }
}

test('an output is sent by name, an input takes it: no line, the same prompt', () => {
  const { context, set, get, out } = wired()
  assert.deepEqual(names(context), ['Set IMAGE', 'Get IMAGE'])
  assert.deepEqual(prompt(context)[node(context, out).key].inputs.images, ['1', 0])
  const [made, taken] = [set, get].map((id) => save(context.store).nodes.find((each) => `node:${each.id}` === id))
  assert.deepEqual([made.type, made.title, made.widgets_values, made.inputs[0].type, made.outputs[0].type], ['SetNode', 'Set_IMAGE', ['IMAGE'], 'IMAGE', 'IMAGE'])
  assert.deepEqual([taken.type, taken.title, taken.widgets_values, taken.outputs[0].type], ['GetNode', 'Get_IMAGE', ['IMAGE'], 'IMAGE'])
})

test('a Get node offers the names there are, and those of the graphs around', () => {
  const { context, source, get } = wired()
  sendByName(context, socket(context, source, 'out', 'MASK'), { x: 240, y: 60 })
  const offered = (id) => context.types.of(node(context, id)).inputs[0].widget.options
  assert.deepEqual(offered(get), ['IMAGE', 'MASK'])
  const inner = makeSubgraph(context, [get])
  const graphId = node(context, inner).type
  assert.deepEqual(offered(get.replace('node:', `node:${graphId}/`)), ['IMAGE', 'MASK'])
})

test('a renamed Set node takes its Get nodes along; a name that is taken gets a number, and is told', () => {
  const { context, source, set, get } = wired()
  setWidget(context, set, 'Constant', 'picture')
  assert.deepEqual(names(context), ['Set picture', 'Get picture'])
  assert.deepEqual([node(context, set).title, node(context, get).title], ['Set_picture', 'Get_picture'])
  const other = sendByName(context, socket(context, source, 'out', 'IMAGE'), { x: 240, y: 60 })
  setWidget(context, other, 'Constant', 'picture')
  assert.equal(wireName(node(context, other)), 'picture_2')
  assert.match(context.notices.at(-1), /sent here already/)
  setWidget(context, get, 'Constant', 'picture_2')
  assert.deepEqual(names(context), ['Set picture', 'Get picture_2', 'Set picture_2'])
})

test('pasted beside its like a Set node gets a name of its own, and what came with it follows', () => {
  const { context, source, set, get } = wired()
  pasteText(context, copyText(context, [source, set, get]))
  assert.deepEqual(names(context), ['Set IMAGE', 'Get IMAGE', 'Set IMAGE_2', 'Get IMAGE_2'])
})

test('made a subgraph, what is read outside stays outside; what is read inside goes in', () => {
  const { context, source, set, get, out } = wired()
  const was = prompt(context)
  const inner = makeSubgraph(context, [source, set])
  assert.deepEqual(names(context), ['Set IMAGE', 'Get IMAGE'])
  assert.match(context.notices.at(-1), /read outside/)
  assert.equal(Object.values(prompt(context)).length, Object.values(was).length)
  assert.deepEqual(prompt(context)[node(context, out).key].inputs.images, [`${node(context, inner).key}:1`, 0])
  context.store.undo()
  const whole = makeSubgraph(context, [source, set, get, out])
  assert.deepEqual(names(context), [])
  assert.deepEqual(names(context, node(context, whole).type), ['Set IMAGE', 'Get IMAGE'])
  const key = node(context, whole).key
  assert.deepEqual(prompt(context)[`${key}:2`].inputs.images, [`${key}:1`, 0])
})

test('unpacked beside its like a name gets a number', () => {
  const { context, source, set, get, out } = wired()
  const inner = makeSubgraph(context, [source, set, get, out])
  const other = addNode(context, 'LoadImage', at(0, 600))
  sendByName(context, socket(context, other, 'out', 'IMAGE'), { x: 240, y: 620 })
  unpack(context, node(context, inner))
  assert.deepEqual(names(context), ['Set IMAGE', 'Set IMAGE_2', 'Get IMAGE_2'])
  assert.deepEqual(prompt(context)['2'].inputs.images, ['1', 0])
})

test('a type is seen through a wire', () => {
  const context = makeContext()
  const source = addNode(context, 'LoadImage', at(0, 0))
  const set = addNode(context, 'SetNode', at(300, 0))
  const get = addNode(context, 'GetNode', at(600, 0))
  connect(context, socket(context, source, 'out', 'MASK'), socket(context, set, 'in', '*'))
  setWidget(context, set, 'Constant', 'mask')
  setWidget(context, get, 'Constant', 'mask')
  assert.deepEqual([set, get].map((id) => context.scene.outputType(node(context, id), 0)), ['MASK', 'MASK'])
})

test('the links of an output are sent by name, and drawn again', () => {
  const context = makeContext()
  const [source, first, second] = ['LoadImage', 'Sharpen', 'Save'].map((type, index) => addNode(context, type, at(index * 300, 0)))
  for (const [id, input] of [[first, 'image'], [second, 'images']]) connect(context, socket(context, source, 'out', 'IMAGE'), socket(context, id, 'in', input))
  const was = prompt(context)
  const set = sendLinks(context, socket(context, source, 'out', 'IMAGE'), { x: 240, y: 20 }, (each) => context.scene.socketPoint(each))
  assert.deepEqual(names(context), ['Set IMAGE', 'Get IMAGE', 'Get IMAGE'])
  assert.deepEqual(prompt(context), was)
  assert.equal(context.graph.linksFrom(node(context, source), 0).length, 1)
  drawLines(context, node(context, set))
  assert.deepEqual(names(context), [])
  assert.deepEqual(prompt(context), was)
  drawLines(context, node(context, addNode(context, 'SetNode', at(0, 0))))
  assert.match(context.notices.at(-1), /nothing to draw/)
})

test('a file where two Set nodes send by one name is told of, and kept', () => {
  const set = (id) => ({ id, type: 'SetNode', pos: [0, 0], size: [210, 60], inputs: [{ name: 'IMAGE', type: 'IMAGE', link: null }], outputs: [], widgets_values: ['x'] })
  const { notes } = load({ nodes: [set(1), set(2)], links: [] })
  assert.match(notes[0], /Two Set nodes send by the name "x"/)
})

test('files of the pack: sockets named by what goes through, one widget', () => {
  const context = makeContext({
    nodes: [{ id: 1, type: 'SetNode', title: 'Set_latent', pos: [0, 0], size: [210, 58], flags: { collapsed: true }, inputs: [{ name: 'LATENT', type: 'LATENT', link: null }], outputs: [{ name: '*', type: '*', links: null }], properties: { previousName: 'latent' }, widgets_values: ['latent'], color: '#323', bgcolor: '#535' }],
    links: []
  })
  const { layout, widgets } = context.scene.view(node(context, 'node:1'))
  assert.deepEqual(layout.sockets.map(({ side, name, type }) => [side, name, type]), [['in', 'LATENT', 'LATENT'], ['out', '*', '*']])
  assert.deepEqual(widgets.map(({ name, value }) => [name, value]), [['Constant', 'latent']])
  assert.equal(layout.height, 26)
})
