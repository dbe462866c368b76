import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '../../web/node_modules/fast-check/lib/fast-check.js'
import { addNode } from '../../web/commands/add_node.js'
import { duplicate } from '../../web/commands/clipboard.js'
import { connect, disconnect } from '../../web/commands/connect.js'
import { fitsInto, insert, insertType, makeRoom, placeIn } from '../../web/commands/insert.js'
import { bestPair, lazyConnect, moveLinks, setHidden } from '../../web/commands/links.js'
import { group } from '../../web/commands/frames.js'
import { move, moving, origins } from '../../web/commands/move.js'
import { pullOut, remove } from '../../web/commands/remove.js'
import { addReroute, addReroutes, chain, linksThrough, removeLinks } from '../../web/commands/reroute.js'
import { load, save } from '../../web/model/workflow.js'
import { makeContext, socket } from './support.js'

const at = (x, y) => ({ point: { x, y } })
const ends = (context) => context.graph.links('').map(({ from, to }) => [from, to])
const node = (context, id) => context.store.node(id)

/** One Load feeds two Encodes by the same output. */
function fork() {
  const context = makeContext()
  const [loader, one, two] = [addNode(context, 'Load', at(0, 0)), addNode(context, 'Encode', at(500, 0)), addNode(context, 'Encode', at(500, 400))]
  const clip = socket(context, loader, 'out', 'CLIP')
  const first = connect(context, clip, socket(context, one, 'in', 'clip'))
  const second = connect(context, clip, socket(context, two, 'in', 'clip'))
  const link = (id) => context.store.link(id)
  const through = (id) => chain(context, '', link(id).reroute).map(({ key }) => key)
  return { context, loader, one, two, first, second, link, through }
}

test('reroutes stand in a link one after the other, also between those that are there', () => {
  const { context, first, link, through } = fork()
  addReroute(context, [link(first)], { x: 100, y: 0 }, 0)
  addReroute(context, [link(first)], { x: 300, y: 0 }, 1)
  addReroute(context, [link(first)], { x: 200, y: 0 }, 1)
  assert.deepEqual(through(first), [1, 3, 2])
  const points = context.scene.points(link(first))
  assert.deepEqual(points.slice(1, -1).map(({ x }) => x), [100, 200, 300])
})

test('a stroke across two links of an output leaves one reroute that both pass, in one step', () => {
  const { context, first, second, link, through } = fork()
  const steps = context.store.history.undos.length
  const made = addReroutes(context, [first, second].map((id, index) => ({ link: link(id), stretch: 0, point: { x: 200, y: index * 20 } })))
  assert.equal(made.length, 1)
  assert.deepEqual(context.store.get(made[0]).pos, [200, 10])
  assert.deepEqual([through(first), through(second)], [[1], [1]])
  assert.equal(linksThrough(context, context.store.get(made[0])).length, 2)
  assert.equal(context.store.history.undos.length, steps + 1)
  const file = save(context.store)
  assert.deepEqual(file.extra.reroutes, [{ id: 1, pos: [200, 10], linkIds: [1, 2] }])
  assert.deepEqual(file.extra.linkExtensions, [{ id: 1, parentId: 1 }, { id: 2, parentId: 1 }])
})

test('a reroute that is deleted leaves the link; a link that is deleted takes the reroutes that no other passes', () => {
  const { context, first, second, link, through } = fork()
  const [shared] = addReroutes(context, [first, second].map((id) => ({ link: link(id), stretch: 0, point: { x: 200, y: 0 } })))
  const own = addReroute(context, [link(first)], { x: 300, y: 0 }, 1)
  removeLinks(context, [first], 'Cut')
  assert.equal(context.store.get(own), undefined)
  assert.deepEqual(through(second), [1])
  context.store.undo()
  assert.deepEqual(through(first), [1, 2])
  remove(context, [shared])
  assert.deepEqual([through(first), through(second)], [[2], []])
  assert.equal(ends(context).length, 2)
  disconnect(context, first)
  assert.equal(context.graph.reroutes('').length, 0)
})

test('reroutes that name each other in a circle are walked once', () => {
  const { context, first, link } = fork()
  const one = addReroute(context, [link(first)], { x: 1, y: 1 }, 0)
  const two = addReroute(context, [link(first)], { x: 2, y: 1 }, 1)
  context.store.transact('Break', () => context.store.update(one, { parent: context.store.get(two).key }))
  assert.equal(chain(context, '', link(first).reroute).length, 2)
  removeLinks(context, [first], 'Cut')
})

test('a link keeps its reroutes when its reader changes, and loses them when it comes from elsewhere', () => {
  const { context, loader, one, first, second, link, through } = fork()
  addReroutes(context, [first, second].map((id) => ({ link: link(id), stretch: 0, point: { x: 200, y: 0 } })))
  const three = addNode(context, 'Encode', at(900, 0))
  setHidden(context, [first], true)
  moveLinks(context, [{ link: link(first), end: socket(context, loader, 'out', 'CLIP') }], socket(context, three, 'in', 'clip'))
  const moved = context.graph.linkInto(node(context, three), 0)
  assert.deepEqual([through(moved.id), moved.hidden], [[1], true])
  assert.equal(context.graph.linkInto(node(context, one), 0), undefined)

  const other = addNode(context, 'Load', at(0, 600))
  const clip = socket(context, other, 'out', 'CLIP')
  moveLinks(context, [{ link: moved, end: socket(context, three, 'in', 'clip') }], clip)
  assert.deepEqual(through(context.graph.linkInto(node(context, three), 0).id), [])
  context.store.undo()
  // All of them at once take the reroute along.
  const both = context.graph.linksFrom(node(context, loader), 1)
  moveLinks(context, both.map((each) => ({ link: each, end: context.scene.endOf(each, 'in') })), clip)
  assert.deepEqual(context.graph.linksFrom(node(context, other), 1).map(({ id }) => through(id)), [[1], [1]])
})

test('hidden links are kept in the file, and only those that differ change it', () => {
  const { context, first, second } = fork()
  setHidden(context, [first, second], true)
  assert.deepEqual(context.store.history.undos.at(-1), 'Hide 2 links')
  const file = JSON.parse(JSON.stringify(save(context.store)))
  assert.deepEqual(file.extra.easel_hidden_links, [1, 2])
  assert.equal(file.links.every(Array.isArray), true)
  const again = makeContext(file)
  assert.deepEqual(again.graph.links('').map(({ hidden }) => hidden), [true, true])
  assert.equal(again.scene.wire(first).curves.length, 2, 'two ends are seen')
  setHidden(again, [first], false)
  assert.deepEqual(save(again.store).extra.easel_hidden_links, [2])
  setHidden(again, [second], false)
  assert.equal('easel_hidden_links' in (save(again.store).extra ?? {}), false)
  const stale = { ...file, extra: { easel_hidden_links: [2, 77], mine: 1 } }
  assert.deepEqual(save(makeContext(stale).store), stale)
})

test('two nodes are joined by what fits best: telling types first, free inputs before taken ones, either way round', () => {
  const context = makeContext()
  const [loader, encode, sample] = ['Load', 'Encode', 'Sample'].map((type, index) => addNode(context, type, at(index * 400, 0)))
  const pair = bestPair(context, node(context, loader), node(context, sample))
  assert.deepEqual([pair.out.name, pair.into.name], ['MODEL', 'model'])
  assert.ok(lazyConnect(context, node(context, encode), node(context, loader)), 'pulled the wrong way round')
  assert.deepEqual(ends(context), [[1, 2]])
  const decode = addNode(context, 'Decode', at(900, 0))
  lazyConnect(context, node(context, sample), node(context, decode))
  lazyConnect(context, node(context, loader), node(context, decode))
  assert.equal(context.graph.linkInto(node(context, decode), 1).fromSlot, 2)
  assert.equal(lazyConnect(context, node(context, encode), node(context, decode)), null)
  assert.match(context.notices.at(-1), /no sockets/)
})

test('a node shaken out of its links leaves its neighbours joined; links among what is shaken stay', () => {
  const context = makeContext()
  const names = ['LoadImage', 'Sharpen', 'Sharpen', 'Save']
  const ids = names.map((type, index) => addNode(context, type, at(index * 400, 0)))
  for (let i = 0; i < 3; i++) {
    connect(context, socket(context, ids[i], 'out', 'IMAGE'), socket(context, ids[i + 1], 'in', i === 2 ? 'images' : 'image'))
  }
  assert.equal(pullOut(context, [node(context, ids[1]), node(context, ids[2])]), true)
  assert.deepEqual(ends(context).sort(), [[1, 4], [2, 3]])
  assert.equal(pullOut(context, [node(context, ids[1]), node(context, ids[2])]), false)
})

test('a linked node is put into another link only when asked to, and leaves its old place joined', () => {
  const context = makeContext()
  const ids = ['LoadImage', 'Sharpen', 'Save', 'LoadImage', 'Save'].map((type, index) => addNode(context, type, at(index * 400, 0)))
  const join = (a, b, name) => connect(context, socket(context, ids[a], 'out', 'IMAGE'), socket(context, ids[b], 'in', name))
  join(0, 1, 'image')
  join(1, 2, 'images')
  const other = context.store.link(join(3, 4, 'images'))
  const sharpen = node(context, ids[1])
  assert.equal(placeIn(context, sharpen, other), null)
  assert.ok(placeIn(context, sharpen, other, { linked: true }))
  assert.equal(placeIn(context, sharpen, context.graph.linksOf(sharpen.id)[0], { linked: true }), null, 'its own link')
  insert(context, sharpen, other)
  assert.deepEqual(ends(context).sort(), [[1, 3], [2, 5], [4, 2]])
})

test('a new node goes into a link, where its type has what fits both ends', () => {
  const context = makeContext()
  const [image, out] = [addNode(context, 'LoadImage', at(0, 0)), addNode(context, 'Save', at(400, 0))]
  const link = context.store.link(connect(context, socket(context, image, 'out', 'IMAGE'), socket(context, out, 'in', 'images')))
  const fitting = (name) => fitsInto(context.types.get(name), { given: 'IMAGE', wanted: 'IMAGE' })
  assert.deepEqual(['Sharpen', 'Decode', 'Save'].map(fitting), [true, false, false])
  const steps = context.store.history.undos.length
  insertType(context, 'Sharpen', link, { x: 200, y: 0 })
  assert.deepEqual(ends(context).sort(), [[1, 3], [3, 2]])
  assert.equal(context.store.history.undos.length, steps + 1)
})

test('a node that was put into a link makes room: what it lies over goes to the right with all that follows', () => {
  const context = makeContext()
  const ids = ['LoadImage', 'Sharpen', 'Save', 'Sharpen'].map((type, index) => addNode(context, type, at(index * 400, 0)))
  const link = context.store.link(connect(context, socket(context, ids[0], 'out', 'IMAGE'), socket(context, ids[1], 'in', 'image')))
  connect(context, socket(context, ids[1], 'out', 'IMAGE'), socket(context, ids[2], 'in', 'images'))
  const x = (id) => node(context, id).pos[0]
  const before = ids.map(x)
  context.store.transact('Move', () => context.store.update(ids[3], { pos: [before[1] - 60, 0] }))
  insert(context, node(context, ids[3]), link)
  makeRoom(context, node(context, ids[3]))
  const box = context.rectOf(node(context, ids[3]))
  assert.equal(x(ids[0]), before[0])
  assert.equal(x(ids[1]), box.x + box.w + 40)
  assert.equal(x(ids[2]) - before[2], x(ids[1]) - before[1])
  const steps = context.store.history.undos.length
  makeRoom(context, node(context, ids[3]))
  assert.equal(context.store.history.undos.length, steps, 'there is room already')
})

test('frames in frames move with the outer one', () => {
  const { context, loader, one } = fork()
  const inner = group(context, [one])
  const outer = group(context, [inner, loader])
  const before = { one: node(context, one).pos, inner: context.store.group(inner).bounds }
  move(context, origins(context, moving(context, [outer])), { x: 50, y: 10 })
  assert.deepEqual(node(context, one).pos, [before.one[0] + 50, before.one[1] + 10])
  assert.equal(context.store.group(inner).bounds[0], before.inner[0] + 50)
})

test('reroutes move with the nodes whose links alone pass them', () => {
  const { context, loader, one, first, second, link } = fork()
  const [shared] = addReroutes(context, [first, second].map((id) => ({ link: link(id), stretch: 0, point: { x: 200, y: 0 } })))
  const own = addReroute(context, [link(first)], { x: 300, y: 50 }, 1)
  const taken = moving(context, [loader, one])
  assert.deepEqual([taken.has(own), taken.has(shared)], [true, false])
  assert.equal(moving(context, [loader]).size, 1)
})

test('copies keep the reroutes between them, and what is hidden', () => {
  const { context, loader, one, first, second, link, through } = fork()
  addReroutes(context, [first, second].map((id) => ({ link: link(id), stretch: 0, point: { x: 200, y: 0 } })))
  addReroute(context, [link(first)], { x: 300, y: 50 }, 1)
  setHidden(context, [first], true)
  duplicate(context, [loader, one], { by: { x: 10, y: 20 } })
  const copy = context.graph.links('').at(-1)
  assert.deepEqual(through(copy.id), [3, 4])
  assert.equal(copy.hidden, true)
  assert.deepEqual(chain(context, '', copy.reroute).map(({ pos }) => pos), [[210, 20], [310, 70]])
  assert.equal(context.selection.size, 4, 'they are in the hand too')
  context.store.undo()
  assert.deepEqual(through(second), [1])
})

test('property: whatever is done to links and taken back, the file is what it was', () => {
  const act = fc.record({ what: fc.nat(6), a: fc.nat(9), b: fc.nat(9), stretch: fc.nat(3) })
  fc.assert(fc.property(fc.array(act, { maxLength: 25 }), (acts) => {
    const { context } = fork()
    addNode(context, 'Load', at(0, 900))
    context.store.load(load(save(context.store)).records)
    const before = JSON.stringify(save(context.store))
    const nodes = () => context.graph.nodes('')
    const links = () => context.graph.links('')
    for (const { what, a, b, stretch } of acts) {
      const link = links()[a % Math.max(links().length, 1)]
      const reroutes = context.graph.reroutes('')
      const passed = link ? chain(context, '', link.reroute).length : 0
      if (what === 0 && link) addReroute(context, [link], { x: a * 10, y: b * 10 }, Math.min(stretch, passed))
      else if (what === 1 && link) removeLinks(context, [link.id], 'Cut')
      else if (what === 2 && reroutes.length) remove(context, [reroutes[a % reroutes.length].id])
      else if (what === 3 && link) setHidden(context, [link.id], b % 2 === 0)
      else if (what === 4) lazyConnect(context, nodes()[a % nodes().length], nodes()[b % nodes().length])
      else if (what === 5) pullOut(context, [nodes()[a % nodes().length]])
      else if (what === 6 && link) moveLinks(context, [{ link, end: context.scene.endOf(link, 'in') }], socket(context, nodes().at(-1).id, 'out', 'CLIP'))
      // No link names a reroute that is gone, and none hangs in the air.
      const keys = new Set(context.graph.reroutes('').map(({ key }) => key))
      for (const { reroute } of links()) assert.ok(reroute === null || keys.has(reroute))
      for (const reroute of context.graph.reroutes('')) assert.ok(linksThrough(context, reroute).length > 0)
      assert.deepEqual(save(makeContext(JSON.parse(JSON.stringify(save(context.store)))).store).extra, save(context.store).extra)
    }
    const after = JSON.stringify(save(context.store))
    let steps = 0
    while (context.store.undo() !== null) steps++
    assert.equal(JSON.stringify(save(context.store)), before)
    for (; steps > 0; steps--) context.store.redo()
    assert.equal(JSON.stringify(save(context.store)), after)
  }), { numRuns: 60 })
})
