/** The app of a graph: what is kept of it, what becomes of it when the graph changes, and what a link would run. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '../../web/node_modules/fast-check/lib/fast-check.js'
import { emptyApp, isNewer, MARK, moved, readApp, withApp } from '../../web/app_view/app_data.js'
import { describe } from '../../web/app_view/describe.js'
import { appOf, changeApp, toggleInput, toggleOutput } from '../../web/app_view/edit_app.js'
import { fitted, problemOf, randomSeed, readNumber } from '../../web/app_view/form_values.js'
import { findInput } from '../../web/app_view/references.js'
import { sharedForm } from '../../web/app_view/share_form.js'
import { addNode } from '../../web/commands/add_node.js'
import { connect } from '../../web/commands/connect.js'
import { setExpression, setWidget } from '../../web/commands/set_widget.js'
import { makeSubgraph } from '../../web/commands/subgraph_make.js'
import { unpack } from '../../web/commands/subgraph_unpack.js'
import { Schema } from '../../web/model/schema.js'
import { widgetsOf } from '../../web/model/widget_values.js'
import { save } from '../../web/model/workflow.js'
import { makeContext, OBJECT_INFO, socket } from './support.js'

const at = (x, y) => ({ point: { x, y } })

/** As much of the editor as the app asks for. */
function makeEditor(workflow) {
  const context = makeContext(workflow)
  const editor = {
    ...context, schema: new Schema(OBJECT_INFO), places: { path: [], prefix: '' },
    widgets: (id) => widgetsOf(context.types.of(context.store.node(id)), context.store.node(id)),
    save: () => save(context.store)
  }
  editor.widget = (id, name) => editor.widgets(id).find((widget) => widget.name === name)
  return editor
}

function chain() {
  const editor = makeEditor()
  const ids = Object.fromEntries(['Load', 'Encode', 'Empty', 'Sample', 'Decode', 'Save'].map((type, index) => [type, addNode(editor, type, at(index * 400, 0))]))
  const link = (a, out, b, into) => connect(editor, socket(editor, ids[a], 'out', out), socket(editor, ids[b], 'in', into))
  link('Load', 'CLIP', 'Encode', 'clip')
  link('Load', 'MODEL', 'Sample', 'model')
  link('Encode', 'CONDITIONING', 'Sample', 'positive')
  link('Empty', 'LATENT', 'Sample', 'latent')
  link('Sample', 'LATENT', 'Decode', 'samples')
  link('Load', 'VAE', 'Decode', 'vae')
  link('Decode', 'IMAGE', 'Save', 'images')
  return { editor, ids }
}

test('an input and an output are put in and taken out, each as one step that can be undone', () => {
  const { editor, ids } = chain()
  const before = JSON.stringify(editor.save())
  assert.equal(toggleInput(editor, ids.Encode, 'text'), true)
  assert.equal(toggleOutput(editor, ids.Save), true)
  assert.deepEqual(appOf(editor).items.map(({ node, widget }) => [node, widget]), [['2', 'text']])
  assert.equal(appOf(editor).outputs[0].node, '6')
  editor.store.undo()
  assert.deepEqual(appOf(editor).outputs, [])
  editor.store.undo()
  assert.equal(JSON.stringify(editor.save()), before)
  editor.store.redo()
  assert.equal(toggleInput(editor, ids.Encode, 'text'), false)
  assert.deepEqual(appOf(editor).items, [])
})

test('it is saved and read again, with fields that are not known', () => {
  const { editor, ids } = chain()
  toggleInput(editor, ids.Sample, 'steps')
  changeApp(editor, 'x', (app) => ({ ...app, columns: 3, title: 'Fox', ours: { later: 1 }, items: app.items.map((item) => ({ ...item, glow: true })) }))
  const json = JSON.parse(JSON.stringify(editor.save()))
  json.extra.easel.other = 5
  const again = makeEditor(json)
  const app = appOf(again)
  assert.deepEqual([app.title, app.columns, app.ours, app.items[0].glow], ['Fox', 3, { later: 1 }, true])
  changeApp(again, 'x', (now) => ({ ...now, title: 'Hare' }))
  assert.equal(again.save().extra.easel.other, 5)
})

test('a node that moves into a subgraph and out again keeps its place in the form', () => {
  const { editor, ids } = chain()
  toggleInput(editor, ids.Sample, 'steps')
  toggleInput(editor, ids.Encode, 'text')
  makeSubgraph(editor, [ids.Sample, ids.Decode])
  const [steps] = appOf(editor).items
  const found = findInput(editor, steps)
  assert.equal(found.widget.name, 'steps')
  assert.match(found.promptId, /^\d+:\d+$/u)
  assert.equal(describe(editor, appOf(editor)).missing.length, 0)
  const instance = [...editor.store.records()].find((record) => record.kind === 'node' && editor.graph.definition(record.type))
  unpack(editor, instance)
  assert.equal(findInput(editor, steps).promptId.includes(':'), false)
  assert.equal(describe(editor, appOf(editor)).missing.length, 0)
})

test('what has lost its node, its widget or its value is told', () => {
  const { editor, ids } = chain()
  for (const name of ['steps', 'seed', 'cfg']) toggleInput(editor, ids.Sample, name)
  toggleInput(editor, ids.Empty, 'width')
  toggleOutput(editor, ids.Save)
  setExpression(editor, ids.Sample, 'cfg', '[#4].steps / 4')
  editor.store.transact('delete', () => { for (const id of [ids.Empty, ids.Save]) editor.store.remove(id) })
  const { form, missing, lostOutputs } = describe(editor, appOf(editor))
  assert.deepEqual(form.items.map(({ label }) => label), ['Steps', 'Seed'])
  assert.deepEqual(missing.map(({ item }) => item.widget), ['cfg', 'width'])
  assert.equal(lostOutputs.length, 1)
})

test('limits narrow those of the value and never widen them', () => {
  const { editor, ids } = chain()
  toggleInput(editor, ids.Sample, 'steps')
  const shown = (fields) => {
    changeApp(editor, 'x', (app) => ({ ...app, items: app.items.map((item) => ({ ...item, min: undefined, max: undefined, ...fields })) }))
    const [item] = describe(editor, appOf(editor)).form.items
    return [item.min, item.max]
  }
  assert.deepEqual(shown({ min: 5, max: 30 }), [5, 30])
  assert.deepEqual(shown({ min: -5, max: 99999 }), [1, 10000])
  assert.deepEqual(shown({ min: 50, max: 30 }), [1, 10000])
})

test('what ComfyUI keeps of its own form is read', () => {
  const { editor } = chain()
  const json = { ...editor.save(), extra: { linearData: { inputs: [[2, 'text'], ['4', 'steps', { height: 40 }], ['x'], null], outputs: [6, '99', {}] }, linearMode: true } }
  const other = makeEditor(JSON.parse(JSON.stringify(json)))
  const { form, lostOutputs } = describe(other, appOf(other))
  assert.deepEqual(form.items.map(({ label }) => label), ['Text', 'Steps'])
  assert.deepEqual(lostOutputs.map(({ node }) => node), ['99'])
  changeApp(other, 'x', (app) => ({ ...app, title: 'Ours' }))
  assert.ok(other.save().extra.linearData, 'theirs stays')
  assert.equal(appOf(other).items.length, 2)
})

test('an app of a newer version is left as it is', () => {
  const { editor } = chain()
  const json = { ...editor.save(), extra: { easel: { app: { version: 9, items: [], shape: 'round' } } } }
  const other = makeEditor(JSON.parse(JSON.stringify(json)))
  assert.ok(isNewer(json.extra))
  changeApp(other, 'x', (app) => ({ ...app, title: 'lost?' }))
  assert.deepEqual(other.save().extra.easel.app, json.extra.easel.app)
  assert.equal(other.notices.length, 1)
})

test('nonsense where an app should be is no app, and throws nothing', () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    for (const extra of [value, { easel: value }, { easel: { app: value } }, { easel: { app: { items: value, outputs: value, columns: value } } }, { linearData: { inputs: value, outputs: value } }]) {
      const app = readApp(extra)
      if (app) {
        const again = readApp(JSON.parse(JSON.stringify(withApp({}, app))))
        assert.deepEqual([again.items, again.outputs], [JSON.parse(JSON.stringify(app.items)), JSON.parse(JSON.stringify(app.outputs))])
        describe(makeEditor(), app)
      }
    }
  }), { numRuns: 60 })
  const { items } = readApp({ easel: { app: { items: [{ kind: 'heading', id: 'a' }, { kind: 'heading', id: 'a' }, { kind: 'divider', id: '<script>' }] } } })
  assert.equal(new Set(items.map(({ id }) => id)).size, 3)
})

test('a link runs what the outputs need, and its inputs are the constants that the widgets set', () => {
  const { editor, ids } = chain()
  const stray = addNode(editor, 'LoadImage', at(0, 900))
  toggleInput(editor, ids.Encode, 'text')
  toggleInput(editor, ids.Sample, 'seed')
  toggleInput(editor, stray, 'image')
  toggleOutput(editor, ids.Save)
  setWidget(editor, ids.Encode, 'text', 'a {red|blue} fox')
  const { prompt, form, notes } = sharedForm(editor, appOf(editor))
  assert.deepEqual(Object.keys(prompt).sort(), ['1', '2', '3', '4', '5', '6'])
  assert.deepEqual(form.items.map(({ targets }) => targets), [[['2', 'text']], [['4', 'seed']]])
  assert.equal(prompt['2'].inputs.text, 'a {red|blue} fox', 'chosen anew for each run')
  assert.equal(form.items[0].dynamic, true)
  assert.deepEqual(form.outputs, [{ node: '6', label: '' }])
  assert.equal(notes.length, 1)
})

test('through a subgraph, and through one that is used twice, an input sets each constant', () => {
  const { editor, ids } = chain()
  toggleInput(editor, ids.Encode, 'text')
  toggleOutput(editor, ids.Save)
  makeSubgraph(editor, [ids.Encode])
  const { form } = sharedForm(editor, appOf(editor))
  assert.match(form.items[0].targets[0][0], /^\d+:\d+$/u)
  assert.equal(form.items[0].targets[0][1], 'text')
})

test('an input that others are worked out from says that they stay as they are', () => {
  const { editor, ids } = chain()
  setExpression(editor, ids.Sample, 'cfg', '[#4].steps / 4')
  toggleInput(editor, ids.Sample, 'steps')
  toggleOutput(editor, ids.Save)
  const { form, notes } = sharedForm(editor, appOf(editor))
  assert.deepEqual(form.items[0].targets, [['4', 'steps']])
  assert.equal(notes.length, 1)
})

test('numbers are read as people write them, and judged', () => {
  for (const [text, value] of [['7,5', 7.5], [' 1 000 ', 1000], ['−3', -3], ['1e3', 1000], ['.5', 0.5]]) assert.equal(readNumber(text), value)
  for (const text of ['', 'x', '1-2', '0x10', '--1', 'NaN', 'Infinity', '1,2,3']) assert.equal(readNumber(text), null)
  const item = { kind: 'input', id: 'a', control: 'number', label: 'N', help: '', wide: false, value: 70, integer: true, min: 64, max: 512, step: 8 }
  for (const value of [64, 70, 128, 512]) assert.equal(problemOf(item, value), '')
  for (const value of [71, 63, 513, 128.5, NaN, '64', null]) assert.notEqual(problemOf(item, value), '')
  fc.assert(fc.property(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), (value) => assert.equal(problemOf(item, fitted(item, value)), '')))
  fc.assert(fc.property(fc.double({ noNaN: true, min: 0, max: 0.999999 }), (share) => assert.equal(problemOf({ ...item, max: 2 ** 64, step: null }, randomSeed({ ...item, max: 2 ** 64, step: null }, () => share)), '')))
})

test('parts move to where they are dropped', () => {
  assert.deepEqual(moved(['a', 'b', 'c'], 0, 2), ['b', 'c', 'a'])
  assert.deepEqual(moved(['a', 'b', 'c'], 2, -5), ['c', 'a', 'b'])
  assert.equal(emptyApp().version, 1)
  assert.equal(MARK, 'easel_app')
})
