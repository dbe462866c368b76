import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '../../web/node_modules/fast-check/lib/fast-check.js'
import { crossing, distanceTo, line, linkCurve, nearestOn, pointAt } from '../../web/geometry/bezier.js'
import { HIDDEN_STUB, linkPath, stubs } from '../../web/geometry/link_path.js'

const coordinate = fc.integer({ min: -3000, max: 3000 })
const point = fc.record({ x: coordinate, y: coordinate })
const points = fc.array(point, { minLength: 2, maxLength: 6 })

test('property: in every shape a link goes from end to end through its reroutes, without a gap', () => {
  fc.assert(fc.property(points, fc.constantFrom('spline', 'straight', 'elbow'), (through, shape) => {
    const stretches = linkPath(through, shape)
    assert.equal(stretches.length, through.length - 1)
    stretches.forEach((curves, index) => {
      assert.ok(curves.length > 0)
      let at = through[index]
      for (const curve of curves) {
        for (const { x, y } of [curve.a, curve.b, curve.c, curve.d]) assert.ok(Number.isFinite(x) && Number.isFinite(y))
        // A corner of no length is left out.
        assert.ok(Math.hypot(curve.a.x - at.x, curve.a.y - at.y) < 2)
        at = curve.d
      }
      assert.deepEqual(at, through[index + 1])
    })
  }))
})

test('an elbow runs along the axes, leaves its output to the right and comes to its input from the left', () => {
  for (const to of [{ x: 300, y: 120 }, { x: -300, y: 120 }, { x: 10, y: -40 }]) {
    const [curves] = linkPath([{ x: 0, y: 0 }, to], 'elbow')
    assert.ok(curves[0].d.x > 0 && curves[0].d.y === 0)
    const last = curves.at(-1)
    assert.ok(last.a.x < to.x && last.a.y === to.y)
    for (const { a, b, c, d } of curves) if (b === a && c === d) assert.ok(a.x === d.x || a.y === d.y)
  }
})

test('a stroke cuts a curve where it crosses it, and only there', () => {
  const curve = linkCurve({ x: 0, y: 0 }, { x: 300, y: 100 })
  const at = crossing(curve, { x: 150, y: -50 }, { x: 150, y: 200 })
  assert.ok(Math.abs(at.x - 150) < 1 && Math.abs(at.y - 50) < 2)
  assert.equal(crossing(curve, { x: 150, y: -50 }, { x: 150, y: -10 }), null)
  assert.equal(crossing(line({ x: 0, y: 0 }, { x: 10, y: 0 }), { x: 0, y: 1 }, { x: 10, y: 1 }), null, 'parallel')
})

test('property: the nearest point of a curve lies on it and no other is nearer', () => {
  fc.assert(fc.property(point, point, point, fc.double({ min: 0, max: 1, noNaN: true }), (from, to, at, t) => {
    const curve = linkCurve(from, to)
    const gap = distanceTo(curve, at)
    const other = pointAt(curve, t)
    assert.ok(distanceTo(curve, nearestOn(curve, at)) < 1e-6)
    // Long curves are sampled, so it may be a little off.
    assert.ok(gap <= Math.hypot(other.x - at.x, other.y - at.y) + 12)
  }))
})

test('of a hidden link two short ends are left', () => {
  const [out, into] = stubs({ x: 0, y: 0 }, { x: 500, y: 50 })
  assert.deepEqual([out.d, into.a], [{ x: HIDDEN_STUB, y: 0 }, { x: 500 - HIDDEN_STUB, y: 50 }])
})
