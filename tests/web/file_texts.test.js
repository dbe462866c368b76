/** What files carry beside their picture, film or sound: real ones of other programs, and broken ones. */
import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { test } from 'node:test'
import { deflateSync, gzipSync } from 'node:zlib'

import fc from '../../web/node_modules/fast-check/lib/fast-check.js'

import { unpack } from '../../web/import/bytes.js'
import { readStealth } from '../../web/import/stealth.js'
import { readPictureText, readTexts } from '../../web/import/texts.js'

const CARRIERS = new URL('carriers/', import.meta.url)
const carrier = (/** @type {string} */ name) => new Uint8Array(readFileSync(new URL(name, CARRIERS)))

for (const name of ['graph.webp', 'graph.avif', 'graph.mp4', 'graph.webm', 'graph.flac']) {
  test(`${name} tells its graph and its prompt`, async () => {
    const texts = await readPictureText(new Blob([carrier(name)]))
    assert.deepEqual(JSON.parse(texts.workflow ?? ''), { nodes: [], links: [], version: 0.4 })
    assert.deepEqual(JSON.parse(texts.prompt ?? ''), { 1: { class_type: 'Load', inputs: {} } })
  })
}

test('a JPEG tells the words of its user’s comment', async () => {
  const { UserComment } = await readPictureText(new Blob([carrier('a1111.jpg')]))
  assert.match(UserComment ?? '', /^a red fox, \(night:1\.2\)\nNegative prompt: blurry\nSteps: 20/u)
})

/** EXIF with one comment, as it lies in a JPEG. @param {Uint8Array} comment */
function jpeg(comment) {
  const exif = new DataView(new ArrayBuffer(8 + 2 + 12 + 4 + 2 + 12 + 4))
  exif.setUint16(0, 0x4949)
  exif.setUint16(2, 42, true)
  exif.setUint32(4, 8, true)
  exif.setUint16(8, 1, true)
  const entry = (/** @type {number} */ at, /** @type {number[]} */ [name = 0, type = 0, count = 0, value = 0]) => {
    exif.setUint16(at, name, true)
    exif.setUint16(at + 2, type, true)
    exif.setUint32(at + 4, count, true)
    exif.setUint32(at + 8, value, true)
  }
  entry(10, [0x8769, 4, 1, 26])
  exif.setUint16(26, 1, true)
  entry(28, [0x9286, 7, comment.length, 44])
  const body = [...Buffer.from('Exif\0\0'), ...new Uint8Array(exif.buffer), ...comment]
  return new Blob([new Uint8Array([0xff, 0xd8, 0xff, 0xe1, (body.length + 2) >> 8, (body.length + 2) & 255, ...body, 0xff, 0xd9])])
}

test('a comment is read in each of its encodings, and in those that its writers meant', async () => {
  const words = 'ein Fuchs, ⻁, 🦊'
  const wide = Buffer.from(words, 'utf16le')
  const big = Buffer.from(wide).swap16()
  const cases = /** @type {[string, Buffer, string][]} */ ([
    ['UNICODE\0', big, words], ['UNICODE\0', wide, words], ['UNICODE\0', Buffer.from([0xff, 0xfe, ...wide]), words],
    ['ASCII\0\0\0', Buffer.from('a fox'), 'a fox'], ['ASCII\0\0\0', Buffer.from(words), words],
    ['JIS\0\0\0\0\0', Buffer.from([0x1b, 0x24, 0x42, 0x38, 0x51, 0x1b, 0x28, 0x42]), '狐'], ['\0\0\0\0\0\0\0\0', Buffer.from('a fox\0\0'), 'a fox']
  ])
  for (const [kind, body, expected] of cases) assert.equal((await readPictureText(jpeg(Buffer.concat([Buffer.from(kind, 'latin1'), body])))).UserComment, expected, kind)
})

/** @param {...[string, Uint8Array]} chunks */
const png = (...chunks) => {
  const parts = chunks.flatMap(([type, data]) => {
    const head = Buffer.alloc(8)
    head.writeUInt32BE(data.length)
    head.write(type, 4, 'latin1')
    return [head, data, Buffer.alloc(4)]
  })
  return new Blob([Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), ...parts])])
}

test('a text of a PNG that would fill the memory is passed over and told, and what follows is read', async () => {
  const bomb = Buffer.concat([Buffer.from('workflow\0\0'), deflateSync(Buffer.alloc(200 * 2 ** 20))])
  const found = await readTexts(png(['zTXt', bomb], ['iTXt', Buffer.concat([Buffer.from('parameters\0\x01\0\0\0'), deflateSync(Buffer.from('a fox'))])]))
  assert.equal(found.texts.parameters, 'a fox')
  assert.equal(found.texts.workflow, undefined)
  assert.equal(found.tooLarge.length, 1)
})

test('an enormous chunk costs nothing, and one that lies about its length ends the reading', async () => {
  const found = await readTexts(png(['tEXt', Buffer.concat([Buffer.from('workflow\0'), Buffer.alloc(40 * 2 ** 20, 65)])], ['tEXt', Buffer.from('prompt\0{}')]))
  assert.deepEqual(found.texts, { prompt: '{}' })
  const [lying] = [new Uint8Array(await png(['tEXt', Buffer.from('prompt\0{}')], ['tEXt', Buffer.from('a\0b')]).arrayBuffer())]
  lying.set([0x7f, 0xff, 0xff, 0xff], 8 + 12 + 9)
  assert.deepEqual(await readPictureText(new Blob([lying])), { prompt: '{}' })
})

/** Bits written down the columns, as the tools do it. @param {string} name @param {Uint8Array} body @param {{ colours?: boolean, length?: number }} [how] */
function hiding(name, body, { colours = false, length = body.length * 8 } = {}) {
  const [width, height] = [64, 40]
  const data = new Uint8ClampedArray(width * height * 4).fill(254)
  const head = Buffer.alloc(4)
  head.writeUInt32BE(length >>> 0)
  const bytes = Buffer.concat([Buffer.from(name), head, body])
  const places = []
  for (let x = 0; x < width; x += 1) for (let y = 0; y < height; y += 1) for (const channel of colours ? [0, 1, 2] : [3]) places.push((y * width + x) * 4 + channel)
  for (let bit = 0; bit < bytes.length * 8; bit += 1) if ((/** @type {number} */ (bytes[bit >> 3]) >> (7 - (bit & 7))) & 1) data[/** @type {number} */ (places[bit])] = 255
  return {
    width, height,
    read: (/** @type {number} */ from, /** @type {number} */ columns) => {
      const part = new Uint8ClampedArray(columns * height * 4)
      for (let y = 0; y < height; y += 1) part.set(data.subarray((y * width + from) * 4, (y * width + from + columns) * 4), y * columns * 4)
      return part
    }
  }
}

test('words in the last bits are found in all four ways, and nothing where they lie', async () => {
  const words = Buffer.from('{"Software": "NovelAI"}')
  assert.equal(await readStealth(hiding('stealth_pngcomp', gzipSync(words))), words.toString())
  assert.equal(await readStealth(hiding('stealth_pnginfo', words)), words.toString())
  assert.equal(await readStealth(hiding('stealth_rgbcomp', gzipSync(words), { colours: true })), words.toString())
  assert.equal(await readStealth(hiding('stealth_rgbinfo', words, { colours: true })), words.toString())
  assert.equal(await readStealth(hiding('stealth_nothing', words)), null)
  assert.equal(await readStealth(hiding('stealth_pngcomp', words)), null, 'not packed')
  assert.equal(await readStealth(hiding('stealth_pnginfo', words, { length: 2 ** 31 })), null, 'longer than the picture')
})

test('what is unpacked is bounded', async () => {
  await assert.rejects(unpack(new Uint8Array(gzipSync(Buffer.alloc(10 * 2 ** 20))), 'gzip', 2 ** 20), RangeError)
})

test('files cut off or changed anywhere are read as far as they go', async () => {
  const files = readdirSync(CARRIERS).map((name) => [...carrier(name)])
  await fc.assert(fc.asyncProperty(fc.constantFrom(...files), fc.nat(), fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 12 }), async (file, cut, changes) => {
    const bytes = new Uint8Array(file.slice(0, 16 + (cut % file.length)))
    for (const [at, value] of changes) bytes[at % bytes.length] = value
    const texts = await readPictureText(new Blob([bytes]))
    assert.ok(Object.values(texts).every((text) => typeof text === 'string'))
  }), { numRuns: 600 })
})
