/** Pictures on nodes: what is shown, in which room, how it is looked at, and what of it is kept in memory. */
import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import fc from '../../web/node_modules/fast-check/lib/fast-check.js'
import { picturesOf as readPictures } from '../../web/app/results.js'
import { layout } from '../../web/geometry/layout.js'
import { asBox, cropOf, dragged, inside } from '../../web/model/crop.js'
import { isElsewhere } from '../../web/model/file_names.js'
import { readWidget } from '../../web/model/widget_specs.js'
import { widgetsOf } from '../../web/model/widget_values.js'
import { summary } from '../../web/panels/picture_details.js'
import { bitmapOf, clock, kindOf } from '../../web/view/media.js'
import { fileRef, fileValue, hintOf, lookAt, picturesOf, roomFor, setLook, sidesOf } from '../../web/view/node_pictures.js'
import { Pictures } from '../../web/view/pictures.js'

const real = { fetch: globalThis.fetch, createImageBitmap: globalThis.createImageBitmap }
afterEach(() => Object.assign(globalThis, real))

const ref = (filename, more = {}) => ({ filename, subfolder: '', type: 'output', ...more })

test('names of files in widgets name them wholly, there and back', () => {
  for (const value of ['a.png', 'b/c d.png', 'clipspace/x.png [output]', 'ä/ö.webp [temp]']) assert.equal(fileValue(fileRef(value)), value)
  assert.equal(fileValue(fileRef('a.png [input]')), 'a.png')
})

test('a painted mask is no missing file, a name without a folder may be', () => {
  const spec = { upload: 'image' }
  assert.ok(isElsewhere(spec, 'clipspace/m.png [input]') && isElsewhere(spec, 'm.png [output]') && isElsewhere(spec, 'sub/m.png'))
  assert.ok(!isElsewhere(spec, 'm.png') && !isElsewhere({ upload: null }, 'a/b.safetensors') && !isElsewhere(spec, 3))
})

test('results of nodes that compare have two sides; sounds and videos are results too', () => {
  const output = { a_images: [ref('a.png'), ref('a2.png')], b_images: [ref('b.png')] }
  const refs = readPictures(output)
  assert.deepEqual(refs.map(({ filename, side }) => [filename, side]), [['a.png', 'a'], ['a2.png', 'a'], ['b.png', 'b']])
  assert.equal(sidesOf(refs)?.b.filename, 'b.png')
  assert.equal(sidesOf(readPictures({ a_images: [ref('a.png')] })), null)
  assert.deepEqual(readPictures({ audio: [ref('x.flac')], video: [ref('y.mp4')], a_images: 'no list', b_images: [null, {}] }).map(({ filename }) => kindOf(filename)), ['video', 'sound'])
})

test('how one looks at pictures is gone with them', () => {
  const first = [ref('a.png'), ref('b.png')]
  assert.equal(lookAt(first).index, null)
  setLook(first, { index: 1 })
  setLook(first, { split: 0.2 })
  assert.deepEqual(lookAt(first), { index: 1, split: 0.2 })
  assert.equal(lookAt([...first]).index, null)
})

const type = (inputs, output = false) => ({ picture: true, output, inputs: inputs.map((name) => ({ type: name, widget: null })) })

test('the room that is kept is the same before and after a picture comes', () => {
  const nothing = { preview: null, refs: [], text: '' }
  for (const each of [type(['IMAGE'], true), type(['*'], true), type(['AUDIO'], true)]) {
    const before = roomFor(each, nothing, false)
    for (const shown of [{ ...nothing, refs: [ref('a.png')] }, { ...nothing, text: 'words' }, { ...nothing, preview: {} }]) assert.equal(roomFor(each, shown, false), before)
  }
  assert.equal(roomFor(undefined, nothing, false), null)
  assert.equal(roomFor(undefined, { ...nothing, preview: {} }, false), 0)
  assert.equal(roomFor(undefined, { ...nothing, preview: {} }, true), 1, 'a node that has a picture keeps its size')
  assert.equal(hintOf(type(['IMAGE'], true)), 'The picture comes here')
  assert.equal(hintOf(type(['*'], true)), 'The value comes here')
})

const side = (name, count) => Array.from({ length: count }, (_, index) => ({ side: name, index, name: `${name}${index}`, label: 'x', type: 'LATENT', optional: false, list: false, widget: null }))
const shape = (size, inputs, outputs, aspect) => ({ title: 'Sampler', size, collapsed: false, bare: false, inputs: side('in', inputs), outputs: side('out', outputs), widgets: [], picture: false, aspect })

test('a preview never makes a node grow: it takes spare room, or the corner beside the sockets, or none', () => {
  fc.assert(fc.property(fc.integer({ min: 100, max: 600 }), fc.integer({ min: 0, max: 600 }), fc.integer({ min: 0, max: 7 }), fc.integer({ min: 0, max: 7 }), (w, h, inputs, outputs) => {
    const before = layout(shape([w, h], inputs, outputs, null))
    const after = layout(shape([w, h], inputs, outputs, 0))
    assert.deepEqual([after.width, after.height], [before.width, before.height])
    assert.deepEqual(after.sockets, before.sockets)
    const { picture } = after
    if (picture) assert.ok(picture.x >= 0 && picture.y >= 0 && picture.x + picture.w <= after.width && picture.y + picture.h <= after.height)
    if (Math.abs(inputs - outputs) >= 2) assert.ok(picture)
  }))
  assert.equal(layout(shape([300, 110], 4, 1, 0)).picture?.corner, true)
  assert.equal(layout(shape([300, 400], 4, 1, 0)).picture?.corner, undefined)
})

test('a long text is shown in part, at once', () => {
  const lines = ['x'.repeat(10_000_000), 'y']
  const { text } = picturesOf({ type: 'PreviewAny', values: [] }, { get: () => undefined }, { preview: null, images: [], text: lines })
  assert.ok(text.length <= 20_002)
  assert.equal(picturesOf({ type: 'PreviewAny', values: [] }, { get: () => undefined }, { preview: null, images: [], text: lines }).text, text)
})

test('times of videos and sounds', () => {
  assert.deepEqual([0, 7, 67, 3671].map(clock), ['0:00', '0:07', '1:07', '1:01:11'])
})

// What is fetched and kept

/** A server of pictures. @param {(url: string) => {bytes?: number, width?: number, height?: number} | null} tell */
function serve(tell) {
  const asked = []
  const open = new Set()
  globalThis.fetch = async (url) => {
    asked.push(url)
    const file = tell(url)
    return { ok: file !== null, status: file ? 200 : 404, headers: new Headers({ 'Content-Length': String(file?.bytes ?? 1000) }), body: { cancel: async () => undefined }, blob: async () => file }
  }
  globalThis.createImageBitmap = async (from, size = {}) => {
    const bitmap = { width: size.resizeWidth ?? from.width ?? 512, height: size.resizeHeight ?? from.height ?? 512, close: () => open.delete(bitmap) }
    open.add(bitmap)
    return bitmap
  }
  return { asked, open }
}

test('a heavy picture is fetched as a small version; one that is small in bytes and large in pixels is kept small', async () => {
  const { asked, open } = serve((url) => (url.includes('size=') ? { width: 1024, height: 768 } : url.includes('heavy') ? { bytes: 9e6, width: 8000, height: 6000 } : { width: 6000, height: 3000 }))
  assert.equal((await bitmapOf('/view?filename=heavy.png', 'picture')).width, 1024)
  assert.deepEqual(asked, ['/view?filename=heavy.png', '/view?filename=heavy.png&preview=webp;85&size=1024'])
  const flat = await bitmapOf('/view?filename=flat.png', 'picture')
  assert.deepEqual([flat.width, flat.height], [1024, 512])
  assert.equal(open.size, 2, 'the large one was let go')
  await assert.rejects(bitmapOf('/view?filename=x.wav', 'sound'))
})

test('hundreds of pictures take no more memory than the budget, and come again when they are seen again', async () => {
  const { asked, open } = serve(() => ({ width: 2000, height: 2000 }))
  const pictures = new Pictures(({ filename }) => filename, () => undefined)
  for (let number = 0; number < 200; number++) await pictures.load(ref(`${number}.png`))
  const pixels = [...open].reduce((sum, { width, height }) => sum + width * height, 0)
  assert.ok(pixels <= 64_000_000, `${pixels} pixels are kept`)
  assert.equal(pictures.get(ref('199.png')).state, 'ready')
  await pictures.load(ref('0.png'))
  assert.equal(asked.filter((url) => url === '0.png').length, 2)
})

test('with more in view than there is room for, pictures do not chase each other out for ever', async () => {
  const { asked } = serve(() => ({ width: 2000, height: 2000 }))
  const pictures = new Pictures(({ filename }) => filename, () => undefined)
  const all = Array.from({ length: 40 }, (_, number) => ref(`${number}.png`))
  for (let frame = 0; frame < 5; frame++) {
    for (const each of all) pictures.get(each)
    await new Promise((done) => setTimeout(done, 5))
  }
  assert.equal(asked.length, 40)
  assert.ok(all.filter((each) => pictures.get(each).state === 'ready').length >= 16)
})

test('a picture that is not there, or does not decode, is told and throws nothing', async () => {
  serve((url) => (url === 'gone.png' ? null : { width: 1, height: 1 }))
  let changes = 0
  const pictures = new Pictures(({ filename }) => filename, () => { changes++ })
  await pictures.load(ref('gone.png'))
  assert.equal(pictures.get(ref('gone.png')).state, 'failed')
  globalThis.createImageBitmap = async () => { throw new Error('no picture') }
  await pictures.load(ref('broken.png'))
  assert.equal(pictures.get(ref('broken.png')).state, 'failed')
  assert.ok(changes >= 2)
})

// The crop box

const number = (name) => ({ name, spec: { kind: 'number', integer: true } })

test('four numbers make a box, whatever begins their names', () => {
  assert.deepEqual(cropOf(['width', 'height', 'x', 'y'].map(number)), { x: 'x', y: 'y', w: 'width', h: 'height' })
  assert.deepEqual(cropOf(['crop_x', 'crop_y', 'crop_width', 'crop_height', 'width'].map(number)), { x: 'crop_x', y: 'crop_y', w: 'crop_width', h: 'crop_height' })
  assert.equal(cropOf(['width', 'height'].map(number)), null)
  assert.equal(cropOf([...['width', 'height', 'x'].map(number), { name: 'y', spec: { kind: 'number', integer: false } }]), null)
})

test('a widget that holds a box is one, and what is none is told apart', () => {
  const [box] = widgetsOf({ name: 'Crop', inputs: [{ name: 'region', widget: readWidget('region', 'BOUNDING_BOX', {}) }] }, { values: [] })
  assert.deepEqual(cropOf([box]), { box: 'region' })
  assert.deepEqual(asBox(box.value), { x: 0, y: 0, w: 512, h: 512 })
  for (const wrong of [null, 'x', [1, 2, 3, 4], { x: 1, y: 2, width: 'a', height: 3 }, { x: NaN, y: 0, width: 1, height: 1 }]) assert.equal(asBox(wrong), null)
})

test('a dragged box stays inside, its far side where it was, its shape kept when asked', () => {
  const box = { x: 100, y: 80, w: 200, h: 100 }
  assert.deepEqual(dragged(box, 'se', { x: 50, y: 20 }, 640, 480, null), { x: 100, y: 80, w: 250, h: 120 })
  assert.deepEqual(dragged(box, 'nw', { x: -500, y: -500 }, 640, 480, null), { x: 0, y: 0, w: 300, h: 180 })
  assert.deepEqual(dragged(box, 'e', { x: -500, y: 0 }, 640, 480, null), { x: 100, y: 80, w: 1, h: 100 })
  assert.deepEqual(dragged(box, 'move', { x: 9999, y: -9999 }, 640, 480, null), { x: 440, y: 0, w: 200, h: 100 })
  assert.deepEqual(dragged(box, 'se', { x: 100, y: 0 }, 640, 480, 2), { x: 100, y: 80, w: 300, h: 150 })
  const handles = ['n', 's', 'e', 'w', 'ne', 'nw', 'se', 'sw', 'move']
  const any = fc.integer({ min: -2000, max: 2000 })
  fc.assert(fc.property(fc.constantFrom(...handles), any, any, fc.constantFrom(null, 1, 1.5, 9 / 16), (handle, x, y, aspect) => {
    const next = dragged(box, handle, { x, y }, 640, 480, aspect)
    assert.ok(next.x >= 0 && next.y >= 0 && next.w >= 1 && next.h >= 1 && next.x + next.w <= 640 && next.y + next.h <= 480)
    assert.ok(Object.values(next).every(Number.isInteger))
    if (aspect && handle !== 'move' && next.w > 20 && next.h > 20) assert.ok(Math.abs(next.w - next.h * aspect) <= Math.max(1, aspect) + 1e-9)
    if (handle === 'se') assert.deepEqual([next.x, next.y], [100, 80])
    if (handle === 'nw') assert.deepEqual([next.x + next.w, next.y + next.h], [300, 180])
  }))
  assert.deepEqual(inside({ x: 900, y: 900, w: 5000, h: 10 }, 640, 480), { x: 0, y: 470, w: 640, h: 10 })
})

test('what a picture tells of its prompt: texts, models, seeds; nothing of what is no prompt', () => {
  const prompt = {
    1: { class_type: 'CheckpointLoaderSimple', inputs: { ckpt_name: 'fox.safetensors' } },
    2: { class_type: 'CLIPTextEncode', inputs: { text: 'a fox', clip: ['1', 1] }, _meta: { title: 'Prompt' } },
    3: { class_type: 'KSampler', inputs: { seed: 7, steps: 20, cfg: 3, positive: ['2', 0] } },
    4: null, 5: { class_type: 'X' }
  }
  assert.deepEqual(summary(prompt), [
    { label: 'Prompt', value: 'a fox' }, { label: 'Checkpoint', value: 'fox.safetensors' }, { label: 'Seed', value: '7' }, { label: 'Steps', value: '20' }, { label: 'CFG', value: '3' }
  ])
  for (const wrong of [null, 3, 'x', [], [null]]) assert.deepEqual(summary(wrong), [])
})
