/** What InvokeAI writes: `invokeai_metadata`, its graph or workflow, and in older versions `sd-metadata` and `Dream`. */
import { t } from '../language/t.js'
import { asList, asObject } from '../model/json.js'
import { setSampler } from './a1111.js'
import { fromInvoke } from './emphasis.js'
import { Checked, newRecipe, numberIn, textIn } from './recipe.js'

/** @typedef {import('./recipe.js').Recipe} Recipe */
/** @typedef {Record<string, any>} Json */

const MOST_LORAS = 64

/** @param {Json} data  `invokeai_metadata` @returns {Recipe} */
export function fromMetadata(data) {
  const version = textIn(data.app_version)
  const recipe = newRecipe(version ? `InvokeAI ${version.slice(0, 40)}` : 'InvokeAI', { cfg: 7.5, steps: 30 })
  const checked = new Checked(recipe)
  recipe.positive = joined(data.positive_prompt, data.positive_style_prompt)
  recipe.negative = joined(data.negative_prompt, data.negative_style_prompt)
  checked.take('steps', data.steps, t('Steps'))
  checked.take('cfg', data.cfg_scale, t('CFG'))
  checked.take('seed', data.seed, t('Seed'))
  checked.take('rescale', data.cfg_rescale_multiplier, t('CFG rescale'))
  checked.take('guidance', data.guidance, t('Guidance'))
  if (!recipe.rescale) recipe.rescale = null
  checked.size(data.width, data.height)
  setSampler(recipe, textIn(data.scheduler), /_k$/u.test(textIn(data.scheduler)) ? '' : 'normal')
  const skip = numberIn(data.clip_skip)
  if (skip && skip > 0 && skip < 23) recipe.clipSkip = 1 + Math.trunc(skip)
  recipe.model = fileOf(data.model)
  recipe.vae = fileOf(data.vae)
  const refiner = fileOf(data.refiner_model)
  if (refiner) recipe.refiner = { ...refiner, at: shareOf(data.refiner_start, 0.8) }
  for (const entry of /** @type {any[]} */ (asList(data.loras)).slice(0, MOST_LORAS)) {
    const file = fileOf(entry?.lora ?? entry?.model ?? entry)
    const weight = numberIn(entry?.weight) ?? 1
    if (file) recipe.loras.push({ ...file, model: weight, clip: weight })
  }
  const mode = textIn(data.generation_mode)
  if (/img2img|inpaint|outpaint/u.test(mode) || data.init_image) {
    recipe.denoise = shareOf(data.strength, 0.75)
    if (/inpaint|outpaint/u.test(mode)) recipe.left.push(t('It was painted into a mask, which the text does not hold.'))
  }
  if (data.hrf_enabled === true) recipe.hires = { scale: 2, upscaler: /esrgan/iu.test(textIn(data.hrf_method)) ? textIn(data.hrf_method) : '', steps: 0, denoise: shareOf(data.hrf_strength, 0.45) }
  for (const [key, what] of /** @type {[string, string][]} */ ([['controlnets', 'ControlNet'], ['ipAdapters', 'IP-Adapter'], ['t2iAdapters', 'T2I-Adapter'], ['ref_images', t('Reference pictures')], ['regions', t('Regions')]])) {
    if (asList(data[key]).length) recipe.left.push(t('{what}: its picture and its model have to be set by hand.', { what }))
  }
  if (data.seamless_x === true || data.seamless_y === true) recipe.left.push(t('Seamless tiling is not in this version.'))
  if (textIn(data.rand_device) === 'cuda') recipe.left.push(t('The noise was drawn on the GPU, here it is on the CPU: the picture will be alike, not the same.'))
  for (const key of ['generation_mode', 'rand_device', 'seamless_x', 'seamless_y', 'upscale_model', 'positive_style_prompt']) if (data[key] !== undefined && data[key] !== null) recipe.rest.push([key, String(textIn(data[key]) || JSON.stringify(data[key])).slice(0, 2000)])
  return recipe
}

/** @param {unknown} prompt @param {unknown} style */
function joined(prompt, style) {
  const [first, second] = [textIn(prompt), textIn(style)]
  const whole = second && second !== first ? `${first}, ${second}` : first
  return fromInvoke(whole)
}

/** A model as its versions name it. @param {any} value @returns {import('./recipe.js').FileName | null} */
function fileOf(value) {
  const name = textIn(typeof value === 'string' ? value : (value?.name ?? value?.model_name ?? value?.model?.name ?? value?.model?.model_name))
  return name ? { name: name.slice(0, 400) } : null
}

/** @param {unknown} value @param {number} usual */
function shareOf(value, usual) {
  const number = numberIn(value)
  return number !== null && number >= 0 && number <= 1 ? number : usual
}

/**
 * The same facts from a graph: what its sampler's sockets lead to.
 *
 * @param {Json} graph  `invokeai_graph`, or `invokeai_workflow` @returns {Recipe | null} null where it samples nothing
 */
export function fromGraph(graph) {
  const nodes = nodesOf(graph)
  const edges = edgesOf(graph)
  const all = [...nodes.values()]
  const ofType = (/** @type {RegExp} */ pattern) => all.find((node) => pattern.test(node.type))
  const written = ofType(/^core_metadata$/u)
  if (written && textIn(written.inputs.positive_prompt)) return fromMetadata(written.inputs)
  const sampler = ofType(/denoise|^t2l$|^l2l$/u)
  if (!sampler) return null

  /** The value of a field: its own, or what the node that is linked to it holds. @param {{ id: string, inputs: Json } | undefined} node @param {string} field */
  const value = (node, field) => {
    for (let left = 20; node && left > 0; left -= 1) {
      const edge = edges.get(`${node.id} ${field}`)
      if (!edge) return node.inputs[field]
      node = nodes.get(edge.from)
      if (node && node.inputs[edge.field] !== undefined) field = edge.field
      else field = node && 'value' in node.inputs ? 'value' : (node && Object.keys(node.inputs).find((name) => /prompt|value|low/u.test(name))) ?? field
    }
    return undefined
  }
  /** @param {string} field */
  const prompt = (field) => {
    const edge = edges.get(`${sampler.id} ${field}`)
    let node = edge && nodes.get(edge.from)
    for (let left = 20; node && !('prompt' in node.inputs) && left > 0; left -= 1) { // through collections
      const on = [...edges].find(([key]) => key.startsWith(`${node?.id} `))
      node = on && nodes.get(on[1].from)
    }
    return value(node, 'prompt')
  }
  const noise = ofType(/^noise$/u)
  const loader = ofType(/model_loader$/u)
  const recipe = fromMetadata({
    positive_prompt: prompt('positive_conditioning') ?? prompt('positive_text_conditioning'), negative_prompt: prompt('negative_conditioning') ?? prompt('negative_text_conditioning'),
    steps: value(sampler, 'steps') ?? value(sampler, 'num_steps'), cfg_scale: value(sampler, 'cfg_scale'), scheduler: value(sampler, 'scheduler'), guidance: value(sampler, 'guidance'),
    seed: value(noise ?? sampler, 'seed'), width: value(noise ?? sampler, 'width'), height: value(noise ?? sampler, 'height'),
    model: value(loader, 'model'), vae: value(ofType(/^vae_loader$/u), 'vae_model'),
    loras: all.filter((node) => /lora_(?:loader|selector)$/u.test(node.type)).map((node) => ({ lora: value(node, 'lora'), weight: value(node, 'weight') })),
    controlnets: all.filter((node) => /controlnet/u.test(node.type)), ipAdapters: all.filter((node) => /ip_adapter/u.test(node.type))
  })
  const others = [...new Set(all.map((node) => node.type))].filter((type) => !KNOWN.test(type))
  if (others.length) recipe.left.push(t('Nodes that have no like here: {names}.', { names: others.slice(0, 12).join(', ') }))
  return recipe
}

const KNOWN = /denoise|^t2l$|^l2l$|^noise$|model_loader$|vae_loader|lora|compel|text_encoder|^l2i$|^string|^integer|^float|rand_int|collect|conditioning|metadata|clip_skip|save_image|vae_decode|^notes$/u

/** @typedef {{ id: string, type: string, inputs: Json }} InvokeNode */

/** @param {Json} graph @returns {Map<string, InvokeNode>} */
function nodesOf(graph) {
  /** @type {Map<string, InvokeNode>} */
  const nodes = new Map()
  const listed = Array.isArray(graph.nodes) ? graph.nodes : Object.values(asObject(graph.nodes) ?? {})
  for (const entry of listed.slice(0, 2000)) {
    const node = asObject(entry)
    const data = asObject(node?.data) ?? node
    if (!node || !data) continue
    const inputs = asObject(data.inputs)
    const plain = inputs ? Object.fromEntries(Object.entries(inputs).map(([name, field]) => [name, asObject(field)?.value])) : data
    nodes.set(textIn(node.id), { id: textIn(node.id), type: textIn(data.type), inputs: plain })
  }
  return nodes
}

/** By the node and the field that they end at. @param {Json} graph @returns {Map<string, { from: string, field: string }>} */
function edgesOf(graph) {
  /** @type {Map<string, { from: string, field: string }>} */
  const edges = new Map()
  for (const entry of asList(graph.edges).slice(0, 10_000)) {
    const edge = asObject(entry)
    if (!edge) continue
    const [from, to] = [asObject(edge.source), asObject(edge.destination)]
    if (from && to) edges.set(`${textIn(to.node_id)} ${textIn(to.field)}`, { from: textIn(from.node_id), field: textIn(from.field) })
    else edges.set(`${textIn(edge.target)} ${textIn(edge.targetHandle)}`, { from: textIn(edge.source), field: textIn(edge.sourceHandle) })
  }
  return edges
}

/** @param {Json} data  `sd-metadata`, of InvokeAI 2 @returns {Recipe} */
export function fromOldMetadata(data) {
  const image = asObject(data.image) ?? data
  const prompts = Array.isArray(image.prompt) ? image.prompt.map((part) => textIn(asObject(part)?.prompt)).filter(Boolean).join(', ') : textIn(image.prompt)
  const { positive, negative } = halves(prompts)
  const recipe = fromMetadata({
    app_version: data.app_version, positive_prompt: positive, negative_prompt: negative, steps: image.steps, cfg_scale: image.cfg_scale, seed: image.seed, width: image.width, height: image.height,
    model: textIn(data.model_weights), scheduler: image.sampler, generation_mode: image.type, strength: image.strength
  })
  if (asList(image.variations).length) recipe.left.push(t('Variations: noise of several seeds is not mixed in this version.'))
  if (asList(image.postprocessing).length) recipe.left.push(t('Faces were restored, or the picture was enlarged, afterwards.'))
  return recipe
}

/** `"words [what not]" -s 50 -S 1234 -W 512 -H 512 -C 7.5 -A k_lms`. @param {string} text @returns {Recipe} */
export function fromDream(text) {
  const quoted = /^\s*"((?:\\.|[^"\\])*)"/su.exec(text)
  const { positive, negative } = halves(quoted?.[1]?.replaceAll('\\"', '"') ?? text.split(/ -\w/u, 1)[0] ?? '')
  const rest = quoted ? text.slice(quoted[0].length) : text
  /** @type {Json} */
  const options = {}
  for (const [, letter = '', value = ''] of rest.matchAll(/(?:^| )-([sSWHCAf]) ?(\S{1,60})/gu)) options[letter] ??= value
  return fromMetadata({
    positive_prompt: positive, negative_prompt: negative, steps: options.s, seed: options.S, width: options.W, height: options.H, cfg_scale: options.C, scheduler: options.A,
    ...(options.f ? { generation_mode: 'img2img', strength: options.f } : {})
  })
}

/** What stands in brackets was what one did not want. @param {string} text */
function halves(text) {
  /** @type {string[]} */
  const unwanted = []
  const positive = text.replaceAll(/\[([^[\]]*)\]/gu, (_whole, inner) => {
    unwanted.push(inner.trim())
    return ''
  })
  return { positive: positive.replaceAll(/ {2,}/gu, ' ').trim(), negative: unwanted.filter(Boolean).join(', ') }
}
