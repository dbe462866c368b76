/** Auto layout: boxes to places, and places to one step of the document. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '../../web/node_modules/fast-check/lib/fast-check.js'
import { bounds, holds, intersects } from '../../web/geometry/rect.js'
import { apply, stillSo } from '../../web/layout/apply.js'
import { arrange, GRID } from '../../web/layout/arrange.js'
import { problemOf, USUAL } from '../../web/layout/boxes.js'
import { save } from '../../web/model/workflow.js'
import { makeContext } from './support.js'

const box = (id, x, y, w = 200, h = 100, more = {}) => ({ id, x, y, w, h, dx: 0, dy: 30, fixed: false, inside: [], ...more })
const problem = (boxes, edges, more = {}) => ({ boxes, edges, ...USUAL, ...more })
const flat = (boxes) => boxes.flatMap((each) => [each, ...flat(each.inside)])

/** Random graphs: frames with nodes, some pinned, links any way, boxes on top of each other. */
const sizes = fc.record({ x: fc.integer({ min: -2000, max: 2000 }), y: fc.integer({ min: -2000, max: 2000 }), w: fc.integer({ min: 20, max: 600 }), h: fc.integer({ min: 20, max: 900 }) })
const graphs = fc.record({
  nodes: fc.array(fc.record({ size: sizes, frame: fc.integer({ min: -6, max: 3 }) }), { maxLength: 24 }),
  frames: fc.array(fc.integer({ min: -2, max: 2 }), { maxLength: 3 }),
  links: fc.array(fc.tuple(fc.nat(23), fc.nat(23)), { maxLength: 40 }),
  pinned: fc.option(sizes), direction: fc.constantFrom('right', 'down'), spacing: fc.constantFrom('close', 'normal', 'wide')
}).map(({ nodes, frames, links, pinned, ...options }) => {
  const made = frames.map((_, index) => box(`f${index}`, index * 30, index * 50, 300, 300, { dx: 0, dy: 0 }))
  const loose = []
  nodes.forEach(({ size, frame }, index) => {
    const node = { ...box(`n${index}`), ...size }
    ;(made[frame]?.inside ?? loose).push(node)
  })
  frames.forEach((outer, index) => (outer >= 0 && outer < index ? made[outer].inside : loose).push(made[index]))
  if (pinned) loose.push({ ...box('pinned', 0, 0), ...pinned, fixed: true })
  const edges = links.filter(([a, b]) => a !== b && a < nodes.length && b < nodes.length).map(([a, b]) => [`n${a}`, `n${b}`])
  return problem(loose, edges, options)
})

function check({ boxes }, places) {
  const level = (siblings) => {
    for (const [index, one] of siblings.entries()) {
      for (const other of siblings.slice(index + 1)) {
        assert.ok(!intersects(places[one.id], places[other.id]), `${one.id} and ${other.id} overlap: ${JSON.stringify([places[one.id], places[other.id]])}`)
      }
      for (const inner of one.inside) assert.ok(holds(places[one.id], places[inner.id]), `${inner.id} lies in ${one.id}`)
      level(one.inside)
    }
  }
  level(boxes)
  for (const { id, x, y, w, h, dx, dy, fixed, inside } of flat(boxes)) {
    const place = places[id]
    if (fixed) assert.deepEqual(place, { x, y, w, h })
    else if (!inside.length) {
      assert.deepEqual([place.w, place.h], [w, h])
      assert.equal(Math.abs((place.x + dx) % GRID) + Math.abs((place.y + dy) % GRID), 0, `${id} is on the grid`)
    }
  }
}

test('any graph: nothing overlaps, frames hold what is theirs, what is pinned stays', () => {
  fc.assert(fc.property(graphs, (graph) => check(graph, arrange(graph))), { numRuns: 300 })
})

test('links lead to the right, or down when asked', () => {
  const edges = fc.array(fc.tuple(fc.nat(19), fc.nat(19)), { maxLength: 40 })
    .map((pairs) => pairs.filter(([a, b]) => a !== b).map(([a, b]) => [`n${Math.min(a, b)}`, `n${Math.max(a, b)}`]))
  fc.assert(fc.property(edges, fc.array(sizes, { minLength: 20, maxLength: 20 }), fc.boolean(), (links, boxes, down) => {
    const places = arrange(problem(boxes.map((size, index) => ({ ...box(`n${index}`), ...size })), links, { direction: down ? 'down' : 'right' }))
    for (const [from, to] of links) {
      const [a, b] = [places[from], places[to]]
      assert.ok(down ? a.y + a.h < b.y : a.x + a.w < b.x, `${from} lies before ${to}`)
    }
  }), { numRuns: 100 })
})

test('thousands of boxes: the same rules', () => {
  const count = 5000
  const random = (() => { let seed = 7; return () => (seed = (seed * 48271) % 2147483647) / 2147483647 })()
  const boxes = Array.from({ length: count }, (_, index) => box(`n${index}`, random() * 9000, random() * 9000, 200 + random() * 200, 60 + random() * 400))
  const edges = Array.from({ length: 2 * count }, () => {
    const to = 1 + Math.floor(random() * (count - 1))
    return [`n${Math.max(0, to - 1 - Math.floor(random() * 30))}`, `n${to}`]
  })
  const places = arrange(problem(boxes, edges))
  for (const [from, to] of edges) assert.ok(places[from].x + places[from].w < places[to].x)
  const columns = new Map()
  for (const place of Object.values(places)) columns.set(place.x, [...(columns.get(place.x) ?? []), place])
  for (const column of columns.values()) {
    column.sort((a, b) => a.y - b.y)
    column.slice(1).forEach((below, index) => assert.ok(column[index].y + column[index].h < below.y))
  }
})

test('the top left corner stays, and what stood above stays above', () => {
  const boxes = [box('a', 400, 230), box('b', 410, 900), box('c', 900, 200)]
  const places = arrange(problem(boxes, []))
  const box0 = bounds(boxes)
  const box1 = bounds(Object.values(places))
  assert.ok(Math.abs(box0.x - box1.x) <= GRID / 2 && Math.abs(box0.y - box1.y) <= GRID / 2)
  const again = arrange(problem(boxes.map((each) => ({ ...each, ...places[each.id] })), []))
  assert.deepEqual(again, places, 'what is arranged stays as it is')
})

test('a frame with something pinned in it keeps its corner', () => {
  const frame = box('f', 1000, 1000, 500, 500, { dx: 0, dy: 0, inside: [box('p', 1100, 1200, 200, 100, { fixed: true }), box('a', 1110, 1210)] })
  const places = arrange(problem([box('x', 0, 0), frame], [['x', 'a']]))
  assert.deepEqual(places.p, { x: 1100, y: 1200, w: 200, h: 100 })
  assert.ok(!intersects(places.p, places.a))
  assert.ok(holds(places.f, places.p) && holds(places.f, places.a))
  assert.equal(places.x.x, 0)
})

const WORKFLOW = {
  last_node_id: 4, last_link_id: 3, version: 0.4, strange: { kept: [1, 2] },
  nodes: [
    { id: 1, type: 'Load', pos: [500, 500], size: [300, 120], outputs: [{ name: 'MODEL', type: 'MODEL', links: [1] }, { name: 'CLIP', type: 'CLIP', links: [2] }], widgets_values: ['a.safetensors'] },
    { id: 2, type: 'Encode', pos: [480, 520], size: [300, 120], inputs: [{ name: 'clip', type: 'CLIP', link: 2 }], outputs: [{ name: 'CONDITIONING', type: 'CONDITIONING', links: [3] }], widgets_values: ['x'] },
    { id: 3, type: 'Sample', pos: [100, 480], size: [300, 300], inputs: [{ name: 'model', type: 'MODEL', link: 1 }, { name: 'positive', type: 'CONDITIONING', link: 3 }], outputs: [] },
    { id: 4, type: 'Save', pos: [2000, 40], size: [200, 100], flags: { pinned: true } }
  ],
  links: [[1, 1, 0, 3, 0, 'MODEL'], [2, 1, 1, 2, 0, 'CLIP'], [3, 2, 0, 3, 1, 'CONDITIONING']],
  groups: [{ id: 1, title: 'Prompt', bounding: [470, 440, 340, 260], color: '#3f789e' }],
  extra: { reroutes: [{ id: 1, parentId: null, pos: [50, 50], linkIds: [1] }], linkExtensions: [{ id: 1, parentId: 1 }] }
}

test('one step arranges a document; undo gives the same bytes', () => {
  const context = makeContext(WORKFLOW)
  const before = JSON.stringify(save(context.store))
  const asked = problemOf(context, null, USUAL)
  assert.ok(stillSo(context, asked))
  const places = arrange(asked)
  check(asked, places)
  assert.ok(apply(context, asked, places))
  assert.deepEqual(context.store.history.undos, ['Arrange'])
  const rect = (id) => context.rectOf(context.store.node(id))
  assert.ok(rect('node:1').x + rect('node:1').w < rect('node:2').x)
  assert.ok(rect('node:2').x + rect('node:2').w < rect('node:3').x)
  assert.deepEqual(context.store.node('node:4').pos, [2000, 40])
  const reroute = context.store.get('reroute:1')
  assert.ok(reroute.pos[0] > rect('node:1').x + rect('node:1').w && reroute.pos[0] < rect('node:3').x, 'reroutes lie between')
  const after = JSON.stringify(save(context.store))
  assert.ok(!stillSo(context, asked))
  context.store.undo()
  assert.equal(JSON.stringify(save(context.store)), before)
  context.store.redo()
  assert.equal(JSON.stringify(save(context.store)), after)
})

test('a selection moves alone, and a frame that it was in grows with it', () => {
  const context = makeContext(WORKFLOW)
  const asked = problemOf(context, ['node:1', 'node:2'], USUAL)
  assert.deepEqual(asked.boxes.map(({ id }) => id).sort(), ['node:1', 'node:2'])
  apply(context, asked, arrange(asked))
  assert.deepEqual(context.store.node('node:3').pos, [100, 480])
  const [x, y, w, h] = context.store.group('group:1').bounds
  for (const id of ['node:1', 'node:2']) assert.ok(holds({ x, y, w, h }, context.rectOf(context.store.node(id))), id)
})

test('a frame is arranged with all that lies in it, its corner stays', () => {
  const context = makeContext(WORKFLOW)
  const asked = problemOf(context, ['group:1'], USUAL)
  assert.deepEqual(asked.boxes.map(({ id }) => id), ['group:1'])
  assert.equal(asked.boxes[0].inside.length, 2)
  apply(context, asked, arrange(asked))
  const [x, y] = context.store.group('group:1').bounds
  assert.ok(Math.abs(x - 470) <= GRID / 2 && Math.abs(y - 440) <= GRID / 2)
})

const UUID = '5b1f6a7e-0000-4000-8000-000000000001'
const NESTED = {
  last_node_id: 1, last_link_id: 0, version: 0.4, nodes: [{ id: 1, type: UUID, pos: [0, 0], size: [200, 100] }], links: [],
  definitions: {
    subgraphs: [{
      id: UUID, name: 'Inner', version: 1, inputNode: { id: -10, bounding: [900, 900, 160, 60], strange: 1 }, outputNode: { id: -20, bounding: [0, 900, 160, 60] },
      inputs: [{ id: 'a', name: 'image', type: 'IMAGE', linkIds: [1] }], outputs: [{ id: 'b', name: 'image', type: 'IMAGE', linkIds: [2] }],
      nodes: [{ id: 5, type: 'Sharpen', pos: [900, 900], size: [200, 100], inputs: [{ name: 'image', type: 'IMAGE', link: 1 }], outputs: [{ name: 'IMAGE', type: 'IMAGE', links: [2] }], widgets_values: [1] }],
      links: [{ id: 1, origin_id: -10, origin_slot: 0, target_id: 5, target_slot: 0, type: 'IMAGE' }, { id: 2, origin_id: 5, origin_slot: 0, target_id: -20, target_slot: 0, type: 'IMAGE' }],
      groups: [], widgets: [], state: { lastNodeId: 5, lastLinkId: 2 }
    }]
  }
}

test('inside of a subgraph its two sides are arranged as well; undo puts them back', () => {
  const context = Object.assign(makeContext(NESTED), { graphId: UUID })
  context.scene.graphId = UUID
  context.scene.rebuild()
  const before = JSON.stringify(save(context.store))
  const asked = problemOf(context, null, USUAL)
  assert.ok(stillSo(context, asked))
  assert.ok(apply(context, asked, arrange(asked)))
  const [inputs, outputs] = context.graph.sides(UUID)
  const node = context.store.node(`node:${UUID}/5`)
  assert.ok(inputs.pos[0] + 160 < node.pos[0] && node.pos[0] + 200 < outputs.pos[0], JSON.stringify([inputs.pos, node.pos, outputs.pos]))
  const file = save(context.store).definitions.subgraphs[0]
  assert.equal(file.inputNode.strange, 1)
  assert.deepEqual(file.inputNode.bounding.slice(0, 2), inputs.pos)
  context.store.undo()
  assert.equal(JSON.stringify(save(context.store)), before)
})

test('what is fed and read by the same stands in the order of the sockets that it feeds', () => {
  const boxes = [box('load', 0, 0), box('lower', 300, 0, 200, 160), box('upper', 300, 400), box('third', 300, 900, 200, 50), box('sample', 900, 0)]
  const edges = [['load', 'upper'], ['load', 'lower'], ['load', 'third'], ['upper', 'sample'], ['lower', 'sample'], ['third', 'sample']]
  const places = arrange(problem(boxes, edges))
  check({ boxes }, places)
  assert.ok(places.upper.y < places.lower.y && places.lower.y < places.third.y)
})
