import assert from 'node:assert/strict'
import test from 'node:test'
import { Surroundings } from '../../web/app/surroundings.js'

function listening() {
  /** @type {any[]} */
  const shown = []
  return { shown, surroundings: new Surroundings({ show: notice => { shown.push(notice); return () => undefined } }) }
}

test('a GPU that is not used is told until the artist has read it, once', () => {
  const { shown, surroundings } = listening()
  const advice = 'There is an NVIDIA GPU, but its driver does not work with this torch: update the driver.'
  surroundings.tell({ advice })
  surroundings.tell({ advice })
  assert.equal(shown.length, 1)
  assert.equal(shown[0].detail, advice)
  assert.equal(shown[0].stays, true)
})

test('where all is well nothing is said', () => {
  const { shown, surroundings } = listening()
  surroundings.tell({ advice: null })
  surroundings.tell({})
  assert.deepEqual(shown, [])
})
