import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deflateSync } from 'node:zlib'

import { viewUrl } from '../../web/api/client.js'
import { parseFrame } from '../../web/api/frames.js'
import { readPictureText } from '../../web/import/texts.js'
import { waitAfter } from '../../web/api/socket.js'

/** @param {number[]} numbers @param {...(string | Uint8Array)} parts @returns {ArrayBuffer} */
function frame(numbers, ...parts) {
  const head = Buffer.alloc(numbers.length * 4)
  numbers.forEach((number, index) => head.writeUInt32BE(number, index * 4))
  const all = Buffer.concat([head, ...parts.map(part => Buffer.from(/** @type {any} */ (part)))])
  return new Uint8Array(all).buffer
}

test('preview and text frames are read', async () => {
  const about = JSON.stringify({ node_id: '7', display_node_id: '3', prompt_id: 'p', image_type: 'image/png' })
  const preview = parseFrame(frame([4, about.length], about, 'PIXELS'))
  assert.ok(preview?.kind === 'preview')
  assert.deepEqual([preview.node, preview.displayNode, preview.promptId, preview.blob.type], ['7', '3', 'p', 'image/png'])
  assert.equal(await preview.blob.text(), 'PIXELS')

  const old = parseFrame(frame([1, 1], 'JPEG'))
  assert.ok(old?.kind === 'preview' && old.node === null && old.blob.type === 'image/jpeg')
  assert.deepEqual(parseFrame(frame([3, 2], '12', 'grün')), { kind: 'text', node: '12', text: 'grün' })
})

test('broken frames are nothing, not errors', () => {
  for (const bad of [new ArrayBuffer(0), frame([4]), frame([4, 4_000_000_000], '{}'), frame([4, 2], '{]', 'x'), frame([9, 0], 'x')]) {
    assert.equal(parseFrame(bad), null)
  }
})

/** @param {...[string, Buffer]} chunks */
function png(...chunks) {
  const parts = [Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])]
  for (const [type, data] of chunks) {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(data.length)
    parts.push(length, Buffer.from(type, 'latin1'), data, Buffer.alloc(4))
  }
  return Buffer.concat(parts)
}

test('every kind of text chunk is read', async () => {
  const texts = await readPictureText(new Blob([new Uint8Array(png(
    ['IHDR', Buffer.alloc(13)],
    ['tEXt', Buffer.from('prompt\0{"1": {}}')],
    ['zTXt', Buffer.concat([Buffer.from('parameters\0\0'), deflateSync('a fox')])],
    ['iTXt', Buffer.from('workflow\0\0\0\0\0{"name": "狐"}')],
    ['iTXt', Buffer.concat([Buffer.from('more\0\x01\0en\0mehr\0'), deflateSync('x'.repeat(5000))])],
    ['tEXt', Buffer.from('prompt\0second')],
    ['IEND', Buffer.alloc(0)],
  ))]))
  assert.deepEqual(texts, { prompt: '{"1": {}}', parameters: 'a fox', workflow: '{"name": "狐"}', more: 'x'.repeat(5000) })
})

test('a broken picture gives what came before the damage', async () => {
  const good = png(['IHDR', Buffer.alloc(13)], ['tEXt', Buffer.from('workflow\0{}')])
  const lying = Buffer.concat([good, Buffer.from([0xff, 0xff, 0xff, 0xff]), Buffer.from('tEXtprompt\0{}')])
  assert.deepEqual(await readPictureText(new Blob([new Uint8Array(lying)])), { workflow: '{}' })
  assert.deepEqual(await readPictureText(new Blob([new Uint8Array(png(['zTXt', Buffer.from('bad\0\0nonsense')]))])), {})
  assert.deepEqual(await readPictureText(new Blob(['{"a": 1}'])), {})
  assert.deepEqual(await readPictureText(new Blob([])), {})
})

test('a compressed chunk cannot fill the memory', async () => {
  const bomb = deflateSync(Buffer.alloc(80 * 2 ** 20))
  const file = png(['zTXt', Buffer.concat([Buffer.from('prompt\0\0'), bomb])], ['tEXt', Buffer.from('workflow\0{}')])
  assert.deepEqual(await readPictureText(new Blob([new Uint8Array(file)])), { workflow: '{}' })
})

test('waits grow, are spread, and end at ten seconds', () => {
  assert.equal(waitAfter(1, 0.5), 300)
  assert.equal(waitAfter(3, 0.5), 1200)
  assert.ok(waitAfter(2, 0) < waitAfter(2, 0.9))
  assert.ok(waitAfter(5000, 0.999) <= 12_500)
})

test('addresses of results are escaped', () => {
  assert.equal(viewUrl({ filename: 'a&b #1.png', subfolder: 'x/y', type: 'temp' }, { preview: 'webp;80' }),
    '/api/view?filename=a%26b+%231.png&subfolder=x%2Fy&type=temp&preview=webp%3B80')
  assert.equal(viewUrl({ filename: 'a.png', type: 'input' }, { maybe: true }), '/api/view?filename=a.png&subfolder=&type=input&absent=empty')
})
