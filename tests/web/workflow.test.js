import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '../../web/node_modules/fast-check/lib/fast-check.js'
import { Graph } from '../../web/model/graph.js'
import { Schema } from '../../web/model/schema.js'
import { Store } from '../../web/model/store.js'
import { load, save, toPrompt } from '../../web/model/workflow.js'
import { makeContext, OBJECT_INFO } from './support.js'

const open = (json) => {
  const { records, notes } = load(json)
  const store = new Store()
  store.load(records)
  return { store, notes, graph: new Graph(store) }
}
const plain = (json) => JSON.parse(JSON.stringify(json))
const node = (id, more = {}) => ({ id, type: 'Sharpen', pos: [0, 0], size: [200, 100], inputs: [{ name: 'image', type: 'IMAGE', link: null }], outputs: [{ name: 'IMAGE', type: 'IMAGE', links: null }], ...more })

/** A file as any page may have written it: forms that differ, fields that nobody knows. */
const FILE = {
  id: 'one', revision: 3, last_node_id: 40, last_link_id: 12, zoo: { lion: 1 },
  nodes: [
    { ...node(1), pos: { 0: 10, 1: 20 }, size: { 0: 200, 1: 100 }, outputs: [{ name: 'IMAGE', type: 'IMAGE', links: [5, 6], slot_index: 0, shape: 3 }], widgets_values: [0.5], mystery: [1, { a: null }] },
    { ...node(2), inputs: [{ name: 'image', type: 'IMAGE', link: 5, localized_name: 'Bild' }], flags: { collapsed: true, strange: 1 }, widgets_values: { amount: 1 }, properties: { a: 1 }, mode: 4, title: 'Second', color: '#322' },
    { ...node('three'), inputs: [{ name: 'image', type: 'IMAGE', link: 6 }], widgets_values: null, order: 7 }
  ],
  links: [[5, 1, 0, 2, 0, 'IMAGE'], [6, 1, 0, 'three', 0, 'IMAGE']],
  groups: [{ title: 'No id', bounding: [0, 0, 100, 100], color: '#3f789e', font_size: 24, flags: {} }],
  config: { x: 1 }, models: [{ name: 'm' }], floatingLinks: [],
  extra: { ds: { scale: 1, offset: [0, 0] }, reroutes: [{ id: 1, pos: [50, 60], linkIds: [5] }], linkExtensions: [{ id: 5, parentId: 1 }], pack: 'data' },
  definitions: {
    subgraphs: [{
      id: 'sub', version: 1, name: 'Twice', state: { lastNodeId: 2 }, inputs: [{ id: 'a', name: 'image', type: 'IMAGE', linkIds: [1] }],
      outputs: [{ id: 'b', name: 'IMAGE', type: 'IMAGE', linkIds: [2] }], inputNode: { id: -10, bounding: [0, 0, 1, 1] },
      outputNode: { id: -20, bounding: [0, 0, 1, 1] }, widgets: [], extra: { own: 1 },
      nodes: [{ ...node(2), inputs: [{ name: 'image', type: 'IMAGE', link: 1 }], outputs: [{ name: 'IMAGE', type: 'IMAGE', links: [2] }] }],
      groups: [], links: [{ id: 1, origin_id: -10, origin_slot: 0, target_id: 2, target_slot: 0, type: 'IMAGE' }, { id: 2, origin_id: 2, origin_slot: 0, target_id: -20, target_slot: 0, type: 'IMAGE' }]
    }]
  },
  version: 0.4
}

test('a file that was not touched is saved as it was', () => {
  const { store, notes } = open(plain(FILE))
  assert.deepEqual(plain(save(store)), FILE)
  assert.deepEqual(notes, [])
})

test('schema 1 is read and written back in its own form', () => {
  const one = { version: 1, state: { lastNodeId: 2, lastLinkId: 1 }, nodes: [node(1), { ...node(2), inputs: [{ name: 'image', type: 'IMAGE', link: 1 }] }], links: [{ id: 1, origin_id: 1, origin_slot: 0, target_id: 2, target_slot: 0, type: 'IMAGE', parentId: 4 }], groups: [], reroutes: [{ id: 4, pos: [1, 2], linkIds: [1] }], config: {} }
  one.nodes[0].outputs[0].links = [1]
  assert.deepEqual(plain(save(open(plain(one)).store)), one)
})

test('a change is written where it belongs, and nothing else is', () => {
  const { store } = open(plain(FILE))
  store.transact('Edit', () => {
    store.update('node:1', { pos: [11, 21] })
    store.update('node:2', { title: null, collapsed: false })
    store.remove('link:6')
  })
  const saved = plain(save(store))
  const expected = plain(FILE)
  expected.nodes[0].pos = [11, 21]
  expected.nodes[0].outputs[0].links = [5]
  expected.nodes[1].flags = { strange: 1 }
  delete expected.nodes[1].title
  expected.nodes[2].inputs[0].link = null
  expected.links.pop()
  assert.deepEqual(saved, expected)
})

test('a moved reroute and a removed one are written', () => {
  const { store } = open(plain(FILE))
  store.transact('Move', () => store.update('reroute:1', { pos: [9, 9] }))
  assert.deepEqual(plain(save(store)).extra.reroutes, [{ id: 1, pos: [9, 9], linkIds: [5] }])
  store.transact('Remove', () => {
    store.update('link:5', { reroute: null })
    store.remove('reroute:1')
  })
  assert.deepEqual(plain(save(store)).extra, { ds: FILE.extra.ds, reroutes: [], linkExtensions: [], pack: 'data' })
})

test('what is broken is mended or left out, with a sentence each', () => {
  const { store, notes, graph } = open({
    nodes: [
      node(1, { pos: [NaN, 3] }), node(1, { size: 'large' }), { ...node(2), pos: [1e12, -1e12], size: [-5, 1e9] }, 'no node', null,
      { type: 'Sharpen' }, { id: 9, type: 7, inputs: 'none', outputs: [null, { type: -1 }], flags: [], widgets_values: 3, properties: [] },
      { ...node(20), inputs: [{ name: 'image', type: 'IMAGE', link: 7 }] }
    ],
    links: [[7, 1, 0, 20, 5, 'IMAGE'], [8, 1, 0, 99, 0, 'IMAGE'], [9, 99, 0, 20, 0, 'IMAGE'], 'no link', null, [7, 1, 0, 2, 0, 'IMAGE'], [3, 1, 0]],
    groups: [{ title: 'x' }, 4, { bounding: [0, 0, -50, 'a'] }, { id: 1, bounding: [0, 0, 50, 50] }, { id: 1, bounding: [0, 0, 50, 50] }],
    extra: { reroutes: [{ id: 'x' }, { id: 1, pos: [0, 0] }, { id: 1, pos: [0, 0] }, 3] },
    definitions: { subgraphs: [{}, { id: 's' }, { id: 's' }, 7] }
  })
  assert.ok(notes.length >= 10)
  for (const note of notes) assert.match(note, /^[A-Z].{15,}/u)
  const nodes = graph.nodes('')
  assert.equal(new Set(nodes.map(({ key }) => String(key))).size, nodes.length)
  for (const { pos, size } of nodes) assert.ok([...pos, ...size].every((value) => Number.isFinite(value) && Math.abs(value) <= 1e7))
  assert.equal(graph.linkInto(store.node('node:20'), 0)?.key, 7, 'a link is where its input says, whatever number it gives')
  assert.equal(graph.groups('').length, 2)
  save(store)
})

test('property: no JSON whatever makes loading, saving or converting throw', () => {
  const schema = new Schema(OBJECT_INFO)
  const junk = fc.oneof(fc.jsonValue(), fc.constantFrom(1e308, -0, '', '*', [], {}, null))
  const wild = fc.record(
    Object.fromEntries(['id', 'type', 'pos', 'size', 'inputs', 'outputs', 'widgets_values', 'flags', 'mode', 'properties', 'title'].map((name) => [name, fc.oneof(junk, fc.constantFrom('Sample', 'Reroute', 'sub', 1, 2, [0, 0], [{ name: 'model', link: 1 }]))])),
    { requiredKeys: [] }
  )
  const link = fc.oneof(junk, fc.tuple(fc.nat(3), fc.nat(3), fc.nat(2), fc.nat(3), fc.nat(2), fc.constantFrom('IMAGE', '*', 5)))
  const graph = fc.record({ nodes: fc.oneof(junk, fc.array(fc.oneof(junk, wild))), links: fc.oneof(junk, fc.array(link)), groups: junk, extra: junk, version: fc.constantFrom(0.4, 1, 'x') }, { requiredKeys: [] })
  const file = fc.tuple(graph, fc.oneof(junk, fc.array(fc.oneof(junk, graph.map((inner) => ({ ...inner, id: 'sub' })))))).map(([root, subgraphs]) => ({ ...root, definitions: { subgraphs } }))
  fc.assert(fc.property(fc.oneof(junk, file), (json) => {
    const { store } = open(json)
    const saved = plain(save(store))
    toPrompt(json, schema)
    toPrompt(saved, schema)
    const again = open(saved)
    assert.deepEqual(plain(save(again.store)), saved, 'what was saved once is saved the same again')
  }), { numRuns: 300 })
})

test('20,000 nodes in a chain load, save and convert, without recursion', () => {
  const count = 20_000
  const nodes = Array.from({ length: count }, (_, index) => node(index + 1, { inputs: [{ name: 'image', type: 'IMAGE', link: index || null }], outputs: [{ name: 'IMAGE', type: 'IMAGE', links: index < count - 1 ? [index + 1] : null }], widgets_values: [1] }))
  const links = Array.from({ length: count - 1 }, (_, index) => [index + 1, index + 1, 0, index + 2, 0, 'IMAGE'])
  const { store } = open({ last_node_id: count, last_link_id: count - 1, nodes, links, groups: [], config: {}, version: 0.4 })
  const { output } = toPrompt(save(store), new Schema(OBJECT_INFO))
  assert.deepEqual(output[count].inputs.image, [String(count - 1), 0])
})

test('a subgraph that holds itself ends', () => {
  const inner = { ...node(1), type: 'self' }
  const file = { nodes: [{ ...node(5), type: 'self' }], links: [], definitions: { subgraphs: [{ id: 'self', name: 'Self', inputs: [], outputs: [], nodes: [inner, node(2)], links: [] }] } }
  const { output } = toPrompt(file, new Schema(OBJECT_INFO))
  assert.deepEqual(Object.keys(output), ['5:2'])
  const context = makeContext(file)
  assert.equal(context.scene.view(context.store.node('node:5')).title, 'Self')
})

test('a subgraph shows the widgets that its inputs stand for', () => {
  const file = {
    nodes: [{ id: 1, type: 'sub', pos: [0, 0], size: [200, 100], inputs: [], outputs: [], widgets_values: [0.25] }], links: [],
    definitions: { subgraphs: [{ id: 'sub', name: 'Sub', inputs: [{ name: 'strength', type: 'FLOAT', linkIds: [1] }], outputs: [], nodes: [{ ...node(2), inputs: [{ name: 'image', type: 'IMAGE', link: null }, { name: 'amount', type: 'FLOAT', link: 1, widget: { name: 'amount' } }] }], links: [{ id: 1, origin_id: -10, origin_slot: 0, target_id: 2, target_slot: 1, type: 'FLOAT' }] }] }
  }
  const context = makeContext(file)
  const { widgets } = context.scene.view(context.store.node('node:1'))
  assert.deepEqual(widgets.map(({ name, value, spec }) => [name, value, spec.max]), [['strength', 0.25, 2]])
})

test('a node of an unknown type keeps its values and links, and shows what they look like', () => {
  const context = makeContext({ nodes: [{ id: 1, type: 'FromSomePack', pos: [0, 0], size: [200, 60], inputs: [{ name: 'in', type: 'X', link: null }], outputs: [], widgets_values: [3, 'words', true, null, { a: 1 }] }], links: [] })
  const { widgets, layout } = context.scene.view(context.store.node('node:1'))
  assert.deepEqual(widgets.map(({ spec }) => spec.kind), ['number', 'text', 'toggle'])
  assert.equal(layout.sockets.length, 1)
  assert.deepEqual(plain(save(context.store)).nodes[0].widgets_values, [3, 'words', true, null, { a: 1 }])
})
