/** Versions on their way to the server: one at a time, the newest of each document, tried again, never over somebody else's. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { ApiError } from '../../web/api/client.js'
import { Autosave } from '../../web/app/autosave.js'
import { newTab } from '../../web/app/tab.js'

Object.assign(globalThis, { document: { visibilityState: 'visible' } })

/** @param {(id: string, said: any, text: string) => any} add  what the server does */
function setUp(add) {
  /** @type {[string, any, string][]} */
  const sent = []
  /** @type {boolean[]} */
  const kept = []
  /** @type {any[]} */
  const conflicts = []
  const autosave = new Autosave({
    documents: /** @type {any} */ ({
      add: async (/** @type {string} */ id, /** @type {any} */ said, /** @type {string} */ text, /** @type {{ keepalive: boolean }} */ { keepalive }) => {
        sent.push([id, said, text])
        kept.push(keepalive)
        return add(id, said, text)
      },
    }),
    writer: () => 'me',
    onSent: (tab, turn) => { tab.sent = turn },
    onConflict: async (tab, job, newest) => {
      conflicts.push(newest)
      tab.branch = { id: 'branch', base: 1, version: newest.version }
      tab.sent = job.turn
    },
  })
  return { autosave, sent, kept, conflicts }
}

/** @param {import('../../web/app/tab.js').Tab} tab @param {string} text */
function edit(tab, text) {
  tab.turn += 1
  return { text, turn: tab.turn, reason: /** @type {const} */ ('autosave'), thumbnail: null }
}

test('the newest state is sent, with the version that it was made from', async () => {
  let version = 0
  const { autosave, sent } = setUp(() => ({ version: ++version, time: 1 }))
  const tab = newTab({ name: 'fox' })
  assert.equal(autosave.stateOf(tab), '')
  autosave.add(tab, edit(tab, 'a'))
  assert.equal(autosave.stateOf(tab), 'saving')
  autosave.add(tab, edit(tab, 'b'))
  autosave.add(tab, edit(tab, 'c'))
  assert.equal(await autosave.settled(tab), true)
  assert.equal(autosave.stateOf(tab), 'saved')
  assert.deepEqual(sent.map(([, said, text]) => [said.base, text]), [[null, 'a'], [1, 'c']])
  assert.equal(tab.base, 2)
})

test('a server that is away is tried again, and nothing is sent twice once it has it', async () => {
  let away = true
  const { autosave, sent } = setUp(() => {
    if (away) throw new ApiError('The server does not answer.', 0)
    return { version: 1, time: 1 }
  })
  const tab = newTab()
  autosave.add(tab, edit(tab, 'a'))
  assert.equal(await autosave.settled(tab), false)
  assert.equal(autosave.stateOf(tab), 'away')
  assert.ok(autosave.wait >= 2000)
  away = false
  autosave.hurry()
  assert.equal(await autosave.settled(tab), true)
  assert.equal(autosave.stateOf(tab), 'saved')
  assert.equal(sent.length, 2)
  assert.equal(autosave.waiting.size, 0)
})

test('a full disk is named; what is refused for good is not sent again as it is', async () => {
  let status = 507
  const { autosave, sent } = setUp(() => {
    throw new ApiError('no', status)
  })
  const tab = newTab()
  autosave.add(tab, edit(tab, 'a'))
  await autosave.settled(tab)
  assert.equal(autosave.stateOf(tab), 'full')
  status = 400
  autosave.hurry()
  await autosave.settled(tab)
  assert.equal(autosave.stateOf(tab), 'refused')
  assert.equal(autosave.waiting.size, 0)
  assert.equal(sent.length, 2)
  clearTimeout(autosave.timer)
})

test('what somebody else has changed is not written over: it goes on as a branch', async () => {
  const { autosave, sent, conflicts } = setUp(id => {
    if (id === 'branch') return { version: 2, time: 1 }
    throw new ApiError('changed', 409, { error: { type: 'conflict', extra_info: { version: 7, time: 1, name: 'fox' } } })
  })
  const tab = newTab({ id: 'mine-mine', base: 3 })
  autosave.add(tab, edit(tab, 'a'))
  await autosave.settled(tab)
  assert.equal(conflicts[0].version, 7)
  assert.equal(autosave.stateOf(tab), 'conflict')
  autosave.add(tab, edit(tab, 'b'))
  await autosave.settled(tab)
  assert.deepEqual(sent.map(([id, said]) => [id, said.base]), [['mine-mine', 3], ['branch', 1]])
  assert.deepEqual([tab.base, tab.branch?.base], [3, 2])
})

test('that it was saved is told even if a change waits', () => {
  const { autosave } = setUp(() => ({ version: 1, time: 1 }))
  autosave.sending = newTab() // busy
  const tab = newTab()
  autosave.add(tab, { ...edit(tab, 'a'), reason: 'save', thumbnail: 'data:picture' })
  autosave.add(tab, edit(tab, 'b'))
  const { text, reason, thumbnail } = autosave.waiting.get(tab) ?? {}
  assert.deepEqual([text, reason, thumbnail], ['b', 'save', 'data:picture'])
})

test('what a browser would not send after its page is sent as ever: its bytes count, with its picture', async () => {
  const { autosave, kept } = setUp(() => ({ version: 1, time: 1 }))
  const tab = newTab()
  document.visibilityState = 'hidden'
  try {
    for (const [text, thumbnail] of [['short', null], ['狐'.repeat(30_000), null], ['x'.repeat(50_000), 'data:'.padEnd(20_000, 'A')]]) {
      autosave.add(tab, { ...edit(tab, text), thumbnail })
      await autosave.settled(tab)
    }
  } finally {
    document.visibilityState = 'visible'
  }
  assert.deepEqual(kept, [true, false, false])
})
