/** What is known to be wrong: put on nodes, told once, in order, and forgotten when somebody mends it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Troubles } from '../../web/app/troubles.js'
import { setWidget } from '../../web/commands/set_widget.js'
import { recordId } from '../../web/model/graph.js'
import { Session } from '../../web/model/session.js'
import { widgetsOf } from '../../web/model/widget_values.js'
import { makeContext } from './support.js'

function page() {
  const context = makeContext({
    nodes: [
      { id: 1, type: 'Load', pos: [0, 0], size: [200, 80], widgets_values: ['b.safetensor'] },
      { id: 2, type: 'Sample', pos: [300, 0], size: [200, 80], widgets_values: [1, 'randomize', 20, 8] }
    ],
    links: []
  })
  const editor = Object.assign(context, {
    widget: (id, name) => widgetsOf(context.types.of(context.store.node(id)), context.store.node(id)).find((each) => each.name === name)
  })
  const session = new Session()
  const shown = []
  const names = { recordId: (graph, key) => recordId('node', graph, key), node: () => undefined, titleOf: ({ type }) => type, title: String }
  const toasts = { show: (notice) => shown.push(notice), dismiss() {} }
  const troubles = new Troubles({ editor, session, toasts, names, openList() {} })
  return { context, session, troubles, shown, set: (id, name, value) => setWidget(context, id, name, value) }
}

const refusal = {
  1: { class_type: 'Load', errors: [{ type: 'value_not_in_list', sentence: 'Load (#1): name is wrong.', extra_info: { input_name: 'name' } }] },
  2: { class_type: 'Sample', errors: [
    { type: 'value_bigger_than_max', sentence: 'Sample (#2): cfg is 8.', extra_info: { input_name: 'cfg' } },
    { type: 'required_input_missing', sentence: 'Sample (#2) has nothing at its input model.', extra_info: { input_name: 'model' } }
  ] }
}

test('one notice for all, and what matters most first', () => {
  const { troubles, shown, session } = page()
  troubles.refuse(refusal, {})
  assert.equal(shown.length, 1)
  assert.equal(shown[0].text, 'The graph cannot run: 3 problems')
  assert.equal(shown[0].detail, 'Sample: Has nothing at its input Model.')
  assert.deepEqual(shown[0].actions.map(({ label }) => label), ['Show me', 'Show all', 'Repair 2'])
  assert.equal(session.status('2').error.message, 'Has nothing at its input Model.\nCFG is 8.')
  assert.deepEqual(troubles.list().map(({ id, tone }) => [id, tone]), [['2', 'error'], ['1', 'error']])
})

test('an edit mends, the next seed does not', () => {
  const { troubles, session, set } = page()
  troubles.refuse(refusal, {})
  troubles.quietly(() => set('node:2', 'seed', 99))
  assert.ok(session.status('2').error)
  set('node:2', 'seed', 100)
  assert.equal(session.status('2').error, null)
  assert.ok(session.status('1').error, 'the others stay')
})

test('a node whose type has come is not refused for the want of it any more', () => {
  const { context, troubles, session } = page()
  troubles.refuse({ 1: { class_type: 'Load', errors: [{ type: 'missing_node_type', sentence: 'Load is not installed.', extra_info: {} }] }, 2: refusal[2] }, {})
  const { schema } = context.types
  context.types.schema = { get: (name) => (name === 'Load' ? undefined : schema.get(name)) }
  troubles.typesCame()
  assert.ok(session.status('1').error, 'not yet')
  context.types.schema = schema
  troubles.typesCame()
  assert.equal(session.status('1').error, null)
  assert.ok(session.status('2').error, 'the others stay')
  troubles.showRefused()
  assert.equal(session.status('1').error, null)
})

test('an error says it, so a notice does not', () => {
  const { troubles, session } = page()
  const notice = { kind: 'missing_file', message: 'There is no such file.', input: 'name', extra: {} }
  session.setNotices(new Map([['node:1', [notice]]]))
  assert.deepEqual(troubles.list().map(({ tone, record }) => [tone, record.id]), [['warning', 'node:1']])
  assert.equal(troubles.mendable().length, 1)
  const before = troubles.list()
  session.update('2', { state: 'running', value: 3 })
  assert.equal(troubles.list(), before, 'a step of a run changes nothing of it')
  troubles.refuse({ 1: refusal[1] }, {})
  assert.deepEqual(troubles.list().map(({ tone }) => tone), ['error'])
})

test('notices of nodes that are gone are not listed', () => {
  const { context, troubles, session } = page()
  session.setNotices(new Map([['node:1', [{ kind: 'missing_file', message: 'x', input: null, extra: {} }]]]))
  context.store.transact('Delete', () => context.store.remove('node:1'))
  assert.deepEqual(troubles.list(), [])
})

test('another document takes the notices of the last one along, and says so', () => {
  const { session } = page()
  session.setNotices(new Map([['node:1', [{ kind: 'missing_file', message: 'x', input: null, extra: {} }]]]))
  const told = []
  session.listen(({ notices }) => told.push(notices))
  session.reset()
  session.reset()
  assert.deepEqual(told, [true, false])
})
