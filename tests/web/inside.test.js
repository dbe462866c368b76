/** What goes on inside subgraphs, seen from outside; and ways to get there. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addNode } from '../../web/commands/add_node.js'
import { makeSubgraph } from '../../web/commands/subgraph_make.js'
import { pathOfPromptId, pathTo } from '../../web/model/paths.js'
import { Session } from '../../web/model/session.js'
import { makeContext } from './support.js'

test('an instance runs, fails and is done as what is inside it', () => {
  const session = new Session()
  const heard = []
  session.listen(({ nodes }) => heard.push([...nodes].join(' ')))
  session.update('5:1:3', { state: 'running', value: 2, max: 8 })
  assert.equal(heard.at(-1), '5:1:3 5:1 5')
  assert.deepEqual([session.status('5').state, session.status('5').value, session.status('5:1').max], ['running', 2, 8])
  session.update('5:1:3', { state: 'done', ms: 40 })
  session.update('5:2', { state: 'cached', ms: 2 })
  assert.deepEqual([session.status('5').state, session.status('5').ms], ['done', 42])
  session.update('5:2', { state: 'error', error: { message: 'No.', input: 'x', detail: '' } })
  assert.deepEqual(session.status('5').error, { message: 'No.', input: null, detail: '' })
  assert.equal(session.status('5:1').error, null)
  session.clearErrors()
  assert.equal(session.status('5').error, null)
  assert.deepEqual([...session.ids()], ['5:1:3', '5:2'], 'instances have no status of their own')
  session.reset()
  assert.equal(session.status('5').state, 'idle')
})

test('an instance shows the preview of what runs inside it, or else the first pictures that came', () => {
  const session = new Session()
  const preview = () => ({ closed: false, close() { this.closed = true } })
  const [early, late] = [preview(), preview()]
  session.update('5:3', { state: 'running', preview: early })
  assert.equal(session.status('5').preview, early)
  session.update('5:3', { preview: late })
  assert.deepEqual([session.status('5').preview, early.closed], [late, true])
  session.update('5:3', { state: 'done' })
  assert.equal(session.status('5').preview, late, 'until there is a result')
  const [first, second] = [[{ filename: 'a.png', subfolder: '', type: 'output' }], [{ filename: 'b.png', subfolder: '', type: 'output' }]]
  session.update('5:9', { state: 'done', images: first })
  session.update('5:10', { state: 'done', images: second })
  assert.deepEqual([session.status('5').preview, session.status('5').images], [null, first])
  session.startRun('next')
  session.update('5:3', { state: 'running' })
  assert.equal(session.status('5').preview, late)
})

test('ways through instances: to a graph, and to the node of an id in a prompt', () => {
  const context = makeContext()
  const id = addNode(context, 'Sample', { point: { x: 0, y: 0 } })
  const inner = makeSubgraph(context, [id])
  const innerId = context.store.node(inner).type
  const outer = makeSubgraph(context, [inner])
  const outerId = context.store.node(outer).type
  const middle = `node:${outerId}/${inner.slice(5)}`
  assert.deepEqual(pathTo(context.graph, innerId), [outer, middle])
  assert.deepEqual(pathTo(context.graph, outerId, [outer, middle]), [outer])
  assert.deepEqual(pathTo(context.graph, ''), [])
  assert.equal(pathTo(context.graph, 'nothing'), null)
  const prompt = [outer.slice(5), inner.slice(5), id.slice(5)].join(':')
  const found = pathOfPromptId(context.graph, prompt)
  assert.deepEqual([found.path, found.node.id], [[outer, middle], `node:${innerId}/${id.slice(5)}`])
  assert.equal(pathOfPromptId(context.graph, `${outer.slice(5)}:99`).node.id, outer, 'what is gone is shown by what held it')
  assert.equal(pathOfPromptId(context.graph, '99').node, undefined)
})
