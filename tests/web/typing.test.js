import assert from 'node:assert/strict'
import { test } from 'node:test'

import { matching } from '../../web/widgets/combo.js'
import { evaluate } from '../../web/widgets/maths.js'
import { fitNumber } from '../../web/model/numbers.js'
import { changeWeight } from '../../web/widgets/weight.js'

test('sums are worked out', () => {
  /** @type {[string, number | null][]} */
  const cases = [
    ['512', 512], [' 1.5 ', 1.5], ['.5', 0.5], ['-3', -3], ['64*8', 512], ['1024/3*3', 1024], ['2+3*4', 14], ['(2+3)*4', 20],
    ['1e3', 1000], ['7 % 4', 3], ['50%', 50], ['128 px', 128], ['20 261 122', 20261122], ['1_000', 1000], ['2 × 8', 16], ['9 − 4', 5],
    ['--2', 2], ['', null], ['abc', null], ['1+', null], ['(1', null], ['1)', null], ['1/0', null], ['1 2+', null], ['alert(1)', null],
    ['1px+2', null], ['('.repeat(90) + '1' + ')'.repeat(90), null], ['1'.repeat(500), null],
  ]
  for (const [source, value] of cases) assert.equal(evaluate(source), value, source)
})

test('numbers are brought into range and rounded as the widget wishes', () => {
  const any = { min: -1e12, max: 1e12, round: 0, integer: false, default: 4 }
  assert.equal(fitNumber({ ...any, round: 0.01, min: 0, max: 100 }, 8.06), 8.06)
  assert.equal(fitNumber(any, 0.1 + 0.2), 0.3)
  assert.equal(fitNumber({ ...any, integer: true }, 7.6), 8)
  assert.equal(fitNumber({ ...any, integer: true, min: 1 }, -5), 1)
  assert.equal(fitNumber({ ...any, integer: true, max: 16384 }, 1e9), 16384)
  assert.equal(fitNumber(any, NaN), 4)
})

test('prompt weights rise, fall and vanish at one', () => {
  const up = changeWeight('a red fox', 3, 3, 0.05)
  assert.equal(up.text, 'a (red:1.05) fox')
  const again = changeWeight(up.text, up.start, up.end, 0.05)
  assert.equal(again.text, 'a (red:1.1) fox')
  const down = changeWeight(changeWeight(again.text, again.start, again.end, -0.05).text, 4, 4, -0.05)
  assert.equal(down.text, 'a red fox')
  assert.equal(changeWeight('a red fox', 2, 9, 0.05).text, 'a (red fox:1.05)')
  assert.equal(changeWeight('a red fox ', 2, 10, 0.05).text, 'a (red fox:1.05) ')
  assert.equal(changeWeight('((a:1.2) b:1.1)', 2, 2, 0.05).text, '((a:1.25) b:1.1)')
  assert.equal(changeWeight(String.raw`\(x\) word`, 8, 8, -0.05).text, String.raw`\(x\) (word:0.95)`)
  assert.equal(changeWeight('', 0, 0, 0.05).text, '')
  assert.equal(changeWeight('a , b', 2, 2, 0.05).text, 'a , b')
})

test('a list is searched by words, best names first', () => {
  const names = ['sdxl/base.safetensors', 'old-base.ckpt', 'database.pt', 'base.pt']
  assert.deepEqual(matching(names, 'base'), ['base.pt', 'sdxl/base.safetensors', 'old-base.ckpt', 'database.pt'])
  assert.deepEqual(matching(names, 'BASE old'), ['old-base.ckpt'])
  assert.deepEqual(matching(names, '  '), names)
  assert.deepEqual(matching([1, 2, 12], '2'), [2, 12])
})
