/** Where things lie: the same however they came there, and found out only of what is looked at. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '../../web/node_modules/fast-check/lib/fast-check.js'
import { curveBounds } from '../../web/geometry/bezier.js'
import { LINK_SHAPES } from '../../web/geometry/link_path.js'
import { bounds, holds } from '../../web/geometry/rect.js'
import { layoutOf, ownLayout } from '../../web/model/shape.js'
import { Scene } from '../../web/view/scene.js'
import { hit } from '../../web/view/under.js'
import { makeContext, OBJECT_INFO } from './support.js'

const EVERYWHERE = { x: -1e8, y: -1e8, w: 2e8, h: 2e8 }
const TYPES = [...Object.keys(OBJECT_INFO), 'Reroute', 'Note', 'PrimitiveNode', 'NobodyKnows']

/** A field of nodes of one type, each fed by the one before. */
function field(count, type = 'Sharpen') {
  const columns = Math.ceil(Math.sqrt(count))
  return {
    nodes: Array.from({ length: count }, (_, index) => ({
      id: index + 1, type, pos: [(index % columns) * 300, Math.floor(index / columns) * 280], size: [200, 100], widgets_values: [1],
      inputs: [{ name: 'image', type: 'IMAGE', link: index || null }], outputs: [{ name: 'IMAGE', type: 'IMAGE', links: index < count - 1 ? [index + 1] : null }]
    })),
    links: Array.from({ length: count - 1 }, (_, index) => [index + 1, index + 1, 0, index + 2, 0, 'IMAGE'])
  }
}

test('property: nodes that share a layout have the one that each would have alone', () => {
  const node = fc.record({
    type: fc.constantFrom(...TYPES), size: fc.tuple(fc.integer({ min: 10, max: 500 }), fc.integer({ min: 0, max: 500 })),
    flags: fc.constantFrom({}, { collapsed: true }), title: fc.option(fc.string(), { nil: undefined }), widgets_values: fc.constantFrom([], [1, 2, 3], ['a\nb'], { steps: 3 }),
    inputs: fc.array(fc.record({ name: fc.constantFrom('image', 'model', 'steps', 'other'), type: fc.constantFrom('IMAGE', 'INT') }), { maxLength: 3 })
  })
  fc.assert(fc.property(fc.array(node, { minLength: 2, maxLength: 12 }), fc.constantFrom(null, 1, 0.5), (nodes, aspect) => {
    const { graph, types } = makeContext({ nodes: nodes.map((each, index) => ({ ...each, id: index + 1, pos: [0, 0] })) })
    for (const record of graph.nodes('')) {
      const type = types.of(record)
      assert.deepEqual(layoutOf(record, type, aspect), ownLayout(record, type, aspect))
    }
  }))
})

test('property: after any changes things lie where a fresh look would find them, and what looks different is said', () => {
  const change = fc.record({ what: fc.constantFrom('move', 'size', 'remove', 'unlink', 'title', 'collapse', 'front'), pick: fc.nat(30), by: fc.integer({ min: -700, max: 700 }) })
  fc.assert(fc.property(fc.array(fc.tuple(change, fc.boolean()), { maxLength: 20 }), (changes) => {
    const { store, graph, types, scene } = makeContext({ ...field(12), groups: [] })
    const fedBy = (node) => node.inputs.map((_, slot) => graph.linkInto(node, slot)).map((link) => link && [link.from, graph.source(link)?.title])
    const feeds = (node) => node.outputs.map((_, slot) => graph.feeds(node, slot))
    const seen = () => new Map(scene.nodesIn(EVERYWHERE).map((node) => [node.id, { ...scene.boxOf(node.id), z: node.z, title: node.title, fed: fedBy(node), feeds: feeds(node) }]))
    scene.takeDamage()
    let before = seen()
    for (const [{ what, pick, by }, look] of changes) {
      const nodes = graph.nodes('')
      const node = nodes[pick % nodes.length]
      const link = graph.links('')[pick % Math.max(graph.links('').length, 1)]
      if (!node) break
      store.transact('Change', () => {
        if (what === 'move') store.update(node.id, { pos: [node.pos[0] + by, node.pos[1] - by] })
        else if (what === 'size') store.update(node.id, { size: [200 + Math.abs(by), 300] })
        else if (what === 'title') store.update(node.id, { title: `T${by}` })
        else if (what === 'collapse') store.update(node.id, { collapsed: !node.collapsed })
        else if (what === 'front') store.update(node.id, { z: graph.freshZ() })
        else if (what === 'unlink' && link) store.remove(link.id)
        else if (what === 'remove') {
          for (const each of graph.linksOf(node.id)) store.remove(each.id)
          store.remove(node.id)
        }
      })
      if (!look) continue
      const damage = scene.takeDamage()
      const after = seen()
      for (const id of new Set([...before.keys(), ...after.keys()])) {
        const [old, now] = [before.get(id), after.get(id)]
        if (JSON.stringify(old) === JSON.stringify(now)) continue
        for (const box of [old, now]) if (box) assert.ok(damage && holds(damage, box), `${id} changed outside of what is drawn again`)
      }
      before = after
    }
    const fresh = new Scene(store, graph, types, () => null)
    assert.deepEqual(scene.nodesIn(EVERYWHERE), fresh.nodesIn(EVERYWHERE))
    assert.deepEqual(scene.nodesIn(EVERYWHERE).map(({ id }) => scene.boxOf(id)), fresh.nodesIn(EVERYWHERE).map(({ id }) => fresh.boxOf(id)))
    const lie = (each) => each.wiresIn(EVERYWHERE).map(({ curves, bounds, type }) => ({ curves, bounds, type }))
    assert.deepEqual(lie(scene), lie(fresh))
  }), { numRuns: 60 })
})

test('property: a link is found wherever its curve goes, though only its ends are kept', () => {
  const at = fc.integer({ min: -1500, max: 1500 })
  fc.assert(fc.property(at, at, fc.integer({ min: -2000, max: 2000 }), fc.integer({ min: -2000, max: 2000 }), fc.constantFrom(...LINK_SHAPES), (x, y, px, py, shape) => {
    const file = field(2)
    file.nodes[1].pos = [x, y]
    const { scene } = makeContext(file)
    scene.linkShape = shape
    scene.rebuild()
    const { curves } = scene.wire('link:1')
    const box = bounds(curves.map(curveBounds))
    const point = { x: px, y: py, w: 0, h: 0 }
    const touches = px >= box.x && px <= box.x + box.w && py >= box.y && py <= box.y + box.h
    if (touches) assert.equal(scene.sketchesIn(point).length, 1)
    const [sketch] = scene.sketchesIn(EVERYWHERE)
    assert.deepEqual([sketch.x1, sketch.y1, sketch.x2, sketch.y2], [curves[0].a.x, curves[0].a.y, curves.at(-1).d.x, curves.at(-1).d.y])
  }))
})

test('one node of five thousand is moved: nothing far from it is drawn again or laid out', () => {
  const { store, scene, types } = makeContext(field(5000))
  let asked = 0
  const { of } = types
  types.of = (node) => {
    asked++
    return of.call(types, node)
  }
  scene.nodesIn(EVERYWHERE)
  scene.takeDamage()
  asked = 0
  const { pos } = store.node('node:2500')
  store.transact('Move', () => store.update('node:2500', { pos: [pos[0] + 40, pos[1] + 40] }))
  const damage = scene.takeDamage()
  assert.ok(damage !== 'all' && damage.w < 1500 && damage.h < 1500, JSON.stringify(damage))
  assert.ok(asked < 40, `${asked} nodes were looked at`)
  scene.lift(['node:2500'])
  scene.takeDamage()
  store.transact('Move', () => store.update('node:2500', { pos: [pos[0] + 80, pos[1] + 80] }))
  assert.equal(scene.takeDamage(), null, 'what a hand holds is drawn apart')
  scene.lift([])
  assert.equal(scene.takeDamage(), 'all')
})

test('nodes of one kind share their sockets and their layout, and are seen without their widgets', () => {
  const { graph, scene } = makeContext(field(500))
  const nodes = graph.nodes('')
  assert.equal(new Set(nodes.map(({ inputs }) => inputs)).size, 1)
  assert.equal(new Set(nodes.map((node) => scene.layout(node))).size, 1)
  const view = scene.view(nodes[0])
  assert.equal(scene.view({ ...nodes[0], pos: [9, 9] }).layout, view.layout)
  assert.notEqual(scene.view({ ...nodes[0], size: [400, 400] }).layout, view.layout)
})

test('20,000 nodes, some at the end of the world, are found like any other', () => {
  const file = field(20_000)
  file.nodes[7].pos = [1e9, -1e9]
  file.nodes[8].pos = [NaN, 0]
  const { store, scene } = makeContext(file)
  assert.equal(scene.nodesIn(EVERYWHERE).length, 20_000)
  assert.equal(scene.nodesIn({ x: 9.9e6, y: -1.01e7, w: 1e6, h: 1e6 }).length, 1)
  assert.deepEqual(hit(scene, { x: store.node('node:20000').pos[0] + 100, y: store.node('node:20000').pos[1] - 10 }, 5), { kind: 'node', node: 'node:20000', part: 'title' })
})

test('an output is called as its type says now, whatever it was when the file was saved; a name that somebody gave stays', () => {
  const sockets = (name, type) => {
    const context = makeContext({ nodes: [{ id: 1, type: 'Load', pos: [0, 0], size: [200, 100], outputs: [{ name, type, links: null }] }], links: [] })
    const node = context.store.node('node:1')
    return ownLayout(node, { ...context.types.of(node), outputs: [{ name: 'paint', type: 'IMAGE', list: false, label: undefined }] }, null).sockets
      .filter(({ side }) => side === 'out').map(socket => [socket.name, socket.type])
  }
  assert.deepEqual(sockets('*', '*'), [['paint', 'IMAGE']], 'saved while its pack was off')
  assert.deepEqual(sockets('MASK', 'MASK'), [['paint', 'IMAGE']], 'saved before its author changed it')
  assert.deepEqual(sockets('mine', 'IMAGE'), [['mine', 'IMAGE']])
})
