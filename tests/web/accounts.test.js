/** Who is here and what they may do; what a browser keeps for each; what was done, in words. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { factsOf, sentenceOf } from '../../web/accounts/audit.js'
import { kept, personOf } from '../../web/accounts/browser.js'
import { Me } from '../../web/accounts/me.js'
import { needOf } from '../../web/accounts/permits.js'
import { Whose } from '../../web/accounts/whose.js'
import { linesOf, useWords } from '../../web/accounts/use.js'
import { browserWords, newPassword } from '../../web/accounts/words.js'

const person = (more = {}) => ({ accounts: true, id: 'vera_1', name: 'Vera', role: 'artist', scopes: ['read', 'run', 'write'], by: 'session', quotas: {}, ...more })

/** @param {any} answer */
async function me(answer) {
  const found = new Me({ json: async () => answer ?? Promise.reject(new Error('gone')) })
  await found.load()
  return found
}

class Memory {
  #kept = new Map()
  get length() { return this.#kept.size }
  key(index) { return [...this.#kept.keys()][index] ?? null }
  getItem(key) { return this.#kept.get(key) ?? null }
  setItem(key, value) { this.#kept.set(key, value) }
  removeItem(key) { this.#kept.delete(key) }
  clear() { this.#kept.clear() }
}

test('without accounts, or where no server answers, one may do everything', async () => {
  for (const answer of [null, person({ accounts: false, role: 'admin', scopes: ['read'] })]) {
    const alone = await me(answer)
    assert.deepEqual([alone.named, alone.isAdmin, alone.may('admin'), alone.whyNot('run')], [false, false, true, ''])
  }
})

test('with accounts one may do what the role or the token may, and is told why not', async () => {
  const artist = await me(person())
  assert.deepEqual([artist.may('run'), artist.may('admin'), artist.isAdmin], [true, false, false])
  assert.match(artist.whyNot('admin'), /Only an admin/u)
  const viewer = await me(person({ role: 'viewer', scopes: ['read'] }))
  assert.match(viewer.whyNot('run'), /viewer/u)
  assert.equal((await me(person({ role: 'admin', scopes: ['read', 'run', 'write', 'admin'] }))).isAdmin, true)
})

test('who came by a cookie can log out: by a login, or by the link with the server’s token', async () => {
  const found = await Promise.all(['session', 'server', 'token', 'alone'].map(by => me(person({ by, accounts: by !== 'alone' }))))
  assert.deepEqual(found.map(each => each.canLogOut), [true, true, false, false])
})

test('what commands need', () => {
  assert.deepEqual(['run', 'run_mode_live', 'interrupt', 'app_share', 'save_as', 'picture_mask', 'log', 'pause_queue', 'undo', 'queue'].map(needOf), ['run', 'run', 'run', 'run', 'write', 'write', 'admin', 'admin', null, null])
})

test('whose a job is, is told to admins, and only of others', async () => {
  const accounts = { accounts: [{ id: 'vera_1', name: 'Vera' }] }
  const admin = await me(person({ id: 'default', role: 'admin', scopes: ['read', 'run', 'write', 'admin'] }))
  const whose = new Whose({ json: async () => accounts }, admin)
  await whose.load()
  assert.deepEqual(['vera_1', 'default', 'gone_7', undefined].map((id) => whose.of(id)), ['Vera', '', 'gone_7', ''])
  assert.equal(new Whose({ json: async () => accounts }, await me(person())).of('default'), '')
})

test('what a browser keeps lies apart for each person', () => {
  const local = new Memory()
  assert.equal(personOf(local), '')
  assert.equal(kept(local, ''), local)
  const [one, other] = ['vera_1', 'otto_2'].map((id) => kept(local, id))
  local.setItem('easel.window.a', 'first')
  one.setItem('easel.window.b', 'hers')
  assert.deepEqual([one.length, one.key(0), one.getItem('easel.window.b'), one.getItem('easel.window.a')], [1, 'easel.window.b', 'hers', null])
  assert.deepEqual([other.length, other.key(0)], [0, null])
  one.clear()
  assert.deepEqual([one.length, local.getItem('easel.window.a')], [0, 'first'])
})

test('what was done, in words; what is not known keeps its name and its facts', () => {
  const entry = { id: '1', at: '2026-11-26T10:00:00Z', what: 'account_changed', who: 'default', name: 'Ada', account: 'vera_1', account_name: 'Vera', changed: { role: 'viewer', quotas: { most_queued: 3 } } }
  assert.equal(sentenceOf(entry), 'Changed the account Vera')
  assert.equal(factsOf(entry), 'changed: role: viewer, quotas: most_queued: 3')
  assert.equal(sentenceOf({ id: '2', at: '', what: 'pack_forgotten', pack: 'blur' }), 'Took the approval of blur back')
  assert.equal(sentenceOf({ id: '2', at: '', what: 'moon_moved' }), 'moon moved')
  assert.equal(sentenceOf({ id: '2', at: '', what: 'login_failed' }), 'A login with an unknown name failed')
})

test('browsers as people know them', () => {
  assert.equal(browserWords('Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0 Safari/537.36'), 'Chrome on Linux')
  assert.equal(browserWords('Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605 Version/19.0 Safari/604'), 'Safari on iOS')
  assert.equal(browserWords('curl/8.5'), 'curl/8.5')
})

test('how much of each quota is used, and what is left, in the units that other sizes have', () => {
  const none = { most_queued: null, disk_bytes: null, gpu_seconds_per_day: null }
  const now = new Date(2026, 10, 26, 12, 0).getTime()
  /** @param {object} quotas @param {object} use */
  const said = (quotas, use) => linesOf({ ...none, ...quotas }, use, now).map(({ words, left }) => `${words}: ${left}`)
  assert.deepEqual(said({}, { queued: 3 }), [])
  for (const [quotas, use, words] of [
    [{ most_queued: 20 }, { queued: 2 }, '2 of 20 jobs wait or run: room for 18 more'],
    [{ most_queued: 3 }, { queued: 2 }, '2 of 3 jobs wait or run: room for one more'],
    [{ most_queued: 3 }, { queued: 5 }, '5 of 3 jobs wait or run: no room for more'],
    [{ disk_bytes: 10e9 }, { disk_bytes: 3.1e9 }, '3.1 GB of 10.0 GB of files: 6.9 GB left'],
    [{ disk_bytes: 20e6 }, { disk_bytes: 20e6 }, '20.0 MB of 20.0 MB of files: no room for more'],
    [{ disk_bytes: 20e6 }, { disk_bytes: null }, 'at most 20.0 MB of files: not counted yet'],
    [{ gpu_seconds_per_day: 3600 }, { spent_seconds: 720, open_seconds: 60, room_in: null }, '12 of 60 minutes of the device in 24 hours: 48 minutes left'],
    [{ gpu_seconds_per_day: 3600 }, { spent_seconds: 3000, open_seconds: 700, room_in: null }, '50 of 60 minutes of the device in 24 hours: what waits or runs needs the rest'],
    [{ gpu_seconds_per_day: 0 }, { spent_seconds: 0, open_seconds: 0, room_in: null }, '0 of 0 minutes of the device in 24 hours: no room for more'],
  ]) assert.deepEqual(said(quotas, use), [words])
  const over = (/** @type {number} */ hours) => said({ gpu_seconds_per_day: 60 }, { spent_seconds: 63, open_seconds: 0, room_in: hours * 3600 })[0]
  assert.match(over(2), /^1\.1 of 1 minutes .*: room again at 0?2:00 PM$|14:00$/u)
  assert.match(over(20), /room again on 27 November|room again on November 27/u)
})

test('a row of the list says what is left only where nothing is', () => {
  const quotas = { most_queued: 3, disk_bytes: 1.5e9, gpu_seconds_per_day: null }
  assert.equal(useWords(quotas, { queued: 3, disk_bytes: null }), '3 of 3 jobs wait or run, no room for more · at most 1.5 GB of files')
  assert.equal(useWords({ ...quotas, most_queued: null, disk_bytes: null }, {}), '')
})

test('a password that is made is long enough and easily read', () => {
  assert.match(newPassword(), /^(?:[a-z2-9]{4}-){3}[a-z2-9]{4}$/u)
  assert.notEqual(newPassword(), newPassword())
})
