/** One thing of a difference taken back; a whole version put in the place of what is open. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from '../../web/node_modules/fast-check/lib/fast-check.js'
import { remove } from '../../web/commands/remove.js'
import { canTakeBack, takeBack } from '../../web/commands/take_back.js'
import { stepsOf } from '../../web/model/diff_steps.js'
import { diffSides, readGraph } from '../../web/model/graph_diff.js'
import { replaceDocument } from '../../web/model/replace_document.js'
import { load, save } from '../../web/model/workflow.js'
import { makeContext } from './support.js'

const examples = ['default', 'compare', 'draw-a-part', 'subgraph'].map((name) => JSON.parse(readFileSync(new URL(`../../workflows/${name}.json`, import.meta.url), 'utf8')))
const plain = (json) => JSON.parse(JSON.stringify(json))

/** What a hand may do to a graph, each by one number. */
const EDITS = [
  (context, node) => context.store.update(node.id, { pos: [node.pos[0] + 300, node.pos[1]] }),
  (context, node) => context.store.update(node.id, { mode: 4, title: 'Other' }),
  (context, node) => context.store.update(node.id, { values: Array.isArray(node.values) ? node.values.map((value) => (typeof value === 'number' ? value + 1 : value)) : node.values }),
  (context, node) => remove(context, [node.id]),
  (context, node) => { const [link] = context.graph.linksOf(node.id); if (link) remove(context, [link.id]) },
  (context, node) => {
    const key = context.graph.freshKey(node.graph, 'node')
    context.store.put({ ...node, id: node.graph ? `node:${node.graph}/${key}` : `node:${key}`, key, z: context.graph.freshZ(), inputs: [], pos: [0, 9000] })
  },
  (context, node) => { const [group] = context.graph.groups(node.graph); if (group) context.store.update(group.id, { title: `${group.title}!` }) }
]
const edits = fc.array(fc.tuple(fc.nat(EDITS.length - 1), fc.nat()), { maxLength: 6 })

function edited(file, list) {
  const context = makeContext(plain(file))
  for (const [edit, which] of list) {
    const nodes = [...context.store.records()].filter(({ kind }) => kind === 'node')
    if (nodes.length) context.store.transact('Edit', () => EDITS[edit](context, nodes[which % nodes.length]))
  }
  return context
}
const stepsNow = (file, context) => {
  const diff = diffSides(readGraph(plain(file), context.types.schema), context)
  return { diff, steps: stepsOf(diff, (node) => node.title ?? node.type) }
}

test('property: taken back one by one, the graph is as it was; each is one step that undo brings back', () => {
  fc.assert(fc.property(fc.constantFrom(...examples), edits, (file, list) => {
    const context = edited(file, list)
    for (let turn = 0; turn < 60; turn++) {
      const { steps } = stepsNow(file, context)
      const step = steps.find((each) => canTakeBack(context, each))
      if (!step) break
      const before = JSON.stringify(save(context.store))
      takeBack(context, step)
      const after = JSON.stringify(save(context.store))
      assert.notEqual(after, before, step.words)
      context.store.undo()
      assert.equal(JSON.stringify(save(context.store)), before)
      context.store.redo()
    }
    assert.deepEqual(stepsNow(file, context).steps.map(({ words }) => words), [])
  }), { numRuns: 40 })
})

test('property: a version put in the place of what is open is that version, as one step', () => {
  fc.assert(fc.property(fc.constantFrom(...examples), fc.constantFrom(...examples), edits, (file, other, list) => {
    const context = edited(file, list)
    const before = JSON.stringify(save(context.store))
    const steps = context.store.history.undos.length
    replaceDocument(context.store, load(plain(other)).records, 'Restore')
    assert.deepEqual(plain(save(context.store)), plain(other))
    assert.ok(stepsNow(other, context).diff.empty)
    if (context.store.history.undos.length > steps) context.store.undo()
    assert.equal(JSON.stringify(save(context.store)), before)
  }), { numRuns: 40 })
})
