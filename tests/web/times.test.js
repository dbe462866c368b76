/** Times as lists tell them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ago, dayOf } from '../../web/panels/times.js'

test('days are told as people tell them, also over a change of the clocks', () => {
  const at = (...parts) => new Date(...parts).getTime() / 1000
  const now = new Date(2026, 2, 30, 0, 5).getTime()
  assert.equal(dayOf(at(2026, 2, 30, 0, 1), now), 'Today')
  assert.equal(dayOf(at(2026, 2, 29, 23, 59), now), 'Yesterday')
  assert.equal(dayOf(at(2026, 2, 29, 0, 0), now), 'Yesterday')
  assert.match(dayOf(at(2026, 2, 27), now), /27/u)
  assert.match(dayOf(at(2025, 2, 27), now), /2025/u)
  assert.match(dayOf(at(2026, 3, 2), now), /April 2/u, 'of a clock that went back')
})

test('how long ago, by what a person would say', () => {
  const now = new Date(2026, 2, 30, 12).getTime()
  const before = seconds => ago(now / 1000 - seconds, now)
  assert.deepEqual([0, 240, 7200, 86_400, 3 * 86_400].map(before), ['just now', '4 minutes ago', '2 hours ago', 'yesterday', '3 days ago'])
  assert.equal(before(-500), 'just now', 'of a clock that went back')
  assert.match(before(20 * 86_400), /Mar 10, 2026/u)
  assert.equal(ago(now - 240_000, now), '4 minutes ago', 'in ms too')
})
