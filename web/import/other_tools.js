/** SwarmUI and Fooocus, which write JSON where A1111 writes its text. */
import { t } from '../language/t.js'
import { asList, asObject } from '../model/json.js'
import { setSampler, takePrompt } from './a1111.js'
import { parseJson } from './json.js'
import { Checked, newRecipe, numberIn, textIn } from './recipe.js'

const MOST_LORAS = 64

/** @param {Record<string, any>} data  `parameters` @returns {import('./recipe.js').Recipe | null} null for JSON of somebody else */
export function fromJsonParameters(data) {
  const swarm = asObject(data.sui_image_params)
  if (swarm) return fromSwarm(swarm)
  return data.metadata_scheme === 'fooocus' || data.base_model !== undefined ? fromFooocus(data) : null
}

/** @param {Record<string, any>} data */
function fromSwarm(data) {
  const recipe = newRecipe('SwarmUI')
  const checked = new Checked(recipe)
  checked.take('steps', data.steps, t('Steps'))
  checked.take('cfg', data.cfgscale, t('CFG'))
  checked.take('seed', data.seed, t('Seed'))
  checked.take('guidance', data.fluxguidancescale, t('Guidance'))
  checked.size(data.width, data.height)
  setSampler(recipe, textIn(data.sampler), textIn(data.scheduler))
  const model = textIn(data.model)
  if (model) recipe.model = { name: model }
  const vae = textIn(data.vae)
  if (vae && !/^(?:none|automatic)$/iu.test(vae)) recipe.vae = { name: vae }
  const stop = numberIn(data.clipstopatlayer)
  if (stop !== null && stop < -1 && stop > -24) recipe.clipSkip = -Math.trunc(stop)
  const weights = asList(data.loraweights)
  asList(data.loras).slice(0, MOST_LORAS).forEach((name, index) => addLora(recipe, textIn(name), weights[index]))
  takePrompt(recipe, textIn(data.prompt), textIn(data.negativeprompt))
  if (data.initimage !== undefined) recipe.denoise = shareOf(data.initimagecreativity, 0.6)
  if (data.refinermodel !== undefined || data.refinermethod !== undefined) recipe.left.push(t('The refiner has to be set by hand.'))
  tellRest(recipe, data, ['prompt', 'negativeprompt', 'steps', 'cfgscale', 'seed', 'width', 'height', 'sampler', 'scheduler', 'model', 'loras', 'loraweights', 'vae', 'clipstopatlayer', 'fluxguidancescale'])
  return recipe
}

/** @param {Record<string, any>} data */
function fromFooocus(data) {
  const recipe = newRecipe(textIn(data.version).slice(0, 60) || 'Fooocus', { steps: 30, cfg: 4, clipSkip: 2 })
  const checked = new Checked(recipe)
  checked.take('steps', data.steps, t('Steps'))
  checked.take('cfg', data.guidance_scale, t('CFG'))
  checked.take('seed', data.seed, t('Seed'))
  checked.take('clipSkip', data.clip_skip, t('Clip skip'))
  const [, width, height] = /^\s*\(?\s*(\d{1,6})\s*[,x×]\s*(\d{1,6})\s*\)?\s*$/u.exec(textIn(data.resolution).slice(0, 60)) ?? []
  if (width) checked.size(width, height)
  setSampler(recipe, textIn(data.sampler).replace(/_gpu$/u, ''), textIn(data.scheduler))
  const model = textIn(data.base_model)
  if (model) recipe.model = { name: model, hash: textIn(data.base_model_hash) }
  const refiner = textIn(data.refiner_model)
  if (refiner && refiner !== 'None') recipe.refiner = { name: refiner, at: shareOf(data.refiner_switch, 0.8) }
  for (const entry of asList(data.loras).slice(0, MOST_LORAS)) addLora(recipe, textIn(asList(entry)[0]), asList(entry)[1])
  takePrompt(recipe, textIn(data.prompt), textIn(data.negative_prompt))
  const styles = asList(parseJson(textIn(data.styles).replaceAll("'", '"')))
  if (styles.length) recipe.left.push(t('Fooocus’ styles add words that the file does not hold: {names}.', { names: styles.slice(0, 8).map(textIn).join(', ') }))
  tellRest(recipe, data, ['prompt', 'negative_prompt', 'steps', 'guidance_scale', 'seed', 'resolution', 'sampler', 'scheduler', 'base_model', 'base_model_hash', 'loras', 'version', 'metadata_scheme', 'clip_skip'])
  return recipe
}

/** @param {import('./recipe.js').Recipe} recipe @param {string} name @param {unknown} weight */
function addLora(recipe, name, weight) {
  const strength = numberIn(weight) ?? 1
  if (name && Math.abs(strength) <= 100) recipe.loras.push({ name, model: strength, clip: strength })
}

/** @param {unknown} value @param {number} usual */
function shareOf(value, usual) {
  const number = numberIn(value)
  return number !== null && number > 0 && number <= 1 ? number : usual
}

/** @param {import('./recipe.js').Recipe} recipe @param {Record<string, any>} data @param {string[]} used */
function tellRest(recipe, data, used) {
  for (const [key, value] of Object.entries(data)) if (!used.includes(key)) recipe.rest.push([key, (textIn(value) || String(JSON.stringify(value))).slice(0, 400)])
}
