import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '../../web/node_modules/fast-check/lib/fast-check.js'
import { curveBounds, distanceTo, linkCurve, pointAt } from '../../web/geometry/bezier.js'
import { GridIndex } from '../../web/geometry/grid_index.js'
import { hitNode } from '../../web/geometry/hit_test.js'
import { layout, TITLE } from '../../web/geometry/layout.js'
import { between, bounds, contains, intersects } from '../../web/geometry/rect.js'
import { fit, LEAST_ZOOM, MOST_ZOOM, pan, toCanvas, toScreen, visible, zoomTo } from '../../web/geometry/viewport.js'

const near = (a, b, slack = 1e-6) => assert.ok(Math.abs(a - b) <= slack * Math.max(1, Math.abs(a), Math.abs(b)), `${a} is not ${b}`)
const coordinate = fc.double({ min: -1e5, max: 1e5, noNaN: true })
const point = fc.record({ x: coordinate, y: coordinate })
const camera = fc.record({ x: coordinate, y: coordinate, zoom: fc.double({ min: LEAST_ZOOM, max: MOST_ZOOM, noNaN: true }) })
const rect = fc.record({ x: coordinate, y: coordinate, w: fc.double({ min: 0, max: 3000, noNaN: true }), h: fc.double({ min: 0, max: 3000, noNaN: true }) })

test('property: screen and canvas are each other\'s way back', () => {
  fc.assert(fc.property(camera, point, (view, at) => {
    const back = toCanvas(view, toScreen(view, at))
    near(back.x, at.x, 1e-5)
    near(back.y, at.y, 1e-5)
  }))
})

test('property: zooming keeps the point under the pointer, and stays in bounds', () => {
  fc.assert(fc.property(camera, fc.double({ min: 0, max: 100, noNaN: true }), fc.record({ x: fc.nat(2000), y: fc.nat(2000) }), (view, zoom, at) => {
    const next = zoomTo(view, zoom, at)
    assert.ok(next.zoom >= LEAST_ZOOM && next.zoom <= MOST_ZOOM)
    const [before, after] = [toCanvas(view, at), toCanvas(next, at)]
    near(before.x, after.x, 1e-5)
    near(before.y, after.y, 1e-5)
  }))
})

test('a pan by so many pixels moves what is seen by as many', () => {
  const view = pan({ x: 10, y: 20, zoom: 2 }, { x: 30, y: -40 })
  assert.deepEqual(toScreen(view, { x: 10, y: 20 }), { x: 30, y: -40 })
})

test('fit shows all of a box, in the middle, and not larger than asked', () => {
  const view = fit({ x: 100, y: 100, w: 4000, h: 500 }, 1000, 800)
  const seen = visible(view, 1000, 800)
  assert.ok(seen.x < 100 && seen.x + seen.w > 4100)
  near(seen.y + seen.h / 2, 350)
  assert.equal(fit({ x: 0, y: 0, w: 10, h: 10 }, 1000, 800).zoom, 1)
})

test('a link\'s curve starts and ends where it should, inside of its box', () => {
  fc.assert(fc.property(point, point, fc.double({ min: 0, max: 1, noNaN: true }), (from, to, t) => {
    const curve = linkCurve(from, to)
    assert.deepEqual([curve.a, curve.d], [from, to])
    assert.ok(curve.b.x >= from.x && curve.c.x <= to.x, 'it leaves to the right and comes from the left')
    const box = curveBounds(curve)
    const at = pointAt(curve, t)
    assert.ok(intersects({ x: box.x - 1e-3, y: box.y - 1e-3, w: box.w + 2e-3, h: box.h + 2e-3 }, { ...at, w: 0, h: 0 }))
  }))
})

test('the distance to a curve is nothing on it, and right beside it', () => {
  const straight = linkCurve({ x: 0, y: 0 }, { x: 300, y: 0 })
  near(distanceTo(straight, { x: 150, y: 12 }), 12)
  near(distanceTo(straight, { x: -5, y: 0 }), 5)
  const bent = linkCurve({ x: 0, y: 0 }, { x: 200, y: 120 })
  assert.ok(distanceTo(bent, pointAt(bent, 0.37)) < 1)
})

test('property: the grid finds what a walk over all boxes finds, after moves and removals', () => {
  const far = fc.record({ x: fc.constantFrom(-1e9, 0, 1e9), y: fc.constantFrom(0, 1e9), w: fc.constantFrom(0, 1e6), h: fc.constantFrom(10, 1e9) })
  const box = fc.oneof({ weight: 8, arbitrary: rect }, { weight: 1, arbitrary: far })
  fc.assert(fc.property(fc.array(fc.tuple(fc.nat(20), fc.option(box)), { maxLength: 60 }), box, (changes, view) => {
    const index = new GridIndex()
    const all = new Map()
    for (const [id, at] of changes) {
      if (at) {
        index.set(String(id), at)
        all.set(String(id), at)
      } else {
        index.delete(String(id))
        all.delete(String(id))
      }
    }
    const expected = [...all].filter(([, at]) => intersects(at, view)).map(([id]) => id)
    assert.deepEqual([...index.query(view)].sort(), expected.sort())
    assert.equal(index.size, all.size)
  }))
})

const shape = (more = {}) => ({
  title: 'KSampler', size: [240, 0], collapsed: false, bare: false, inputs: [], outputs: [], widgets: [], picture: false, aspect: null,
  ...more
})
const socket = (side, index, widget = null) => ({ side, index, name: `${side}${index}`, label: 'Name', type: 'X', optional: false, list: false, widget })
const widget = (name, more = {}) => ({ name, label: name, kind: 'number', height: 26, grows: false, wide: false, control: false, upload: false, ...more })

test('a layout puts rows under one another, inputs left, outputs right, and never cuts any off', () => {
  const all = layout(shape({
    inputs: [socket('in', 0), socket('in', 1), socket('in', 2, 'steps')], outputs: [socket('out', 0)],
    widgets: [widget('steps'), widget('seed', { control: true })]
  }))
  const [first, second, , fed] = [...all.sockets.filter(({ side }) => side === 'in').slice(0, 2), null, all.sockets.find((each) => each.widget)]
  assert.equal(first.x, 0)
  assert.ok(second.y > first.y)
  assert.equal(all.sockets.find(({ side }) => side === 'out').x, 240)
  assert.equal(all.sockets.find(({ side }) => side === 'out').y, first.y)
  const [steps, seed] = all.widgets
  assert.equal(fed.y, steps.rect.y + steps.rect.h / 2, 'a widget\'s socket is on its row')
  assert.ok(steps.rect.y > second.y && seed.rect.y >= steps.rect.y + steps.rect.h)
  assert.equal(steps.field.x, seed.field.x, 'values stand in one column')
  assert.ok(all.height >= seed.rect.y + seed.rect.h)
  assert.deepEqual(all.rect, { x: 0, y: -TITLE, w: 240, h: all.height + TITLE })
})

test('a collapsed node has room for its title', () => {
  // Semibold letters of 13 px are about 8 wide; the signs round the title and the margins take 62.
  for (const title of ['KSampler', 'VAE Decode', 'Empty Latent Image']) {
    assert.ok(layout(shape({ title, collapsed: true })).width >= title.length * 8 + 62, title)
  }
  assert.equal(layout(shape({ title: 'x'.repeat(100), collapsed: true })).width, 240)
})

test('spare height goes to text, or to the picture', () => {
  const text = widget('text', { kind: 'text', height: 64, grows: true, wide: true })
  const [small, tall] = [100, 400].map((height) => layout(shape({ widgets: [text], size: [240, height] })))
  assert.ok(tall.widgets[0].rect.h > small.widgets[0].rect.h + 250)
  const shown = layout(shape({ widgets: [widget('x')], size: [240, 400], picture: true }))
  assert.ok(shown.picture.h > 300)
  assert.equal(shown.picture.y + shown.picture.h, shown.height)
})

test('room for a picture is kept before it comes, so nothing moves when it does', () => {
  const before = layout(shape({ widgets: [widget('x')], size: [240, 300], picture: true }))
  const after = layout(shape({ widgets: [widget('x')], size: [240, 300], picture: true, aspect: 1 }))
  assert.deepEqual(after.picture, before.picture)
  assert.equal(after.height, before.height)
})

test('a preview uses spare room, or makes some', () => {
  const tall = layout(shape({ widgets: [widget('x')], size: [240, 400], aspect: 1 }))
  assert.equal(tall.height, 400)
  const flat = layout(shape({ widgets: [widget('x')], size: [240, 0], aspect: 0.5 }))
  assert.ok(Math.abs(flat.picture.h - 120) < 1)
})

test('property: everything lies inside of its node, and widgets do not overlap', () => {
  const kinds = fc.constantFrom('number', 'text', 'combo', 'toggle')
  const widgets = fc.array(fc.record({ kind: kinds, height: fc.integer({ min: 20, max: 200 }), grows: fc.boolean(), wide: fc.boolean(), control: fc.boolean(), label: fc.string({ maxLength: 80 }) }), { maxLength: 8 })
  const size = fc.tuple(fc.integer({ min: 0, max: 2000 }), fc.integer({ min: 0, max: 2000 }))
  fc.assert(fc.property(widgets, fc.nat(6), fc.nat(6), size, fc.boolean(), fc.option(fc.double({ min: 0.1, max: 5, noNaN: true })), (rows, ins, outs, given, picture, aspect) => {
    const all = layout(shape({
      size: given, picture, aspect, widgets: rows.map((row, index) => widget(`w${index}`, row)),
      inputs: Array.from({ length: ins }, (_, index) => socket('in', index)), outputs: Array.from({ length: outs }, (_, index) => socket('out', index))
    }))
    let bottom = 0
    for (const { rect: row, field } of all.widgets) {
      assert.ok(row.y >= bottom - 1e-6)
      bottom = row.y + row.h
      assert.ok(field.w > 0 && field.x >= 0 && field.x + field.w <= all.width)
    }
    assert.ok(bottom <= all.height + 1e-6)
    assert.ok(all.height >= given[1] || all.height >= all.least[1])
    for (const { x, y } of all.sockets) assert.ok((x === 0 || x === all.width) && y > 0 && y < all.height)
    if (all.picture) assert.ok(all.picture.y >= bottom && all.picture.y + all.picture.h <= all.height + 1e-6)
  }))
})

test('what is hit: sockets before rows, a value and its label, title, corner, nothing', () => {
  const all = layout(shape({ inputs: [socket('in', 0), socket('in', 1, 'cfg')], widgets: [widget('cfg')], size: [240, 200] }))
  const hit = (x, y) => {
    const found = hitNode(all, { x, y }, 10)
    return found && (found.part ?? found.socket?.name) && [found.kind, found.part ?? found.socket.name].join(' ')
  }
  const row = all.widgets[0]
  const y = row.rect.y + 13
  assert.equal(hit(2, all.sockets[0].y), 'socket in0')
  assert.equal(hit(-6, all.sockets[0].y), 'socket in0')
  assert.equal(hit(2, y), 'socket in1')
  assert.equal(hit(30, y), 'widget label')
  assert.equal(hit(row.field.x + row.field.w / 2, y), 'widget value')
  assert.equal(hit(100, -10), 'part title')
  assert.equal(hit(236, 197), 'part resize')
  assert.equal(hit(100, 150), 'part body')
  assert.equal(hit(300, 150), null)
})

test('boxes', () => {
  assert.deepEqual(between({ x: 5, y: 1 }, { x: 2, y: 8 }), { x: 2, y: 1, w: 3, h: 7 })
  assert.deepEqual(bounds([{ x: 0, y: 0, w: 1, h: 1 }, { x: 5, y: -2, w: 1, h: 1 }]), { x: 0, y: -2, w: 6, h: 3 })
  assert.equal(bounds([]), null)
  assert.ok(contains({ x: 0, y: 0, w: 2, h: 2 }, { x: 0, y: 1.9 }) && !contains({ x: 0, y: 0, w: 2, h: 2 }, { x: 2, y: 1 }))
})
