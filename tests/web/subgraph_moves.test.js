/** Nodes go into a subgraph that is there, and come out of it: what runs stays the same, and it is one step. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '../../web/node_modules/fast-check/lib/fast-check.js'
import { addNode } from '../../web/commands/add_node.js'
import { duplicate } from '../../web/commands/clipboard.js'
import { connect } from '../../web/commands/connect.js'
import { promoteThrough, widgetsInside } from '../../web/commands/promote.js'
import { addReroute } from '../../web/commands/reroute.js'
import { setWidget } from '../../web/commands/set_widget.js'
import { makeSubgraph } from '../../web/commands/subgraph_make.js'
import { moveIn } from '../../web/commands/subgraph_move_in.js'
import { moveOut } from '../../web/commands/subgraph_move_out.js'
import { sendByName, takeByName } from '../../web/commands/wires.js'
import { Schema } from '../../web/model/schema.js'
import { save, toPrompt } from '../../web/model/workflow.js'
import { makeContext, OBJECT_INFO, socket } from './support.js'

const schema = new Schema(OBJECT_INFO)
const bytes = (context) => JSON.stringify(save(context.store))
const prompt = (context) => toPrompt(save(context.store), schema, { random: () => 0 }).output
const node = (context, id) => context.store.node(id)
const at = (x, y) => ({ point: { x, y } })
const link = (context, a, out, b, into) => connect(context, socket(context, a, 'out', out), socket(context, b, 'in', into))
const show = (context, graphId) => {
  context.graphId = graphId
  context.scene.graphId = graphId
  context.scene.rebuild()
}

/** What runs, by types and values and how they are linked, whatever the nodes are called. */
function shape(output) {
  const told = new Map()
  const tell = (id) => {
    if (!told.has(id)) told.set(id, `${output[id].class_type}(${Object.entries(output[id].inputs).sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => `${name}=${Array.isArray(value) && value.length === 2 && value[0] in output ? `${tell(value[0])}.${value[1]}` : JSON.stringify(value)}`).join(',')})`)
    return told.get(id)
  }
  return Object.keys(output).map(tell).sort()
}

/** Load → Encode → Sample → Decode → Sharpen → Save. */
function chain() {
  const context = makeContext()
  const ids = Object.fromEntries(['Load', 'Encode', 'Empty', 'Sample', 'Decode', 'Sharpen', 'Save'].map((type, index) => [type, addNode(context, type, at(index * 400, index * 40))]))
  const { Load, Encode, Empty, Sample, Decode, Sharpen, Save } = ids
  link(context, Load, 'CLIP', Encode, 'clip')
  link(context, Load, 'MODEL', Sample, 'model')
  link(context, Encode, 'CONDITIONING', Sample, 'positive')
  link(context, Empty, 'LATENT', Sample, 'latent')
  link(context, Sample, 'LATENT', Decode, 'samples')
  link(context, Load, 'VAE', Decode, 'vae')
  link(context, Decode, 'IMAGE', Sharpen, 'image')
  link(context, Sharpen, 'IMAGE', Save, 'images')
  return { context, ...ids }
}

const definition = (context, id) => context.graph.definition(node(context, id).type)
const names = (ports) => ports.map(({ name }) => name)

test('into a subgraph: what links cross becomes an input or an output, what needs none any more goes, in one step', () => {
  const { context, Encode, Sample, Decode, Sharpen } = chain()
  const instance = makeSubgraph(context, [Sample, Decode])
  assert.deepEqual(names(definition(context, instance).inputs), ['model', 'positive', 'latent', 'vae'])
  const [before, was, steps] = [bytes(context), shape(prompt(context)), context.store.history.undos.length]
  assert.equal(moveIn(context, [Encode, Sharpen], node(context, instance)), true)
  assert.deepEqual(shape(prompt(context)), was)
  assert.equal(context.store.history.undos.length, steps + 1)
  assert.equal(context.store.history.undos.at(-1), 'Move into the subgraph')
  const { inputs, outputs } = definition(context, instance)
  assert.deepEqual(names(inputs), ['model', 'latent', 'vae', 'clip'])
  assert.deepEqual(names(outputs), ['IMAGE_1'])
  assert.deepEqual(names(node(context, instance).inputs), names(inputs))
  assert.equal(context.graph.nodes(node(context, instance).type).length, 4)
  assert.equal(context.graph.links('').length, 5)
  assert.deepEqual([...context.selection], [instance])
  const after = bytes(context)
  context.store.undo()
  assert.equal(bytes(context), before)
  context.store.redo()
  assert.equal(bytes(context), after)
})

test('a source that feeds it already needs no other input', () => {
  const { context, Load, Encode, Sample } = chain()
  const instance = makeSubgraph(context, [Encode])
  const second = addNode(context, 'Encode', at(300, 900))
  link(context, Load, 'CLIP', second, 'clip')
  const was = shape(prompt(context))
  moveIn(context, [second], node(context, instance))
  assert.deepEqual(names(definition(context, instance).inputs), ['clip'])
  assert.deepEqual(shape(prompt(context)), was)
  assert.equal(context.graph.linksOf(Sample).length, 4)
})

test('out of a subgraph: with the values that the instance gave, beside it, in one step', () => {
  const { context, Encode, Sample, Decode } = chain()
  const instance = makeSubgraph(context, [Encode, Sample, Decode])
  const id = node(context, instance).type
  show(context, id)
  promoteThrough(context, widgetsInside(context, id).find(({ widget }) => widget.name === 'steps'))
  promoteThrough(context, widgetsInside(context, id).find(({ widget }) => widget.name === 'text'))
  show(context, '')
  setWidget(context, instance, 'steps', 33)
  setWidget(context, instance, 'text', 'a hill')
  const [before, was] = [bytes(context), shape(prompt(context))]
  assert.ok(was.some((each) => each.includes('steps=33')))
  show(context, id)
  const inner = context.graph.nodes(id).find(({ type }) => type === 'Sample')
  const came = moveOut(context, [inner.id], node(context, instance))
  show(context, '')
  assert.deepEqual(came.map((each) => node(context, each).type), ['Sample'])
  assert.deepEqual(shape(prompt(context)), was)
  assert.deepEqual(names(definition(context, instance).inputs).filter((name) => name === 'steps' || name === 'model'), [])
  assert.deepEqual(context.scene.view(node(context, instance)).widgets.map(({ name, value }) => [name, value]), [['text', 'a hill']])
  assert.equal(context.store.history.undos.at(-1), 'Move out of the subgraph')
  context.store.undo()
  assert.equal(bytes(context), before)
})

test('what runs is the same whatever goes in and comes out, deep down too', () => {
  const picks = fc.array(fc.tuple(fc.boolean(), fc.nat(127)), { minLength: 1, maxLength: 6 })
  fc.assert(fc.property(fc.integer({ min: 1, max: 126 }), fc.boolean(), fc.nat(63), picks, (first, nested, shown, moves) => {
    const { context, ...ids } = chain()
    addReroute(context, [context.graph.linkInto(node(context, ids.Decode), 0)], { x: 1500, y: 300 }, 0)
    const all = Object.values(ids)
    const inner = all.filter((_, index) => first & (1 << index))
    let instance = makeSubgraph(context, inner)
    if (nested) {
      const outer = makeSubgraph(context, [instance, ...context.graph.nodes('').filter(({ id }) => id !== instance).slice(0, 2).map(({ id }) => id)])
      show(context, node(context, outer).type)
      instance = context.graph.nodes(context.graphId).find(({ type }) => context.graph.definition(type)).id
    }
    const home = context.graphId
    const outermost = context.graph.nodes('').find(({ type }) => context.graph.definition(type))
    for (let index = 0; index < 6; index++) {
      const widget = widgetsInside(context, outermost.type)[index]
      if (widget && !widget.shown && shown & (1 << index)) promoteThrough(context, widget)
    }
    for (const { name, spec } of context.scene.view(node(context, outermost.id)).widgets) setWidget(context, outermost.id, name, spec.kind === 'number' ? 48 : spec.kind === 'text' ? 'given' : 'b.safetensors')
    const [was, begun, from] = [shape(prompt(context)), bytes(context), context.store.history.undos.length]
    for (const [into, which] of moves) {
      const id = node(context, instance).type
      show(context, into ? home : id)
      const chosen = context.graph.nodes(context.graphId).filter((each, index) => each.id !== instance && which & (1 << index)).map((each) => each.id)
      if (into) moveIn(context, chosen, node(context, instance))
      else moveOut(context, chosen, node(context, instance))
      assert.deepEqual(shape(prompt(context)), was)
    }
    const opened = makeContext(JSON.parse(bytes(context)))
    assert.deepEqual(save(opened.store), save(context.store))
    while (context.store.history.undos.length > from) context.store.undo()
    assert.equal(bytes(context), begun)
  }), { numRuns: 150, includeErrorInReport: true })
})

test('one that is used twice, nothing selected, and names that mean two things: a sentence, and nothing changes', () => {
  const { context, Encode, Sample, Sharpen, Decode } = chain()
  const instance = makeSubgraph(context, [Sample])
  duplicate(context, [instance])
  const before = bytes(context)
  assert.equal(moveIn(context, [Encode], node(context, instance)), false)
  assert.equal(moveIn(context, [], node(context, instance)), false)
  const inner = context.graph.nodes(node(context, instance).type)[0]
  show(context, inner.graph)
  assert.deepEqual(moveOut(context, [inner.id], node(context, instance)), [])
  show(context, '')
  assert.deepEqual(context.notices, ['“New subgraph” is used 2 times: make this one unique first', 'Select the nodes that are to go into the subgraph, and the subgraph, first', '“New subgraph” is used 2 times: make this one unique first'])
  assert.equal(bytes(context), before)
  const wires = makeSubgraph(context, [Decode, sendByName(context, socket(context, Decode, 'out', 'IMAGE'), { x: 0, y: 0 })])
  const other = sendByName(context, socket(context, Sharpen, 'out', 'IMAGE'), { x: 0, y: 0 })
  const { values } = context.graph.nodes(node(context, wires).type).find(({ type }) => type === 'SetNode')
  context.store.transact('Name', () => context.store.update(other, { values }))
  assert.equal(moveIn(context, [other], node(context, wires)), false)
  assert.match(context.notices.at(-1), /is sent by that name inside/)
})

test('what is sent by name and read outside, in another subgraph too, stays outside', () => {
  const { context, Decode, Sharpen, Save } = chain()
  const sender = sendByName(context, socket(context, Decode, 'out', 'IMAGE'), { x: 0, y: 0 })
  const [name] = node(context, sender).values
  const reader = takeByName(context, socket(context, Sharpen, 'in', 'image'), name, { x: 0, y: 0 })
  const other = makeSubgraph(context, [reader, Sharpen])
  const instance = makeSubgraph(context, [Decode])
  const was = shape(prompt(context))
  assert.ok(was.some((each) => each.startsWith('Save(') && each.includes('Sharpen(')))
  assert.equal(moveIn(context, [sender], node(context, instance)), false)
  assert.match(context.notices.at(-1), /is read outside too: the Set node stays there/)
  moveIn(context, [other, sender, Save], node(context, instance))
  assert.equal(context.graph.nodes('').some(({ id }) => id === sender), false, 'it goes along with all who read it')
  assert.deepEqual(shape(prompt(context)), was)
})
