/** A window that moves between screens is drawn for the one that it is on. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { watchDensity } from '../../web/app/density.js'

test('each change of the density is told, also the second one', () => {
  /** What waits for a density to be left. @type {Map<string, () => void>} */
  const waiting = new Map()
  const move = (ratio) => {
    const left = waiting.get(`(resolution: ${globalThis.devicePixelRatio}dppx)`)
    waiting.clear()
    globalThis.devicePixelRatio = ratio
    left?.()
  }
  globalThis.devicePixelRatio = 1
  globalThis.matchMedia = (query) => ({ addEventListener: (_name, listener) => waiting.set(query, listener) })
  const seen = []
  watchDensity(() => seen.push(globalThis.devicePixelRatio))
  move(2)
  move(1.5)
  move(1)
  assert.deepEqual(seen, [2, 1.5, 1])
})
