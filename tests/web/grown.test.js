/** Nodes whose inputs grow with their links, or come with a choice. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from '../../web/node_modules/fast-check/lib/fast-check.js'
import { addNode } from '../../web/commands/add_node.js'
import { connect, disconnect } from '../../web/commands/connect.js'
import { remove } from '../../web/commands/remove.js'
import { setWidget } from '../../web/commands/set_widget.js'
import { workflowFromPrompt } from '../../web/import/from_prompt.js'
import { Schema } from '../../web/model/schema.js'
import { widgetsOf } from '../../web/model/widget_values.js'
import { save, toPrompt } from '../../web/model/workflow.js'
import { makeContext, socket } from './support.js'

const INFO = JSON.parse(readFileSync(new URL('../conversion/nodes.json', import.meta.url), 'utf8'))

/** A node that grows, and pictures for it. */
function scene(workflow) {
  const context = makeContext(workflow, INFO)
  const add = (type) => addNode(context, type, { point: { x: 0, y: 0 } })
  const sockets = (id) => context.scene.view(context.store.node(id)).layout.sockets.filter(({ side, widget }) => side === 'in' && !widget)
  return {
    context, add,
    names: (id) => sockets(id).map(({ name }) => name),
    linked: (id) => sockets(id).filter(({ index }) => index >= 0 && context.graph.linkInto(context.store.node(id), index)).map(({ name }) => name),
    feed: (from, output, to, input) => connect(context, socket(context, from, 'out', output), socket(context, to, 'in', input)),
    widgets: (id) => Object.fromEntries(widgetsOf(context.types.of(context.store.node(id)), context.store.node(id)).map(({ name, value }) => [name, value])),
    prompt: () => toPrompt(JSON.parse(JSON.stringify(save(context.store))), context.types.schema, { random: () => 0 }).output
  }
}
const row = (...ordinals) => ordinals.map((ordinal) => `images.image${ordinal}`)

test('a row has one socket more than must be, and one more each time the last is linked, up to its most', () => {
  const { context, add, names, feed } = scene()
  const grow = add('GrowImages')
  const picture = add('LoadImage')
  assert.deepEqual(names(grow), row(0, 1))
  feed(picture, 'IMAGE', grow, 'images.image0')
  assert.deepEqual(names(grow), row(0, 1), 'there is an empty one already')
  feed(picture, 'IMAGE', grow, 'images.image1')
  assert.deepEqual(names(grow), row(0, 1, 2))
  feed(picture, 'IMAGE', grow, 'images.image2')
  feed(picture, 'IMAGE', grow, 'images.image3')
  assert.deepEqual(names(grow), row(0, 1, 2, 3), 'four at most')
  const before = context.store.history.undos.length
  context.store.undo()
  assert.equal(context.store.history.undos.length, before - 1)
  assert.deepEqual(names(grow), row(0, 1, 2, 3))
  context.store.undo()
  assert.deepEqual(names(grow), row(0, 1, 2))
})

test('a row closes up where a link goes, and has fewer sockets, in one step', () => {
  const { context, add, names, linked, feed, prompt } = scene()
  const grow = add('GrowImages')
  const [one, two, three] = [add('LoadImage'), add('LoadImage'), add('LoadImage')]
  feed(one, 'IMAGE', grow, 'images.image0')
  const middle = feed(two, 'IMAGE', grow, 'images.image1')
  feed(three, 'IMAGE', grow, 'images.image2')
  disconnect(context, middle)
  assert.deepEqual(linked(grow), row(0, 1))
  assert.deepEqual(names(grow), row(0, 1, 2))
  const key = (id) => String(context.store.node(id).key)
  assert.deepEqual([prompt()[key(grow)].inputs['images.image0'], prompt()[key(grow)].inputs['images.image1']], [[key(one), 0], [key(three), 0]])
  context.store.undo()
  assert.deepEqual(linked(grow), row(0, 1, 2))
  assert.deepEqual(prompt()[key(grow)].inputs['images.image1'], [key(two), 0])
  remove(context, [one, two, three])
  assert.deepEqual(names(grow), row(0, 1))
  assert.deepEqual(context.store.node(grow).inputs.map(({ name }) => name), row(0, 1), 'the file has no sockets too many')
  context.store.undo()
  assert.deepEqual(linked(grow), row(0, 1, 2))
})

test('another link into a row takes the place of the one before and moves no other', () => {
  const { context, add, feed, linked } = scene()
  const grow = add('GrowImages')
  const [one, two] = [add('LoadImage'), add('LoadImage')]
  feed(one, 'IMAGE', grow, 'images.image0')
  feed(one, 'IMAGE', grow, 'images.image1')
  feed(two, 'IMAGE', grow, 'images.image0')
  assert.deepEqual(linked(grow), row(0, 1))
  assert.equal(context.graph.linkInto(context.store.node(grow), 0).from, context.store.node(two).key)
})

test('inputs with names of their own stay where they are', () => {
  const { context, add, feed, linked, names } = scene()
  const grow = add('GrowImages')
  setWidget(context, grow, 'mode', 'nested')
  assert.deepEqual(names(grow), [...row(0, 1), 'mode.numbers.a'])
  const number = add('Number')
  const first = feed(number, 'INT', grow, 'mode.numbers.a')
  feed(number, 'INT', grow, 'mode.numbers.b')
  disconnect(context, first)
  assert.deepEqual(linked(grow), ['mode.numbers.b'])
  assert.deepEqual(names(grow), [...row(0, 1), 'mode.numbers.a', 'mode.numbers.b', 'mode.numbers.c'])
})

test('a choice brings its widgets and sockets; what it held is there when it is chosen again', () => {
  const { context, add, names, widgets } = scene()
  const grow = add('GrowImages')
  setWidget(context, grow, 'count', 5)
  setWidget(context, grow, 'mode', 'strong')
  assert.deepEqual(names(grow), [...row(0, 1), 'mode.mask'])
  setWidget(context, grow, 'mode.strength', 4)
  setWidget(context, grow, 'mode', 'nested')
  setWidget(context, grow, 'mode.kind', 'b')
  setWidget(context, grow, 'mode.kind.amount', 7)
  assert.deepEqual(widgets(grow), {
    mode: 'nested', 'mode.kind': 'b', 'mode.kind.amount': 7, 'mode.kind.seed': 0, 'mode.file': 'x.png', picture: 'cat.png', count: 5, kind: 'a', 'kind.amount': 0.5, last: 'end'
  })
  assert.deepEqual(context.store.node(grow).values, ['nested', 'b', 7, 0, 'randomize', 'x.png', 'cat.png', 5, 'image', 'a', 0.5, 'end'])
  const steps = context.store.history.undos.length
  setWidget(context, grow, 'mode', 'strong')
  assert.equal(context.store.history.undos.length, steps + 1)
  assert.equal(widgets(grow)['mode.strength'], 4)
  assert.equal(widgets(grow).count, 5)
  context.store.undo()
  assert.equal(widgets(grow)['mode.kind.amount'], 7)
  setWidget(context, grow, 'mode', 'plain')
  setWidget(context, grow, 'mode', 'nested')
  assert.equal(widgets(grow)['mode.kind.amount'], 7)
})

test('links into what a choice took away go with it, as one step', () => {
  const { context, add, names, linked, feed } = scene()
  const grow = add('GrowImages')
  const picture = add('LoadImage')
  setWidget(context, grow, 'mode', 'strong')
  feed(picture, 'MASK', grow, 'mode.mask')
  feed(picture, 'IMAGE', grow, 'images.image0')
  feed(picture, 'IMAGE', grow, 'images.image1')
  setWidget(context, grow, 'mode', 'plain')
  assert.deepEqual(linked(grow), row(0, 1))
  assert.deepEqual(names(grow), row(0, 1, 2))
  assert.ok(!context.store.node(grow).inputs.some(({ name }) => name === 'mode.mask'))
  context.store.undo()
  assert.deepEqual(linked(grow), [...row(0, 1), 'mode.mask'])
})

test('a file of another page opens with its links and values, whatever the order of its sockets, and is saved as it was', () => {
  const slot = (name, link, more) => ({ name, type: 'IMAGE', ...more, link })
  const node = (id, type, values, more) => ({ id, type, pos: [0, 0], size: [300, 200], flags: {}, order: 0, mode: 0, properties: {}, widgets_values: values, ...more })
  const output = (links) => ({ outputs: [{ name: 'IMAGE', type: 'IMAGE', links }, { name: 'MASK', type: 'MASK', links: null }] })
  const file = {
    last_node_id: 3, last_link_id: 3, groups: [], config: {}, extra: {}, version: 0.4,
    nodes: [
      node(1, 'LoadImage', ['cat.png', 'image'], output([1, 2, 3])),
      node(3, 'GrowImages', ['strong', 3, 'words', 0, 'dog.png', 2, 'image', 'a', 0.5, 'end'], {
        inputs: [slot('images.image0', 1, { label: 'image0' }), slot('images.image2', 3, { shape: 7 }), { name: 'mode.mask', type: 'MASK', link: null }, slot('images.image1', 2, { shape: 7 }), slot('images.image3', null, { shape: 7 })],
        outputs: [{ name: 'IMAGE', type: 'IMAGE', links: null }]
      })
    ],
    links: [[1, 1, 0, 3, 0, 'IMAGE'], [2, 1, 0, 3, 3, 'IMAGE'], [3, 1, 0, 3, 1, 'IMAGE']]
  }
  const { context, names, linked, widgets } = scene(file)
  assert.deepEqual(names('node:3'), [...row(0, 1, 2, 3), 'mode.mask'])
  assert.deepEqual(linked('node:3'), row(0, 1, 2))
  assert.equal(widgets('node:3')['mode.text'], 'words')
  assert.deepEqual(JSON.parse(JSON.stringify(save(context.store))), file)
})

test('declarations that make no sense leave nodes without those inputs', () => {
  const [combo, rows, slot] = ['COMFY_DYNAMICCOMBO_V3', 'COMFY_AUTOGROW_V3', 'COMFY_DYNAMICSLOT_V3']
  const required = {
    a: [combo], b: [combo, { options: [null, 5, { key: 'k', inputs: [] }, { key: 'l', inputs: { required: { x: 7 } } }] }], c: [rows], d: [rows, { template: { input: {} } }],
    e: [rows, { template: { input: { required: { x: ['IMAGE'] } }, min: 'x', max: -1 } }], f: [slot], g: ['COMFY_MATCHTYPE_V3', { template: 3 }]
  }
  const type = new Schema({ Odd: { input: { required }, output: ['COMFY_MATCHTYPE_V3'] } }).get('Odd')
  assert.deepEqual(type.inputs.map(({ name }) => name), ['a', 'b', 'f', 'g'])
  assert.equal(type.outputs[0].type, '*')
  assert.deepEqual(widgetsOf(type, { values: ['', 'l'] }).map(({ name }) => name), ['a', 'b'])
})

test('sockets that match take the types that they allow, and once one is linked its type alone', () => {
  const { add, feed, context } = scene()
  const grow = add('GrowSlot')
  const picture = add('LoadImage')
  assert.equal(feed(add('Number'), 'INT', grow, 'items.item0'), null)
  assert.ok(feed(picture, 'MASK', grow, 'any'))
  assert.equal(socket(context, grow, 'in', 'items.item0').type, 'MASK')
  assert.equal(feed(picture, 'IMAGE', grow, 'items.item0'), null)
  assert.equal(context.notices.length, 2)
  assert.ok(feed(picture, 'IMAGE', grow, 'any'), 'while it is the only one it may be of another')
  assert.ok(feed(picture, 'IMAGE', grow, 'items.item0'))
  assert.equal(feed(picture, 'MASK', grow, 'any'), null)
})

test('an output that matches gives what its inputs are given', () => {
  const { context, add, feed } = scene()
  const [grow, next] = [add('GrowSlot'), add('GrowSlot')]
  const picture = add('LoadImage')
  const type = (id) => context.outputType(context.store.node(id), 0)
  assert.equal(type(grow), 'IMAGE,MASK')
  feed(picture, 'MASK', grow, 'items.item1')
  feed(grow, 'IMAGE,MASK', next, 'any')
  assert.equal(type(grow), 'MASK')
  assert.equal(type(next), 'MASK', 'however far')
  context.store.undo()
  context.store.undo()
  assert.equal(type(grow), 'IMAGE,MASK')
})

test('a node that grows is put at the end of a link that was drawn into the void', () => {
  const { context, add, linked } = scene()
  const picture = add('LoadImage')
  const grow = addNode(context, 'GrowImages', { point: { x: 400, y: 0 }, from: socket(context, picture, 'out', 'IMAGE') })
  assert.deepEqual(linked(grow), row(0))
})

test('a prompt opens as nodes that have grown', () => {
  const inputs = { 'images.image0': ['1', 0], 'images.image1': ['1', 0], 'images.image2': ['1', 0], mode: 'strong', 'mode.strength': 3, 'mode.mask': ['1', 1], picture: 'dog.png', count: 2 }
  const loader = { class_type: 'LoadImage', inputs: { image: 'cat.png' } }
  const { names, linked, prompt } = scene(workflowFromPrompt({ 1: loader, 3: { class_type: 'GrowImages', inputs } }, new Schema(INFO)))
  assert.deepEqual(names('node:3'), [...row(0, 1, 2, 3), 'mode.mask'])
  assert.deepEqual(linked('node:3'), [...row(0, 1, 2), 'mode.mask'])
  assert.deepEqual(prompt()['3'].inputs, { ...inputs, 'mode.text': '', 'mode.seed': 0, kind: 'a', 'kind.amount': 0.5, last: 'end' })
})

test('property: whatever is linked, cut and chosen, no link is lost or twice, and undo brings all back', () => {
  const act = fc.tuple(fc.constantFrom('link', 'link', 'cut', 'mode', 'kind'), fc.nat(9), fc.nat(3))
  fc.assert(fc.property(fc.array(act, { maxLength: 14 }), (acts) => {
    const { context, add, feed, linked, names } = scene()
    const pictures = [add('LoadImage'), add('LoadImage'), add('LoadImage'), add('LoadImage')]
    const grow = add('GrowImages')
    const steps = context.store.history.undos.length
    const before = JSON.stringify(save(context.store))
    for (const [what, place, which] of acts) {
      const links = context.graph.linksOf(grow)
      const rows = names(grow).filter((name) => name.startsWith('images.'))
      if (what === 'link' && place === 9 && names(grow).includes('mode.mask')) feed(pictures[which], 'MASK', grow, 'mode.mask')
      else if (what === 'link') feed(pictures[which], 'IMAGE', grow, rows[place % rows.length])
      else if (what === 'cut' && links.length) disconnect(context, links[place % links.length].id)
      else if (what === 'mode') setWidget(context, grow, 'mode', ['plain', 'strong', 'nested', 'strong'][which])
      else if (what === 'kind') setWidget(context, grow, 'kind', 'ab'[which % 2])
      const now = context.graph.linksOf(grow)
      const node = context.store.node(grow)
      assert.ok(Math.abs(now.length - links.length) <= 1 || what === 'mode')
      assert.equal(new Set(now.map(({ toSlot }) => node.inputs[toSlot]?.name)).size, now.length)
      assert.equal(linked(grow).length, now.length, 'each link ends at a socket that is shown')
      const open = JSON.parse(JSON.stringify(save(context.store)))
      const again = scene(open)
      assert.deepEqual(again.prompt(), toPrompt(open, context.types.schema).output)
      assert.deepEqual(again.names(grow), names(grow))
    }
    context.store.jump(steps - context.store.history.undos.length)
    assert.equal(JSON.stringify(save(context.store)), before)
  }), { numRuns: 60 })
})
