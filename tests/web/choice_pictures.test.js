import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ChoicePictures, modelPictures } from '../../web/app/choice_pictures.js'

test('a list has the pictures of the folder that it lists', () => {
  const kinds = { loras: { 'ink.safetensors': 7, 'b/oil.safetensors': 8 }, checkpoints: { 'ink.safetensors': 9, 'base.ckpt': 9 } }
  const pictureOf = modelPictures(kinds, ['ink.safetensors', 'b/oil.safetensors', 'bare.safetensors'])
  assert.equal(pictureOf('b/oil.safetensors'), '/easel/model_picture/loras?name=b%2Foil.safetensors&v=8')
  assert.equal(pictureOf('bare.safetensors'), null)
  assert.equal(modelPictures(kinds, ['euler', 'heun']), null)
})

test('pictures of the input folder are their own; those of models are asked for once, when there is time', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  let asked = 0
  const pictures = new ChoicePictures({ modelPictures: async () => (asked++, { loras: { 'a.safetensors': 1 } }) })
  const combo = (options, more) => ({ kind: 'combo', options, upload: null, ...more })
  assert.match(pictures.of(combo(['a/cat.png'], { upload: 'image' }))('a/cat.png [output]'), /filename=cat\.png&subfolder=a&type=output&preview=webp%3B80&size=256$/)
  assert.equal(pictures.of(combo(['a.safetensors'])), null)
  pictures.forget()
  t.mock.timers.tick(500)
  await new Promise((resolve) => setImmediate(resolve))
  assert.notEqual(pictures.of(combo(['a.safetensors'])), null)
  assert.equal(pictures.of(combo(['euler', 'heun'])), null)
  assert.equal(asked, 1)
})
