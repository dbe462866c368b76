/** What the page makes of the queue that it asks for when the connection opens. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Jobs } from '../../web/app/jobs.js'
import { Results } from '../../web/app/results.js'
import { Sync } from '../../web/app/sync.js'
import { Session } from '../../web/model/session.js'

const settled = () => new Promise((resolve) => setTimeout(resolve, 0))

/** A page whose question about the queue is answered by `answer`. */
function page() {
  const session = new Session()
  let answer = () => {}
  const client = {
    clientId: 'me', socket: { state: 'closed' }, onState() {}, onEvent() {}, history: async () => ({}),
    queue: () => new Promise((resolve) => { answer = resolve })
  }
  const sync = new Sync({ client, session, sessionOf: () => session, sessions: () => [session], results: new Results(), jobs: new Jobs(), onTrouble() {}, onWorker() {}, onReady: async () => {} })
  return { session, sync, answer: (running) => answer({ queue_running: running, queue_pending: [] }) }
}

const item = (id) => [0, id, {}, { client_id: 'me' }, []]

test('a run that begins while the queue is asked for is not taken for one that ended', async () => {
  const { session, sync, answer } = page()
  const asked = sync.catchUp()
  session.startRun('a')
  session.setRun({ node: '3' })
  answer([]) // as the queue was before
  await asked
  assert.deepEqual([session.run.state, session.run.node], ['running', '3'])
})

test('a run that ended while the queue was asked for does not begin again', async () => {
  const { session, sync, answer } = page()
  session.startRun('a')
  const asked = sync.catchUp()
  session.setRun({ state: 'done', node: null })
  answer([item('a')])
  await asked
  assert.equal(session.run.state, 'done')
})

test('a run that ended unseen is told; one that goes on unseen is taken up', async () => {
  const { session, sync, answer } = page()
  session.startRun('a')
  const gone = sync.catchUp()
  answer([])
  await gone
  assert.equal(session.run.state, 'interrupted')
  const next = sync.catchUp()
  answer([item('b')])
  await next
  await settled()
  assert.deepEqual([session.run.promptId, session.run.state], ['b', 'running'])
})
