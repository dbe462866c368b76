/** The mask editor's work on pixels: strokes, fills, outlines, steps of undo. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '../../web/node_modules/fast-check/lib/fast-check.js'
import { History } from '../../web/mask/history.js'
import { combine, invert, Mask, TILE } from '../../web/mask/mask.js'
import { polygon, similar } from '../../web/mask/regions.js'
import { reached, reshape } from '../../web/mask/shape.js'
import { coverage, Stroke } from '../../web/mask/stroke.js'

/** @param {Mask} mask @param {import('../../web/mask/shape.js').ShapeName} what @param {number} by */
const shaped = (mask, what, by) => reshape(what, /** @type {import('../../web/mask/mask.js').Region} */ (reached(mask, by)), by)

const BRUSH = { radius: 5, hardness: 1, opacity: 1, erase: false }

/** @param {number} width @param {number} height */
function fresh(width = 200, height = 150) {
  const mask = new Mask(width, height)
  return { mask, history: new History(mask) }
}

/** @param {Mask} mask @param {number} x @param {number} y */
const at = (mask, x, y) => mask.data[y * mask.width + x]

/** @param {ReturnType<typeof fresh>} parts @param {[number, number][]} points */
function paint({ mask, history }, points, brush = BRUSH) {
  history.begin('Paint')
  const stroke = new Stroke(mask, history, brush)
  for (const [x, y] of points) stroke.to({ x, y })
  history.commit()
}

test('a stroke covers all between its points, and nothing else', () => {
  const parts = fresh()
  paint(parts, [[20, 75], [180, 75]])
  for (let x = 20; x <= 180; x++) assert.equal(at(parts.mask, x, 75), 255)
  assert.equal(at(parts.mask, 100, 70), 255)
  assert.equal(at(parts.mask, 100, 68), 0)
  assert.deepEqual(parts.mask.bounds(), { x: 15, y: 70, w: 170, h: 10 })
})

test('a stroke that crosses itself is nowhere stronger than its opacity; an eraser lets go by as much', () => {
  const parts = fresh()
  paint(parts, [[20, 75], [180, 75], [20, 75], [100, 20], [100, 140]], { ...BRUSH, opacity: 0.5 })
  assert.equal(Math.max(...parts.mask.data), 128)
  paint(parts, [[100, 75]], { ...BRUSH, opacity: 0.5, erase: true })
  assert.equal(at(parts.mask, 100, 75), 64)
})

test('a soft brush falls off evenly, a hard one within a pixel; the smallest covers one', () => {
  const soft = [0, 2, 4, 6, 8, 10].map((distance) => coverage(distance, 10, 0))
  assert.deepEqual([...soft].sort((a, b) => b - a), soft)
  assert.ok(soft[0] > 250 && soft[5] < 10)
  assert.deepEqual([9, 10, 11].map((distance) => coverage(distance, 10, 1)), [255, 127.5, 0])
  const parts = fresh()
  paint(parts, [[10.5, 10.5]], { ...BRUSH, radius: 0.5 })
  assert.deepEqual(parts.mask.bounds(), { x: 10, y: 10, w: 1, h: 1 })
})

test('a pen draws as wide as it is pressed', () => {
  const { mask, history } = fresh()
  history.begin('Paint')
  const stroke = new Stroke(mask, history, { ...BRUSH, radius: 20 })
  stroke.to({ x: 40, y: 75 }, 0.1)
  stroke.to({ x: 160, y: 75 }, 1)
  history.commit()
  assert.equal(at(mask, 40, 82), 0)
  assert.equal(at(mask, 160, 90), 255)
})

test('strokes outside the picture change nothing and throw nothing', () => {
  const parts = fresh(50, 40)
  paint(parts, [[-100, -100], [-50, 300]])
  assert.equal(parts.history.undoLabel, null)
  paint(parts, [[-20, 20], [100, 20]])
  assert.equal(at(parts.mask, 0, 20), 255)
  assert.equal(at(parts.mask, 49, 20), 255)
})

test('any sequence of strokes undone gives the same bytes, redone likewise', () => {
  const point = fc.tuple(fc.integer({ min: -30, max: 230 }), fc.integer({ min: -30, max: 180 }))
  const stroke = fc.record({ points: fc.array(point, { minLength: 1, maxLength: 4 }), erase: fc.boolean(), opacity: fc.double({ min: 0.1, max: 1, noNaN: true }), radius: fc.integer({ min: 1, max: 60 }) })
  fc.assert(fc.property(fc.array(stroke, { maxLength: 6 }), (strokes) => {
    const parts = fresh()
    const states = [parts.mask.data.slice()]
    for (const { points, ...brush } of strokes) {
      const label = parts.history.undoLabel
      const bytes = parts.history.bytes
      paint(parts, points, { ...BRUSH, ...brush })
      if (parts.history.bytes !== bytes || (label === null && parts.history.undoLabel)) states.push(parts.mask.data.slice())
    }
    for (const state of [...states].reverse().slice(1)) {
      assert.ok(parts.history.undo())
      assert.deepEqual(parts.mask.data, state)
    }
    assert.equal(parts.history.undo(), null)
    for (const state of states.slice(1)) {
      assert.ok(parts.history.redo())
      assert.deepEqual(parts.mask.data, state)
    }
    assert.equal(parts.history.redo(), null)
  }), { numRuns: 40 })
})

test('a step keeps the tiles that it changed only, and the oldest go when there are too many', () => {
  const mask = new Mask(4096, 4096)
  const history = new History(mask, 400_000)
  paint({ mask, history }, [[2000, 2000]])
  assert.ok(history.bytes < 4 * (TILE * TILE + 64), String(history.bytes))
  history.begin('Invert')
  history.touch(mask.rect)
  invert(mask)
  history.commit()
  assert.ok(history.bytes < 200_000, 'tiles of one value are kept as that value')
  for (let step = 0; step < 60; step++) {
    // Noise, so that no tile is of one value.
    history.begin('Noise')
    const rect = { x: 0, y: step * 64, w: 128, h: 64 }
    history.touch(rect)
    mask.write(rect, Uint8ClampedArray.from({ length: 128 * 64 }, (_, index) => (index * 7 + step) % 255))
    history.commit()
    history.begin('Noise')
    history.touch(rect)
    mask.fill(rect, step)
    history.commit()
  }
  assert.ok(history.bytes <= 400_000)
  let undone = 0
  while (history.undo()) undone++
  assert.ok(undone > 10 && undone < 120)
})

test('a mask is dirty when it differs from what was saved, also after undo and redo', () => {
  const parts = fresh()
  const { history } = parts
  assert.equal(history.dirty, false)
  paint(parts, [[20, 20]])
  assert.equal(history.dirty, true)
  history.undo()
  assert.equal(history.dirty, false)
  history.redo()
  history.markSaved()
  assert.equal(history.dirty, false)
  history.undo()
  assert.equal(history.dirty, true)
  history.redo()
  assert.equal(history.dirty, false)
  history.undo()
  paint(parts, [[50, 50]])
  history.undo()
  assert.equal(history.dirty, true, 'what was saved cannot be reached any more')
})

test('a stroke that is called off leaves no trace', () => {
  const { mask, history } = fresh()
  history.begin('Paint')
  new Stroke(mask, history, BRUSH).to({ x: 70, y: 70 })
  assert.ok(history.cancel())
  assert.equal(mask.bounds(), null)
  assert.equal(history.undoLabel, null)
})

/** A picture of two halves, with a ramp between. */
function halves() {
  const [width, height] = [60, 40]
  const data = new Uint8ClampedArray(width * height * 4)
  for (let at = 0; at < width * height; at++) {
    const x = at % width
    data.set([x < 25 ? 20 : x >= 35 ? 220 : 20 + (x - 24) * 18, 50, 50, 255], at * 4)
  }
  return { width, height, data }
}

test('the bucket takes what is like the colour and connected, up to the tolerance', () => {
  const pixels = halves()
  assert.deepEqual([similar(pixels, { x: 5, y: 5 }, 0)].map(({ x, y, w, h }) => [x, y, w, h]), [[0, 0, 25, 40]])
  assert.equal(similar(pixels, { x: 5, y: 5 }, 40).w, 27)
  assert.equal(similar(pixels, { x: 5, y: 5 }, 255).w, 60)
  assert.equal(similar(pixels, { x: -1, y: 5 }, 0), null)
  assert.equal(similar(pixels, { x: 60, y: 5 }, 0), null)
  // A wall between two equal halves.
  for (let y = 0; y < 40; y++) pixels.data.set([0, 255, 0, 255], (y * 60 + 12) * 4)
  assert.equal(similar(pixels, { x: 5, y: 5 }, 0).w, 12)
  const all = similar(pixels, { x: 5, y: 5 }, 0, true)
  assert.equal(all.data.filter((value) => value === 255).length, 24 * 40)
})

test('the bucket finds the same pixels as a plain search does', () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 144, maxLength: 144 }), fc.integer({ min: 0, max: 143 }), (shades, start) => {
    const data = new Uint8ClampedArray(144 * 4)
    shades.forEach((shade, index) => data.fill(shade * 40, index * 4, index * 4 + 4))
    const region = similar({ width: 12, height: 12, data }, { x: start % 12, y: Math.floor(start / 12) }, 10)
    const seen = new Set([start])
    for (const place of seen) {
      for (const next of [place % 12 ? place - 1 : -1, place % 12 < 11 ? place + 1 : -1, place - 12, place + 12]) {
        if (next >= 0 && next < 144 && shades[next] === shades[start]) seen.add(next)
      }
    }
    assert.equal(region.data.filter((value) => value).length, seen.size)
    for (const place of seen) assert.equal(region.data[(Math.floor(place / 12) - region.y) * region.w + (place % 12) - region.x], 255)
  }))
})

test('an outline holds what is inside it, with smooth edges, cut at the border of the picture', () => {
  const square = polygon([{ x: 10, y: 10 }, { x: 20, y: 10 }, { x: 20, y: 20 }, { x: 10, y: 20 }], 100, 100)
  assert.deepEqual([square.x, square.y, square.w, square.h], [10, 10, 10, 10])
  assert.ok(square.data.every((value) => value === 255))
  const half = polygon([{ x: 0.5, y: 0 }, { x: 4, y: 0 }, { x: 4, y: 2 }, { x: 0.5, y: 2 }], 100, 100)
  assert.deepEqual([...half.data.slice(0, 4)], [128, 255, 255, 255])
  const out = polygon([{ x: -50, y: -50 }, { x: 500, y: -50 }, { x: 500, y: 500 }, { x: -50, y: 500 }], 30, 20)
  assert.equal(out.data.length, 600)
  assert.ok(out.data.every((value) => value === 255))
  assert.equal(polygon([{ x: 1, y: 1 }, { x: 2, y: 2 }], 10, 10), null)
  assert.equal(polygon([{ x: -9, y: -9 }, { x: -2, y: -9 }, { x: -2, y: -2 }], 10, 10), null)
  const long = Array.from({ length: 20_000 }, (_, index) => ({ x: 50 + 40 * Math.cos(index), y: 50 + 40 * Math.sin(index) }))
  assert.ok(polygon(long, 100, 100))
})

test('regions are taken in, and let go of', () => {
  const mask = new Mask(20, 20)
  const region = { x: 5, y: 5, w: 4, h: 2, data: new Uint8ClampedArray(8).fill(255) }
  combine(mask, region, false)
  assert.deepEqual(mask.bounds(), { x: 5, y: 5, w: 4, h: 2 })
  combine(mask, { ...region, w: 2, data: new Uint8ClampedArray(4).fill(255) }, true)
  assert.deepEqual(mask.bounds(), { x: 7, y: 5, w: 2, h: 2 })
})

test('grow and shrink move the outline by so many pixels, round at the corners', () => {
  const mask = new Mask(120, 120)
  mask.fill({ x: 40, y: 40, w: 40, h: 40 }, 255)
  const large = shaped(mask, 'grow', 8)
  const out = new Mask(120, 120)
  out.write(large, large.data)
  assert.deepEqual(out.bounds(), { x: 32, y: 32, w: 56, h: 56 })
  assert.equal(at(out, 32, 60), 255)
  assert.equal(at(out, 32, 32), 0)
  const small = shaped(out, 'shrink', 8)
  out.write(small, small.data)
  assert.deepEqual(out.bounds(), { x: 40, y: 40, w: 40, h: 40 })
  assert.equal(reached(new Mask(10, 10), 3), null)
  const full = new Mask(10, 10)
  full.fill(full.rect, 255)
  assert.ok(shaped(full, 'shrink', 3).data.every((value) => value === 255), "the picture's border is no outline")
})

test('feathering makes an edge soft and keeps the middle', () => {
  const mask = new Mask(120, 120)
  mask.fill({ x: 30, y: 30, w: 60, h: 60 }, 255)
  const soft = shaped(mask, 'feather', 10)
  mask.write(soft, soft.data)
  assert.equal(at(mask, 60, 60), 255)
  assert.ok(Math.abs(at(mask, 30, 60) - 128) < 12)
  assert.ok(at(mask, 24, 60) > 0 && at(mask, 24, 60) < 60)
  assert.equal(at(mask, 5, 60), 0)
})

/** What `reshape` says it does, pixel by pixel. @param {'grow' | 'shrink' | 'feather'} what @param {Mask} mask @param {number} by */
function plainly(what, mask, by) {
  const { width: w, height: h, data } = mask
  if (what !== 'feather') {
    return Uint8ClampedArray.from(data, (value, at) => {
      let nearest = Infinity
      for (let other = 0; other < data.length; other++) {
        if (data[other] >= 128 === (what === 'grow')) nearest = Math.min(nearest, Math.hypot((other % w) - (at % w), Math.floor(other / w) - Math.floor(at / w)))
      }
      return what === 'grow' ? Math.max(value, 255 * (by + 1 - nearest)) : Math.min(value, 255 * (nearest - by))
    })
  }
  const side = Math.max(1, Math.round(by / 2.2))
  const inside = (value, most) => Math.min(most - 1, Math.max(0, value))
  const mean = (values, of) => values.map((_, at) => {
    let sum = 0
    for (let by = -side; by <= side; by++) sum += values[of(at % w, Math.floor(at / w), by)]
    return sum / (2 * side + 1)
  })
  let values = [...data]
  for (let pass = 0; pass < 3; pass++) {
    values = mean(values, (x, y, by) => y * w + inside(x + by, w))
    values = mean(values, (x, y, by) => inside(y + by, h) * w + x)
  }
  return values
}

test('grow, shrink and soften are what their plain definitions say, for any mask', () => {
  const masks = fc.record({ w: fc.integer({ min: 1, max: 24 }), h: fc.integer({ min: 1, max: 24 }), holes: fc.array(fc.tuple(fc.nat(575), fc.nat(255)), { maxLength: 24 }), full: fc.boolean() })
  fc.assert(fc.property(masks, fc.constantFrom('grow', 'shrink', 'feather'), fc.integer({ min: 1, max: 14 }), ({ w, h, holes, full }, what, by) => {
    const mask = new Mask(w, h)
    if (full) mask.data.fill(255)
    for (const [at, value] of holes) mask.data[at % (w * h)] = value
    const region = reached(mask, by)
    if (!region) return mask.data.every((value) => value === 0)
    // Beyond what is reached nothing is selected: averages of the border go on with the same zeros.
    const wanted = plainly(what, mask, by)
    const made = new Mask(w, h, mask.data.slice())
    made.write(region, reshape(what, region, by).data)
    return made.data.every((value, at) => Math.abs(value - wanted[at]) <= 1)
  }), { numRuns: 300 })
})
