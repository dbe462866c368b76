import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '../../web/node_modules/fast-check/lib/fast-check.js'
import { inLoop, loopTakes } from '../../web/geometry/polygon.js'
import { snapBox, snapEdge } from '../../web/geometry/snapping.js'
import { actOf, presetOf, PRESETS, pressName, wheelActOf } from '../../web/tools/navigation.js'
import { Shake } from '../../web/tools/shake.js'

const press = (more = {}) => ({ button: 0, ctrl: false, alt: false, shift: false, space: false, ...more })

test('every preset says what it is, pans and zooms somehow, and leaves a plain press on a node to the node', () => {
  assert.equal(new Set(PRESETS.map(({ id }) => id)).size, PRESETS.length)
  for (const preset of PRESETS) {
    assert.match(preset.about, /^[A-Z].*\.$/u)
    const acts = [...Object.values(preset.anywhere), ...Object.values(preset.empty)]
    for (const act of ['pan', 'zoom', 'select', 'lasso', 'cut', 'reroute', 'join', 'menu']) assert.ok(acts.includes(act), `${preset.id}: ${act}`)
    assert.equal(actOf(preset, press(), false), null)
    assert.equal(actOf(preset, press({ shift: true }), false), null)
    assert.equal(actOf(preset, press({ button: 2 }), false), 'menu')
    assert.equal(actOf(preset, press({ button: 1, shift: true }), true), 'pan')
    assert.equal(actOf(preset, press({ space: true, shift: true }), false), 'pan')
    for (const name of [...Object.keys(preset.anywhere), ...Object.keys(preset.empty)]) {
      const [last] = name.split('+').reverse()
      const held = (word) => name.split('+').includes(word)
      const button = { left: 0, middle: 1, right: 2, eraser: 5 }[last]
      assert.equal(pressName(press({ button, ctrl: held('Ctrl'), alt: held('Alt'), shift: held('Shift'), space: held('Space') })), name)
    }
  }
})

test('the presets are as the hands of each program know them', () => {
  const on = (id, more, empty = true) => actOf(presetOf(id), press(more), empty)
  assert.equal(on('easel', { ctrl: true }), 'cut')
  assert.equal(on('', { ctrl: true }), 'cut', 'none chosen is our own')
  assert.equal(on('easel', { ctrl: true, shift: true }, false), 'zoom')
  assert.equal(on('drag', {}), 'pan')
  assert.equal(on('drag', { ctrl: true }), 'select')
  assert.equal(on('blender', { button: 2, ctrl: true }), 'cut')
  assert.equal(on('blender', { button: 1, ctrl: true }), 'zoom')
  assert.equal(on('nuke', { alt: true }, false), 'pan')
  const wheel = (id, more) => wheelActOf(presetOf(id), { ctrl: false, alt: false, shift: false, ...more })
  assert.deepEqual(['easel', 'standard', 'drag', 'blender', 'nuke'].map((id) => wheel(id, {})), ['zoom', 'pan', 'zoom', 'zoom', 'zoom'])
  assert.equal(wheel('standard', { ctrl: true }), 'zoom')
  assert.equal(wheel('blender', { ctrl: true }), 'across')
})

test('a shake is quick and goes to and fro; a slow, a short and a straight way are none', () => {
  const shaken = (points, pause) => {
    const shake = new Shake()
    return points.some(([x, y], index) => shake.push({ x, y }, index * pause))
  }
  const zigzag = (length, count) => Array.from({ length: count * 4 }, (_, index) => {
    const turn = Math.floor(index / 4)
    const part = (index % 4) / 4
    return [turn % 2 === 0 ? part * length : (1 - part) * length, 0]
  })
  assert.equal(shaken(zigzag(80, 8), 20), true)
  assert.equal(shaken(zigzag(80, 8).map(([x]) => [0, x]), 20), true, 'up and down too')
  assert.equal(shaken(zigzag(80, 8), 150), false, 'slow')
  assert.equal(shaken(zigzag(12, 8), 20), false, 'short')
  assert.equal(shaken(Array.from({ length: 50 }, (_, index) => [index * 10, index]), 10), false, 'straight')
})

test('a box stands in line with its neighbours when it comes near', () => {
  const other = { x: 0, y: 0, w: 200, h: 100 }
  const near = snapBox({ x: 203, y: 300, w: 100, h: 50 }, [other], 6)
  assert.deepEqual(near.by, { x: -3, y: 0 })
  assert.deepEqual(near.guides, [{ axis: 'x', at: 200, from: 0, to: 350 }])
  const middle = snapBox({ x: 52, y: 300, w: 100, h: 50 }, [other], 6)
  assert.deepEqual(middle.by, { x: -2, y: 0 })
  assert.deepEqual(snapBox({ x: 300, y: 300, w: 100, h: 50 }, [other], 6), { by: { x: 0, y: 0 }, guides: [] })
  assert.equal(snapEdge(97, 'y', [other], 6), 100)
  assert.equal(snapEdge(50, 'y', [other], 6), 50, 'an edge keeps to edges')
})

test('property: a box never goes farther than its reach, and is in line where it went', () => {
  const rect = fc.record({ x: fc.integer({ min: -500, max: 500 }), y: fc.integer({ min: -500, max: 500 }), w: fc.integer({ min: 1, max: 300 }), h: fc.integer({ min: 1, max: 300 }) })
  fc.assert(fc.property(rect, fc.array(rect, { maxLength: 6 }), (box, others) => {
    const { by, guides } = snapBox(box, others, 6)
    assert.ok(Math.abs(by.x) < 6 && Math.abs(by.y) < 6)
    if (by.x !== 0) assert.ok(guides.some(({ axis }) => axis === 'x'))
    if (by.y !== 0) assert.ok(guides.some(({ axis }) => axis === 'y'))
  }))
})

test('a loop takes what it holds and what it passes', () => {
  const loop = [{ x: 0, y: 0 }, { x: 100, y: 0 }, { x: 100, y: 100 }, { x: 0, y: 100 }]
  assert.equal(inLoop(loop, { x: 50, y: 50 }), true)
  assert.equal(inLoop(loop, { x: 150, y: 50 }), false)
  assert.equal(inLoop([], { x: 1, y: 1 }), false)
  assert.equal(loopTakes(loop, { x: 40, y: 40, w: 10, h: 10 }), true)
  assert.equal(loopTakes(loop, { x: 90, y: 90, w: 100, h: 100 }), true)
  assert.equal(loopTakes([{ x: 50, y: -50 }, { x: 52, y: 50 }, { x: 54, y: -50 }], { x: 0, y: 0, w: 100, h: 100 }), true)
  assert.equal(loopTakes(loop, { x: 200, y: 200, w: 100, h: 100 }), false)
})
