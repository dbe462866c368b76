/** A picture in a view: fitted, zoomed at a point, moved. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PanZoom } from '../../web/geometry/pan_zoom.js'

test('a large picture is made to fit, a small one grows in whole steps', () => {
  const large = new PanZoom(4000, 2000)
  large.fit(1024, 800)
  assert.equal(large.scale, 0.25)
  assert.deepEqual([large.x, large.y], [12, 150])
  const small = new PanZoom(100, 100)
  small.fit(574, 800)
  assert.equal(small.scale, 5)
})

test('zooming keeps the pixel under the pointer, within bounds', () => {
  const view = new PanZoom(400, 300)
  view.fit(800, 600)
  const still = { x: 300, y: 200 }
  const before = view.toSheet(still)
  for (const factor of [1.7, 3, 0.4, 1e9, 1e-9]) {
    view.zoomBy(factor, still)
    const after = view.toSheet(still)
    assert.ok(Math.abs(after.x - before.x) < 1e-6 && Math.abs(after.y - before.y) < 1e-6)
    assert.ok(view.scale <= 32 && view.scale >= 0.2)
  }
  const point = { x: 17, y: 5 }
  const back = view.toSheet(view.toView(point))
  assert.ok(Math.abs(back.x - point.x) < 1e-9 && Math.abs(back.y - point.y) < 1e-9)
})
