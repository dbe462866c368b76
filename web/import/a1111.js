/** AUTOMATIC1111's text, and Forge's, reForge's and SD.Next's, which write the same with keys of their own. */
import { t } from '../language/t.js'
import { asList, asObject } from '../model/json.js'
import { fromA1111 } from './emphasis.js'
import { readInfoText } from './infotext.js'
import { samplerNamed, scheduleNamed } from './names.js'
import { Checked, newRecipe, numberIn, textIn } from './recipe.js'

/** @typedef {import('./recipe.js').Recipe} Recipe */

/** Keys that are in the graph, or say nothing about the picture. */
const USED = new Set([
  'Steps', 'Sampler', 'Schedule type', 'CFG scale', 'Seed', 'Size', 'Model', 'Model hash', 'VAE', 'VAE hash', 'Clip skip', 'Denoising strength', 'Batch size', 'Batch pos',
  'Hires upscale', 'Hires resize', 'Hires upscaler', 'Hires steps', 'Hires sampler', 'Hires schedule type', 'Hires CFG Scale', 'Hires prompt', 'Hires negative prompt', 'Denoise',
  'Refiner', 'Refiner switch at', 'Lora hashes', 'TI hashes', 'Distilled CFG Scale', 'First pass size', 'Module 1', 'Module 2', 'Module 3', 'Module 4', 'CFG Rescale', 'Version', 'Hashes'
])

/** What has no like in this version, with a sentence each. @type {[RegExp, () => string][]} */
const MISSING = [
  [/^ControlNet/u, () => t('ControlNet: its picture and its model have to be set by hand.')],
  [/^ADetailer/u, () => t('ADetailer: faces and hands were redrawn afterwards; that part is not in the graph.')],
  [/^(?:Tiled Diffusion|Tiled VAE|Region control|RP |Regional Prompter)/u, () => t('Regions and tiles of an extension are not in the graph.')],
  [/^(?:Mask|Inpaint|Masked)/u, () => t('It was painted into a mask, which the text does not hold.')],
  [/^(?:Face restoration|Postprocess|Extras)/u, () => t('Faces were restored, or the picture was enlarged, afterwards.')],
  [/^Seed resize/u, () => t('The noise was that of another size.')],
  [/^(?:Script|AnimateDiff|Dynamic thresholding|FreeU|NGMS|Token merging|Tiling|SAG|PAG|HyperTile|Soft inpainting|Perturbed)/u, () => t('Extensions and scripts that took part are named in the note.')]
]

/** @param {string} text @returns {Recipe} */
export function fromInfoText(text) {
  const { prompt, negative, values } = readInfoText(text)
  const recipe = newRecipe(programOf(values))
  const checked = new Checked(recipe)
  const of = (/** @type {string} */ key) => values.get(key) ?? ''

  checked.take('steps', values.get('Steps'), t('Steps'))
  checked.take('cfg', values.get('CFG scale'), t('CFG'))
  checked.take('seed', values.get('Seed'), t('Seed'))
  checked.take('batch', values.get('Batch size'), t('Batch size'))
  checked.take('clipSkip', values.get('Clip skip'), t('Clip skip'))
  checked.take('guidance', values.get('Distilled CFG Scale'), t('Guidance'))
  checked.take('rescale', values.get('CFG Rescale') ?? values.get('CFG Rescale φ'), t('CFG rescale'))
  if (recipe.rescale === 0) recipe.rescale = null
  const size = of('Size')
  if (size) checked.size(...sidesOf(size))

  setSampler(recipe, of('Sampler'), of('Schedule type'))
  if (of('Model') || of('Model hash')) recipe.model = { name: of('Model'), hash: of('Model hash') }
  if (of('VAE') && !/^(?:none|automatic)$/iu.test(of('VAE'))) recipe.vae = { name: of('VAE'), hash: of('VAE hash') }
  setResources(recipe, values)
  for (let index = 1; index <= 4; index += 1) if (of(`Module ${index}`)) recipe.encoders.push({ name: of(`Module ${index}`) })
  setHires(recipe, values)
  setRefiner(recipe, values)

  const hashes = pairs(of('Lora hashes'))
  recipe.positive = words(recipe, prompt, hashes, values)
  recipe.negative = words(recipe, negative, hashes, values)
  if (recipe.hires?.positive) recipe.hires.positive = words(recipe, recipe.hires.positive, hashes, values, false)
  if (recipe.hires?.negative) recipe.hires.negative = words(recipe, recipe.hires.negative, hashes, values, false)

  const variation = numberIn(values.get('Variation seed strength'))
  if (variation) recipe.left.push(t('Variation seed {seed} at {strength}: noise of two seeds is not mixed in this version.', { seed: of('Variation seed'), strength: String(variation) }))
  const delta = of('ENSD') || of('Eta noise seed delta')
  if (delta && /ancestral|sde/u.test(recipe.sampler)) recipe.left.push(t('ENSD {value}: the noise between the steps had a seed of its own.', { value: delta }))
  if (of('RNG') !== 'CPU') recipe.left.push(t('The noise was drawn on the GPU, here it is on the CPU: the picture will be alike, not the same.'))
  for (const [pattern, sentence] of MISSING) if ([...values.keys()].some((key) => pattern.test(key))) recipe.left.push(sentence())
  for (const [key, value] of values) if (!USED.has(key)) recipe.rest.push([key, value])
  if (!values.size) recipe.left.push(t('The text holds no settings: only the prompt was taken.'))
  return recipe
}

/** @param {ReadonlyMap<string, string>} values */
function programOf(values) {
  const version = values.get('Version') ?? ''
  const app = values.get('App') ?? ''
  if (/^f\d|forge|^neo/iu.test(version)) return `Forge ${version}`
  if (app) return app.slice(0, 60)
  return version ? `AUTOMATIC1111 ${version.slice(0, 60)}` : 'AUTOMATIC1111'
}

/** @param {Recipe} recipe @param {string} sampler @param {string} schedule */
export function setSampler(recipe, sampler, schedule) {
  const found = samplerNamed(sampler)
  const levels = scheduleNamed(schedule || found.schedule, found.name)
  if (sampler && !found.exact) recipe.left.push(t('The sampler “{name}” is not there: {ours} comes closest.', { name: sampler.slice(0, 60), ours: found.name }))
  if (!levels.exact) recipe.left.push(t('The schedule “{name}” is not there: {ours} comes closest.', { name: (schedule || found.schedule).slice(0, 60), ours: levels.name }))
  recipe.sampler = found.name
  recipe.scheduler = levels.name
}

/** What Civitai's own generator and newer versions say of the files beside the usual keys. @param {Recipe} recipe @param {ReadonlyMap<string, string>} values */
function setResources(recipe, values) {
  const hashes = asObject(parsed(values.get('Hashes')))
  const hash = textIn(hashes?.model)
  if (hash && !recipe.model?.hash) recipe.model = { name: recipe.model?.name ?? '', hash }
  for (const entry of asList(parsed(values.get('Civitai resources'))).slice(0, MOST_LORAS)) {
    const { type, modelName, weight } = asObject(entry) ?? {}
    const name = textIn(modelName)
    if (!name) continue
    if (type === 'checkpoint') recipe.model ??= { name }
    else if (/^(?:lora|lycoris|locon|dora)$/iu.test(textIn(type))) {
      const power = strength(textIn(weight)) ?? 1
      recipe.loras.push({ name, model: power, clip: power })
    }
  }
}

/** @param {string | undefined} text @returns {unknown} null for what is no JSON */
function parsed(text) {
  try {
    return JSON.parse(text ?? 'null')
  } catch {
    return null
  }
}

/** @param {Recipe} recipe @param {ReadonlyMap<string, string>} values */
function setHires(recipe, values) {
  const of = (/** @type {string} */ key) => values.get(key) ?? ''
  const denoise = numberIn(of('Denoising strength') || of('Denoise'))
  const strength = denoise === null || denoise < 0 || denoise > 1 ? null : denoise
  if (denoise !== null && strength === null) recipe.left.push(t('{what} cannot be “{value}”: the usual value is set.', { what: t('Denoising strength'), value: String(denoise) }))
  const first = sidesOf(of('First pass size'))
  if (of('First pass size') && first[0] !== '0') { // of before 2023: the size is that of the result
    const [width, height] = [recipe.width, recipe.height]
    new Checked(recipe).size(...first)
    recipe.hires = { width, height, upscaler: '', steps: 0, denoise: strength ?? 0.7 }
    return
  }
  const names = ['Hires upscale', 'Hires resize', 'Hires upscaler', 'Hires steps']
  if (!names.some((key) => values.has(key))) {
    recipe.denoise = strength
    return
  }
  const target = newRecipe('')
  const [width, height] = sidesOf(of('Hires resize'))
  if (of('Hires resize')) {
    const sides = [numberIn(width) ?? 0, numberIn(height) ?? 0]
    const ratio = recipe.height / recipe.width
    const whole = [sides[0] || (sides[1] ?? 0) / ratio, sides[1] || (sides[0] ?? 0) * ratio]
    const before = target.left.length
    new Checked(target).size(whole[0], whole[1])
    if (target.left.length > before) recipe.left.push(...target.left)
  }
  const scale = numberIn(of('Hires upscale'))
  const steps = numberIn(of('Hires steps'))
  const cfg = numberIn(of('Hires CFG Scale'))
  const sampler = of('Hires sampler') && of('Hires sampler') !== 'Use same sampler' ? samplerNamed(of('Hires sampler')) : null
  const schedule = of('Hires schedule type') && of('Hires schedule type') !== 'Use same scheduler' ? of('Hires schedule type') : ''
  const upscaler = of('Hires upscaler')
  const latent = LATENT.get(upscaler.toLowerCase())
  recipe.hires = {
    ...(of('Hires resize') ? { width: target.width, height: target.height } : { scale: scale !== null && scale > 0 && scale <= 16 ? scale : 2 }),
    upscaler: /^latent/iu.test(upscaler) || !upscaler ? '' : upscaler,
    ...(latent ? { method: latent } : {}),
    steps: steps !== null && steps > 0 && steps <= 10_000 ? Math.trunc(steps) : 0,
    denoise: strength ?? 0.7,
    ...(sampler ? { sampler: sampler.name } : {}),
    ...(sampler || schedule ? { scheduler: scheduleNamed(schedule || sampler?.schedule || '', sampler?.name ?? recipe.sampler).name } : {}),
    ...(cfg !== null && cfg > 0 && cfg <= 1000 ? { cfg } : {}),
    ...(of('Hires prompt') ? { positive: of('Hires prompt') } : {}),
    ...(of('Hires negative prompt') ? { negative: of('Hires negative prompt') } : {})
  }
}

/** @param {Recipe} recipe @param {ReadonlyMap<string, string>} values */
function setRefiner(recipe, values) {
  const named = values.get('Refiner')
  if (!named) return
  const [, name = named, hash] = /^(.*?)(?: \[([0-9a-f]{6,12})\])?$/su.exec(named) ?? []
  const at = numberIn(values.get('Refiner switch at'))
  recipe.refiner = { name, ...(hash ? { hash } : {}), at: at !== null && at > 0 && at < 1 ? at : 0.8 }
}

/** A prompt without its tags, in our syntax. @param {Recipe} recipe @param {string} prompt @param {ReadonlyMap<string, string>} hashes @param {ReadonlyMap<string, string>} values @param {boolean} [count] */
function words(recipe, prompt, hashes, values, count = true) {
  const bare = prompt.replaceAll(/<(lora|lyco|hypernet):([^<>:]+)(?::([^<>]*))?>/giu, (_tag, kind, name, rest = '') => {
    if (count) takeTag(recipe, kind.toLowerCase(), name.trim(), rest, hashes)
    return ''
  })
  const { text, edits, choices } = fromA1111(tidy(bare))
  if (edits) recipe.left.push(t('Prompt editing, [from:to:when]: the words that were there longest are kept.'))
  if (choices) recipe.left.push(t('Alternating words, [a|b]: the first are kept.'))
  return named(text, values.get('TI hashes'))
}

/** Prompts in A1111's syntax of programs that tell the rest in a form of their own. @param {Recipe} recipe @param {string} positive @param {string} negative */
export function takePrompt(recipe, positive, negative) {
  recipe.positive = words(recipe, positive, new Map(), new Map())
  recipe.negative = words(recipe, negative, new Map(), new Map())
}

/** What tags leave behind. @param {string} text */
function tidy(text) {
  const lines = text.split('\n').map((line) => line.replaceAll(/[ \t]{2,}/gu, ' ').replaceAll(/(?:, ?){2,}/gu, ', ').trim())
  const whole = lines.join('\n')
  let [from, to] = [0, whole.length]
  while (from < to && ' ,\n'.includes(whole.charAt(from))) from += 1
  while (to > from && ' ,\n'.includes(whole.charAt(to - 1))) to -= 1
  return whole.slice(from, to)
}

/** Embeddings that the text says took part get the name by which they are found here. @param {string} text @param {string | undefined} hashes */
function named(text, hashes) {
  const names = new Set([...pairs(hashes ?? '').keys()].map((name) => name.toLowerCase()))
  return names.size ? withEmbeddings(text, (word) => (names.has(word.toLowerCase()) ? word : null)) : text
}

/** @param {string} text @param {(word: string) => string | null} find */
export const withEmbeddings = (text, find) => text.replaceAll(/(?<![\p{L}\p{N}_:\-.])[\p{L}\p{N}_][\p{L}\p{N}_\-.]*/gu, (word) => {
  const name = word.length <= 200 ? find(word) : null
  return name === null ? word : `embedding:${name}`
})

/** @param {Recipe} recipe @param {string} kind @param {string} name @param {string} rest @param {ReadonlyMap<string, string>} hashes */
function takeTag(recipe, kind, name, rest, hashes) {
  const parts = rest.split(':')
  const given = parts.filter((part) => !part.includes('='))
  const named = new Map(parts.filter((part) => part.includes('=')).map((part) => /** @type {[string, string]} */ (part.split('=', 2))))
  const first = strength(given[0]) ?? 1
  if (kind === 'hypernet') recipe.hypernetworks.push({ name, strength: first })
  else {
    const clip = strength(named.get('te')) ?? first
    const model = strength(named.get('unet')) ?? strength(given[1]) ?? first
    if (recipe.loras.length >= MOST_LORAS) return
    if (!recipe.loras.some((lora) => lora.name === name)) recipe.loras.push({ name, model, clip, ...(hashes.get(name) ? { hash: hashes.get(name) } : {}) })
  }
  if ([...named.keys()].some((key) => key !== 'te' && key !== 'unet')) recipe.left.push(t('{name}: weights by block are not in this version.', { name: name.slice(0, 80) }))
}

const MOST_LORAS = 64
/** How A1111 enlarges a latent, where not bilinear. */
const LATENT = new Map([['latent (bicubic)', 'bicubic'], ['latent (bicubic antialiased)', 'bicubic'], ['latent (nearest)', 'nearest-exact'], ['latent (nearest-exact)', 'nearest-exact']])

/** @param {string | undefined} text */
function strength(text) {
  const number = numberIn(text)
  return number !== null && Math.abs(number) <= 100 ? number : null
}

/** "a: 1234, b: 5678" @param {string} text */
function pairs(text) {
  /** @type {Map<string, string>} */
  const found = new Map()
  for (const part of text.split(',')) {
    const cut = part.lastIndexOf(':')
    if (cut > 0) found.set(part.slice(0, cut).trim(), part.slice(cut + 1).trim())
  }
  return found
}

/** @param {string} size "512x768" @returns {[string, string]} */
function sidesOf(size) {
  const [, width = '', height = ''] = /^\s*(-?[\d.]{1,20})\s*[x×]\s*(-?[\d.]{1,20})\s*$/u.exec(size) ?? []
  return width ? [width, height] : [size, '']
}
