/** Files and texts from anywhere: whatever stands in them, their readers come to an end and throw nothing but sentences. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deflateSync } from 'node:zlib'

import fc from '../../web/node_modules/fast-check/lib/fast-check.js'

import { asciiJson, crc, withText } from '../../web/export/png_text.js'
import { fromInfoText } from '../../web/import/a1111.js'
import { isInfoText } from '../../web/import/infotext.js'
import { graphOf, parseJson } from '../../web/import/json.js'
import { readTexts } from '../../web/import/texts.js'

const A1111 = 'a (cat:1.2) <lora:x:0.5>\nNegative prompt: dog\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 5, Size: 512x768, Lora hashes: "x: 1, y: 2"'
const ascii = (/** @type {string} */ text) => Uint8Array.from(text, letter => letter.charCodeAt(0))
const joined = (/** @type {(Uint8Array | string | number[])[]} */ ...parts) => Uint8Array.from(parts.flatMap(part => [...(typeof part === 'string' ? ascii(part) : part)]))
const big = (/** @type {number} */ value) => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255]

/** @param {string} kind @param {Uint8Array} data */
function chunk(kind, data) {
  const body = joined(kind, data)
  return joined(big(data.length), body, big(crc(body)))
}

const HEAD = joined([137, 80, 78, 71, 13, 10, 26, 10], chunk('IHDR', Uint8Array.from([...big(4), ...big(4), 8, 2, 0, 0, 0])))
const png = (/** @type {Uint8Array[]} */ ...chunks) => joined(HEAD, ...chunks, chunk('IEND', new Uint8Array()))
const packed = (/** @type {string} */ text) => new Uint8Array(deflateSync(text))
const EXIF = joined('MM\0*', big(8), [0, 1], [0x01, 0x0f, 0, 2], big(12), big(26), big(0), 'workflow:{}\0')
const SEEDS = [
  png(chunk('tEXt', joined('prompt\0', asciiJson({ 1: { class_type: 'Say', inputs: {} } })))),
  png(chunk('zTXt', joined('workflow\0\0', packed('{"nodes": [], "links": []}')))),
  png(chunk('iTXt', joined('parameters\0\x01\0en\0\0', packed(A1111))), chunk('eXIf', EXIF)),
  joined('RIFF', [60, 0, 0, 0], 'WEBPEXIF', [EXIF.length, 0, 0, 0], EXIF),
  joined([0xff, 0xd8, 0xff, 0xe1], [0, EXIF.length + 8], 'Exif\0\0', EXIF, [0xff, 0xd9]),
  joined(big(20), 'ftypisom', big(0), 'isom', big(40), 'moov', big(32), 'udta', big(24), 'meta', big(0), big(12), 'ilst', big(4)),
  joined([0x1a, 0x45, 0xdf, 0xa3, 0x84], 'webm', [0x18, 0x53, 0x80, 0x67, 0x8c, 0x12, 0x54, 0xc3, 0x67, 0x87], 'abcdefg'),
  joined('fLaC', [0x84, 0, 0, 24], [4, 0, 0, 0], 'test', [1, 0, 0, 0], [8, 0, 0, 0], 'prompt={')
]

const edits = fc.array(fc.tuple(fc.nat(), fc.nat(8), fc.oneof(fc.uint8Array({ maxLength: 6 }), fc.constantFrom(Uint8Array.from([255, 255, 255, 255]), new Uint8Array(4)))), { maxLength: 5 })

/** @param {Uint8Array} bytes @param {[number, number, Uint8Array][]} changes */
function edited(bytes, changes) {
  for (const [place, length, other] of changes) {
    const at = place % (bytes.length + 1)
    bytes = joined(bytes.subarray(0, at), other, bytes.subarray(Math.min(bytes.length, at + length)))
  }
  return bytes
}

test('a file with some of it changed is read as far as it can be', async () => {
  for (const seed of SEEDS) await readTexts(new Blob([seed]))
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.tuple(fc.constantFrom(...SEEDS), edits).map(([seed, changes]) => edited(seed, changes)), fc.uint8Array({ maxLength: 100 })), async bytes => {
      const { texts } = await readTexts(new Blob([/** @type {Uint8Array<ArrayBuffer>} */ (bytes)]))
      for (const [keyword, text] of Object.entries(texts)) {
        assert.equal(typeof text, 'string', keyword)
        parseJson(text)
      }
    }),
    { numRuns: 400, seed: 7 }
  )
})

test('what is written into a PNG is read from it, whatever it says', async () => {
  await fc.assert(
    fc.asyncProperty(fc.json(), async text => {
      const json = asciiJson(JSON.parse(text))
      const { texts } = await readTexts(new Blob([withText(png(), 'workflow', json)]))
      assert.deepEqual(JSON.parse(/** @type {string} */ (texts.workflow)), JSON.parse(text))
    }),
    { numRuns: 100, seed: 7 }
  )
})

test('any text is told from the words of a picture, and read', () => {
  const part = fc.constantFrom('Steps: 1, ', 'Negative prompt: ', 'Sampler: ', '"', '\\', ',', ':', '<lora:a:1>', '<lora:', '(', ')', '{', '\n', 'Size: 1x', 'Lora hashes: "', '\ud800', 'Version: ')
  fc.assert(
    fc.property(fc.array(fc.oneof(part, fc.string({ maxLength: 5 })), { maxLength: 20 }), parts => {
      const text = parts.join('')
      isInfoText(text)
      assert.equal(typeof fromInfoText(text).positive, 'string')
      graphOf(parseJson(text))
    }),
    { numRuns: 400, seed: 7 }
  )
})

test('texts without end come to one', () => {
  for (const part of ['Steps: 1, ', 'a: "', 'a: b, ', '(', '<lora:', '<lora:a:1>', 'Negative prompt: ', '\n', ',', ' ', '\\', '"', '{', '[']) {
    const text = `a\nSteps: 1, ${part.repeat(Math.ceil(60_000 / part.length))}`
    if (isInfoText(text)) assert.equal(typeof fromInfoText(text).positive, 'string', part)
    parseJson(part.repeat(60_000))
  }
})
