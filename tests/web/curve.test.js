import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '../../web/node_modules/fast-check/lib/fast-check.js'
import { added, knotNear, knotsOf, moved, removed, smooth, withKnots } from '../../web/model/curve.js'

const curves = fc.uniqueArray(fc.tuple(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 100 })), { minLength: 2, maxLength: 8, selector: ([x]) => x })
  .map((all) => all.map(([x, y]) => [x / 100, y / 100]).sort((a, b) => a[0] - b[0]))

test('points are read from every form and written back in it', () => {
  const points = [[0, 0.1], [0.5, 1]]
  for (const value of [points, { points, interpolation: 'x' }, points.map(([x, y]) => ({ x, y }))]) {
    assert.deepEqual(knotsOf(value), points)
    assert.deepEqual(withKnots(value, points), value)
  }
  for (const wrong of [null, 'x', [], [[1, 'a']], { points: 3 }]) assert.deepEqual(knotsOf(wrong), [[0, 0], [1, 1]])
  assert.deepEqual(knotsOf([[2, -1], [0, NaN], [0.2, 0.3]]), [[0.2, 0.3], [1, 0]])
})

test('points stay in order while they are moved, added and removed', () => {
  const knots = [[0, 0], [0.5, 0.5], [1, 1]]
  assert.ok(moved(knots, 1, [2, 3])[1][0] < 1)
  assert.equal(moved(knots, 1, [0.2, 3])[1][1], 1)
  assert.deepEqual(added(knots, [0.25, 0.9]), { knots: [[0, 0], [0.25, 0.9], [0.5, 0.5], [1, 1]], index: 1 })
  assert.equal(added(knots, [0.5, 0.9]).index, -1)
  assert.deepEqual(removed(knots, 1), [[0, 0], [1, 1]])
  assert.equal(removed([[0, 0], [1, 1]], 0).length, 2)
  assert.deepEqual([knotNear(knots, [0.52, 0.49], [0.05, 0.05]), knotNear(knots, [0.7, 0.4], [0.05, 0.05])], [1, -1])
})

test('property: the line goes through its points and stays between neighbours', () => {
  fc.assert(fc.property(curves, fc.double({ min: 0, max: 1, noNaN: true }), (knots, x) => {
    const height = smooth(knots)
    for (const [knotX, y] of knots) assert.ok(Math.abs(height(knotX) - y) < 1e-9)
    const right = knots.findIndex(([knotX]) => knotX >= x)
    const [a, b] = [knots[Math.max(0, right - 1)], knots[right < 0 ? knots.length - 1 : right]]
    if (right <= 0) return
    assert.ok(height(x) >= Math.min(a[1], b[1]) - 1e-9 && height(x) <= Math.max(a[1], b[1]) + 1e-9)
  }))
})
