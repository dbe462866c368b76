import assert from 'node:assert/strict'
import { test } from 'node:test'

import { inMemory } from '../../web/app/draft_room.js'
import { Drafts } from '../../web/app/drafts.js'
import { newTab, recordOf } from '../../web/app/tab.js'
import { Windows } from '../../web/app/windows.js'

/** A Storage with room for `room` characters. @param {number} [room] @returns {Storage} */
function storage(room = Infinity) {
  /** @type {Map<string, string>} */
  const items = new Map()
  return /** @type {any} */ ({
    get length() { return items.size },
    key: (/** @type {number} */ index) => [...items.keys()][index] ?? null,
    getItem: (/** @type {string} */ key) => items.get(key) ?? null,
    removeItem: (/** @type {string} */ key) => items.delete(key),
    setItem: (/** @type {string} */ key, /** @type {string} */ value) => {
      const used = [...items].reduce((sum, [name, text]) => (name === key ? sum : sum + text.length), 0)
      if (used + value.length > room) throw new DOMException('full', 'QuotaExceededError')
      items.set(key, value)
    },
  })
}

/** Locks of a browser with several tabs; `release` closes a tab. */
function browser() {
  /** @type {Map<string, object>} */
  const held = new Map()
  return {
    /** @param {object} tab */
    locks: tab => /** @type {any} */ ({
      request: async (/** @type {string} */ name, /** @type {any} */ _options, /** @type {any} */ body) => {
        const free = !held.has(name) || held.get(name) === tab
        if (free) held.set(name, tab)
        return body(free ? { name } : null)
      },
      query: async () => ({ held: [...held.keys()].map(name => ({ name })) }),
    }),
    /** @param {object} tab */
    release: tab => [...held].forEach(([name, owner]) => owner === tab && held.delete(name)),
  }
}

/** @param {string} name */
const record = name => {
  const tab = newTab({ name })
  return { tabs: [recordOf(tab)], shown: tab.id, closed: [] }
}

/** @param {string} document @param {number} turn @param {string} text */
const draft = (document, turn, text) => ({ document, turn, name: null, stored: null, dirty: true, base: null, text })

test('a reload finds its own tabs, a second window gets its own', async () => {
  const { locks, release } = browser()
  const local = storage()
  const first = { session: storage() }
  const windows = new Windows(local, first.session, locks(first))
  assert.equal(await windows.claim(), null)
  windows.write(record('fox'))

  const second = { session: storage() }
  const other = new Windows(local, second.session, locks(second))
  assert.equal(await other.claim(), null)
  other.write(record('owl'))
  assert.notEqual(other.id, windows.id)

  release(first)
  assert.equal((await new Windows(local, first.session, locks(first)).claim())?.tabs[0]?.name, 'fox')
})

test('a closed window leaves its tabs to the next, a duplicated window copies', async () => {
  const { locks, release } = browser()
  const local = storage()
  const first = { session: storage() }
  const windows = new Windows(local, first.session, locks(first))
  await windows.claim()
  windows.write(record('fox'))
  const room = inMemory()
  const { id = '' } = windows.read(windows.id)?.tabs[0] ?? {}
  await new Drafts(Promise.resolve(room), windows).write(draft(id, 3, '{"nodes":[]}'))

  const copy = { session: storage() }
  copy.session.setItem('easel.tab', windows.id)
  const copied = new Windows(local, copy.session, locks(copy))
  assert.equal((await copied.claim())?.tabs[0]?.name, 'fox')
  assert.notEqual(copied.id, windows.id)
  assert.equal((await new Drafts(Promise.resolve(room), copied).read(id))?.turn, 3)

  release(first)
  const late = { session: storage() }
  const heir = new Windows(local, late.session, locks(late))
  assert.equal((await heir.claim())?.tabs[0]?.name, 'fox')
  assert.equal(heir.id, windows.id)
})

test('what the database had no time for is found all the same, and gives way to what came later', async () => {
  const { locks } = browser()
  const local = storage()
  const windows = new Windows(local, storage(), locks({}))
  await windows.claim()
  const drafts = new Drafts(Promise.resolve(inMemory()), windows)
  await drafts.write(draft('a', 1, 'one'))
  drafts.writeLast(draft('a', 2, 'two'))
  assert.equal((await drafts.read('a'))?.text, 'two')
  assert.equal(await drafts.read('b'), null)
  await drafts.write(draft('a', 1, 'late'))
  assert.equal((await drafts.read('a'))?.text, 'two')
  await drafts.write(draft('a', 3, 'three'))
  assert.equal((await drafts.read('a'))?.text, 'three')
  assert.equal(drafts.last(), null)
})

test('where there is no room it is told, and nothing throws', async () => {
  const local = storage(10)
  const windows = new Windows(local, storage(10), browser().locks({}))
  await windows.claim()
  assert.equal(windows.write(record('fox')), false)
  const full = { ...inMemory(), put: () => Promise.reject(new DOMException('full', 'QuotaExceededError')) }
  const drafts = new Drafts(Promise.resolve(full), windows)
  assert.equal(await drafts.write(draft('a', 1, 'text')), false)
  drafts.writeLast(draft('a', 1, 'text'))
  assert.equal(await drafts.read('a'), null)
})

test('a damaged list is no list, and what is damaged in one is left out', async () => {
  const local = storage()
  const session = storage()
  session.setItem('easel.tab', 'me')
  local.setItem('easel.window.me', '5 {"tabs": ')
  assert.equal(await new Windows(local, session, browser().locks({})).claim(), null)
  local.setItem('easel.window.me', '5 {"tabs": [3, null, {"id": "a", "turn": "x", "camera": {"x": 1}}, {"name": "b"}], "shown": 7}')
  const found = await new Windows(local, session, browser().locks({})).claim()
  assert.deepEqual(found?.tabs.map(({ id, turn, camera }) => [id, turn, camera]), [['a', 0, null]])
})

test('the draft of an older version of the page is taken up', async () => {
  const local = storage()
  const session = storage()
  session.setItem('easel.tab', 'me')
  local.setItem('easel.draft.me', '5 {"name": "fox", "dirty": true, "time": 5, "workflow": {"nodes": []}}')
  const windows = new Windows(local, session, browser().locks({}))
  assert.equal(await windows.claim(), null)
  assert.deepEqual(windows.old, { name: 'fox', stored: null, dirty: true, workflow: { nodes: [] } })
  windows.forgetOld()
  assert.equal(local.getItem('easel.draft.me'), null)
})

test('drafts of windows that ended long ago go, unless the server lacks some of it', async () => {
  const { locks } = browser()
  const local = storage()
  const room = inMemory()
  const gone = (/** @type {string} */ id, /** @type {number} */ turn) => local.setItem(`easel.window.${id}`, `7 ${JSON.stringify({ tabs: [recordOf(newTab({ id: `of-${id}`, turn, sent: 1 }))], shown: '', closed: [] })}`)
  gone('sent', 1)
  gone('unsent', 2)
  const windows = new Windows(local, storage(), locks({}))
  windows.id = 'me'
  gone('open', 1)
  await new Windows(local, storage(), locks({})).hold('open')
  for (const id of ['sent', 'unsent', 'open']) await room.put(`${id}/of-${id}`, { ...draft(`of-${id}`, 1, '{}'), window: id, time: 7 })
  await new Drafts(Promise.resolve(room), windows).sweep(100)
  assert.deepEqual(await room.keys(), ['unsent/of-unsent', 'open/of-open'])
  assert.deepEqual(windows.ids(), ['unsent', 'open'])
})
