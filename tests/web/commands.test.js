import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '../../web/node_modules/fast-check/lib/fast-check.js'
import { addNode } from '../../web/commands/add_node.js'
import { copyText, duplicate, pasteText } from '../../web/commands/clipboard.js'
import { connect, disconnect, whyNot } from '../../web/commands/connect.js'
import { insert, placeIn } from '../../web/commands/insert.js'
import { setColour } from '../../web/commands/colour.js'
import { group } from '../../web/commands/frames.js'
import { rename, toggleFlag, toggleMode } from '../../web/commands/modes.js'
import { align, distribute, move, moving, origins, raise, resize } from '../../web/commands/move.js'
import { remove, removeAndReconnect } from '../../web/commands/remove.js'
import { setWidget } from '../../web/commands/set_widget.js'
import { fitNumber } from '../../web/model/numbers.js'
import { neighbour, walk } from '../../web/commands/walk.js'
import { save } from '../../web/model/workflow.js'
import { socketAt } from '../../web/view/under.js'
import { makeContext, socket } from './support.js'

const at = (x, y) => ({ point: { x, y } })
const links = (context) => context.graph.links('').map(({ from, fromSlot, to, toSlot, type }) => [from, fromSlot, to, toSlot, type])

/** Load -> Encode -> Sample -> Decode, as far as it goes. */
function chain() {
  const context = makeContext()
  const [load, encode, sample, decode] = ['Load', 'Encode', 'Sample', 'Decode'].map((type, index) => addNode(context, type, at(index * 400, 0)))
  connect(context, socket(context, load, 'out', 'CLIP'), socket(context, encode, 'in', 'clip'))
  connect(context, socket(context, load, 'out', 'MODEL'), socket(context, sample, 'in', 'model'))
  connect(context, socket(context, encode, 'out', 'CONDITIONING'), socket(context, sample, 'in', 'positive'))
  connect(context, socket(context, sample, 'out', 'LATENT'), socket(context, decode, 'in', 'samples'))
  return { context, load, encode, sample, decode }
}

test('a new node has its defaults, is selected, and is one step', () => {
  const context = makeContext()
  const id = addNode(context, 'Sample', at(100, 100))
  const node = context.store.node(id)
  assert.deepEqual(node.values, [0, 'randomize', 20, 8])
  assert.deepEqual(node.inputs.map(({ name }) => name), ['model', 'positive', 'latent'])
  assert.deepEqual([...context.selection], [id])
  assert.deepEqual(context.store.history.undos, ['Add KSampler'])
  assert.equal(addNode(context, 'Nonsense', at(0, 0)), null)
  assert.match(context.notices[0], /Nonsense/)
})

test('a node added from a socket is linked to it, in the same step, and its socket lies where the link was let go', () => {
  const { context, decode } = chain()
  const steps = context.store.history.undos.length
  const id = addNode(context, 'Save', { point: { x: 900, y: 300 }, from: socket(context, decode, 'out', 'IMAGE') })
  assert.equal(context.store.history.undos.length, steps + 1)
  assert.equal(context.graph.linkInto(context.store.node(id), 0).from, context.store.node(decode).key)
  assert.deepEqual(context.scene.socketPoint(socket(context, id, 'in', 'images')), { x: 900, y: 300 })
})

test('a link dropped on a socket that does not fit is not given to the next one', () => {
  const { context, sample } = chain()
  const takes = ({ side, type }) => side === 'in' && type === 'CONDITIONING'
  const [positive, latent] = ['positive', 'latent'].map((name) => context.scene.socketPoint(socket(context, sample, 'in', name)))
  assert.equal(socketAt(context.scene, positive, 28, takes)?.name, 'positive')
  assert.equal(socketAt(context.scene, { x: latent.x - 4, y: latent.y }, 28, takes), null)
  assert.equal(socketAt(context.scene, { x: positive.x - 20, y: positive.y }, 28, takes)?.name, 'positive')
  toggleFlag(context, [context.store.node(sample)], 'collapsed', 'Collapse', 'Expand')
  const all = context.scene.socketPoint(socket(context, sample, 'in', 'latent'))
  assert.equal(socketAt(context.scene, all, 28, takes)?.name, 'positive', 'collapsed, they share one place')
})

test('an input holds one link: a second one takes its place', () => {
  const { context, sample, load } = chain()
  const other = addNode(context, 'Load', at(0, 400))
  connect(context, socket(context, other, 'out', 'MODEL'), socket(context, sample, 'in', 'model'))
  const held = context.graph.linkInto(context.store.node(sample), 0)
  assert.equal(held.from, context.store.node(other).key)
  assert.equal(context.graph.linksFrom(context.store.node(load), 0).length, 0)
  context.store.undo()
  assert.equal(context.graph.linkInto(context.store.node(sample), 0).from, context.store.node(load).key)
})

test('links that cannot be are refused with a reason', () => {
  const { context, sample, decode, load } = chain()
  const reason = (a, b) => whyNot(context, a, b)
  const latent = socket(context, sample, 'out', 'LATENT')
  assert.match(reason(latent, socket(context, decode, 'in', 'vae')), /takes VAE, not LATENT/)
  assert.match(reason(latent, socket(context, sample, 'in', 'latent')), /itself/)
  assert.match(reason(latent, socket(context, load, 'out', 'VAE')), /from an output to an input/)
  const sharpen = addNode(context, 'Sharpen', at(0, 0))
  const second = addNode(context, 'Sharpen', at(0, 0))
  connect(context, socket(context, sharpen, 'out', 'IMAGE'), socket(context, second, 'in', 'image'))
  assert.match(reason(socket(context, second, 'out', 'IMAGE'), socket(context, sharpen, 'in', 'image')), /circle/)
  assert.equal(connect(context, latent, socket(context, decode, 'in', 'vae')), null)
  assert.equal(context.notices.length, 1)
})

test('a widget takes a link: its input is made, once', () => {
  const context = makeContext()
  const sample = addNode(context, 'Sample', at(400, 0))
  const number = addNode(context, 'Empty', at(0, 0))
  // INT outputs are what primitives give; here the type is what matters.
  context.store.transact('Give', () => context.store.update(number, { outputs: [{ name: 'INT', type: 'INT', widget: null, raw: null }] }))
  const from = { node: number, side: 'out', index: 0, name: 'INT', type: 'INT' }
  const link = connect(context, from, socket(context, sample, 'in', 'steps'))
  const node = context.store.node(sample)
  assert.deepEqual(node.inputs.at(-1), { name: 'steps', type: 'INT', widget: 'steps', raw: null })
  disconnect(context, link)
  connect(context, from, socket(context, sample, 'in', 'steps'))
  assert.equal(context.store.node(sample).inputs.filter(({ name }) => name === 'steps').length, 1)
})

test('removing a node takes its links along, and undo brings all back', () => {
  const { context, sample } = chain()
  const before = JSON.stringify(save(context.store))
  remove(context, [sample])
  assert.deepEqual(links(context).map(([, , , , type]) => type), ['CLIP'])
  assert.equal(context.selection.size, 1)
  context.store.undo()
  assert.equal(JSON.stringify(save(context.store)), before)
})

test('delete and reconnect joins what came in to what went out', () => {
  const context = makeContext()
  const [load, first, second, out] = ['LoadImage', 'Sharpen', 'Sharpen', 'Save'].map((type, index) => addNode(context, type, at(index * 300, 0)))
  for (const [a, b, input] of [[load, first, 'image'], [first, second, 'image'], [second, out, 'images']]) {
    connect(context, socket(context, a, 'out', 'IMAGE'), socket(context, b, 'in', input))
  }
  removeAndReconnect(context, [context.store.node(first), context.store.node(second)])
  const [from, to] = [context.store.node(load).key, context.store.node(out).key]
  assert.deepEqual(links(context), [[from, 0, to, 0, 'IMAGE']])
})

test('a free node dropped on a link is inserted, in one step; one that does not fit, or is linked, is not', () => {
  const context = makeContext()
  const [load, sharpen, out, decode] = ['LoadImage', 'Sharpen', 'Save', 'Decode'].map((type, index) => addNode(context, type, at(index * 300, 0)))
  const id = connect(context, socket(context, load, 'out', 'IMAGE'), socket(context, out, 'in', 'images'))
  const link = context.store.link(id)
  assert.equal(placeIn(context, context.store.node(decode), link), null)
  insert(context, context.store.node(sharpen), link)
  const key = (node) => context.store.node(node).key
  assert.deepEqual(links(context), [[key(load), 0, key(sharpen), 0, 'IMAGE'], [key(sharpen), 0, key(out), 0, 'IMAGE']])
  assert.equal(context.store.undoLabel, 'Insert')
  assert.equal(placeIn(context, context.store.node(sharpen), context.graph.links('')[1]), null)
  context.store.undo()
  assert.deepEqual(links(context), [[key(load), 0, key(out), 0, 'IMAGE']])
})

test('copies have fresh ids and the links among them; with links they keep those from outside', () => {
  const { context, encode, sample, load } = chain()
  const text = copyText(context, [encode, sample])
  const before = links(context).length
  const [one, two] = pasteText(context, text, { point: { x: 1000, y: 1000 } })
  assert.equal(links(context).length, before + 1)
  assert.deepEqual([...context.selection], [one, two])
  assert.equal(context.graph.linkInto(context.store.node(two), 1).from, context.store.node(one).key)
  const [, again] = pasteText(context, text, { links: true })
  assert.equal(context.graph.linkInto(context.store.node(again), 0).from, context.store.node(load).key)
  assert.equal(new Set(context.graph.nodes('').map(({ key }) => key)).size, 8)
  assert.equal(pasteText(context, 'a sentence about easel/nodes'), null)
  assert.equal(pasteText(context, '{"nodes": []}'), null)
})

test('a duplicate lies beside its original, in one step', () => {
  const { context, load } = chain()
  const [copy] = duplicate(context, [load])
  const [a, b] = [context.store.node(load), context.store.node(copy)]
  assert.deepEqual([b.pos[0] - a.pos[0], b.pos[1] - a.pos[1]], [24, 24])
  assert.equal(context.store.undoLabel, 'Duplicate')
})

test('a frame moves what lies in it; pinned things stay', () => {
  const { context, load, encode } = chain()
  const frame = group(context, [load, encode])
  context.store.transact('Pin', () => context.store.update(encode, { pinned: true }))
  const ids = moving(context, [frame])
  assert.deepEqual([...ids].sort(), [frame, load].sort())
  const before = context.store.node(load).pos
  move(context, origins(context, ids), { x: 10, y: 20 })
  assert.deepEqual(context.store.node(load).pos, [before[0] + 10, before[1] + 20])
})

test('modes toggle together', () => {
  const { context, load, encode } = chain()
  const nodes = () => [context.store.node(load), context.store.node(encode)]
  toggleMode(context, nodes().slice(0, 1), 4, 'Bypass')
  toggleMode(context, nodes(), 4, 'Bypass')
  assert.deepEqual(nodes().map(({ mode }) => mode), [4, 4])
  toggleMode(context, nodes(), 4, 'Bypass')
  assert.deepEqual(nodes().map(({ mode }) => mode), [0, 0])
  toggleFlag(context, nodes(), 'collapsed', 'Collapse', 'Expand')
  assert.ok(nodes().every(({ collapsed }) => collapsed))
  setColour(context, [load], '#335533')
  rename(context, load, '  Base  ')
  assert.deepEqual([nodes()[0].color, nodes()[0].title], ['#335533', 'Base'])
  rename(context, load, ' ')
  assert.equal(nodes()[0].title, null)
})

test('nodes are aligned and distributed by their boxes', () => {
  const { context, load, encode, sample } = chain()
  const nodes = () => [load, encode, sample].map((id) => context.store.node(id))
  move(context, origins(context, [encode]), { x: -77, y: 133 })
  align(context, nodes(), 'top')
  assert.equal(new Set(nodes().map((node) => context.rectOf(node).y)).size, 1)
  distribute(context, nodes(), 'x')
  const [a, b, c] = nodes().map((node) => context.rectOf(node))
  assert.ok(Math.abs(b.x - (a.x + a.w) - (c.x - (b.x + b.w))) <= 1)
})

test('numbers are kept in range and on their grid', () => {
  const spec = { kind: 'number', integer: false, default: 8, min: 0, max: 100, step: 0.1, round: 0.01 }
  assert.equal(fitNumber(spec, 7.126), 7.13)
  assert.equal(fitNumber(spec, 1e9), 100)
  assert.equal(fitNumber(spec, -1), 0)
  assert.equal(fitNumber(spec, NaN), 8)
  assert.equal(fitNumber({ ...spec, integer: true, round: 1 }, 7.6), 8)
})

test('setting a widget touches its value only, and what is missing before it gets its default', () => {
  const context = makeContext({ nodes: [{ id: 1, type: 'Sample', pos: [0, 0], size: [1, 1], widgets_values: [7] }] })
  setWidget(context, 'node:1', 'cfg', 3)
  assert.deepEqual(context.store.node('node:1').values, [7, 'randomize', 20, 3])
  setWidget(context, 'node:1', 'seed', 'fixed', 'control')
  assert.deepEqual(context.store.node('node:1').values, [7, 'fixed', 20, 3])
  const named = makeContext({ nodes: [{ id: 1, type: 'Sample', pos: [0, 0], size: [1, 1], widgets_values: { steps: 5, own: 1 } }] })
  setWidget(named, 'node:1', 'steps', 6)
  assert.deepEqual(named.store.node('node:1').values, { steps: 6, own: 1 })
})

test('the keyboard walks from node to node', () => {
  const { context, load, encode } = chain()
  context.select([])
  walk(context, 1)
  assert.deepEqual([...context.selection], [load])
  neighbour(context, 1, 0)
  assert.deepEqual([...context.selection], [encode])
  neighbour(context, -1, 0)
  walk(context, -1)
  assert.notDeepEqual([...context.selection], [load])
})

test('property: any commands, undone, give the same file; redone, the same again', () => {
  const pick = fc.nat(30)
  const command = fc.tuple(fc.constantFrom('add', 'connect', 'move', 'remove', 'reconnect', 'copy', 'mode', 'group', 'widget', 'raise', 'resize', 'disconnect'), pick, pick)
  const run = (context, [what, a, b]) => {
    const nodes = context.graph.nodes('')
    const [one, two] = [nodes[a % nodes.length], nodes[b % nodes.length]]
    if (what === 'add' || !one || !two) {
      addNode(context, ['Load', 'Encode', 'Sample', 'Decode', 'Sharpen', 'Reroute', 'Note'][a % 7], at(a * 30, b * 30))
      return
    }
    const sockets = (node) => context.scene.view(node).layout.sockets.map((place) => ({ ...place, node: node.id }))
    const all = context.graph.links('')
    const does = {
      connect: () => {
        const from = sockets(one).find(({ side }) => side === 'out')
        const to = sockets(two).filter(({ side }) => side === 'in')[b % 3]
        if (from && to) connect(context, from, to)
      },
      move: () => move(context, origins(context, moving(context, [one.id, two.id])), { x: a - 15, y: b - 15 }),
      remove: () => remove(context, [one.id]),
      reconnect: () => removeAndReconnect(context, [one]),
      copy: () => duplicate(context, [one.id, two.id], { links: b % 2 === 0 }),
      mode: () => toggleMode(context, [one], 4, 'Bypass'),
      group: () => group(context, [one.id, two.id]),
      widget: () => setWidget(context, one.id, 'steps', b),
      raise: () => raise(context, [one.id]),
      resize: () => resize(context, one, [100 + a, 100 + b]),
      disconnect: () => all.length && disconnect(context, all[a % all.length].id)
    }
    does[what]()
  }
  fc.assert(
    fc.property(fc.array(command, { maxLength: 25 }), (commands) => {
      const context = makeContext()
      const states = [JSON.stringify(save(context.store))]
      for (const each of commands) {
        const before = context.store.history.undos.length
        run(context, each)
        if (context.store.history.undos.length > before) states.push(JSON.stringify(save(context.store)))
      }
      const inputs = links(context).map(([, , to, slot]) => `${to} ${slot}`)
      assert.equal(new Set(inputs).size, inputs.length, 'an input holds one link')
      const last = states.length - 1
      for (let at = last - 1; at >= 0; at--) {
        context.store.undo()
        assert.equal(JSON.stringify(save(context.store)), states[at])
      }
      for (let at = 1; at <= last; at++) {
        context.store.redo()
        assert.equal(JSON.stringify(save(context.store)), states[at])
      }
    }),
    { numRuns: 60 }
  )
})
