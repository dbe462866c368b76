/** What a page knows of the queue, whatever it misses. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '../../web/node_modules/fast-check/lib/fast-check.js'
import { QueueFeed } from '../../web/app/queue_feed.js'

const job = (id, number = 0, more = {}) => ({ prompt_id: id, number, seq: number, expected_ms: 100, ...more })
const settled = () => new Promise((resolve) => setTimeout(resolve, 0))

/** A feed without a server: `state` is what it would answer. */
function page(state = () => ({ seq: 0, waiting: [], running: null, queue_remaining: 0, paused: false, pause_reason: '', problem: '' })) {
  const feed = new QueueFeed({ url: (path) => path, state: async () => state() })
  const heard = []
  feed.onEvent(({ type }) => heard.push(type))
  const say = (event) => feed.receive(JSON.stringify(event))
  const hello = (more) => say({ type: 'hello', data: { epoch: 'e', seq: 0, resumed: false, waiting: [], running: null, queue_remaining: 0, paused: false, pause_reason: '', problem: '', ...more } })
  return { feed, say, hello, heard, ids: () => feed.waiting.map((each) => each.prompt_id) }
}

test('jobs come, move, start, go back and end', () => {
  const { feed, say, hello, ids } = page()
  hello({ waiting: [job('b', 2), job('a', 1)] })
  assert.deepEqual(ids(), ['a', 'b'])
  say({ seq: 1, type: 'jobs', data: { set: [job('c', 0.5)], gone: ['b'] } })
  assert.deepEqual(ids(), ['c', 'a'])
  say({ seq: 2, type: 'job_started', data: { ...job('c'), ms: 0, progress: { left_ms: 1000 } } })
  assert.deepEqual([feed.running.prompt_id, ids()], ['c', ['a']])
  say({ type: 'job_progress', data: { prompt_id: 'c', left_ms: 400, share: 0.5 } })
  assert.equal(Math.round(feed.left(feed.told + 100)), 300)
  assert.equal(feed.left(feed.told + 9000), 0)
  feed.remaining = 2
  assert.equal(Math.round(feed.leftOfAll(feed.told + 100)), 400)
  say({ type: 'job_progress', data: { prompt_id: 'another', left_ms: 1 } })
  assert.equal(feed.running.progress.left_ms, 400, 'a late word about another')
  say({ seq: 3, type: 'jobs', data: { set: [job('c', 0.5, { attempts: 1 })], gone: [] } })
  assert.deepEqual([feed.running, ids()], [null, ['c', 'a']], 'its worker died')
  const ended = []
  feed.onEnded((each) => ended.push(each.prompt_id))
  say({ seq: 4, type: 'job_ended', data: { prompt_id: 'c' } })
  assert.deepEqual(ended, ['c'])
})

test('a page that was away is told what it missed, or how things stand', () => {
  const { feed, say, hello, heard, ids } = page()
  hello({ seq: 7, waiting: [job('a', 1)] })
  hello({ seq: 9, resumed: true, waiting: [job('x', 1)] })
  say({ seq: 8, type: 'jobs', data: { set: [job('b', 2)], gone: [] } })
  say({ seq: 9, type: 'jobs', data: { set: [], gone: ['a'] } })
  assert.deepEqual(ids(), ['b'])
  assert.ok(!heard.includes('gap'))
  hello({ epoch: 'another', seq: 2, waiting: [job('y', 1)] })
  assert.deepEqual([ids(), feed.seq], [['y'], 2])
  assert.ok(heard.includes('gap'))
})

test('where a number is missing the queue is asked for, and what came meanwhile still counts', async () => {
  const { say, hello, ids } = page(() => ({ seq: 5, waiting: [job('a', 1), job('b', 2)], running: null, queue_remaining: 2, paused: false, pause_reason: '', problem: '' }))
  hello({ seq: 1, waiting: [job('a', 1)] })
  say({ seq: 5, type: 'jobs', data: { set: [job('b', 2)], gone: [] } })
  say({ seq: 6, type: 'jobs', data: { set: [job('c', 3)], gone: ['a'] } })
  await settled()
  assert.deepEqual(ids(), ['b', 'c'])
})

test('however the list changes it is what the server has', () => {
  const change = fc.record({ set: fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: -5, max: 5 })), { maxLength: 4 }), gone: fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 3 }) })
  fc.assert(fc.property(fc.array(change, { maxLength: 20 }), (changes) => {
    const { say, hello, feed } = page()
    hello({})
    const server = new Map()
    changes.forEach(({ set, gone }, index) => {
      gone.forEach((id) => server.delete(String(id)))
      const jobs = [...new Map(set.map(([id, number]) => [String(id), { ...job(String(id), number), seq: id }])).values()]
      jobs.forEach((each) => server.set(each.prompt_id, each))
      say({ seq: index + 1, type: 'jobs', data: { set: jobs, gone: gone.map(String).filter((id) => !jobs.some((each) => each.prompt_id === id)) } })
    })
    const expected = [...server.values()].sort((left, right) => left.number - right.number || left.seq - right.seq)
    assert.deepEqual(feed.waiting.map((each) => each.prompt_id), expected.map((each) => each.prompt_id))
  }))
})

test('what cannot be read ends nothing', () => {
  const { feed, say, hello } = page()
  hello({ waiting: [job('a', 1)] })
  feed.receive('{')
  feed.receive(new ArrayBuffer(2))
  say({ seq: 1, type: 'of a newer server', data: {} })
  assert.equal(feed.waiting.length, 1)
})

test('an admin sees several people\'s jobs in the order that the server says, which is asked for after a change', async () => {
  const order = [job('v1', 5, { owner: 'vera' }), job('m1', 7, { owner: 'max' }), job('v2', 1, { owner: 'vera' })]
  const { feed, say, hello, ids } = page(() => ({ seq: 1, waiting: order, running: null, queue_remaining: 3, paused: false, pause_reason: '', problem: '' }))
  hello({ waiting: order.slice(0, 2) })
  assert.deepEqual(ids(), ['v1', 'm1'])
  say({ seq: 1, type: 'jobs', data: { set: [order[2]], gone: [] } })
  await new Promise((resolve) => feed.listen(resolve))
  assert.deepEqual(ids(), ['v1', 'm1', 'v2'])
})

test('others\' jobs in the line do not have the queue asked for again and again', async () => {
  let asked = 0
  const { say, hello } = page(() => {
    asked += 1
    return { seq: 9, waiting: [], running: null, queue_remaining: 500, paused: false, pause_reason: '', problem: '' }
  })
  hello({ queue_remaining: 500 })
  for (let seq = 1; seq < 5; seq++) say({ seq, type: 'status', data: { queue_remaining: 500 + seq, paused: false, pause_reason: '', problem: '' } })
  await settled()
  assert.equal(asked, 0)
})
