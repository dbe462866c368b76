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
  surroundings.tell({ advice, packs: [] })
  surroundings.tell({ advice, packs: [] })
  assert.equal(shown.length, 1)
  assert.equal(shown[0].detail, advice)
  assert.equal(shown[0].stays, true)
})

test('packs that did not load are named with their sentences, others are not', () => {
  const { shown, surroundings } = listening()
  const sentence = 'The pack broken could not be imported: ValueError: no (broken/__init__.py, line 3)'
  surroundings.tell({
    packs: [
      { name: 'broken', state: 'failed', problems: [{ sentence }] },
      { name: 'good', state: 'loaded', problems: [] }
    ]
  })
  assert.equal(shown.length, 1)
  assert.match(shown[0].text, /broken/)
  assert.doesNotMatch(shown[0].text, /good/)
  assert.equal(shown[0].detail, sentence)
})

test('a pack that waits for trust is named with what to do', () => {
  const { shown, surroundings } = listening()
  surroundings.tell({ packs: [{ name: 'stranger', state: 'untrusted', problems: [] }] })
  assert.match(shown[0].text, /stranger/)
  assert.match(shown[0].detail, /--trust-packs/)
})

test('where all is well nothing is said', () => {
  const { shown, surroundings } = listening()
  surroundings.tell({ advice: null, packs: [{ name: 'good', state: 'loaded', problems: [] }] })
  surroundings.tell({})
  assert.deepEqual(shown, [])
})
