import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fitting, readQuery, searchTypes, split } from '../../web/model/search.js'
import { Schema } from '../../web/model/schema.js'

const entry = (title, category = 'x', more = {}) => ({ input: { required: more.inputs ?? {} }, output: more.outputs ?? [], display_name: title, category, ...more })
const schema = new Schema({
  KSampler: entry('KSampler', 'sampling', { inputs: { latent_image: ['LATENT'], steps: ['INT', {}] }, outputs: ['LATENT'] }),
  KSamplerAdvanced: entry('KSampler (Advanced)', 'sampling', { outputs: ['LATENT'] }),
  SamplerCustom: entry('Sampler Custom', 'sampling'),
  VAEDecode: entry('VAE Decode', 'latent', { inputs: { samples: ['LATENT'] }, outputs: ['IMAGE'] }),
  VAEDecodeTiled: entry('VAE Decode (Tiled)', 'latent'),
  LoadImage: entry('Load Image', 'image', { outputs: ['IMAGE', 'MASK'] }),
  LoadImageMask: entry('Load Image (as Mask)', 'mask'),
  ImageUpscaleWithModel: entry('Upscale Image (using Model)', 'image/upscaling', { search_aliases: ['esrgan'] }),
  OldLoad: entry('Load Image Old', 'image', { deprecated: true })
})
const names = (query, options) => searchTypes(schema, query, options).map(({ name }) => name)

test('exact, prefix, words, initials, inside, typo: in that order', () => {
  assert.deepEqual(names('ksampler').slice(0, 2), ['KSampler', 'KSamplerAdvanced'])
  assert.equal(names('vae decode')[0], 'VAEDecode')
  assert.deepEqual(names('load im').slice(0, 3), ['LoadImage', 'LoadImageMask', 'OldLoad'])
  assert.equal(names('vd')[0], 'VAEDecode')
  assert.equal(names('uiu')[0], 'ImageUpscaleWithModel')
  assert.equal(names('ampler')[0], 'KSampler')
  assert.equal(names('decdoe')[0], 'VAEDecode')
  assert.equal(names('upscle')[0], 'ImageUpscaleWithModel')
  assert.equal(names('esrgan')[0], 'ImageUpscaleWithModel')
  assert.deepEqual(names('zzzz'), [])
})

test('what was used often comes first among equals, never before a better match', () => {
  assert.equal(names('vae', { used: new Map([['VAEDecodeTiled', 9]]) })[0], 'VAEDecodeTiled')
  assert.equal(names('vae decode', { used: new Map([['VAEDecodeTiled', 9]]) })[0], 'VAEDecode')
})

test('words that begin a name written as one come before words from all over it', () => {
  const types = new Schema({ unCLIPCheckpointLoader: entry('unCLIPCheckpointLoader'), CheckpointLoaderSimple: entry('Load Checkpoint') })
  assert.equal(searchTypes(types, 'checkpoint loader')[0].name, 'CheckpointLoaderSimple')
})

test('among equals what most graphs have comes first, until something else was used more', () => {
  const sockets = { inputs: { clip: ['CLIP'] }, outputs: ['CONDITIONING'] }
  const types = new Schema({ CLIPEncodeA: entry('Clip Encode', 'x', sockets), CLIPTextEncode: entry('CLIP Text Encode (Prompt)', 'x', sockets) })
  const first = (query, options) => searchTypes(types, query, options)[0].name
  const from = { node: 'node:1', side: 'out', index: 0, name: 'CLIP', type: 'CLIP' }
  assert.equal(first('', { from }), 'CLIPTextEncode')
  assert.equal(first('encode'), 'CLIPTextEncode')
  assert.equal(first('encode', { used: new Map([['CLIPEncodeA', 1]]) }), 'CLIPEncodeA')
})

test('what is old or does not run yet comes after its like, never before another', () => {
  const types = new Schema({
    AWaits: entry('Video One', 'x', { easel_later: 'video models' }), BOld: entry('Video Two', 'x', { deprecated: true }),
    CRuns: entry('Video Three'), DInside: entry('Some video')
  })
  assert.deepEqual(searchTypes(types, 'video').map(({ name }) => name), ['CRuns', 'AWaits', 'BOld', 'DInside'])
})

test('a released link shows only what fits', () => {
  const from = { node: 'node:1', side: 'out', index: 0, name: 'LATENT', type: 'LATENT' }
  const found = names('', { from })
  assert.ok(found.includes('VAEDecode') && found.includes('KSampler') && !found.includes('LoadImage'))
  assert.deepEqual(names('', { from: { ...from, side: 'in', type: 'MASK' } }).filter((name) => !['Reroute', 'PrimitiveNode', 'SetNode', 'GetNode'].includes(name)), ['LoadImage'])
  assert.equal(fitting(schema.get('KSampler'), { ...from, type: 'INT' }), 'steps')
})

test('categories filter', () => {
  assert.deepEqual(names('', { category: 'image' }).sort(), ['ImageUpscaleWithModel', 'LoadImage', 'OldLoad'])
})

test('names are split into words', () => {
  assert.deepEqual(split('KSamplerAdvanced'), ['k', 'sampler', 'advanced'])
  assert.deepEqual(split('CLIPTextEncode load_image (mask)'), ['clip', 'text', 'encode', 'load', 'image', 'mask'])
})

test('each tier by itself comes before the next one', () => {
  const types = new Schema({
    G: entry('Bland Made', 'x', { search_aliases: [] }), Typo: entry('Blnd'), Other: entry('Something', 'blend things'),
    Inside: entry('Unblended'), Initials: entry('Bright Light Even Numbers Daily'), Words: entry('Make Blend'), Prefix: entry('Blender'), Exact: entry('Blend')
  })
  assert.deepEqual(searchTypes(types, 'blend').map(({ name }) => name), ['Exact', 'Prefix', 'Words', 'Initials', 'Inside', 'Other'])
  assert.deepEqual(searchTypes(new Schema({ A: entry('Mask Blur'), B: entry('Blur') }), 'blurr').map(({ name }) => name), ['B', 'A'], 'a typo, where nothing else is found')
})

test('what a type must take, give or belong to is typed among the words', () => {
  assert.deepEqual(readQuery('in:IMAGE  up out:mask cat:image'), { words: 'up', takes: ['image'], gives: ['mask'], category: 'image' })
  assert.deepEqual(readQuery('in: out:'), { words: '', takes: [], gives: [], category: null })
  assert.deepEqual(names('in:LATENT').sort(), ['KSampler', 'VAEDecode'])
  assert.deepEqual(names('out:IMAGE in:latent'), ['VAEDecode'])
  assert.deepEqual(names('out:im', {}).sort(), ['LoadImage', 'VAEDecode'], 'a type that is half typed')
  assert.deepEqual(names('load cat:mask'), ['LoadImageMask'])
  assert.deepEqual(names('', { takes: 'LATENT', category: 'sampling' }), ['KSampler'])
  assert.deepEqual(names('', { gives: 'MASK' }), ['LoadImage'])
  assert.deepEqual(names('in:NOTHING'), [])
})

test('with no words what was used last leads; with words the better match does', () => {
  const recent = ['VAEDecode', 'LoadImage', 'gone']
  assert.deepEqual(names('', { recent }).slice(0, 2), ['VAEDecode', 'LoadImage'])
  assert.equal(names('ksam', { recent })[0], 'KSampler')
  const fit = ({ name }) => (name === 'SamplerCustom' ? 9 : name === 'KSampler' ? -1 : 1)
  assert.equal(names('', { recent, fit })[0], 'SamplerCustom', 'where something must fit, what fits best')
  assert.ok(!names('', { fit }).includes('KSampler'))
  assert.equal(names('load image', { fit })[0], 'LoadImage')
})
