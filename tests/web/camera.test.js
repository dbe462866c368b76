/** Which part of a camera's picture is taken. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '../../web/node_modules/fast-check/lib/fast-check.js'
import { cameraSize } from '../../web/model/camera_size.js'

test('without a size the picture is the camera\'s; one side follows from the other', () => {
  const whole = { x: 0, y: 0, w: 640, h: 480 }
  assert.deepEqual(cameraSize(640, 480, 0, 0), { ...whole, width: 640, height: 480 })
  assert.deepEqual(cameraSize(640, 480, 'x', undefined), { ...whole, width: 640, height: 480 })
  assert.deepEqual(cameraSize(640, 480, 320, 0), { ...whole, width: 320, height: 240 })
  assert.deepEqual(cameraSize(640, 480, 0, 960), { ...whole, width: 1280, height: 960 })
})

test('another shape is the middle of it', () => {
  assert.deepEqual(cameraSize(640, 480, 512, 512), { x: 80, y: 0, w: 480, h: 480, width: 512, height: 512 })
  assert.deepEqual(cameraSize(640, 480, 640, 240), { x: 0, y: 120, w: 640, h: 240, width: 640, height: 240 })
})

test('what is taken lies inside, is not stretched, and is no larger than pictures may be', () => {
  const size = fc.integer({ min: 1, max: 5000 })
  const wanted = fc.oneof(fc.integer({ min: -10, max: 1e6 }), fc.double(), fc.constant(null))
  fc.assert(fc.property(size, size, wanted, wanted, (width, height, wide, tall) => {
    const part = cameraSize(width, height, wide, tall)
    assert.ok(part.x >= 0 && part.y >= 0 && part.x + part.w <= width + 1e-6 && part.y + part.h <= height + 1e-6)
    assert.ok(part.width >= 1 && part.width <= 16384 && part.height >= 1 && part.height <= 16384)
    if (wide > 1 && tall > 1) assert.ok(Math.abs((part.w / part.h) / (part.width / part.height) - 1) < 1e-6)
  }))
})
