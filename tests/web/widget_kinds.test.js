/** What a press on a widget does, by its kind. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readWidget } from '../../web/model/widget_specs.js'
import { kindOf } from '../../web/view/widget_kinds.js'

const keys = { shift: false, ctrl: false, alt: false }
const number = (more = {}) => ({ spec: { kind: 'number', integer: true, default: 20, min: 1, max: 100, step: 1, round: 1, digits: 0, display: 'number', seed: false, ...more.spec }, value: more.value ?? 20 })
const place = { field: { x: 100, y: 2, w: 120, h: 22 } }

test('a number has a step at each end, unless it is too narrow for them', () => {
  const { partAt } = kindOf(number())
  assert.deepEqual([104, 160, 216].map((x) => partAt(place, number(), { x, y: 10 })), ['less', 'value', 'more'])
  assert.equal(partAt({ field: { ...place.field, w: 50 } }, number(), { x: 104, y: 10 }), 'value')
})

test('a click steps a number within its limits, or opens its editor', () => {
  const { click } = kindOf(number())
  assert.equal(click(number(), 'more', keys), 21)
  assert.equal(click(number({ value: 1 }), 'less', keys), 1)
  assert.equal(click(number(), 'value', keys), undefined)
  assert.equal(click(number({ value: 'x' }), 'more', keys), 21)
})

test('a drag is computed from its beginning: fine with Shift, coarse with Ctrl', () => {
  const change = kindOf(number()).drag(place, number(), 'value', { x: 150, y: 10 })
  assert.equal(change({ ...keys, point: { x: 0, y: 0 }, by: { x: 60, y: 0 } }), 30)
  assert.equal(change({ ...keys, ctrl: true, point: { x: 0, y: 0 }, by: { x: 30, y: 0 } }), 70)
  assert.equal(change({ ...keys, point: { x: 0, y: 0 }, by: { x: 0, y: 0 } }), 20)
  assert.equal(kindOf(number()).drag(place, { ...number(), expression: '1' }, 'value', { x: 150, y: 10 }), null)
})

test('a switch turns, whatever the file held', () => {
  const { click } = kindOf({ spec: { kind: 'toggle' } })
  assert.deepEqual([true, false, 'yes', null].map((value) => click({ value }, 'value', keys)), [false, true, true, true])
})

test('a slider goes with the pointer, by powers where it is logarithmic', () => {
  const at = (spec, x) => kindOf(number()).drag(place, number({ spec: { integer: false, round: 0, display: 'slider', ...spec }, value: spec.value ?? 1 }), 'value', { x: 100, y: 10 })({ ...keys, point: { x, y: 10 }, by: { x: 0, y: 0 } })
  assert.deepEqual([100, 160, 220, 400].map((x) => at({ min: 1, max: 11, log: false }, x)), [1, 6, 11, 11])
  assert.deepEqual([100, 160, 220].map((x) => at({ min: 1, max: 100, log: true }, x)), [1, 10, 100])
})

test('knobs and sliders with colours are sliders', () => {
  const displays = ['slider', 'gradientslider', 'knob', 'number', 'color', undefined, 7]
  assert.deepEqual(displays.map((display) => readWidget('strength', 'FLOAT', { min: 0, max: 2, step: 0.1, display }).display), ['slider', 'slider', 'slider', 'number', 'number', 'number', 'number'])
})

test('a list is stepped by the wheel, and ends at its ends', () => {
  const combo = (value) => ({ spec: { kind: 'combo', options: ['a', 'b', 'c'], multiple: false }, value })
  const { step } = kindOf(combo('a'))
  assert.deepEqual([step(combo('b'), 1, keys), step(combo('b'), -1, keys), step(combo('a'), 1, keys), step(combo('gone'), -1, keys)], ['a', 'c', 'a', 'a'])
})
