import assert from 'node:assert/strict'
import { test } from 'node:test'

import { Session, emptySession } from '../../web/model/session.js'

test('what runs tell of a document that is set aside is there when it comes back', () => {
  const session = new Session()
  session.startRun('p')
  session.update('3', { state: 'running' })
  session.update('12:4', { state: 'running' })
  /** @type {Set<string>[]} */
  const told = []
  session.listen(({ nodes }) => told.push(new Set(nodes)))
  const aside = session.exchange(emptySession())
  assert.deepEqual([session.run.promptId, session.status('3').state, [...session.ids()]], [null, 'idle', []])
  assert.ok(told[0]?.has('3') && told[0].has('12'))

  const hidden = new Session(aside)
  assert.equal(hidden.run.promptId, 'p')
  hidden.update('3', { state: 'done' })
  hidden.setRun({ state: 'done' })
  assert.equal(told.length, 1)

  session.exchange(aside)
  assert.deepEqual([session.run.state, session.status('3').state, session.status('12').state], ['done', 'done', 'running'])
})
