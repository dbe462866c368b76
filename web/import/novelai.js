/** What NovelAI writes: JSON in `Comment`, the model in `Source`; or the same within the picture's transparency. */
import { t } from '../language/t.js'
import { asList, asObject } from '../model/json.js'
import { setSampler } from './a1111.js'
import { fromNovelAi } from './emphasis.js'
import { Checked, newRecipe, numberIn, textIn } from './recipe.js'

/**
 * @param {Record<string, any>} data  the comment @param {{ source?: string, description?: string }} [beside]
 * @returns {import('./recipe.js').Recipe}
 */
export function fromComment(data, { source = '', description = '' } = {}) {
  const recipe = newRecipe('NovelAI', { cfg: 5, steps: 28, scheduler: 'karras' })
  const checked = new Checked(recipe)
  const [wanted, unwanted] = [captions(data.v4_prompt), captions(data.v4_negative_prompt)]
  recipe.positive = [wanted.base || textIn(data.prompt) || description, ...wanted.characters].map(fromNovelAi).filter(Boolean).join(', ')
  recipe.negative = [unwanted.base || textIn(data.uc), ...unwanted.characters].map(fromNovelAi).filter(Boolean).join(', ')
  checked.take('steps', data.steps, t('Steps'))
  checked.take('cfg', data.scale, t('CFG'))
  checked.take('seed', data.seed, t('Seed'))
  checked.take('batch', data.n_samples, t('Batch size'))
  checked.take('rescale', data.cfg_rescale, t('CFG rescale'))
  if (!recipe.rescale) recipe.rescale = null
  checked.size(data.width, data.height)
  setSampler(recipe, textIn(data.sampler), textIn(data.noise_schedule) || 'native')
  recipe.vPrediction = /\bXL\b/u.test(source) // V3: SDXL that predicts v
  if (/Stable Diffusion [0-9A-F]{8}/u.test(source)) recipe.clipSkip = 2 // V1
  const strength = numberIn(data.strength)
  if (/Img2Img|Infill/iu.test(textIn(data.request_type)) || (strength !== null && data.noise !== undefined)) recipe.denoise = strength !== null && strength >= 0 && strength <= 1 ? strength : 0.7

  recipe.left.push(t('NovelAI’s models are closed: the model that is set here makes another picture.'))
  if (wanted.characters.length) recipe.left.push(data.v4_prompt?.use_coords === true ? t('Characters stand one after another in the prompt; their places in the picture are left out.') : t('Characters stand one after another in the prompt.'))
  if (data.sm === true || data.sm_dyn === true) recipe.left.push(t('SMEA is NovelAI’s own.'))
  if (data.skip_cfg_above_sigma) recipe.left.push(t('Variety+, a start without guidance, is not in this version.'))
  if (data.dynamic_thresholding === true) recipe.left.push(t('Decrisper, a limit of the guidance, is not in this version.'))
  if (asList(data.reference_strength_multiple).length || asList(data.director_reference_strengths).length || data.reference_strength) recipe.left.push(t('Vibe transfer and reference pictures have to be set by hand.'))
  if (/\|/u.test(textIn(data.prompt)) && !wanted.characters.length) recipe.left.push(t('Prompts that are mixed by | stand one after another.'))
  if (source) recipe.rest.push(['Source', source.slice(0, 200)])
  for (const key of ['noise_schedule', 'uncond_scale', 'sm', 'sm_dyn', 'skip_cfg_above_sigma', 'request_type', 'noise']) if (data[key] !== undefined && data[key] !== null) recipe.rest.push([key, (textIn(data[key]) || String(JSON.stringify(data[key]))).slice(0, 200)])
  return recipe
}

/** @param {any} prompt  of its version 4 and later */
function captions(prompt) {
  const caption = asObject(asObject(prompt)?.caption)
  return {
    base: textIn(caption?.base_caption),
    characters: asList(caption?.char_captions).slice(0, 24).map((entry) => textIn(asObject(entry)?.char_caption)).filter(Boolean)
  }
}
