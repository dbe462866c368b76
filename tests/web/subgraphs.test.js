/** Subgraphs: made, nested, unpacked, changed from inside; what runs stays the same, and every step can be undone. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '../../web/node_modules/fast-check/lib/fast-check.js'
import { addNode } from '../../web/commands/add_node.js'
import { copyText, duplicate, pasteText } from '../../web/commands/clipboard.js'
import { connect } from '../../web/commands/connect.js'
import { group } from '../../web/commands/frames.js'
import { setWidget } from '../../web/commands/set_widget.js'
import { makeUnique } from '../../web/commands/subgraph_copy.js'
import { makeSubgraph } from '../../web/commands/subgraph_make.js'
import { addPort, movePort, removePort, renamePort } from '../../web/commands/subgraph_ports.js'
import { unpack } from '../../web/commands/subgraph_unpack.js'
import { recordId } from '../../web/model/graph.js'
import { Schema } from '../../web/model/schema.js'
import { load, save, toPrompt } from '../../web/model/workflow.js'
import { makeContext, OBJECT_INFO, socket } from './support.js'

const schema = new Schema(OBJECT_INFO)
const bytes = (context) => JSON.stringify(save(context.store))
const prompt = (context) => toPrompt(save(context.store), schema, { random: () => 0 }).output
const definitions = (context) => save(context.store).definitions?.subgraphs ?? []
const node = (context, id) => context.store.node(id)
const at = (x, y) => ({ point: { x, y } })
const link = (context, a, out, b, into) => connect(context, socket(context, a, 'out', out), socket(context, b, 'in', into))

/** The prompt with ids by their last part: what a node is called does not depend on how deep it lies. */
function flat(output) {
  const last = (id) => id.split(':').at(-1)
  const inputs = (given) => Object.fromEntries(Object.entries(given).map(([name, value]) => [name, Array.isArray(value) ? [last(value[0]), value[1]] : value]).sort(([a], [b]) => (a < b ? -1 : 1)))
  return Object.fromEntries(Object.entries(output).map(([id, { class_type, inputs: given }]) => [last(id), { class_type, inputs: inputs(given) }]))
}

/** Load → Encode → Sample → Decode → Save, with a latent. */
function chain() {
  const context = makeContext()
  const [first, encode, empty, sample, decode, out] = ['Load', 'Encode', 'Empty', 'Sample', 'Decode', 'Save'].map((type, index) => addNode(context, type, at(index * 400, index * 40)))
  link(context, first, 'CLIP', encode, 'clip')
  link(context, first, 'MODEL', sample, 'model')
  link(context, encode, 'CONDITIONING', sample, 'positive')
  link(context, empty, 'LATENT', sample, 'latent')
  link(context, sample, 'LATENT', decode, 'samples')
  link(context, first, 'VAE', decode, 'vae')
  link(context, decode, 'IMAGE', out, 'images')
  return { context, first, encode, empty, sample, decode, out }
}

test('a selection becomes a subgraph: one input for each source, one output, an instance in its place, one step', () => {
  const { context, encode, sample, decode } = chain()
  const before = bytes(context)
  const was = flat(prompt(context))
  const steps = context.store.history.undos.length
  const id = makeSubgraph(context, [encode, sample, decode])
  assert.equal(context.store.history.undos.length, steps + 1)
  const [definition] = definitions(context)
  assert.deepEqual(definition.inputs.map(({ name, type }) => [name, type]), [['clip', 'CLIP'], ['model', 'MODEL'], ['latent', 'LATENT'], ['vae', 'VAE']])
  assert.deepEqual(definition.outputs.map(({ name, type }) => [name, type]), [['IMAGE', 'IMAGE']])
  assert.deepEqual(definition.inputs.map(({ linkIds }) => linkIds.length), [1, 1, 1, 1])
  assert.equal(definition.nodes.length, 3)
  assert.equal(definition.state.lastNodeId, 5)
  assert.deepEqual([...context.selection], [id])
  assert.deepEqual(flat(prompt(context)), was)
  assert.ok(Object.keys(prompt(context)).includes(`${node(context, id).key}:4`))
  context.store.undo()
  assert.equal(bytes(context), before)
})

test('one source that feeds several is one input', () => {
  const { context, first, encode, decode, sample } = chain()
  const second = addNode(context, 'Encode', at(400, 400))
  link(context, first, 'CLIP', second, 'clip')
  const id = makeSubgraph(context, [encode, second, decode, sample])
  const [definition] = definitions(context)
  assert.equal(definition.inputs.filter(({ type }) => type === 'CLIP').length, 1)
  assert.equal(definition.inputs.find(({ type }) => type === 'CLIP').linkIds.length, 2)
  assert.equal(node(context, id).inputs.length, 4)
})

test('unpacked, everything is where it was', () => {
  const { context, encode, sample, decode } = chain()
  const was = prompt(context)
  const places = [encode, sample, decode].map((id) => node(context, id).pos)
  const id = makeSubgraph(context, [encode, sample, decode])
  const came = unpack(context, node(context, id))
  assert.deepEqual(prompt(context), was)
  assert.deepEqual(came.map((each) => node(context, each).pos), places)
  assert.equal(definitions(context).length, 0, 'what was made here and is used no more is not saved')
  context.store.undo()
  context.store.undo()
  assert.deepEqual(prompt(context), was)
})

test('frames and reroutes go along, and come back', () => {
  const { context, encode, sample } = chain()
  const made = context.graph.linkInto(node(context, sample), 1)
  context.store.transact('Bend', () => {
    context.store.put({ id: 'reroute:1', kind: 'reroute', graph: '', key: 1, z: 99, pos: [500, 500], parent: null, raw: null })
    context.store.update(made.id, { reroute: 1 })
  })
  const frame = group(context, [encode, sample])
  const before = bytes(context)
  const id = makeSubgraph(context, [frame])
  const [definition] = definitions(context)
  assert.equal(definition.groups.length, 1)
  assert.equal(definition.nodes.length, 3, 'what lies in the frame too')
  assert.deepEqual(definition.reroutes.map(({ pos, linkIds }) => [pos, linkIds.length]), [[[500, 500], 1]])
  assert.equal(context.graph.reroutes('').length, 0)
  unpack(context, node(context, id))
  assert.deepEqual(context.graph.reroutes('').map(({ pos }) => pos), [[500, 500]])
  assert.equal(context.graph.links('').filter(({ reroute }) => reroute !== null).length, 1)
  context.store.undo()
  context.store.undo()
  assert.equal(bytes(context), before)
})

test('values of an instance go where they were for: into the nodes, when it is unpacked', () => {
  const { context, sample } = chain()
  const id = makeSubgraph(context, [sample])
  const graphId = node(context, id).type
  context.graphId = graphId
  const inner = recordId('node', graphId, node(context, id).key && 4)
  context.scene.graphId = graphId
  context.scene.rebuild()
  const port = addPort(context, graphId, 'in', 'steps', 'INT')
  connect(context, { node: `node:${graphId}/-10`, side: 'out', index: port, name: 'steps', type: 'INT' }, socket(context, inner, 'in', 'steps'))
  context.graphId = ''
  context.scene.graphId = ''
  context.scene.rebuild()
  assert.deepEqual(context.scene.view(node(context, id)).widgets.map(({ name, value }) => [name, value]), [['steps', 20]])
  setWidget(context, id, 'steps', 33)
  const was = flat(prompt(context))
  assert.equal(was['4'].inputs.steps, 33)
  unpack(context, node(context, id))
  assert.deepEqual(flat(prompt(context)), was)
})

test('ports: added, renamed, moved and removed, with the links inside and outside and the values', () => {
  const { context, encode, sample, decode } = chain()
  const id = makeSubgraph(context, [encode, sample, decode])
  const graphId = node(context, id).type
  const was = flat(prompt(context))
  movePort(context, graphId, 'in', 0, 3)
  assert.deepEqual(definitions(context)[0].inputs.map(({ name }) => name), ['model', 'latent', 'vae', 'clip'])
  assert.deepEqual(node(context, id).inputs.map(({ name }) => name), ['model', 'latent', 'vae', 'clip'])
  assert.deepEqual(flat(prompt(context)), was)
  renamePort(context, graphId, 'in', 0, 'The model')
  assert.equal(context.scene.view(node(context, id)).layout.sockets.find(({ name }) => name === 'model').label, 'The model')
  assert.deepEqual(flat(prompt(context)), was)
  addPort(context, graphId, 'out', 'IMAGE', 'IMAGE')
  assert.deepEqual(node(context, id).outputs.map(({ name }) => name), ['IMAGE', 'IMAGE_1'])
  removePort(context, graphId, 'in', 2)
  assert.deepEqual(node(context, id).inputs.map(({ name }) => name), ['model', 'latent', 'clip'])
  const now = flat(prompt(context))
  assert.equal(now['5'].inputs.vae, undefined)
  assert.deepEqual(now['4'], was['4'])
  for (let count = 0; count < 4; count++) context.store.undo()
  assert.deepEqual(flat(prompt(context)), was)
})

test('an instance gets a definition of its own; copies share theirs', () => {
  const { context, sample } = chain()
  const id = makeSubgraph(context, [sample], 'Sampling')
  const [copy] = duplicate(context, [id])
  assert.equal(node(context, copy).type, node(context, id).type)
  const own = makeUnique(context, node(context, copy))
  assert.equal(node(context, copy).type, own)
  assert.deepEqual(definitions(context).map(({ name }) => name), ['Sampling', 'Sampling copy'])
  assert.equal(definitions(context)[1].nodes.length, 1)
  assert.deepEqual(definitions(context).map(({ id: each }) => each).sort(), [node(context, id).type, own].sort())
})

test('copied into another document an instance brings its definition, once', () => {
  const { context, sample, encode } = chain()
  makeSubgraph(context, [sample], 'Inner')
  const outer = makeSubgraph(context, [...context.selection, encode], 'Outer')
  const text = copyText(context, [outer])
  const other = makeContext()
  pasteText(other, text)
  pasteText(other, text)
  assert.deepEqual(definitions(other).map(({ name }) => name).sort(), ['Inner', 'Outer'])
  assert.equal(save(other.store).nodes.length, 2)
  const fresh = pasteText(other, text, { copies: true })
  assert.equal(definitions(other).length, 4)
  assert.notEqual(node(other, fresh[0]).type, save(other.store).nodes[0].type)
})

test('a subgraph is not put into itself, nor into what it holds', () => {
  const { context, sample } = chain()
  const inner = makeSubgraph(context, [sample], 'Inner')
  const outer = makeSubgraph(context, [inner], 'Outer')
  const outerId = node(context, outer).type
  const innerId = [...context.graph.nodes(outerId)][0].type
  const text = copyText(context, [outer])
  for (const place of [innerId, outerId]) {
    context.graphId = place
    const before = bytes(context)
    assert.deepEqual(pasteText(context, text), [])
    assert.equal(addNode(context, outerId, at(0, 0)), null)
    assert.equal(bytes(context), before)
  }
  assert.match(context.notices.at(-1), /contain itself/)
})

test('a file with a subgraph that contains itself is told of, and kept', () => {
  const definition = (id, inner) => ({ id, name: `The ${id}`, inputs: [], outputs: [], nodes: [{ id: 1, type: inner, pos: [0, 0], size: [100, 50] }], links: [] })
  const file = { nodes: [{ id: 1, type: 'a', pos: [0, 0], size: [100, 50] }], links: [], definitions: { subgraphs: [definition('a', 'b'), definition('b', 'a'), definition('c', 'a')] } }
  const { notes } = load(file)
  assert.deepEqual(notes.map((note) => note.slice(0, 28)), ['The subgraph "The a" contain', 'The subgraph "The b" contain'])
})

test('values for types that nobody knows stay while ports change, and unpacking tells of them', () => {
  const inner = { id: 5, type: 'Unheard', pos: [0, 0], size: [200, 100], inputs: [{ name: 'depth', type: 'INT', link: 1, widget: { name: 'depth' } }, { name: 'image', type: 'IMAGE', link: 2 }], outputs: [], widgets_values: [3] }
  const definition = {
    id: 'sub', name: 'Sub', inputs: [{ id: 'a', name: 'depth', type: 'INT', linkIds: [1] }, { id: 'b', name: 'image', type: 'IMAGE', linkIds: [2] }], outputs: [], nodes: [inner],
    links: [{ id: 1, origin_id: -10, origin_slot: 0, target_id: 5, target_slot: 0, type: 'INT' }, { id: 2, origin_id: -10, origin_slot: 1, target_id: 5, target_slot: 1, type: 'IMAGE' }]
  }
  const context = makeContext({ nodes: [{ id: 1, type: 'sub', pos: [0, 0], size: [200, 100], inputs: [], outputs: [], widgets_values: [7] }], links: [], definitions: { subgraphs: [definition] } })
  assert.deepEqual(context.scene.view(node(context, 'node:1')).widgets.map(({ name, value }) => [name, value]), [['depth', 7]])
  movePort(context, 'sub', 'in', 0, 1)
  addPort(context, 'sub', 'in', 'more', 'MASK')
  assert.deepEqual(node(context, 'node:1').values, [7])
  assert.equal(prompt(context)['1:5'].inputs.depth, 7)
  unpack(context, node(context, 'node:1'))
  assert.match(context.notices.at(-1), /Unheard/)
})

/** A random graph by commands, and a random part of it. */
const random = fc.record({
  types: fc.array(fc.constantFrom('Load', 'Encode', 'Empty', 'Sample', 'Decode', 'Sharpen', 'Sharpen', 'Save', 'Reroute'), { minLength: 2, maxLength: 9 }),
  tries: fc.array(fc.tuple(fc.nat(20), fc.nat(5), fc.nat(20), fc.nat(8)), { maxLength: 30 }),
  first: fc.array(fc.boolean(), { minLength: 9, maxLength: 9 }), second: fc.array(fc.boolean(), { minLength: 9, maxLength: 9 })
})

/** @param {{types: string[], tries: number[][]}} given */
function built({ types, tries }) {
  const context = makeContext()
  const nodes = types.map((type, index) => addNode(context, type, at(index * 300, (index % 3) * 200)))
  for (const [a, out, b, into] of tries) {
    const [from, to] = [nodes[a % nodes.length], nodes[b % nodes.length]]
    const place = (id, side, count) => {
      const sockets = context.scene.view(node(context, id)).layout.sockets.filter((each) => each.side === side)
      const found = sockets[count % sockets.length]
      return found && { node: id, side, index: found.index, name: found.name, type: found.type }
    }
    const [source, reader] = [place(from, 'out', out), place(to, 'in', into)]
    if (source && reader) connect(context, source, reader)
  }
  return { context, nodes }
}

test('any part of any graph made a subgraph, nested and unpacked, runs the same; undo gives the same bytes', () => {
  fc.assert(fc.property(random, (given) => {
    const { context, nodes } = built(given)
    const bare = bytes(context)
    const was = flat(prompt(context))
    const part = nodes.filter((_, index) => given.first[index])
    const instance = makeSubgraph(context, part)
    if (instance === null) return
    assert.deepEqual(flat(prompt(context)), was, 'made')
    const made = bytes(context)
    assert.deepEqual(flat(prompt(makeContext(JSON.parse(made)))), was, 'saved and loaded')
    const graphId = node(context, instance).type
    context.graphId = graphId
    const inner = part.map((id) => id.replace('node:', `node:${graphId}/`)).filter((_, index) => given.second[index])
    const nested = makeSubgraph(context, inner)
    assert.deepEqual(flat(prompt(context)), was, 'nested')
    if (nested !== null) unpack(context, node(context, nested))
    assert.deepEqual(flat(prompt(context)), was, 'unpacked inside')
    context.graphId = ''
    unpack(context, node(context, instance))
    assert.deepEqual(flat(prompt(context)), was, 'unpacked')
    assert.ok(Object.keys(prompt(context)).every((id) => !id.includes(':')))
    const end = bytes(context)
    const steps = nested === null ? 2 : 4
    for (let count = 0; count < steps; count++) context.store.undo()
    assert.equal(bytes(context), bare, 'undone')
    for (let count = 0; count < steps; count++) context.store.redo()
    assert.equal(bytes(context), end, 'redone')
  }), { numRuns: 150 })
})
