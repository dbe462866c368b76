import assert from 'node:assert/strict'
import { test } from 'node:test'

import { matching } from '../../web/widgets/matching.js'
import { evaluate, isExpression, limitsOf, readNumber } from '../../web/model/number_text.js'
import { unitOf } from '../../web/model/units.js'
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

test('commas, groups and units are read as the widget means them', () => {
  const any = { kind: 'number', integer: false, default: 0, min: -1e12, max: 1e12, step: 0.1, round: 0 }
  const whole = { ...any, integer: true, step: 1 }
  const part = { ...any, min: 0, max: 1 }
  /** @type {[string, any, number | null][]} */
  const cases = [
    ['1,5', any, 1.5], [',5', any, 0.5], ['1,5*2', any, 3], ['1,024', whole, 1024], ['1,024', any, 1.024], ['12,345,678', whole, 12345678], ['2,5', whole, 3],
    ['max(1,5)', any, 5], ['min(3, 2.5)', any, 2.5], ['round(7/2)', any, 4], ['1.5x', any, 1.5], ['2×', any, 2], ['45°', any, 45], ['(1+1) px', whole, 2], ['0.5 s', any, 0.5],
    ['50%', part, 0.5], ['50%', any, 50], ["20'261'122", whole, 20261122], ['20\u2009261', whole, 20261], ['px', any, null], ['[#1].x', any, null], ['5 %', part, 0.05],
  ]
  for (const [source, spec, value] of cases) assert.equal(readNumber(source, spec), value, source)
  assert.deepEqual(['=2', ' = 2', '[#3].steps*2', '2*3'].map(isExpression), [true, true, true, false])
})

test('units are told by names, limits in words', () => {
  const cases = [['width', true], ['width', false], ['tile_size', true], ['scale_by', false], ['angle', true], ['fps', false], ['start_seconds', false], ['steps', true], ['max_width', true]]
  assert.deepEqual(cases.map(([name, integer]) => unitOf(name, integer)), ['px', '', 'px', '×', '°', 'fps', 's', '', 'px'])
  assert.equal(limitsOf({ min: 1, max: 100, step: 1, integer: true }), '1 to 100')
  assert.equal(limitsOf({ min: 0, max: 1.8e19, step: 1, integer: true }), '0 or more')
  assert.equal(limitsOf({ min: -1.8e308, max: 1.8e308, step: 0.5, integer: false }), 'steps of 0.5')
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
  assert.deepEqual(matching(['uni_pc', 'dpmpp_2m', 'uni_pc_bh2'], 'unipc'), ['uni_pc', 'uni_pc_bh2'], 'what stands between is not typed')
  assert.deepEqual(matching([1, 2, 12], '2'), [2, 12])
})
