/** Texts of other programs, as their versions write them, turned into recipes; and whatever else is said to be one. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from '../../web/node_modules/fast-check/lib/fast-check.js'

import { fromInfoText } from '../../web/import/a1111.js'
import { build } from '../../web/import/build.js'
import { fromA1111, fromInvoke, fromNovelAi, PART } from '../../web/import/emphasis.js'
import { isInfoText, readInfoText } from '../../web/import/infotext.js'
import { fromDream, fromGraph, fromMetadata, fromOldMetadata } from '../../web/import/invokeai.js'
import { graphOf, parseJson } from '../../web/import/json.js'
import { fileMeant } from '../../web/import/names.js'
import { fromComment } from '../../web/import/novelai.js'
import { fromJsonParameters } from '../../web/import/other_tools.js'
import { readGraph, readText } from '../../web/import/read.js'
import { Schema } from '../../web/model/schema.js'

/** @param {string} text @param {Partial<import('../../web/import/recipe.js').Recipe>} expected */
function told(text, expected) {
  const recipe = fromInfoText(text)
  for (const [key, value] of Object.entries(expected)) assert.deepEqual(recipe[/** @type {keyof typeof recipe} */ (key)], value, key)
  return recipe
}

test('A1111 of 2022: the schedule in the sampler’s name, an old hash, the size before a first pass', () => {
  told(`masterpiece, best quality, a fox in the snow
Negative prompt: lowres, bad anatomy,
text
Steps: 28, Sampler: DPM++ 2M Karras, CFG scale: 11, Seed: 2870305590, Size: 512x768, Model hash: 925997e9, Clip skip: 2, ENSD: 31337`, {
    source: 'AUTOMATIC1111', positive: 'masterpiece, best quality, a fox in the snow', negative: 'lowres, bad anatomy,\ntext', steps: 28, sampler: 'dpmpp_2m', scheduler: 'karras',
    cfg: 11, seed: 2870305590, width: 512, height: 768, clipSkip: 2, model: { name: '', hash: '925997e9' }, denoise: null, hires: null
  })
  const hires = told('a\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 1024x1024, Denoising strength: 0.6, First pass size: 512x512', { width: 512, height: 512, denoise: null })
  assert.deepEqual(hires.hires, { width: 1024, height: 1024, upscaler: '', steps: 0, denoise: 0.6 })
})

test('A1111 1.6: LoRAs, hires fix, refiner, hashes in quotes', () => {
  const recipe = told(`cinematic photo <lora:add_detail:0.7>, (film grain:1.2), easynegative <lora:style/inky:0.5:0.8>
Negative prompt: EasyNegative, blurry
Steps: 30, Sampler: DPM++ 2M SDE Karras, CFG scale: 5.5, Seed: 7, Size: 832x1216, Model hash: 31e35c80fc, Model: sd_xl_base_1.0, VAE hash: 63aeecb90f, VAE: sdxl_vae.safetensors, Denoising strength: 0.35, Clip skip: 2, Hires upscale: 1.5, Hires steps: 12, Hires upscaler: 4x-UltraSharp, Lora hashes: "add_detail: 7c6bad76eb54, style/inky: abc", TI hashes: "easynegative: c74b4e810b03", Refiner: sd_xl_refiner_1.0 [7440042bbd], Refiner switch at: 0.75, Version: v1.6.0`, {
    source: 'AUTOMATIC1111 v1.6.0', positive: 'cinematic photo , (film grain:1.2), embedding:easynegative', negative: 'embedding:EasyNegative, blurry', sampler: 'dpmpp_2m_sde', scheduler: 'karras',
    loras: [{ name: 'add_detail', model: 0.7, clip: 0.7, hash: '7c6bad76eb54' }, { name: 'style/inky', model: 0.8, clip: 0.5, hash: 'abc' }],
    hires: { scale: 1.5, upscaler: '4x-UltraSharp', steps: 12, denoise: 0.35 }, refiner: { name: 'sd_xl_refiner_1.0', hash: '7440042bbd', at: 0.75 },
    vae: { name: 'sdxl_vae.safetensors', hash: '63aeecb90f' }, model: { name: 'sd_xl_base_1.0', hash: '31e35c80fc' }, denoise: null
  })
  assert.ok(recipe.left.some((sentence) => /GPU/u.test(sentence)))
})

test('A1111 1.10: the schedule by itself, a prompt of the second pass in quotes, extensions with JSON', () => {
  const recipe = told(`a tower, [red:blue:0.6] sky BREAK a river
Negative prompt: fog
Steps: 25, Sampler: Euler, Schedule type: SGM Uniform, CFG scale: 7, Seed: 99, Size: 640x448, Model: painter, RNG: CPU, Denoising strength: 0.4, Hires resize: 1280x896, Hires upscaler: Latent (bicubic), Hires prompt: "a tower,\\n\\"old\\"", Hires CFG Scale: 4, Hires sampler: Heun, ControlNet 0: "Module: canny, Model: control [d14c016b], Weight: 1.0", ADetailer model: face_yolov8n.pt, Variation seed: 5, Variation seed strength: 0.2, Version: v1.10.1`, {
    positive: `a tower, red sky${PART}a river`, scheduler: 'sgm_uniform', sampler: 'euler', width: 640, height: 448
  })
  assert.deepEqual(recipe.hires, { width: 1280, height: 896, upscaler: '', method: 'bicubic', steps: 0, denoise: 0.4, sampler: 'heun', scheduler: 'normal', cfg: 4, positive: 'a tower,\n"old"' })
  for (const word of ['Prompt editing', 'ControlNet', 'ADetailer', 'Variation seed 5']) assert.ok(recipe.left.some((sentence) => sentence.includes(word)), word)
  assert.ok(!recipe.left.some((sentence) => /GPU/u.test(sentence)), 'the noise came from the CPU')
  assert.ok(recipe.rest.some(([key, value]) => key === 'ControlNet 0' && value.startsWith('Module: canny, Model')))
})

test('Forge with Flux, SD.Next, Civitai’s generator', () => {
  told('a cat\nSteps: 20, Sampler: Euler, Schedule type: Simple, CFG scale: 1, Distilled CFG Scale: 3.5, Seed: 11, Size: 896x1152, Model hash: 275ef623d3, Model: flux1-dev-fp8, Version: f2.0.1v1.10.1-previous-313-g8a042934, Module 1: ae, Module 2: clip_l, Module 3: t5xxl_fp8_e4m3fn', {
    source: 'Forge f2.0.1v1.10.1-previous-313-g8a042934', guidance: 3.5, cfg: 1, scheduler: 'simple', encoders: [{ name: 'ae' }, { name: 'clip_l' }, { name: 't5xxl_fp8_e4m3fn' }]
  })
  told('a cat\nNegative prompt: dog\nSteps: 20, Size: 512x512, Sampler: UniPC, Seed: 5, CFG scale: 6, Model: revAnimated_v122, Parser: Full parser, App: SD.Next, Version: 5cf3822', { source: 'SD.Next', sampler: 'uni_pc' })
  told('a cat\nSteps: 25, CFG scale: 7, Sampler: Euler a, Seed: 3, Size: 512x512, Clip skip: 2, Created Date: 2024-08-08T0832:33.9420000Z, Civitai resources: [{"type":"checkpoint","modelVersionId":128713,"modelName":"DreamShaper, 8","modelVersionName":"8"},{"type":"lora","weight":0.6,"modelName":"Ink"}], Civitai metadata: {}', {
    model: { name: 'DreamShaper, 8' }, loras: [{ name: 'Ink', model: 0.6, clip: 0.6 }]
  })
})

test('img2img has no second pass, and says that its picture is elsewhere', () => {
  const recipe = told('a\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 512x512, Denoising strength: 0.55, Mask blur: 4', { denoise: 0.55, hires: null })
  assert.ok(recipe.left.some((sentence) => /mask/u.test(sentence)))
})

test('numbers that lie are told, and what is usual takes their place', () => {
  const recipe = fromInfoText('a\nSteps: 99999999, Sampler: Banana, Schedule type: Peel, CFG scale: many, Seed: 1e300, Size: -512x99999999, Clip skip: -3, Denoising strength: 7, Hires upscale: 1e9, Model: x')
  assert.deepEqual([recipe.steps, recipe.cfg, recipe.seed, recipe.width, recipe.height, recipe.clipSkip, recipe.sampler, recipe.scheduler], [20, 7, 0, 512, 512, 1, 'euler', 'normal'])
  assert.deepEqual([recipe.hires?.scale, recipe.hires?.denoise], [2, 0.7])
  for (const word of ['Steps cannot', 'CFG cannot', 'Seed cannot', 'The size cannot', 'Clip skip cannot', 'Banana', 'Peel', 'Denoising strength cannot']) assert.ok(recipe.left.some((sentence) => sentence.includes(word)), word)
})

test('a prompt alone, or a text in which a prompt speaks of steps, is taken for what it is', () => {
  assert.deepEqual(readInfoText('a fox: red, big'), { prompt: 'a fox: red, big', negative: '', values: new Map() })
  const { prompt, values } = readInfoText('Steps: up the hill\na fox\nSteps: 20, Sampler: Euler, Seed: 4')
  assert.equal(prompt, 'Steps: up the hill\na fox')
  assert.equal(values.get('Seed'), '4')
  assert.equal(isInfoText('a fox'), false)
  assert.equal(isInfoText('a fox\nSteps: 20, Sampler: Euler'), true)
})

test('weights of A1111 mean the same in our syntax', () => {
  for (const [theirs, ours] of [
    ['a (red:1.3) ((car))', 'a (red:1.3) ((car))'], ['[dim] light', '(dim:0.909) light'], ['(a (b:1.5))', '(a:1.1) (b:1.65)'], ['(a', '(a:1.1)'], ['a\\(b\\)', 'a\\(b\\)'],
    ['[cat:dog:0.3]', 'dog'], ['[cat:dog:0.7]', 'cat'], ['[cat:dog:15]', 'cat'], ['[fog:0.5]', 'fog'], ['[fog::0.5]', 'fog'], ['[a|b] c', 'a c'], ['{x}', '\\{x\\}'], [')]', '\\)]'],
    ['(a BREAK b:1.2)[c]', `(a:1.2)${PART}(b:1.2)(c:0.909)`]
  ]) assert.equal(fromA1111(/** @type {string} */ (theirs)).text, ours, theirs)
})

test('weights of NovelAI and InvokeAI mean the same in our syntax', () => {
  for (const [theirs, ours] of [['{{a}} b', '(a:1.103) b'], ['[a]', '(a:0.952)'], ['1.3::fox, snow:: b', '(fox, snow:1.3) b'], ['-0.8::feet::', '(feet:-0.8)'], ['1.2::a 0.5::b', '(a:1.2) (b:0.5)'], ['a (b)', 'a (b)'.replace('(', '\\(').replace(')', '\\)')], ['{a', '(a:1.05)']]) {
    assert.equal(fromNovelAi(/** @type {string} */ (theirs)), ours, theirs)
  }
  for (const [theirs, ours] of [['a cat++ runs', 'a (cat:1.21) runs'], ['fog-', '(fog:0.9)'], ['(red fur)1.3, snow', '(red fur:1.3), snow'], ['(a b)++', '(a b:1.21)'], ['well-lit room', 'well-lit room'], ['a \\(b\\)', 'a \\(b\\)']]) {
    assert.equal(fromInvoke(/** @type {string} */ (theirs)), ours, theirs)
  }
})

test('InvokeAI: metadata of versions 3 and 5, its graph, its workflow, and what version 2 wrote', () => {
  const three = fromMetadata({ app_version: '3.4.0', generation_mode: 'txt2img', positive_prompt: 'a fox++', negative_prompt: 'fog', width: 512, height: 640, seed: 9, rand_device: 'cpu', cfg_scale: 6.5, steps: 33, scheduler: 'dpmpp_2m_k', clip_skip: 1, model: { model_name: 'deliberate_v2', base_model: 'sd-1', model_type: 'main' }, loras: [{ lora: { model_name: 'ink', base_model: 'sd-1' }, weight: 0.6 }], vae: { model_name: 'vae-ft-mse' } })
  assert.deepEqual([three.source, three.positive, three.sampler, three.scheduler, three.steps, three.clipSkip, three.model, three.vae], ['InvokeAI 3.4.0', 'a (fox:1.21)', 'dpmpp_2m', 'karras', 33, 2, { name: 'deliberate_v2' }, { name: 'vae-ft-mse' }])
  assert.deepEqual(three.loras, [{ name: 'ink', model: 0.6, clip: 0.6 }])
  const five = fromMetadata({ app_version: '5.6.0', generation_mode: 'sdxl_img2img', positive_prompt: 'a', seed: 1, width: 1024, height: 1024, steps: 30, cfg_scale: 5, scheduler: 'euler_a', strength: 0.4, model: { key: 'x', hash: 'blake3:1', name: 'Juggernaut XL', base: 'sdxl', type: 'main' }, loras: [{ model: { name: 'Detail' }, weight: 0.5 }], controlnets: [{}] })
  assert.deepEqual([five.model, five.denoise, five.sampler, five.scheduler, five.loras[0]?.name], [{ name: 'Juggernaut XL' }, 0.4, 'euler_ancestral', 'normal', 'Detail'])
  assert.ok(five.left.some((sentence) => sentence.startsWith('ControlNet')))

  const graph = fromGraph({
    nodes: {
      load: { id: 'load', type: 'main_model_loader', model: { name: 'painter' } }, pos: { id: 'pos', type: 'compel', prompt: 'a hill' }, neg: { id: 'neg', type: 'compel', prompt: 'fog' },
      noise: { id: 'noise', type: 'noise', width: 512, height: 384, seed: 4 }, seed: { id: 'seed', type: 'integer', value: 77 }, draw: { id: 'draw', type: 'denoise_latents', steps: 12, cfg_scale: 3, scheduler: 'heun' }, odd: { id: 'odd', type: 'mask_edge' }
    },
    edges: [
      { source: { node_id: 'pos', field: 'conditioning' }, destination: { node_id: 'draw', field: 'positive_conditioning' } }, { source: { node_id: 'neg', field: 'conditioning' }, destination: { node_id: 'draw', field: 'negative_conditioning' } },
      { source: { node_id: 'seed', field: 'value' }, destination: { node_id: 'noise', field: 'seed' } }
    ]
  })
  assert.deepEqual([graph?.positive, graph?.negative, graph?.seed, graph?.height, graph?.steps, graph?.sampler, graph?.model], ['a hill', 'fog', 77, 384, 12, 'heun', { name: 'painter' }])
  assert.ok(graph?.left.some((sentence) => sentence.includes('mask_edge')))
  const workflow = fromGraph({ nodes: [{ id: '1', type: 'invocation', data: { type: 'denoise_latents', inputs: { steps: { value: 9 }, cfg_scale: { value: 4 }, scheduler: { value: 'euler' } } } }, { id: '2', type: 'invocation', data: { type: 'sdxl_compel_prompt', inputs: { prompt: { value: 'sea' } } } }], edges: [{ source: '2', sourceHandle: 'conditioning', target: '1', targetHandle: 'positive_conditioning' }] })
  assert.deepEqual([workflow?.positive, workflow?.steps], ['sea', 9])
  assert.equal(fromGraph({ nodes: {}, edges: [] }), null)

  const two = fromOldMetadata({ model_weights: 'stable-diffusion-1.5', app_version: '2.3.5', image: { prompt: [{ prompt: 'a fox [fog, rain]', weight: 1 }], steps: 50, cfg_scale: 7.5, height: 512, width: 640, seed: 8, type: 'txt2img', sampler: 'k_euler_a', variations: [] } })
  assert.deepEqual([two.positive, two.negative, two.steps, two.width, two.sampler, two.model], ['a fox', 'fog, rain', 50, 640, 'euler_ancestral', { name: 'stable-diffusion-1.5' }])
  const dream = fromDream('"a fox [fog]" -s 40 -S 123 -W 512 -H 704 -C 9 -A k_lms -f 0.6')
  assert.deepEqual([dream.positive, dream.negative, dream.steps, dream.seed, dream.height, dream.cfg, dream.sampler, dream.denoise], ['a fox', 'fog', 40, 123, 704, 9, 'lms', 0.6])
})

test('NovelAI: versions 1, 3 and 4', () => {
  const one = fromComment({ steps: 28, sampler: 'k_euler_ancestral', seed: 5, strength: 0.69, noise: 0, scale: 11, uc: 'lowres', width: 512, height: 768 }, { source: 'Stable Diffusion 81274D13', description: '{fox}, snow' })
  assert.deepEqual([one.positive, one.negative, one.sampler, one.clipSkip, one.cfg], ['(fox:1.05), snow', 'lowres', 'euler_ancestral', 2, 11])
  const three = fromComment({ prompt: 'fox', steps: 28, height: 1216, width: 832, scale: 5, uncond_scale: 0, cfg_rescale: 0.2, seed: 6, noise_schedule: 'karras', sampler: 'k_dpmpp_2m', sm: true, sm_dyn: false, uc: 'bad' }, { source: 'Stable Diffusion XL 7BCCAA2C' })
  assert.deepEqual([three.vPrediction, three.rescale, three.scheduler, three.denoise], [true, 0.2, 'karras', null])
  assert.ok(three.left.some((sentence) => sentence.startsWith('SMEA')))
  const four = fromComment({ prompt: 'two foxes', steps: 23, height: 1024, width: 1024, scale: 6, seed: 7, sampler: 'k_euler_ancestral', noise_schedule: 'karras', uc: 'bad', v4_prompt: { caption: { base_caption: 'two foxes', char_captions: [{ char_caption: 'red fox', centers: [{ x: 0.3, y: 0.5 }] }, { char_caption: '1.2::white:: fox' }] }, use_coords: true }, v4_negative_prompt: { caption: { base_caption: 'bad', char_captions: [{ char_caption: '' }] } } }, { source: 'NovelAI Diffusion V4.5 4BDE2A90' })
  assert.deepEqual([four.positive, four.negative], ['two foxes, red fox, (white:1.2) fox', 'bad'])
  assert.ok(four.left.some((sentence) => sentence.includes('places')))
})

test('SwarmUI and Fooocus', () => {
  const swarm = fromJsonParameters({ sui_image_params: { prompt: 'a [dim] fox', negativeprompt: 'fog', model: 'painter', steps: 22, cfgscale: 6.5, seed: 8, width: 832, height: 1216, sampler: 'dpmpp_2m_sde', scheduler: 'karras', loras: ['ink'], loraweights: ['0.4'], swarm_version: '0.9' } })
  assert.deepEqual([swarm?.positive, swarm?.steps, swarm?.sampler, swarm?.scheduler, swarm?.loras], ['a (dim:0.909) fox', 22, 'dpmpp_2m_sde', 'karras', [{ name: 'ink', model: 0.4, clip: 0.4 }]])
  assert.deepEqual(swarm?.rest, [['swarm_version', '0.9']])
  const fooocus = fromJsonParameters({ metadata_scheme: 'fooocus', base_model: 'juggernaut', base_model_hash: '0123456789', guidance_scale: 4, loras: [['offset', 0.1, 'ab']], prompt: 'a fox', negative_prompt: '', resolution: '(1152, 896)', sampler: 'dpmpp_2m_sde_gpu', scheduler: 'karras', seed: '77', steps: 30, styles: "['Fooocus V2']", version: 'Fooocus v2.5.0' })
  assert.deepEqual([fooocus?.source, fooocus?.width, fooocus?.height, fooocus?.seed, fooocus?.sampler, fooocus?.loras[0]?.name], ['Fooocus v2.5.0', 1152, 896, 77, 'dpmpp_2m_sde', 'offset'])
  assert.ok(fooocus?.left.some((sentence) => sentence.includes('Fooocus V2')))
  assert.equal(fromJsonParameters({ a: 1 }), null)
})

test('files are found by hash, by name in another folder, and nothing that is merely like', () => {
  const files = ['sd15/painter_v2.safetensors', 'Painter V3.ckpt', 'other.safetensors']
  assert.equal(fileMeant({ name: 'painter_v2' }, files, () => undefined), 'sd15/painter_v2.safetensors')
  assert.equal(fileMeant({ name: 'painter_v2 [0123abcd]' }, files, () => undefined), 'sd15/painter_v2.safetensors')
  assert.equal(fileMeant({ name: 'renamed', hash: 'ABCD' }, files, (hash) => (hash === 'abcd' ? 'other.safetensors' : undefined)), 'other.safetensors')
  assert.equal(fileMeant({ name: 'painter_v9' }, files, () => undefined), null)
})

const atHand = { schema: new Schema(), embeddings: ['EasyNegative'], byHash: () => undefined }

test('a graph is built in frames from left to right; nothing overlaps, and the note tells', () => {
  const recipe = fromInfoText('a AND b :0.5, easynegative\nSteps: 20, Sampler: Euler a, CFG scale: 6, Seed: 1, Size: 512x512, Model: painter, Denoising strength: 0.5, Hires upscale: 2, Hires upscaler: R-ESRGAN 4x+, Refiner: fine, RP Active: True')
  const { workflow, left } = build(recipe, atHand)
  const titles = workflow.groups.map((/** @type {any} */ group) => group.title)
  assert.deepEqual(titles, ['Model', 'Prompt', 'Draw', 'Enlarge', 'Result'])
  const boxes = workflow.groups.map((/** @type {any} */ group) => group.bounding)
  for (let at = 1; at < boxes.length; at += 1) assert.ok(boxes[at - 1][0] + boxes[at - 1][2] < boxes[at][0])
  for (const a of workflow.nodes) for (const b of workflow.nodes) {
    if (a.id < b.id) assert.ok(a.pos[0] + a.size[0] <= b.pos[0] || b.pos[0] + b.size[0] <= a.pos[0] || a.pos[1] + a.size[1] < b.pos[1] || b.pos[1] + b.size[1] < a.pos[1], `${a.type} ${b.type}`)
  }
  const note = workflow.nodes.find((/** @type {any} */ node) => node.type === 'Note').widgets_values[0]
  assert.match(note, /^Made from the text of a picture of AUTOMATIC1111/u)
  for (const sentence of left) assert.ok(note.includes(sentence), sentence)
  assert.match(note, /RP Active: True/u)
  assert.ok(JSON.stringify(workflow).includes('embedding:EasyNegative'))
})

test('graphs are found where sites and tools put them, and lies are no graphs', () => {
  const prompt = { 1: { class_type: 'A', inputs: {} } }
  assert.deepEqual(graphOf({ ...prompt, extra: {}, extraMetadata: '{}' }), prompt)
  assert.deepEqual(graphOf(JSON.stringify({ workflow: JSON.stringify({ nodes: [] }) })), { nodes: [] })
  assert.deepEqual(graphOf({ output: prompt, workflow: { nodes: [] } }), prompt)
  for (const lie of [null, 5, 'workflow', '"{', [], {}, { nodes: 'many' }, { workflow: 'yes' }, { prompt: [1] }, { a: { class_type: 5 } }]) assert.equal(graphOf(lie), null, JSON.stringify(lie))
  assert.deepEqual(parseJson('{"a": NaN, "b": [-Infinity]}'), { a: null, b: [null] })
})

/** @param {...[string, string]} texts */
function picture(...texts) {
  const parts = texts.flatMap(([keyword, words]) => {
    const data = Buffer.from(`${keyword}\0${words}`, 'latin1')
    const head = Buffer.alloc(8)
    head.writeUInt32BE(data.length)
    head.write('tEXt', 4)
    return [head, data, Buffer.alloc(4)]
  })
  return new File([Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), ...parts])], 'a.png', { type: 'image/png' })
}

const open = (/** @type {File} */ file) => readGraph(file, async () => atHand)

test('of several texts the graph is taken, then the prompt, then the words; one that lies is passed over', async () => {
  const words = 'a\nSteps: 20, Sampler: Euler, CFG scale: 7, Seed: 1'
  assert.deepEqual((await open(picture(['parameters', words], ['workflow', '{"nodes": [], "version": 0.4}'])))?.graph, { nodes: [], version: 0.4 })
  assert.deepEqual((await open(picture(['workflow', '"a string"'], ['prompt', '{"1": {"class_type": "A"}}'])))?.graph, { 1: { class_type: 'A' } })
  assert.equal((await open(picture(['workflow', '{"nodes": 7}'], ['prompt', '[]'], ['parameters', words])))?.from, 'AUTOMATIC1111')
  assert.equal((await open(picture(['Software', 'NovelAI'], ['Comment', '{"sampler": "k_euler", "uc": "x", "width": "wide"}'])))?.from, 'NovelAI')
  assert.equal(await open(picture(['Comment', 'made with love'])), null)
  assert.equal((await readText(words, async () => atHand))?.from, 'AUTOMATIC1111')
  assert.equal((await open(new File([words], '00001.txt', { type: 'text/plain' })))?.from, 'AUTOMATIC1111')
  assert.equal(await open(new File(['shopping'], 'list.txt', { type: 'text/plain' })), null)
})

test('JSON files: too large is told before they are read, so is what is none, and a newer format', async () => {
  const huge = /** @type {File} */ (/** @type {unknown} */ ({ name: 'big.json', type: 'application/json', size: 200 * 2 ** 20, text: () => assert.fail('it was read') }))
  await assert.rejects(open(huge), /big\.json is too large for a graph \(200 MB\)/u)
  const file = (/** @type {string} */ text) => new File([text], 'a.json', { type: 'application/json' })
  await assert.rejects(open(file('{"nodes": [')), /a\.json is no JSON/u)
  await assert.rejects(open(file('[1, 2]')), /holds no graph/u)
  assert.match((await open(file('{"nodes": [], "version": 7, "later": {"kept": true}}')))?.notes[0] ?? '', /newer/u)
})

/** Signs that mean something, and letters between them. */
const noise = fc.string({ unit: fc.constantFrom(...'()[]{}:|,.<>\\"+- \n019abZ'.split(''), 'BREAK', 'AND', '<lora:', 'Steps: 20, ', 'Negative prompt:', '::', '狐', '\u0000'), maxLength: 300 })

test('no text makes a reader throw, and what it gives can be built', () => {
  fc.assert(fc.property(noise, noise, (a, b) => {
    for (const recipe of [fromInfoText(`${a}\nNegative prompt: ${b}\nSteps: 20, Sampler: Euler, Seed: 1, ${b}`), fromInfoText(a), fromDream(a), fromMetadata({ positive_prompt: a, negative_prompt: b, steps: a }), fromComment({ prompt: a, uc: b, sampler: b })]) build(recipe, atHand)
  }), { numRuns: 400 })
})

test('no JSON makes a reader throw', () => {
  const keys = ['nodes', 'edges', 'id', 'type', 'data', 'inputs', 'image', 'prompt', 'steps', 'model', 'loras', 'v4_prompt', 'caption', 'char_captions', 'source', 'destination', 'width', 'scheduler', 'sampler', 'app_version']
  const json = fc.letrec((tie) => ({ value: fc.oneof({ depthSize: 'small' }, fc.constant(null), fc.double(), fc.string(), fc.boolean(), fc.constantFrom('denoise_latents', 'compel'), fc.array(tie('value'), { maxLength: 4 }), fc.dictionary(fc.constantFrom(...keys), tie('value'), { maxKeys: 8 })) }))
  fc.assert(fc.property(fc.dictionary(fc.constantFrom(...keys), json.value, { maxKeys: 12 }), (data) => {
    for (const recipe of [fromMetadata(data), fromOldMetadata(data), fromComment(data), fromGraph(data), fromJsonParameters({ sui_image_params: data }), fromJsonParameters({ ...data, base_model: data.model })]) if (recipe) build(recipe, atHand)
  }), { numRuns: 400 })
})

test('a text that is a hundred times as long takes no more than so many times the steps: none ever ends the test run', () => {
  for (const piece of ['(', '[', '((a:', '{', '1::', 'a:b, ', '"', '<lora:', 'BREAK ', ' ', '-', '+', 'a-', '\\', 'k: {"', 'k: "', ', ', 'AND ', '[a:', '\n', '\n ', '1 ', 'Steps: 20, a: 1, b: 2\n', 'x'.repeat(50)]) {
    const long = piece.repeat(Math.ceil(300_000 / piece.length))
    for (const read of [fromInfoText, (/** @type {string} */ text) => fromInfoText(`a\nSteps: 20, Seed: 1, Size: 8x8, ${text}`), fromDream, (/** @type {string} */ text) => fromMetadata({ positive_prompt: text, model: text }), (/** @type {string} */ text) => fromComment({ prompt: text, sampler: text })]) build(read(long), atHand)
    isInfoText(long)
    isInfoText(`a\nSteps: 1${long}`)
  }
})
