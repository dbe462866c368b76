/** A graph that is opened and saved is the same file, whatever well-formed file it is; and what we do not know stays in it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '../../web/node_modules/fast-check/lib/fast-check.js'
import { Store } from '../../web/model/store.js'
import { load, save } from '../../web/model/workflow.js'

const plain = (json) => JSON.parse(JSON.stringify(json))
const saved = (json) => {
  const { records, notes } = load(json)
  const store = new Store()
  store.load(records)
  return { file: plain(save(store)), notes, store }
}

const name = fc.constantFrom('image', 'mask', 'model', 'positive prompt', 'x')
const type = fc.constantFrom('IMAGE', 'MASK', 'A,B', '*', 'CONDITIONING_LONG')
const more = fc.record({
  label: fc.constantFrom('Bild', ''), localized_name: name, shape: fc.constantFrom(3, 6, 7), widget: name.map((name) => ({ name, link: 3 })), own: fc.constantFrom({ link: 1 }, [null], 'text'), slot_index: fc.nat(2)
}, { requiredKeys: [] })
const field = fc.constantFrom('before', 'after')
/** A socket whose own fields stand before or after its links'. */
const socket = fc.tuple(name, type, more, field, fc.constantFrom(undefined, null, 'list'))
const nodeSpec = fc.record({
  inputs: fc.array(socket, { maxLength: 3 }), outputs: fc.array(socket, { maxLength: 3 }), pair: fc.constantFrom('list', 'object'),
  pos: fc.tuple(fc.integer({ min: -5000, max: 5000 }), fc.double({ min: -1e4, max: 1e4, noNaN: true }).map((x) => Math.round(x * 8) / 8)),
  rest: fc.record({
    title: fc.string(), flags: fc.constantFrom({}, { collapsed: true }, { pinned: true, own: [1] }), mode: fc.constantFrom(0, 2, 4), color: fc.constantFrom('#322', 'red'), properties: fc.constantFrom({}, { a: { b: 1 } }),
    widgets_values: fc.constantFrom([], [1, 'two', null], { seed: 3 }), order: fc.nat(9), unknown: fc.jsonValue({ maxDepth: 1 })
  }, { requiredKeys: [] })
})

/** A file of such nodes with links between them, in any order of keys and lists. */
function fileOf(specs, wishes, shuffled) {
  const nodes = specs.map(({ inputs, outputs, pos, pair, rest }, index) => ({
    id: index + 1, type: `Type${index % 3}`, pos: pair === 'list' ? pos : { 0: pos[0], 1: pos[1] }, size: [200, 100],
    ...(inputs.length && { inputs: inputs.map(([name, type, more, place, none]) => place === 'before' ? { ...more, name, type, ...(none !== undefined && { link: null }) } : { name, type, ...(none !== undefined && { link: null }), ...more }) }),
    ...(outputs.length && { outputs: outputs.map(([name, type, more, place, none]) => place === 'before' ? { ...more, name, type, ...(none !== undefined && { links: none && [] }) } : { name, type, ...(none !== undefined && { links: none && [] }), ...more }) }),
    ...rest
  }))
  const links = []
  for (const [a, b, c, d] of wishes) {
    const [from, to] = [nodes[a % nodes.length], nodes[b % nodes.length]]
    const [out, into] = [from?.outputs?.[c % from.outputs.length], to?.inputs?.[d % to.inputs.length]]
    if (!out || !into || typeof into.link === 'number') continue
    const key = links.length + 1
    links.push([key, from.id, from.outputs.indexOf(out), to.id, to.inputs.indexOf(into), out.type])
    out.links = shuffled ? [key, ...(out.links ?? [])] : [...(out.links ?? []), key]
    into.link = key
  }
  return { last_node_id: nodes.length, last_link_id: links.length, nodes, links, groups: [], config: {}, extra: {}, version: 0.4, zoo: { lion: 1 } }
}

test('property: any graph that is loaded and saved is the same file', () => {
  fc.assert(
    fc.property(fc.array(nodeSpec, { maxLength: 6 }), fc.array(fc.tuple(fc.nat(), fc.nat(), fc.nat(), fc.nat()), { maxLength: 12 }), fc.boolean(), (specs, wishes, shuffled) => {
      const file = plain(fileOf(specs, wishes, shuffled))
      const given = JSON.stringify(file)
      const { file: back, notes } = saved(file)
      assert.deepEqual(back, JSON.parse(given))
      assert.equal(JSON.stringify(back), given, 'the order too')
      assert.deepEqual(notes, [])
      assert.equal(JSON.stringify(file), given, 'what was given is not touched')
    }),
    { numRuns: 400 }
  )
})

test('a link that goes and one that comes are written into sockets that thousands share', () => {
  const inputs = [{ name: 'image', type: 'IMAGE', link: null }]
  const outputs = [{ name: 'IMAGE', type: 'IMAGE', links: null }]
  const nodes = [1, 2, 3].map((id) => ({ id, type: 'T', pos: [0, 0], size: [200, 100], inputs: plain(inputs), outputs: plain(outputs) }))
  nodes[0].outputs[0].links = [1]
  nodes[1].inputs[0].link = 1
  const { store } = saved({ nodes, links: [[1, 1, 0, 2, 0, 'IMAGE']] })
  const [one, two, three] = [1, 2, 3].map((id) => store.node(`node:${id}`))
  assert.equal(one.inputs, three.inputs)
  assert.equal(two.inputs, three.inputs, 'which link an input holds is no part of it')
  store.transact('Move the link', () => {
    store.remove('link:1')
    store.put({ ...store.get('link:1'), id: 'link:2', kind: 'link', graph: '', key: 2, z: 5, from: 2, fromSlot: 0, to: 3, toSlot: 0, type: 'IMAGE', reroute: null, hidden: false, raw: null })
  })
  const file = plain(save(store))
  assert.deepEqual(file.nodes.map(({ inputs: [slot] }) => slot.link), [null, null, 2])
  assert.deepEqual(file.nodes.map(({ outputs: [slot] }) => slot.links), [null, [2], null])
})

test('the order of fields stays, and what stands beside the subgraphs: an untouched file is the same text', () => {
  const inner = (id, more = {}) => ({
    zoo: 1, nodes: [{ id: 1, type: 'T', pos: [0, 0], size: [1, 1], zoo: [null] }], links: [], own: { a: [1] }, groups: [], reroutes: [], extra: { x: {} }, id, name: id,
    state: { lastGroupId: 0, lastNodeId: 1, lastLinkId: 0, lastRerouteId: 0 }, inputNode: { id: -10, bounding: [0, 0, 1, 1], own: 3 }, outputNode: { id: -20, bounding: [0, 0, 1, 1] }, inputs: [], outputs: [], ...more
  })
  const file = {
    version: 0.4, nodes: [{ id: 1, type: 'aaa', pos: [0, 0], size: [1, 1] }, { id: 2, type: 'ccc', pos: [0, 0], size: [1, 1] }], lion: [{}], definitions: { own: [1], subgraphs: [inner('aaa', { definitions: { subgraphs: [inner('bbb')], own: 2 } }), inner('ccc')], after: null },
    groups: [], extra: { ds: { scale: 1 } }, links: [], config: {}, last_link_id: 0, last_node_id: 2
  }
  const used = { ...file, nodes: [...file.nodes, { id: 3, type: 'bbb', pos: [0, 0], size: [1, 1] }], last_node_id: 3 }
  const empty = { ...file, nodes: [], definitions: { own: 1, subgraphs: [] } }
  for (const each of [used, empty, { ...empty, definitions: {} }]) assert.equal(JSON.stringify(saved(each).file), JSON.stringify(each))
})
