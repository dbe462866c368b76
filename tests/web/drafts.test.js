import assert from 'node:assert/strict'
import { test } from 'node:test'

import { Drafts } from '../../web/app/drafts.js'

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
    }),
    /** @param {object} tab */
    release: tab => [...held].forEach(([name, owner]) => owner === tab && held.delete(name)),
  }
}

/** @param {string} name @param {number} time @returns {import('../../web/app/drafts.js').Draft} */
const draft = (name, time) => ({ name, dirty: true, time, workflow: { nodes: [], name } })

test('a reload finds its own graph, a second tab gets its own', async () => {
  const { locks, release } = browser()
  const local = storage()
  const first = { session: storage() }
  const drafts = new Drafts(local, first.session, locks(first))
  assert.equal(await drafts.claim(), null)
  drafts.write(draft('fox', 1))

  const second = { session: storage() }
  const other = new Drafts(local, second.session, locks(second))
  assert.equal(await other.claim(), null)
  other.write(draft('owl', 2))
  assert.notEqual(other.id, drafts.id)

  release(first)
  assert.equal((await new Drafts(local, first.session, locks(first)).claim())?.name, 'fox')
})

test('a closed tab leaves its graph to the next, a duplicated tab copies', async () => {
  const { locks, release } = browser()
  const local = storage()
  const first = { session: storage() }
  const drafts = new Drafts(local, first.session, locks(first))
  await drafts.claim()
  drafts.write(draft('fox', 1))

  const copy = { session: storage() }
  copy.session.setItem('easel.tab', drafts.id)
  const copied = new Drafts(local, copy.session, locks(copy))
  assert.equal((await copied.claim())?.name, 'fox')
  assert.notEqual(copied.id, drafts.id)

  release(first)
  const late = { session: storage() }
  const heir = new Drafts(local, late.session, locks(late))
  assert.equal((await heir.claim())?.name, 'fox')
  assert.equal(heir.id, drafts.id)
})

test('old drafts make way when the room is used up, and too large a graph is told', async () => {
  const { locks } = browser()
  const local = storage(600)
  for (const [index, name] of ['a', 'b', 'c'].entries()) {
    const tab = { session: storage() }
    const drafts = new Drafts(local, tab.session, locks(tab))
    await drafts.claim()
    assert.equal(drafts.write({ ...draft(name, index + 1), workflow: 'x'.repeat(200) }), true)
  }
  const names = [...Array(local.length).keys()].map(index => local.getItem(local.key(index) ?? '')?.match(/"name":"(.)"/u)?.[1])
  assert.deepEqual(names.sort(), ['b', 'c'])
  const tab = { session: storage() }
  const drafts = new Drafts(local, tab.session, locks(tab))
  await drafts.claim()
  assert.equal(drafts.write({ ...draft('huge', 9), workflow: 'x'.repeat(2000) }), false)
})

test('a damaged draft is no draft', async () => {
  const local = storage()
  const session = storage()
  session.setItem('easel.tab', 'me')
  local.setItem('easel.draft.me', '5 {"workflow": ')
  assert.equal(await new Drafts(local, session, browser().locks({})).claim(), null)
})
