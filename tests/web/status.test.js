/** What the page says of the server: nothing where all is well, the worst first, and once to those who hear it. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { disks } from '../../web/status/disks.js'
import { inShort, itemsOf, news } from '../../web/status/sentences.js'

const known = (more = {}) => ({
  connection: { state: 'open', at: null }, worker: { state: 'ready', deaths: 0 }, session: { server: { warming: false } }, problems: [], room: [], retries: new Map(),
  ...more, feed: { remaining: 0, running: null, waiting: [], paused: false, reason: '', problem: '', ...more.feed }
})
const full = { kind: 'disk_full', where: '/out', sentence: 'The disk is full.', since: 0, retried: 2 }

test('where all is well nothing is said', () => {
  assert.deepEqual(itemsOf(known()), [])
  assert.deepEqual(inShort([]), { tone: '', words: '' })
  assert.deepEqual(itemsOf(known({ worker: { state: 'busy', deaths: 3 }, room: [{ where: 'output', path: '/out', free: 5e9, total: 9e9 }] })), [])
})

test('a server that is gone says nothing else: what was known of it may be wrong', () => {
  const [only, ...more] = itemsOf(known({ connection: { state: 'gone', at: 1 }, problems: [full] }))
  assert.deepEqual([only.tone, only.short, only.acts, more], ['error', 'Server gone, trying again', ['retry'], []])
  assert.match(itemsOf(known({ connection: { state: 'offline', at: 1 } }))[0].text, /no network/u)
  assert.equal(itemsOf(known({ connection: { state: 'connecting', at: null } }))[0].tone, 'info')
})

test('what is wrong comes before what only takes a while, and is said once', () => {
  const items = itemsOf(known({ worker: { state: 'starting', deaths: 0 }, problems: [full], feed: { problem: full.sentence, remaining: 2 } }))
  assert.deepEqual(items.map(({ short }) => short), ['The disk is full', 'Warming up'])
  assert.match(items[0].detail, /2 times/u)
})

test('a queue that crashes paused says how it goes on; one that a person paused is no warning', () => {
  const [crashed] = itemsOf(known({ feed: { paused: true, reason: '2 jobs in a row made the worker die within a minute' } }))
  assert.deepEqual([crashed.tone, crashed.acts], ['warning', ['failed', 'go_on']])
  const [asked] = itemsOf(known({ feed: { paused: true, reason: 'paused from the page' } }))
  assert.deepEqual([asked.tone, asked.acts], ['info', ['go_on']])
})

test('a worker that died, and the job that is run once more, with why', () => {
  const retries = new Map([['a', { promptId: 'a', name: 'Fox', reason: 'the worker died (signal 9) while running KSampler' }]])
  const items = itemsOf(known({ worker: { state: 'starting', deaths: 1, last_words: 'Segmentation fault' }, retries }))
  assert.deepEqual(items.map(({ text, detail }) => [text, detail]), [['The worker ended and is started again.', 'Segmentation fault'], ['“Fox” is run once more.', 'the worker died (signal 9) while running KSampler']])
})

test('a page that came later says what is run once more, without why', () => {
  const job = { prompt_id: 'a', name: '', title: 'Fox', attempts: 1 }
  assert.deepEqual(itemsOf(known({ feed: { waiting: [job, { ...job, prompt_id: 'b', attempts: 0 }] } })).map(({ text }) => text), ['“Fox” is run once more.'])
  assert.deepEqual(itemsOf(known({ feed: { running: { ...job, attempt: 2 } } })).map(({ id }) => id), ['retry a'])
})

test('a disk with little room is told of before it is full', () => {
  const room = [{ where: 'output', path: '/out', free: 4e8, total: 9e9 }]
  assert.equal(itemsOf(known({ room }))[0].short, 'The disk is almost full')
  assert.equal(itemsOf(known({ room, problems: [full] })).length, 1, 'not beside that it is full')
  const called = [{ ...room[0], path: 'output' }] // as it is told to who is no admin
  assert.match(itemsOf(known({ room: called }))[0].text, /the folder output is/u)
  assert.equal(itemsOf(known({ room: called, problems: [{ ...full, where: 'output' }] })).length, 1)
})

test('whatever the server may be troubled by is called something', () => {
  const [, listed] = /^Kind = Literal\[(.*)\]$/mu.exec(readFileSync(new URL('../../api/troubles.py', import.meta.url), 'utf8'))
  const kinds = [...listed.matchAll(/"(\w+)"/gu)].map(([, kind]) => kind)
  assert.ok(kinds.includes('damaged') && kinds.length > 5, listed)
  const said = kind => itemsOf(known({ problems: [{ ...full, kind }] }))[0].short
  const unknown = said('another')
  assert.deepEqual(kinds.filter(kind => said(kind) === unknown), [])
})

test('those who hear the page are told what is new, and when it is over', () => {
  const wrong = itemsOf(known({ problems: [full] }))
  assert.equal(news(wrong, []), 'The disk is full.')
  assert.equal(news(wrong, wrong), '')
  assert.equal(news([], wrong), 'All is well again.')
  assert.equal(news(itemsOf(known({ worker: { state: 'starting', deaths: 0 } })), []), '', 'warming up is no news')
  assert.match(news(itemsOf(known({ worker: { state: 'busy', deaths: 0, silent_since: 1.5 } })), []), /^The worker has not answered for a while/)
  assert.deepEqual(itemsOf(known({ worker: { state: 'busy', deaths: 0, silent_since: null } })), [])
})

test('folders on one disk share a line', () => {
  const at = (where, free, total) => ({ where, path: `/${where}`, free, total })
  assert.deepEqual(disks([at('output', 1, 9), at('input', 1, 9), at('user', 2, 9), at('gone', 0, 0)]).map(({ names }) => names), [['output', 'input'], ['user']])
})
