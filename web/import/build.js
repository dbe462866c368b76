/**
 * A recipe as a graph: nodes in frames from left to right, a note that says where it comes from and what was left out. Nodes of
 * types that the server lacks are made all the same: the page says of them what is wrong and what helps.
 *
 * @typedef {import('./recipe.js').Recipe} Recipe
 * @typedef {import('./recipe.js').FileName} FileName
 * @typedef {import('../model/schema.js').Schema} Schema
 * @typedef {[string, number]} Socket
 *
 * @typedef {object} AtHand  what the server has
 * @property {Schema} schema
 * @property {readonly string[]} embeddings
 * @property {(hash: string) => string | undefined} byHash  the file of that hash, as far as hashes are known
 */
import { t } from '../language/t.js'
import { withEmbeddings } from './a1111.js'
import { PART } from './emphasis.js'
import { layOut } from './frames.js'
import { workflowFromPrompt } from './from_prompt.js'
import { fileMeant } from './names.js'
import { noteOf } from './note.js'

/** The words "AND" of A1111, each half with a weight that may stand at its end. */
const AND = /\bAND\b/u

/** @param {Recipe} recipe @param {AtHand} atHand @returns {{ workflow: any, left: string[] }} */
export function build(recipe, atHand) {
  const builder = new Builder(recipe, atHand)
  builder.all()
  const workflow = workflowFromPrompt(builder.prompt, atHand.schema)
  const left = [...new Set(builder.left)]
  layOut(workflow, builder.frames, noteOf(recipe, left))
  return { workflow, left }
}

class Builder {
  /** @param {Recipe} recipe @param {AtHand} atHand */
  constructor(recipe, atHand) {
    this.recipe = recipe
    this.atHand = atHand
    /** @type {Record<string, { class_type: string, inputs: Record<string, any>, _meta?: { title: string } }>} */
    this.prompt = {}
    /** Which nodes stand in which frame, from left to right. @type {{ title: string, ids: number[] }[]} */
    this.frames = []
    this.left = [...recipe.left]
    this.embeddings = new Map(atHand.embeddings.map((name) => [name.replace(/^.*[/\\]/u, '').toLowerCase(), name]))
  }

  /** @param {string} title */
  frame(title) {
    this.frames.push({ title, ids: [] })
  }

  /** @param {string} type @param {Record<string, any>} inputs @param {string} [title] @returns {string} */
  add(type, inputs, title) {
    const id = Object.keys(this.prompt).length + 1
    this.prompt[id] = { class_type: type, inputs, ...(title ? { _meta: { title } } : {}) }
    this.frames.at(-1)?.ids.push(id)
    return String(id)
  }

  /** What a widget of a type offers. @param {string} type @param {string} input @returns {string[]} */
  choices(type, input) {
    const widget = this.atHand.schema.get(type)?.inputs.find(({ name }) => name === input)?.widget
    return widget?.kind === 'combo' ? widget.options.map(String) : []
  }

  /** The file at hand that is meant, or the name as it was told: the page then offers what is near. @param {FileName} wanted @param {string} type @param {string} input */
  file(wanted, type, input) {
    return fileMeant(wanted, this.choices(type, input), this.atHand.byHash) ?? (wanted.name || wanted.hash || '')
  }

  all() {
    const { recipe } = this
    this.frame(t('Model'))
    const base = this.models(recipe.model, true)
    const refiner = recipe.refiner ? this.models(recipe.refiner, false) : null
    this.frame(t('Prompt'))
    const words = this.words(base.clip, recipe.positive, recipe.negative)
    const refined = refiner && this.words(refiner.clip, recipe.positive, recipe.negative, t('refiner'))
    this.frame(recipe.denoise === null ? t('Draw') : t('Draw over a picture'))
    const start = this.start(base)
    let latent = refiner && refined ? this.twoModels(base, refiner, words, refined, start) : this.sample({ model: base.model, words, latent: start, steps: recipe.denoise === null ? recipe.steps : Math.max(1, Math.round(recipe.steps * recipe.denoise)), denoise: recipe.denoise ?? 1 })
    if (recipe.hires) latent = this.enlarge(base, words, latent)
    this.frame(t('Result'))
    const image = this.add('VAEDecode', { samples: latent, vae: base.vae })
    this.add('SaveImage', { images: [image, 0], filename_prefix: 'Easel' })
  }

  /** @param {FileName | null} wanted @param {boolean} patched with LoRAs and all that is set for the base */
  models(wanted, patched) {
    const { recipe } = this
    const file = wanted ?? { name: '' }
    const alone = recipe.encoders.length > 0 || (recipe.guidance !== null && this.isDenoiser(file))
    /** @type {{ model: Socket, clip: Socket, vae: Socket }} */
    const found = alone && patched ? this.parts(file) : this.checkpoint(file)
    if (!patched) return found
    if (recipe.vae) found.vae = [this.add('VAELoader', { vae_name: this.file(recipe.vae, 'VAELoader', 'vae_name') }), 0]
    for (const lora of recipe.loras) {
      const id = this.add('LoraLoader', { lora_name: this.file(lora, 'LoraLoader', 'lora_name'), strength_model: lora.model, strength_clip: lora.clip, model: found.model, clip: found.clip })
      found.model = [id, 0]
      found.clip = [id, 1]
    }
    for (const { name, strength } of recipe.hypernetworks) found.model = [this.add('HypernetworkLoader', { hypernetwork_name: this.file({ name }, 'HypernetworkLoader', 'hypernetwork_name'), strength, model: found.model }), 0]
    if (recipe.clipSkip > 1) found.clip = [this.add('CLIPSetLastLayer', { stop_at_clip_layer: -recipe.clipSkip, clip: found.clip }), 0]
    if (recipe.vPrediction) found.model = [this.add('ModelSamplingDiscrete', { sampling: 'v_prediction', zsnr: true, model: found.model }), 0]
    if (recipe.rescale !== null) found.model = [this.add('RescaleCFG', { multiplier: recipe.rescale, model: found.model }), 0]
    return found
  }

  /** @param {FileName} file @returns {{ model: Socket, clip: Socket, vae: Socket }} */
  checkpoint(file) {
    const choices = this.choices('CheckpointLoaderSimple', 'ckpt_name')
    const closed = this.recipe.source === 'NovelAI' || !(file.name || file.hash)
    const name = closed ? (choices[0] ?? file.name) : this.file(file, 'CheckpointLoaderSimple', 'ckpt_name')
    if (closed && !file.name && this.recipe.source !== 'NovelAI') this.left.push(t('The text names no model: the first one is set.'))
    else if (!choices.includes(name)) this.left.push(t('The model “{name}” is not here.', { name: name.slice(0, 120) }))
    const id = this.add('CheckpointLoaderSimple', { ckpt_name: name })
    return { model: [id, 0], clip: [id, 1], vae: [id, 2] }
  }

  /** Does the file hold a denoiser alone? @param {FileName} file */
  isDenoiser(file) {
    return fileMeant(file, this.choices('UNETLoader', 'unet_name'), this.atHand.byHash) !== null && fileMeant(file, this.choices('CheckpointLoaderSimple', 'ckpt_name'), this.atHand.byHash) === null
  }

  /** A denoiser, its text encoders and its VAE, each in a file of its own. @param {FileName} file @returns {{ model: Socket, clip: Socket, vae: Socket }} */
  parts(file) {
    const { encoders } = this.recipe
    const unet = this.add('UNETLoader', { unet_name: this.file(file, 'UNETLoader', 'unet_name'), weight_dtype: 'default' })
    const texts = encoders.filter(({ name }) => /clip|t5|text|qwen|gemma|llama|umt5/iu.test(name))
    const vae = encoders.find((entry) => !texts.includes(entry))
    const [first = { name: 'clip_l' }, second = { name: 't5xxl' }] = texts
    const two = texts.length !== 1
    const clip = two
      ? this.add('DualCLIPLoader', { clip_name1: this.file(first, 'DualCLIPLoader', 'clip_name1'), clip_name2: this.file(second, 'DualCLIPLoader', 'clip_name2'), type: this.recipe.guidance === null ? 'sdxl' : 'flux' })
      : this.add('CLIPLoader', { clip_name: this.file(first, 'CLIPLoader', 'clip_name') })
    const decoder = this.add('VAELoader', { vae_name: this.file(vae ?? { name: 'ae' }, 'VAELoader', 'vae_name') })
    return { model: [unet, 0], clip: [clip, 0], vae: [decoder, 0] }
  }

  /** @param {Socket} clip @param {string} positive @param {string} negative @param {string} [of] @returns {{ positive: Socket, negative: Socket, cfg: number }} */
  words(clip, positive, negative, of) {
    const { recipe } = this
    const asked = this.conditioning(clip, positive, of ? t('Prompt ({what})', { what: of }) : t('Prompt'))
    const unwanted = this.conditioning(clip, negative, of ? t('Negative prompt ({what})', { what: of }) : t('Negative prompt'))
    const socket = recipe.guidance === null ? asked.socket : /** @type {Socket} */ ([this.add('FluxGuidance', { guidance: recipe.guidance, conditioning: asked.socket }), 0])
    return { positive: socket, negative: unwanted.socket, cfg: asked.sum }
  }

  /**
   * Parts of a prompt end to end, and sums of prompts by AND: those are means here, so the guidance grows by their number.
   *
   * @param {Socket} clip @param {string} text @param {string} title @returns {{ socket: Socket, sum: number }}
   */
  conditioning(clip, text, title) {
    const halves = text.split(AND).map((half) => /^(.*?)(?::\s*(\d{0,4}(?:\.\d{0,6})?)\s*)?$/su.exec(half.slice(0, 100_000).trim()) ?? ['', half, ''])
    if (halves.length === 1 || halves.length > 16) return { socket: this.joined(clip, text, title), sum: 1 }
    this.left.push(t('AND: prompts are averaged here, so the guidance was multiplied by their weight.'))
    let sum = 0
    /** @type {Socket | null} */
    let socket = null
    for (const [, words = '', number] of halves) {
      const weight = number && Number.isFinite(Number(number)) ? Number(number) : 1
      sum += weight
      let own = this.joined(clip, words, title)
      if (weight !== 1) own = [this.add('ConditioningSetAreaStrength', { strength: weight, conditioning: own }), 0]
      socket = socket ? [this.add('ConditioningCombine', { conditioning_1: socket, conditioning_2: own }), 0] : own
    }
    return { socket: /** @type {Socket} */ (socket), sum: sum || 1 }
  }

  /** @param {Socket} clip @param {string} text @param {string} title @returns {Socket} */
  joined(clip, text, title) {
    const parts = text.split(PART).slice(0, 32)
    /** @type {Socket | null} */
    let socket = null
    for (const part of parts) {
      /** @type {Socket} */
      const own = [this.add('CLIPTextEncode', { text: this.named(part.trim()), clip }, title), 0]
      socket = socket ? [this.add('ConditioningConcat', { conditioning_to: socket, conditioning_from: own }), 0] : own
    }
    return /** @type {Socket} */ (socket)
  }

  /** Bare names of embeddings get what they are found by here. @param {string} text */
  named(text) {
    const { embeddings } = this
    const whole = embeddings.size ? withEmbeddings(text, (word) => embeddings.get(word.toLowerCase()) ?? null) : text
    for (const [, name = ''] of whole.matchAll(/embedding:([^\s,()[\]{}|<>:]{1,200})/gu)) {
      if (!embeddings.has(name.replace(/^.*[/\\]/u, '').toLowerCase())) this.left.push(t('The embedding “{name}” is not here.', { name: name.slice(0, 120) }))
    }
    return whole.replaceAll(/(?<!:)\/\//gu, '/ /') // two would begin a comment
  }

  /** @param {{ vae: Socket }} base @returns {Socket} */
  start({ vae }) {
    const { width, height, batch, denoise } = this.recipe
    if (denoise === null) return [this.add('EmptyLatentImage', { width, height, batch_size: batch }), 0]
    this.left.push(t('The picture that it began with is not in the file: choose it in Load Image.'))
    const image = this.add('LoadImage', {})
    const scaled = this.add('ImageScale', { image: [image, 0], upscale_method: 'lanczos', width, height, crop: 'center' })
    const latent = this.add('VAEEncode', { pixels: [scaled, 0], vae })
    return batch > 1 ? [this.add('RepeatLatentBatch', { samples: [latent, 0], amount: batch }), 0] : [latent, 0]
  }

  /**
   * @param {object} pass
   * @param {Socket} pass.model
   * @param {{ positive: Socket, negative: Socket, cfg: number }} pass.words
   * @param {Socket} pass.latent
   * @param {number} pass.steps
   * @param {number} pass.denoise
   * @param {Record<string, any>} [pass.other]
   * @param {string} [pass.title]
   * @returns {Socket}
   */
  sample({ model, words, latent, steps, denoise, other = {}, title }) {
    const { seed, cfg, sampler, scheduler } = this.recipe
    return [this.add('KSampler', { model, seed, steps, cfg: guidance(cfg, words.cfg), sampler_name: sampler, scheduler, positive: words.positive, negative: words.negative, latent_image: latent, denoise, ...other }, title), 0]
  }

  /**
   * The first model draws, the refiner finishes.
   *
   * @param {{ model: Socket }} base @param {{ model: Socket }} refiner @param {ReturnType<Builder['words']>} words @param {ReturnType<Builder['words']>} refined @param {Socket} start @returns {Socket}
   */
  twoModels(base, refiner, words, refined, start) {
    const { recipe } = this
    const change = Math.min(recipe.steps - 1, Math.max(1, Math.round(recipe.steps * (recipe.refiner?.at ?? 0.8))))
    const first = recipe.denoise === null ? 0 : Math.min(change - 1, Math.round(recipe.steps * (1 - recipe.denoise)))
    const common = { noise_seed: recipe.seed, steps: recipe.steps, cfg: guidance(recipe.cfg, words.cfg), sampler_name: recipe.sampler, scheduler: recipe.scheduler }
    const begun = this.add('KSamplerAdvanced', { ...common, model: base.model, positive: words.positive, negative: words.negative, latent_image: start, add_noise: 'enable', start_at_step: Math.max(0, first), end_at_step: change, return_with_leftover_noise: 'enable' })
    return [this.add('KSamplerAdvanced', { ...common, model: refiner.model, positive: refined.positive, negative: refined.negative, latent_image: [begun, 0], add_noise: 'disable', start_at_step: change, end_at_step: 10_000, return_with_leftover_noise: 'disable' }, t('Refiner')), 0]
  }

  /** Hires fix. @param {{ model: Socket, clip: Socket, vae: Socket }} base @param {ReturnType<Builder['words']>} words @param {Socket} latent @returns {Socket} */
  enlarge(base, words, latent) {
    const { recipe } = this
    const hires = /** @type {NonNullable<Recipe['hires']>} */ (recipe.hires)
    const own = hires.positive !== undefined || hires.negative !== undefined
    if (own) this.frame(t('Prompt of the second pass'))
    const second = own ? this.words(base.clip, hires.positive ?? recipe.positive, hires.negative ?? recipe.negative, t('second pass')) : words
    this.frame(t('Enlarge'))
    const side = (/** @type {number} */ value) => Math.min(16_384, Math.max(16, Math.round((value * (hires.scale ?? 2)) / 8) * 8))
    const [width, height] = [hires.width ?? side(recipe.width), hires.height ?? side(recipe.height)]
    /** @type {Socket} */
    let larger
    if (!hires.upscaler) larger = [this.add('LatentUpscale', { samples: latent, upscale_method: hires.method ?? 'bilinear', width, height, crop: 'center' }), 0]
    else {
      /** @type {Socket} */
      let image = [this.add('VAEDecode', { samples: latent, vae: base.vae }), 0]
      const plain = /^(?:none|lanczos|nearest)$/iu.test(hires.upscaler)
      if (!plain) {
        const loader = this.add('UpscaleModelLoader', { model_name: this.upscaler(hires.upscaler) })
        image = [this.add('ImageUpscaleWithModel', { upscale_model: [loader, 0], image }), 0]
      }
      const scaled = this.add('ImageScale', { image, upscale_method: /^nearest$/iu.test(hires.upscaler) ? 'nearest-exact' : 'lanczos', width, height, crop: 'center' })
      larger = [this.add('VAEEncode', { pixels: [scaled, 0], vae: base.vae }), 0]
    }
    const cfg = hires.cfg ?? recipe.cfg
    return this.sample({
      model: base.model, words: second, latent: larger, steps: hires.steps || recipe.steps, denoise: hires.denoise, title: t('Second pass'),
      other: { cfg: guidance(cfg, second.cfg), ...(hires.sampler ? { sampler_name: hires.sampler } : {}), ...(hires.scheduler ? { scheduler: hires.scheduler } : {}) }
    })
  }

  /** A1111's names of upscalers are not those of their files; Easel's own does for those that are not here. @param {string} name */
  upscaler(name) {
    const choices = this.choices('UpscaleModelLoader', 'model_name')
    const found = fileMeant({ name: UPSCALERS.get(name.toLowerCase()) ?? name }, choices, this.atHand.byHash)
    if (found) return found
    const [other = name] = choices
    this.left.push(choices.length ? t('The upscaler “{name}” is not here: {other} takes its place.', { name: name.slice(0, 120), other }) : t('The upscaler “{name}” is not here.', { name: name.slice(0, 120) }))
    return other
  }
}

const UPSCALERS = new Map(Object.entries({
  'r-esrgan 4x+': 'RealESRGAN_x4plus', 'r-esrgan 4x+ anime6b': 'RealESRGAN_x4plus_anime_6B', 'r-esrgan 2x+': 'RealESRGAN_x2plus', 'r-esrgan general 4xv3': 'realesr-general-x4v3',
  'r-esrgan general wdn 4xv3': 'realesr-general-wdn-x4v3', 'r-esrgan animevideo': 'realesr-animevideov3', 'esrgan_4x': 'ESRGAN', 'swinir 4x': 'SwinIR_4x', 'scunet psnr': 'ScuNET-PSNR'
}))

/** @param {number} cfg @param {number} sum */
const guidance = (cfg, sum) => Math.min(100, Math.round(cfg * sum * 1000) / 1000)
