/** What the panel of the queue says. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hindrances } from '../../web/runs/hindrances.js'
import { nameOf, outcomeOf, titleOf } from '../../web/runs/words.js'

const WELL = { state: 'open', paused: false, reason: '', problem: '', remaining: 3, running: {} }
const told = (feed, worker = null) => hindrances({ ...WELL, ...feed }, worker).map(({ tone, text, detail }) => `${tone}: ${text} ${detail}`.trim())

test('what keeps jobs from being run is said with what to do', () => {
  assert.deepEqual(told({}, { state: 'ready', deaths: 1, last_words: 'x' }), [])
  assert.deepEqual(told({ paused: true, reason: 'paused from the page' }), ['info: The queue is paused. 2 jobs wait.'])
  assert.deepEqual(told({ paused: true, reason: '2 jobs in a row made the worker die within a minute' }), ['warning: The queue is paused: 2 jobs in a row made the worker die within a minute. Look at the failed jobs below, take out what harms, then go on.'])
  assert.deepEqual(told({ problem: 'the disk that holds /x is full: make room, then try again' }), ['error: the disk that holds /x is full: make room, then try again The jobs wait meanwhile; nothing is lost.'])
  assert.deepEqual(told({}, { state: 'starting', deaths: 1, last_words: 'out of memory' }), ['warning: The worker ended and is started again. out of memory'])
  assert.deepEqual(told({}, { state: 'stopped', deaths: 1, last_words: '' }), ['warning: The worker ended and is started again.'])
  assert.deepEqual(told({}, { state: 'starting', deaths: 0 }), [])
  assert.match(told({ state: 'reconnecting' })[0], /does not answer/u)
})

test('a job is called what a person called it, or its graph, or by its nodes', () => {
  const job = { name: '', title: '', nodes: 1, seed: 7, batch: null }
  assert.equal(titleOf(job), 'A graph of 1 node')
  assert.equal(titleOf({ ...job, title: 'Owls' }), 'Owls')
  assert.equal(nameOf({ ...job, name: 'The blue one', title: 'Owls', batch: { id: 'b', index: 1, of: 4 } }), 'The blue one · 2 of 4 · seed 7')
})

test('how a job went', () => {
  const job = { state: 'success', ms: 1234, error: null }
  assert.equal(outcomeOf(job), '1.2 s')
  assert.equal(outcomeOf({ ...job, ms: null }), '')
  assert.equal(outcomeOf({ ...job, state: 'interrupted' }), 'stopped')
  assert.equal(outcomeOf({ ...job, state: 'error', error: { sentence: 'It broke\nat line 3' } }), 'It broke')
  assert.equal(outcomeOf({ ...job, state: 'error', error: null }), 'It failed.')
})
