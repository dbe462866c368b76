/** What is different between two graphs, and how it is told. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from '../../web/node_modules/fast-check/lib/fast-check.js'
import { diffGraphs } from '../../web/model/graph_diff.js'
import { stepsOf } from '../../web/model/diff_steps.js'
import { describe, summary } from '../../web/model/graph_diff_words.js'
import { Schema } from '../../web/model/schema.js'
import { OBJECT_INFO } from './support.js'

const SCHEMA = new Schema(OBJECT_INFO)
const titleOf = (node) => node.title ?? SCHEMA.get(node.type)?.title ?? node.type
const copy = (json) => structuredClone(json)

const node = (id, type, pos, values, { inputs = [], outputs = [], ...more } = {}) => ({
  id, type, pos, size: [200, 100], flags: {}, mode: 0, properties: {}, widgets_values: values,
  inputs: inputs.map(([name, type, link = null]) => ({ name, type, link })), outputs: outputs.map(([name, type, ...links]) => ({ name, type, links })), ...more
})

const GRAPH = {
  nodes: [
    node(1, 'Load', [0, 0], ['a.safetensors'], { outputs: [['MODEL', 'MODEL', 1], ['CLIP', 'CLIP', 2, 3], ['VAE', 'VAE']] }),
    node(2, 'Encode', [300, 0], ['a cat on a mat'], { inputs: [['clip', 'CLIP', 2]], outputs: [['CONDITIONING', 'CONDITIONING', 4]] }),
    node(3, 'Encode', [300, 200], ['a dog'], { inputs: [['clip', 'CLIP', 3]], outputs: [['CONDITIONING', 'CONDITIONING']], title: 'Unused' }),
    node(4, 'Sample', [600, 0], [7, 'fixed', 20, 8], { inputs: [['model', 'MODEL', 1], ['positive', 'CONDITIONING', 4], ['latent', 'LATENT']], outputs: [['LATENT', 'LATENT']] })
  ],
  links: [[1, 1, 0, 4, 0, 'MODEL'], [2, 1, 1, 2, 0, 'CLIP'], [3, 1, 1, 3, 0, 'CLIP'], [4, 2, 0, 4, 1, 'CONDITIONING']],
  groups: [{ id: 1, title: 'Prompts', bounding: [280, -60, 260, 400], color: '#3f789e', font_size: 24, flags: {} }],
  extra: { ds: { scale: 1, offset: [0, 0] } }, version: 0.4
}
/** GRAPH after a change by hand. */
const changed = (change) => {
  const graph = copy(GRAPH)
  change(graph, (id) => graph.nodes.find((node) => node.id === id))
  return graph
}
const told = (graph) => describe(diffGraphs(GRAPH, graph, SCHEMA), titleOf)
const root = (graph) => diffGraphs(GRAPH, graph, SCHEMA).parts[0]

test('equal graphs do not differ, wherever the view was', () => {
  const diff = diffGraphs(GRAPH, changed((graph) => { graph.extra.ds.scale = 2 }), SCHEMA)
  assert.ok(diff.empty)
  assert.equal(summary(diff, titleOf), 'Nothing changed')
})

test('values are told by the name of their widget, old and new', () => {
  const graph = changed((_graph, at) => { at(4).widgets_values = [7, 'randomize', 30, 5.5] })
  assert.deepEqual(root(graph).nodes.changed[0].values, [
    { name: 'seed control', label: 'Seed', from: 'fixed', to: 'randomize' },
    { name: 'steps', label: 'Steps', from: 20, to: 30 }, { name: 'cfg', label: 'CFG', from: 8, to: 5.5 }
  ])
  assert.deepEqual(told(graph), ['KSampler: seed after a run fixed → randomize, steps 20 → 30, CFG 8 → 5.5'])
})

test('of long words only what differs is told', () => {
  const long = 'a portrait of an old sailor in the rain, oil on canvas, by lamplight'
  const [before, after] = [long, long.replace('rain', 'snow')].map((text) => changed((_graph, at) => { at(2).widgets_values = [text] }))
  assert.deepEqual(describe(diffGraphs(before, after, SCHEMA), titleOf), ['CLIP Text Encode (Prompt): text “… rain …” → “… snow …”'])
})

test('an expression is a change of its value', () => {
  const graph = changed((_graph, at) => { at(4).properties = { easel_expressions: { steps: '10 * 2' } } })
  assert.deepEqual(told(graph), ['KSampler: steps 20 → = 10 * 2'])
})

test('moved, resized, muted, bypassed, renamed, folded, coloured', () => {
  const graph = changed((_graph, at) => {
    at(1).pos = [10, 0]
    at(2).mode = 4
    at(3).title = 'Spare'
    Object.assign(at(4), { flags: { collapsed: true }, color: '#322', size: [300, 100] })
  })
  assert.deepEqual(told(graph), [
    'CLIP Text Encode (Prompt): bypassed', 'Spare: was called “Unused”', 'KSampler: folded, another colour', 'Load Checkpoint moved'
  ])
  assert.ok(root(graph).nodes.changed.find(({ after }) => after.key === 4).resized)
})

test('a node that goes takes its links with it; one that comes brings its own', () => {
  const gone = changed((graph) => {
    graph.nodes = graph.nodes.filter(({ id }) => id !== 3)
    graph.links = graph.links.filter(([id]) => id !== 3)
  })
  assert.deepEqual(told(gone), ['Unused removed'])
  assert.deepEqual(root(gone).links.removed.map(({ implied }) => implied), [true])
  assert.deepEqual(describe(diffGraphs(gone, GRAPH, SCHEMA), titleOf), ['Unused added'])
})

test('a link that moves to another source is one change', () => {
  const graph = changed((graph, at) => {
    graph.links[3] = [4, 3, 0, 4, 1, 'CONDITIONING']
    at(2).outputs[0].links = []
    at(3).outputs[0].links = [4]
  })
  assert.deepEqual(told(graph), ['positive of KSampler now takes CONDITIONING of Unused'])
})

test('another id is the same node: by its type, title and place', () => {
  const graph = changed((graph) => {
    const fresh = (id) => id + 40
    for (const node of graph.nodes) node.id = fresh(node.id)
    graph.links = graph.links.map(([id, from, slot, to, input, type]) => [id + 90, fresh(from), slot, fresh(to), input, type])
    for (const node of graph.nodes) {
      for (const slot of node.inputs) if (slot.link) slot.link += 90
      for (const slot of node.outputs) slot.links = slot.links.map((id) => id + 90)
    }
  })
  assert.ok(diffGraphs(GRAPH, graph, SCHEMA).empty)
})

test('another type in the same place is the node changed, far off it is another node', () => {
  const near = changed((_graph, at) => { Object.assign(at(3), { type: 'Empty', widgets_values: [64] }) })
  assert.ok(root(near).nodes.changed[0].retyped)
  const far = changed((_graph, at) => { Object.assign(at(3), { type: 'Empty', widgets_values: [64], pos: [2000, 0] }) })
  assert.equal(root(far).nodes.changed.length, 0)
  assert.deepEqual([root(far).nodes.added.length, root(far).nodes.removed.length], [1, 1])
})

test('frames: moved, renamed, new', () => {
  const graph = changed((graph) => {
    graph.groups[0].title = 'Words'
    graph.groups.push({ id: 2, title: 'More', bounding: [0, 0, 50, 50], color: null, flags: {} })
  })
  assert.deepEqual(told(graph), ['frame More added', 'frame Prompts is now Words'])
})

test('points of links are one thing to look at', () => {
  const [before, after] = [[5, 5], [9, 5]].map((pos) => changed((graph) => { graph.extra.reroutes = [{ id: 1, pos, linkIds: [1] }, { id: 2, pos, linkIds: [1] }] }))
  const steps = stepsOf(diffGraphs(before, after, SCHEMA), titleOf)
  assert.deepEqual(steps.map(({ kind, words, at }) => ({ kind, words, at })), [{ kind: 'moved', words: '2 points of links changed', at: [9, 5] }])
})

test('inside a subgraph, told by its name', () => {
  const within = (steps, name) => ({
    nodes: [node(1, 'aaaa-1', [0, 0], [])], links: [], groups: [], version: 0.4,
    definitions: { subgraphs: [{ id: 'aaaa-1', name, inputs: [], outputs: [], nodes: [node(1, 'Sample', [0, 0], [7, 'fixed', steps, 8])], links: [], groups: [] }] }
  })
  assert.deepEqual(describe(diffGraphs(within(20, 'Draw'), within(25, 'Draw'), SCHEMA), titleOf), ['In “Draw”: KSampler: steps 20 → 25'])
  const [part] = diffGraphs(within(20, 'Draw'), within(20, 'Sketch'), SCHEMA).parts
  assert.equal(part.was, 'Draw')
})

test('two prompts in API format', () => {
  const prompt = (steps, from) => ({
    1: { class_type: 'Load', inputs: { name: 'a.safetensors' } }, 2: { class_type: 'Encode', inputs: { text: 'a', clip: ['1', 1] } }, 3: { class_type: 'Encode', inputs: { text: 'b', clip: ['1', 1] } },
    4: { class_type: 'Sample', inputs: { steps, cfg: 8, positive: [from, 0], model: ['1', 0] } }
  })
  assert.ok(diffGraphs(prompt(20, '2'), prompt(20, '2'), SCHEMA).empty)
  assert.deepEqual(describe(diffGraphs(prompt(20, '2'), prompt(22, '3'), SCHEMA), titleOf), ['KSampler: steps 20 → 22', 'positive of KSampler now takes CONDITIONING of CLIP Text Encode (Prompt)'])
  assert.deepEqual(describe(diffGraphs(prompt(20, '2'), prompt(22, '2')), titleOf), ['KSampler: steps 20 → 22'], 'without any types')
})

test('what is no graph differs from one without throwing', () => {
  for (const broken of [null, 7, 'text', [], {}, { nodes: 'x', links: 3 }, { nodes: [null, 4, { id: {} }], groups: [{}], definitions: { subgraphs: [1] } }]) {
    assert.ok(diffGraphs(broken, broken, SCHEMA).empty)
    assert.equal(diffGraphs(broken, GRAPH, SCHEMA).empty, false)
    assert.equal(diffGraphs(GRAPH, broken, SCHEMA).empty, false)
  }
})

/** One change by hand each, on a node of the example; the last ones need no node. */
const EDITS = [
  (graph, at) => { at.pos = [at.pos[0] + 900, at.pos[1] + 1] },
  (graph, at) => { at.mode = at.mode === 2 ? 0 : 2 },
  (graph, at) => { at.title = `${at.title ?? ''}x` },
  (graph, at) => { at.widgets_values = [...at.widgets_values.slice(0, -1), `${at.widgets_values.at(-1)}!`] },
  (graph, at) => { at.properties = { ...at.properties, note: (at.properties.note ?? 0) + 1 } },
  (graph, at) => {
    graph.nodes = graph.nodes.filter((node) => node !== at)
    graph.links = graph.links.filter(([, from, , to]) => from !== at.id && to !== at.id)
    const left = new Set(graph.links.map(([id]) => id))
    for (const node of graph.nodes) {
      for (const slot of node.inputs) if (!left.has(slot.link)) slot.link = null
      for (const slot of node.outputs) slot.links = slot.links?.filter((id) => left.has(id)) ?? []
    }
  },
  (graph) => {
    const id = graph.last_node_id = Math.max(graph.last_node_id ?? 0, ...graph.nodes.map(({ id }) => id)) + 1
    graph.nodes.push(node(id, 'Empty', [id * 10, 3000], [64]))
  },
  (graph) => { graph.groups.push({ id: 90 + graph.groups.length, title: 'F', bounding: [graph.groups.length, 0, 20, 20], color: null, flags: {} }) },
  (graph) => {
    const link = graph.links.pop()
    if (!link) return
    for (const node of graph.nodes) {
      for (const slot of node.inputs) if (slot.link === link[0]) slot.link = null
      for (const slot of node.outputs) slot.links = slot.links?.filter((id) => id !== link[0]) ?? []
    }
  }
]

/** `before` with all that a difference lists done to it, told by what a person would see. */
function seen(graph) {
  return {
    nodes: graph.nodes.map(({ id, type, pos, title = null, mode, widgets_values, properties }) => ({ id, type, pos, title, mode, widgets_values, properties })).sort((a, b) => a.id - b.id),
    links: graph.links.map(([, from, slot, to, input]) => `${from}.${slot} ${to}.${input}`).sort(),
    groups: graph.groups.map(({ id, title, bounding }) => ({ id, title, bounding }))
  }
}
function apply(graph, diff) {
  const result = copy(graph)
  const [part] = diff.parts.filter(({ after }) => after === '')
  if (!part) return result
  const gone = new Set(part.nodes.removed.map(({ key }) => key))
  result.nodes = result.nodes.filter(({ id }) => !gone.has(id)).map((node) => {
    const change = part.nodes.changed.find(({ before }) => before.key === node.id)
    return change ? { ...node, type: change.after.type, pos: change.after.pos, title: change.after.title ?? undefined, mode: change.after.mode, widgets_values: change.after.values, properties: change.after.properties } : node
  })
  for (const { key, type, pos, title, mode, values, properties } of part.nodes.added) result.nodes.push({ id: key, type, pos, title, mode, widgets_values: values, properties })
  const lost = new Set(part.links.removed.map(({ link }) => link.key))
  result.links = result.links.filter(([id]) => !lost.has(id))
  for (const { link } of part.links.added) result.links.push([link.key, link.from, link.fromSlot, link.to, link.toSlot, link.type])
  for (const { key, title, bounds } of part.groups.added) result.groups.push({ id: key, title, bounding: bounds })
  return result
}

test('property: what a difference lists covers every difference', () => {
  const examples = ['default', 'compare', 'draw-a-part'].map((name) => JSON.parse(readFileSync(new URL(`../../workflows/${name}.json`, import.meta.url), 'utf8')))
  fc.assert(fc.property(fc.constantFrom(GRAPH, ...examples), fc.array(fc.tuple(fc.nat(EDITS.length - 1), fc.nat()), { maxLength: 6 }), (start, edits) => {
    const after = copy(start)
    for (const [edit, which] of edits) {
      const at = after.nodes[which % Math.max(1, after.nodes.length)]
      if (at?.widgets_values?.length || edit > 5) EDITS[edit](after, at)
    }
    assert.ok(diffGraphs(start, copy(start), SCHEMA).empty)
    const diff = diffGraphs(start, after, SCHEMA)
    assert.deepEqual(seen(apply(start, diff)), seen(after))
    assert.equal(diff.empty, JSON.stringify(seen(start)) === JSON.stringify(seen(after)))
    assert.equal(diffGraphs(after, start, SCHEMA).empty, diff.empty)
  }), { numRuns: 300 })
})

test('what of ours the file keeps is told in words', () => {
  const before = { nodes: [node(1, 'KSampler', [0, 0], [])], links: [] }
  const after = { nodes: [node(1, 'KSampler', [0, 0], [], { properties: { easel_app: 'x', theirs: 1 } })], links: [], extra: { easel: { app: {} } } }
  const words = describe(diffGraphs(before, after, SCHEMA), titleOf).join('\n')
  assert.match(words, /its place in the app/u)
  assert.match(words, /theirs/u)
  assert.match(words, /the form of the app/u)
})
