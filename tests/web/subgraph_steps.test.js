/** Any steps with subgraphs and wires, in any order: undone they leave the same bytes, redone likewise, and files survive. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '../../web/node_modules/fast-check/lib/fast-check.js'
import { addNode } from '../../web/commands/add_node.js'
import { duplicate } from '../../web/commands/clipboard.js'
import { connect } from '../../web/commands/connect.js'
import { demoteThrough, promoteThrough, widgetsInside } from '../../web/commands/promote.js'
import { remove } from '../../web/commands/remove.js'
import { setWidget } from '../../web/commands/set_widget.js'
import { makeUnique } from '../../web/commands/subgraph_copy.js'
import { makeSubgraph } from '../../web/commands/subgraph_make.js'
import { moveIn } from '../../web/commands/subgraph_move_in.js'
import { moveOut } from '../../web/commands/subgraph_move_out.js'
import { addPort, movePort, removePort, renamePort } from '../../web/commands/subgraph_ports.js'
import { unpack } from '../../web/commands/subgraph_unpack.js'
import { sendByName, takeByName } from '../../web/commands/wires.js'
import { instancesOf } from '../../web/model/instances.js'
import { Schema } from '../../web/model/schema.js'
import { namesIn } from '../../web/model/wires.js'
import { save, toPrompt } from '../../web/model/workflow.js'
import { makeContext, OBJECT_INFO } from './support.js'

const schema = new Schema(OBJECT_INFO)
const TYPES = ['Load', 'Encode', 'Sample', 'Decode', 'Sharpen', 'LoadImage', 'Save', 'Reroute', 'SetNode', 'GetNode']
const bytes = (context) => JSON.stringify(save(context.store))
const pick = (list, number) => (list.length ? list[number % list.length] : undefined)
const at = { point: { x: 0, y: 0 } }

/** What one can do, by number: each takes the context and three more numbers. */
const ACTIONS = [
  (context, a) => addNode(context, TYPES[a % TYPES.length], { point: { x: (a % 7) * 200, y: (a % 5) * 150 } }),
  (context, a, b, c) => {
    const sockets = [...context.graph.nodes(context.graphId), ...context.graph.sides(context.graphId)].flatMap((node) => context.scene.view(node).layout.sockets.map((place) => ({ node: node.id, side: place.side, index: place.index, name: place.name, type: place.type })))
    const [from, to] = [pick(sockets.filter(({ side }) => side === 'out'), a), pick(sockets.filter(({ side }) => side === 'in'), b + c)]
    if (from && to) connect(context, from, to)
  },
  (context, a, b) => makeSubgraph(context, context.graph.nodes(context.graphId).filter((_, index) => (a + b * 3) & (1 << index % 12)).map(({ id }) => id)),
  (context, a) => {
    const instance = pick(instances(context), a)
    if (instance) unpack(context, instance)
  },
  (context, a) => {
    const instance = pick(instances(context), a)
    context.graphId = a % 3 === 0 || !instance ? '' : instance.type
    context.scene.graphId = context.graphId
    context.scene.rebuild()
  },
  (context, a, b) => {
    const definition = context.graph.definition(context.graphId)
    if (!definition) return
    const side = a % 2 ? 'in' : 'out'
    const count = (side === 'in' ? definition.inputs : definition.outputs).length
    if (a % 5 === 0) addPort(context, context.graphId, side, `p${b}`, 'IMAGE')
    else if (a % 5 === 1 && count) removePort(context, context.graphId, side, b % count)
    else if (a % 5 === 2 && count) renamePort(context, context.graphId, side, b % count, `label ${b}`)
    else if (count) movePort(context, context.graphId, side, a % count, b % count)
  },
  (context, a, b) => {
    const instance = pick(instances(context), a)
    const widget = instance && pick(widgetsInside(context, instance.type), b)
    if (widget) (widget.shown ? demoteThrough : promoteThrough)(context, widget)
  },
  (context, a, b) => {
    const node = pick(context.graph.nodes(context.graphId), a)
    const widget = node && pick(context.scene.view(node).widgets, b)
    if (widget) setWidget(context, node.id, widget.name, widget.spec.kind === 'number' ? b : `text ${b}`)
  },
  (context, a) => {
    const instance = pick(instances(context), a)
    if (instance) makeUnique(context, instance)
  },
  (context, a, b) => {
    const instance = pick(instances(context), a)
    if (instance) moveIn(context, context.graph.nodes(context.graphId).filter((each, index) => each !== instance && b & (1 << index % 9)).map(({ id }) => id), instance)
  },
  (context, a, b) => {
    const instance = pick(instancesOf(context.graph, context.graphId), a)
    if (instance) moveOut(context, context.graph.nodes(context.graphId).filter((_, index) => b & (1 << index % 9)).map(({ id }) => id), instance)
  },
  (context, a) => {
    const node = pick(context.graph.nodes(context.graphId), a)
    if (node) duplicate(context, [node.id])
  },
  (context, a) => {
    const node = pick(context.graph.nodes(context.graphId), a)
    if (node) remove(context, [node.id])
  },
  (context, a, b) => {
    const sockets = context.graph.nodes(context.graphId).flatMap((node) => context.scene.view(node).layout.sockets.map((place) => ({ node: node.id, side: place.side, index: place.index, name: place.name, type: place.type })))
    const socket = pick(sockets.filter(({ side }) => side === (a % 2 ? 'in' : 'out')), b)
    if (socket?.side === 'out') sendByName(context, socket, at.point)
    else if (socket) takeByName(context, socket, pick(namesIn(context.graph, [context.graphId, '']), a) ?? '', at.point)
  }
]

const instances = (context) => context.graph.nodes(context.graphId).filter(({ type }) => context.graph.definition(type))

test('any steps with subgraphs and wires', () => {
  const steps = fc.array(fc.tuple(fc.nat(ACTIONS.length - 1), fc.nat(500), fc.nat(500), fc.nat(50)), { maxLength: 30 })
  fc.assert(fc.property(steps, (given) => {
    const context = makeContext()
    for (const type of ['LoadImage', 'Sharpen', 'Sample', 'Save']) addNode(context, type, at)
    const first = bytes(context)
    const begun = context.store.history.undos.length
    for (const [action, ...numbers] of given) ACTIONS[action](context, ...numbers)
    const last = bytes(context)
    const file = JSON.parse(last)
    const prompt = toPrompt(file, schema, { random: () => 0 }).output
    const opened = makeContext(file)
    assert.deepEqual(JSON.parse(bytes(opened)), file, 'saved and loaded')
    assert.deepEqual(toPrompt(save(opened.store), schema, { random: () => 0 }).output, prompt)
    const count = context.store.history.undos.length - begun
    for (let step = 0; step < count; step++) context.store.undo()
    assert.equal(bytes(context), first, 'undone')
    for (let step = 0; step < count; step++) context.store.redo()
    assert.equal(bytes(context), last, 'redone')
  }), { numRuns: 60, includeErrorInReport: true })
})
