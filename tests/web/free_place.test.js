import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '../../web/node_modules/fast-check/lib/fast-check.js'
import { freePlace } from '../../web/geometry/free_place.js'
import { intersects } from '../../web/geometry/rect.js'

const VIEW = { x: 0, y: 0, w: 1000, h: 800 }
const MIDDLE = { x: 500, y: 400 }

test('the middle, if nothing is there; else as near as can be', () => {
  assert.deepEqual(freePlace({ w: 200, h: 100 }, MIDDLE, VIEW, []), { x: 400, y: 350 })
  const taken = { x: 400, y: 350, w: 200, h: 100 }
  const place = freePlace({ w: 200, h: 100 }, MIDDLE, VIEW, [taken])
  assert.ok(!intersects({ ...place, w: 200, h: 100 }, taken))
  assert.ok(Math.abs(place.y - 350) < 160 && place.x === 400, 'above or below is nearer than beside')
})

test('in a full view, on the middle but never exactly on another', () => {
  const full = { x: 0, y: 0, w: 1000, h: 800 }
  assert.deepEqual(freePlace({ w: 200, h: 100 }, MIDDLE, VIEW, [full]), { x: 400, y: 350 })
  assert.deepEqual(freePlace({ w: 200, h: 100 }, MIDDLE, VIEW, [full, { x: 400, y: 350, w: 200, h: 100 }]), { x: 432, y: 382 })
  assert.deepEqual(freePlace({ w: 2000, h: 100 }, MIDDLE, VIEW, []), { x: -500, y: 350 }, 'what is larger than the view')
})

test('property: where there is a free place it is free and within', () => {
  const box = fc.record({ x: fc.integer({ min: -100, max: 900 }), y: fc.integer({ min: -100, max: 700 }), w: fc.integer({ min: 20, max: 300 }), h: fc.integer({ min: 20, max: 300 }) })
  fc.assert(fc.property(fc.array(box, { maxLength: 6 }), (taken) => {
    const { x, y } = freePlace({ w: 120, h: 60 }, MIDDLE, VIEW, taken)
    const placed = { x, y, w: 120, h: 60 }
    if (taken.some((other) => intersects(placed, other))) return // six large boxes may leave no room on the raster
    assert.ok(x >= 0 && y >= 0 && x + 120 <= 1000 && y + 60 <= 800)
  }))
})
