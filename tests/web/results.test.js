/** What the page reads out of the outputs of nodes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { picturesOf, resultsOf, textsOf } from '../../web/app/results.js'
import { kindOf } from '../../web/view/media.js'

const file = (filename, subfolder = '') => ({ filename, subfolder, type: 'output' })

test('the name tells a video and a drawing from a picture', () => {
  assert.deepEqual(['a.MP4', 'b.webm', 'c.mov', 'd.svg', 'e.webp', 'f.png', 'mp4', 'g.mp4.png'].map(kindOf),
    ['video', 'video', 'video', 'drawing', 'picture', 'picture', 'picture', 'picture'])
})

test('what moves is told: videos by their name, pictures by `animated`, for each or for all', () => {
  const moves = (output) => picturesOf(output).map(({ moving }) => moving === true)
  assert.deepEqual(moves({ images: [file('a.webp'), file('b.webp')], animated: [true] }), [true, true])
  assert.deepEqual(moves({ images: [file('a.webp'), file('b.webp')], animated: [true, false] }), [true, false])
  assert.deepEqual(moves({ images: [file('a.png')], animated: [false] }), [false])
  assert.deepEqual(moves({ images: [file('a.png')] }), [false])
  assert.deepEqual(moves({ gifs: [{ ...file('a.mp4'), format: 'video/h264-mp4' }] }), [true])
})

test('files that are no pictures are words, and no results', () => {
  const output = { files: [file('m_00001_.safetensors', 'checkpoints')], latents: [file('l_00001_.latent')], text: ['a', ['b']] }
  assert.deepEqual(textsOf(output), ['a', 'b', 'Saved output/checkpoints/m_00001_.safetensors', 'Saved output/l_00001_.latent'])
  assert.deepEqual(picturesOf(output), [])
  assert.deepEqual(resultsOf('p', {}, { 1: output }, async () => null), [])
  assert.deepEqual(textsOf({ files: 'x', latents: [null, 3] }), [])
})
