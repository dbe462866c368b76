import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '../../web/node_modules/fast-check/lib/fast-check.js'
import { addNode } from '../../web/commands/add_node.js'
import { copyText, pasteText } from '../../web/commands/clipboard.js'
import { setColour } from '../../web/commands/colour.js'
import { connect } from '../../web/commands/connect.js'
import { hiddenText } from '../../web/commands/pasted_text.js'
import { connectSelected } from '../../web/commands/connect_selected.js'
import { CORE_COMMANDS } from '../../web/commands/core.js'
import { framesIn, group, nodesIn } from '../../web/commands/frames.js'
import { align, fitSize, groupBox, resize } from '../../web/commands/move.js'
import { fitness, replaceAll, replaceNode } from '../../web/commands/replace.js'
import { setWidget } from '../../web/commands/set_widget.js'
import { NODE_COLOURS } from '../../web/model/node_colours.js'
import { save } from '../../web/model/workflow.js'
import { contrast } from '../../web/view/oklch.js'
import { makeContext, OBJECT_INFO, socket } from './support.js'

const at = (x, y) => ({ point: { x, y } })
const links = (context) => context.graph.links('').map(({ from, fromSlot, to, toSlot, type }) => [from, fromSlot, to, toSlot, type])
const run = (context, id, args) => {
  const command = CORE_COMMANDS.find((each) => each.id === id)
  assert.ok(command, id)
  return !command.enabled || command.enabled(context) ? command.run(context, args) : undefined
}
const node = (context, id) => context.store.node(id)

/** Load -> Encode -> Sample -> Decode -> Save */
function chain() {
  const context = makeContext()
  const [load, encode, sample, decode, store] = ['Load', 'Encode', 'Sample', 'Decode', 'Save'].map((type, index) => addNode(context, type, at(index * 400, 0)))
  const join = (a, out, b, into) => connect(context, socket(context, a, 'out', out), socket(context, b, 'in', into))
  join(load, 'CLIP', encode, 'clip')
  join(load, 'MODEL', sample, 'model')
  join(encode, 'CONDITIONING', sample, 'positive')
  join(sample, 'LATENT', decode, 'samples')
  join(load, 'VAE', decode, 'vae')
  join(decode, 'IMAGE', store, 'images')
  return { context, load, encode, sample, decode, store }
}

test('nodes are lined up by edges and by middles', () => {
  const context = makeContext()
  const ids = [[0, 0], [300, 90], [700, 40]].map(([x, y]) => addNode(context, 'Sharpen', at(x, y)))
  const boxes = () => ids.map((id) => context.rectOf(node(context, id)))
  align(context, ids.map((id) => node(context, id)), 'row')
  const middles = boxes().map(({ y, h }) => y + h / 2)
  assert.ok(Math.max(...middles) - Math.min(...middles) <= 1)
  align(context, ids.map((id) => node(context, id)), 'column')
  const across = boxes().map(({ x, w }) => x + w / 2)
  assert.ok(Math.max(...across) - Math.min(...across) <= 1)
  for (const side of ['left', 'right', 'top', 'bottom', 'row', 'column']) assert.ok(CORE_COMMANDS.some(({ id }) => id === `align_${side}`), side)
})

test('a node is made as small as what it holds', () => {
  const { context, sample } = chain()
  const before = node(context, sample).size
  resize(context, node(context, sample), [700, 900])
  fitSize(context, [node(context, sample)])
  assert.deepEqual(node(context, sample).size, before)
})

test('selections follow the links up, down and both ways', () => {
  const { context, load, encode, sample, decode, store } = chain()
  const alone = addNode(context, 'Sharpen', at(0, 900))
  const select = (id, command) => {
    context.select([id])
    run(context, command)
    return [...context.selection].sort()
  }
  assert.deepEqual(select(encode, 'select_up'), [load, encode].sort())
  assert.deepEqual(select(encode, 'select_down'), [encode, sample, decode, store].sort())
  assert.deepEqual(select(encode, 'select_connected'), [load, encode, sample, decode, store].sort())
  assert.deepEqual(select(alone, 'select_connected'), [alone])
  assert.match(context.notices.at(-1), /No more nodes/)
})

test('colours of the palette are dark in the file, legible in ComfyUI, and one step', () => {
  const { context, load, encode } = chain()
  for (const colour of NODE_COLOURS) {
    assert.ok(contrast(colour.head, '#ffffff') > 4.5 && contrast(colour.body, '#dddddd') > 4.5, colour.title)
    assert.ok(CORE_COMMANDS.some(({ id }) => id === `colour_${colour.id}`))
  }
  const frame = group(context, [load])
  const steps = context.store.history.undos.length
  context.select([load, encode, frame])
  run(context, 'colour_blue')
  const blue = NODE_COLOURS.find(({ id }) => id === 'blue')
  assert.deepEqual([node(context, load).color, node(context, load).bgcolor, context.store.group(frame).color], [blue.head, blue.body, blue.frame])
  assert.equal(CORE_COMMANDS.find(({ id }) => id === 'colour_blue').checked(context), true)
  assert.equal(CORE_COMMANDS.find(({ id }) => id === 'colour_none').checked(context), false)
  assert.equal(context.store.history.undos.length, steps + 1)
  setColour(context, [load], '#123456')
  assert.deepEqual([node(context, load).color, node(context, load).bgcolor], ['#123456', '#123456'])
  run(context, 'colour_none')
  assert.equal(node(context, load).color, null)
})

test('a frame: what is in it is selected, muted, bypassed; it is fitted, and goes alone or with it', () => {
  const { context, load, encode, sample } = chain()
  const frame = group(context, [load, encode])
  const outer = group(context, [frame, load, encode])
  assert.deepEqual(nodesIn(context, context.store.group(frame)).map(({ id }) => id), [load, encode])
  assert.deepEqual(framesIn(context, context.store.group(outer)).map(({ id }) => id), [frame])
  context.select([frame])
  run(context, 'frame_mute')
  assert.deepEqual([load, encode, sample].map((id) => node(context, id).mode), [2, 2, 0])
  assert.equal(CORE_COMMANDS.find(({ id }) => id === 'frame_mute').checked(context), true)
  run(context, 'frame_mute')
  run(context, 'frame_bypass')
  assert.equal(node(context, load).mode, 4)
  const fitted = context.store.group(frame).bounds
  context.store.transact('Stretch', () => context.store.update(frame, { bounds: [fitted[0] - 9, fitted[1] - 7, fitted[2] + 16, fitted[3] + 15] }))
  run(context, 'frame_fit')
  assert.deepEqual(context.store.group(frame).bounds, fitted)
  run(context, 'frame_select')
  assert.deepEqual([...context.selection].sort(), [load, encode].sort())
  context.select([frame])
  run(context, 'unframe')
  assert.equal(context.store.group(frame), undefined)
  assert.deepEqual([...context.selection].sort(), [load, encode].sort(), 'what was in it can be moved on at once')
  context.select([outer])
  run(context, 'frame_delete')
  assert.deepEqual([outer, load, encode, sample].map((id) => context.store.has(id)), [false, false, false, true])
  for (let step = context.store.history.undos.length; step > 6; step--) context.store.undo()
  const empty = group(context, [sample])
  context.store.transact('Away', () => context.store.update(empty, { bounds: [5000, 5000, 300, 200] }))
  context.select([empty])
  run(context, 'frame_fit')
  run(context, 'frame_mute')
  assert.match(context.notices.at(-2), /empty/)
  assert.match(context.notices.at(-1), /empty/)
  assert.deepEqual(groupBox(context.store.group(empty)), { x: 5000, y: 5000, w: 300, h: 200 })
})

test('nodes as text: laid out for the eye, and pasted back out of a letter', () => {
  const { context, load, encode } = chain()
  const text = copyText(context, [load, encode], { readable: true })
  assert.ok(text.split('\n').length > 8 && Math.max(...text.split('\n').map((line) => line.length)) < 300)
  assert.deepEqual(JSON.parse(text), JSON.parse(copyText(context, [load, encode])))
  const before = links(context).length
  const came = pasteText(context, `Dear Ada,\nhere it is:\n\`\`\`json\n${text}\n\`\`\`\nYours`, { point: { x: 0, y: 600 } })
  assert.deepEqual(came.map((id) => node(context, id).type), ['Load', 'Encode'])
  assert.equal(links(context).length, before + 1)
  for (const other of ['', 'easel/nodes', '{easel/nodes}', '{"format":"easel/nodes"', '[]', '{"format":"else","x":"easel/nodes"}', '{"nodes":[]}', '{"nodes":[1,{"a":2}]}', '{"nodes":"x"}']) {
    assert.equal(pasteText(context, other), null, other)
  }
  assert.deepEqual(pasteText(context, '{"format":"easel/nodes","nodes":[]}'), [])
})

test('a replaced node keeps its id, its place, its links and its values of the same name', () => {
  OBJECT_INFO.SampleMore = {
    input: { required: { latent: ['LATENT'], positive: ['CONDITIONING'], model: ['MODEL'], steps: ['INT', { default: 5, min: 1, max: 100 }], seed: ['INT', { min: 0, max: 99, control_after_generate: true }], denoise: ['FLOAT', {}] } },
    output: ['LATENT', 'LATENT'], output_name: ['noisy', 'LATENT'], display_name: 'More', category: 'sampling'
  }
  const { context, load, encode, sample, decode } = chain()
  setWidget(context, sample, 'steps', 33)
  setWidget(context, sample, 'seed', 123456)
  setWidget(context, sample, 'seed', 'fixed', 'control')
  context.store.transact('Name', () => context.store.update(sample, { title: 'Mine', color: '#123456', properties: { mine: 1, 'Node name for S&R': 'Sample', ver: '1' } }))
  const bytes = JSON.stringify(save(context.store))
  const before = node(context, sample)
  const cut = replaceNode(context, before, context.types.get('SampleMore'))
  const after = node(context, sample)
  assert.deepEqual(cut, [])
  assert.deepEqual([after.type, after.title, after.color, after.pos], ['SampleMore', 'Mine', '#123456', before.pos])
  assert.deepEqual(after.properties, { mine: 1, 'Node name for S&R': 'SampleMore' })
  const value = (name) => context.scene.view(after).widgets.find((widget) => widget.name === name)
  assert.deepEqual([value('steps').value, value('seed').value, value('seed').control], [33, 99, 'fixed'], 'a value keeps to the new range')
  const [loadKey, encodeKey, sampleKey, decodeKey] = [load, encode, sample, decode].map((id) => node(context, id).key)
  const touching = links(context).filter(([from, , to]) => from === sampleKey || to === sampleKey)
  assert.deepEqual(touching.sort(), [[loadKey, 0, sampleKey, 2, 'MODEL'], [encodeKey, 0, sampleKey, 1, 'CONDITIONING'], [sampleKey, 1, decodeKey, 0, 'LATENT']].sort())
  context.store.undo()
  assert.equal(JSON.stringify(save(context.store)), bytes)
  delete OBJECT_INFO.SampleMore
})

test('a value goes to the widget that is called the same but for a word before it', () => {
  OBJECT_INFO.SampleLong = { input: { required: { noise_seed: ['INT', { default: 0, control_after_generate: true }], steps: ['INT', { default: 9 }] } }, output: ['LATENT'], display_name: 'Long' }
  const { context, sample } = chain()
  setWidget(context, sample, 'seed', 77)
  setWidget(context, sample, 'seed', 'fixed', 'control')
  replaceNode(context, node(context, sample), context.types.get('SampleLong'))
  const noise = context.scene.view(node(context, sample)).widgets.find(({ name }) => name === 'noise_seed')
  assert.deepEqual([noise.value, noise.control], [77, 'fixed'])
  replaceNode(context, node(context, sample), context.types.get('Sample'))
  assert.equal(context.scene.view(node(context, sample)).widgets.find(({ name }) => name === 'seed').value, 77, 'and back')
  delete OBJECT_INFO.SampleLong
})

test('what was copied is pasted in this page where the browser keeps the clipboard for itself', async () => {
  const { context, load, encode } = chain()
  context.select([encode])
  run(context, 'copy')
  await new Promise(setImmediate)
  assert.match(context.notices.at(-1), /in this page only/)
  run(context, 'paste_links')
  await new Promise(setImmediate)
  const [copy] = [...context.selection].map((id) => node(context, id))
  assert.ok(copy.type === 'Encode' && copy.id !== encode)
  assert.deepEqual(links(context).filter(([, , to]) => to === copy.key), [[node(context, load).key, 1, copy.key, 0, 'CLIP']])
})

test('links that the new type does not take are cut, and told by name', () => {
  const { context, load, decode, store } = chain()
  context.select([decode])
  replaceAll(context, [decode], context.types.get('Sharpen'))
  const key = node(context, decode).key
  assert.deepEqual(links(context).filter(([from, , to]) => from === key || to === key), [[key, 0, node(context, store).key, 0, 'IMAGE']])
  assert.match(context.notices.at(-1), /Sharpen does not take 2 links, which were cut: Samples, VAE/)
  assert.ok(node(context, load))
})

test('a link into a widget stays with the widget of that name', () => {
  const context = makeContext()
  const sample = addNode(context, 'Sample', at(400, 0))
  const number = addNode(context, 'PrimitiveNode', at(0, 0))
  context.store.transact('Give', () => context.store.update(number, { outputs: [{ name: 'INT', type: 'INT', widget: null, raw: null }] }))
  connect(context, { ...socket(context, number, 'out', 'INT'), type: 'INT' }, socket(context, sample, 'in', 'steps'))
  assert.deepEqual(replaceNode(context, node(context, sample), context.types.get('Empty')), ['steps'])
  context.store.undo()
  assert.deepEqual(replaceNode(context, node(context, sample), context.types.get('Sample')), [])
  const held = context.graph.linksOf(sample)[0]
  assert.equal(node(context, sample).inputs[held.toSlot].widget, 'steps')
})

test('what fits a place best comes first', () => {
  const { context, decode } = chain()
  const score = (name) => fitness(context, node(context, decode), context.types.get(name))
  assert.ok(score('Sharpen') > score('Encode'), 'it can at least give the picture')
  assert.ok(score('Decode') < 0, 'the same type is no replacement')
})

test('any node replaced by any type leaves a graph that holds together, and undo brings the same bytes', () => {
  const types = [...Object.keys(OBJECT_INFO), 'Note', 'Reroute', 'PrimitiveNode']
  fc.assert(fc.property(fc.nat(4), fc.constantFrom(...types), (index, name) => {
    const { context, load, encode, sample, decode, store } = chain()
    const bytes = JSON.stringify(save(context.store))
    replaceAll(context, [[load, encode, sample, decode, store][index]], context.types.get(name))
    for (const link of context.graph.links('')) {
      const [source, reader] = [context.graph.source(link), context.graph.reader(link)]
      assert.ok(source.outputs[link.fromSlot] && reader.inputs[link.toSlot])
      assert.equal(context.graph.linkInto(reader, link.toSlot).id, link.id)
    }
    if (context.store.undoLabel.startsWith('Replace')) context.store.undo() // one by its own type is no step
    assert.equal(JSON.stringify(save(context.store)), bytes)
  }), { numRuns: 60 })
})

test('selected nodes are linked from left to right by what fits', () => {
  const context = makeContext()
  const [decode, sharpen, store] = ['Decode', 'Sharpen', 'Save'].map((type, index) => addNode(context, type, at(index * 400, 0)))
  context.select([store, decode, sharpen])
  connectSelected(context)
  const keys = [decode, sharpen, store].map((id) => node(context, id).key)
  assert.deepEqual(links(context), [[keys[0], 0, keys[1], 0, 'IMAGE'], [keys[1], 0, keys[2], 0, 'IMAGE']])
  assert.equal(context.store.undoLabel, 'Connect')
  connectSelected(context)
  assert.match(context.notices.at(-1), /Nothing was linked/)
  assert.equal(links(context).length, 2)
})

test('property: a paste of anything that says it is nodes never throws, and undo takes it back', () => {
  const scalar = fc.oneof(fc.constant(null), fc.integer(), fc.string(), fc.constant('Sample'), fc.constantFrom(NaN, 1e9, -1), fc.boolean())
  const { node: thing } = fc.letrec((tie) => ({
    node: fc.record({
      id: scalar, type: scalar, pos: fc.oneof(scalar, fc.array(scalar, { maxLength: 3 })), size: fc.oneof(scalar, fc.array(scalar, { maxLength: 3 })),
      inputs: fc.oneof(scalar, fc.array(tie('slot'), { maxLength: 3 })), outputs: fc.oneof(scalar, fc.array(tie('slot'), { maxLength: 3 })),
      widgets_values: fc.oneof(scalar, fc.array(scalar, { maxLength: 4 }))
    }, { requiredKeys: [] }),
    slot: fc.oneof(scalar, fc.record({ name: scalar, type: scalar, link: scalar, links: fc.oneof(scalar, fc.array(scalar, { maxLength: 2 })) }, { requiredKeys: [] }))
  }))
  const list = (item) => fc.oneof(scalar, fc.array(fc.oneof(scalar, item), { maxLength: 4 }))
  const pasted = fc.record({ nodes: list(thing), links: list(fc.array(scalar, { maxLength: 7 })), groups: list(fc.record({ bounding: list(scalar), title: scalar })), outer: list(fc.array(scalar, { maxLength: 6 })) }, { requiredKeys: [] })
  fc.assert(fc.property(pasted, fc.boolean(), (json, withLinks) => {
    const { context } = chain()
    const bytes = JSON.stringify(save(context.store))
    const steps = context.store.history.undos.length
    pasteText(context, JSON.stringify({ format: 'easel/nodes', ...json }), { point: { x: 5, y: 5 }, links: withLinks })
    for (const node of context.graph.nodes('')) context.scene.view(node)
    while (context.store.history.undos.length > steps) context.store.undo()
    assert.equal(JSON.stringify(save(context.store)), bytes)
  }), { numRuns: 300 })
})

test('a whole workflow as text, and what ComfyUI’s page copies, become nodes here', () => {
  const { context } = chain()
  const workflow = save(context.store)
  const came = pasteText(context, JSON.stringify(workflow), { point: { x: 0, y: 2000 } })
  assert.deepEqual(came.map((id) => node(context, id).type), ['Load', 'Encode', 'Sample', 'Decode', 'Save'])
  assert.equal(context.graph.links('').length, 12)
  const [first, second] = workflow.nodes.slice(0, 2)
  const copied = {
    nodes: [{ id: first.id, type: 'Load', pos: [0, 0], size: [200, 100] }, { id: second.id, type: 'Encode', pos: [300, 0], size: [200, 100], inputs: [{ name: 'clip', type: 'CLIP', link: 1 }], widgets_values: ['ä fox'] }],
    groups: [], reroutes: [], links: [{ id: 1, origin_id: first.id, origin_slot: 1, target_id: second.id, target_slot: 0, type: 'CLIP' }], subgraphs: []
  }
  const base64 = Buffer.from(JSON.stringify(copied)).toString('base64')
  const text = hiddenText(`<meta charset="utf-8"><div><span data-metadata="${base64}"></span></div><span>Text</span>`)
  const [load, encode] = pasteText(context, text)
  assert.deepEqual(node(context, encode).values, ['ä fox'])
  assert.equal(context.graph.linkInto(node(context, encode), 0).from, node(context, load).key)
  for (const html of ['', '<b>bold</b>', '<span data-metadata="=">', '<span data-metadata="%%%">', '<span data-metadata="////">']) {
    assert.equal(pasteText(context, hiddenText(html)), null, html)
  }
})
