/**
 * How a picture was made, in words of no program in particular: what every reader of another tool's text gives, and what
 * the builder makes a graph of. Values are checked here, since texts lie.
 */
import { t } from '../language/t.js'

/**
 * @typedef {{ name: string, hash?: string }} FileName  as the other program names it, most often without folder and ending
 * @typedef {FileName & { model: number, clip: number }} Lora
 *
 * @typedef {object} Hires  a second pass over an enlarged picture
 * @property {number} [scale]
 * @property {number} [width]
 * @property {number} [height]
 * @property {string} upscaler  '' for the latent itself
 * @property {string} [method]  of enlarging the latent
 * @property {number} steps  0 for as many as before
 * @property {number} denoise
 * @property {string} [sampler]
 * @property {string} [scheduler]
 * @property {number} [cfg]
 * @property {string} [positive]
 * @property {string} [negative]
 *
 * @typedef {object} Recipe
 * @property {string} source  the program
 * @property {string} positive  in our syntax; parts by PART and SUM, see emphasis.js
 * @property {string} negative
 * @property {number} width
 * @property {number} height
 * @property {number} batch
 * @property {number} seed
 * @property {number} steps
 * @property {number} cfg
 * @property {string} sampler  of ours
 * @property {string} scheduler  of ours
 * @property {number | null} denoise  null where it did not begin with a picture
 * @property {number} clipSkip  1 for none
 * @property {FileName | null} model
 * @property {FileName | null} vae
 * @property {FileName[]} encoders  text encoders in files of their own
 * @property {number | null} guidance  Flux' distilled guidance
 * @property {number | null} rescale  of the CFG
 * @property {boolean} vPrediction
 * @property {Lora[]} loras
 * @property {{ name: string, strength: number }[]} hypernetworks
 * @property {(FileName & { at: number }) | null} refiner  `at`: the share of the steps before it
 * @property {Hires | null} hires
 * @property {string[]} left  sentences on what is not in the graph
 * @property {[string, string][]} rest  all other facts, as they were told
 */

const LARGEST_SIDE = 16_384
const LARGEST_STEPS = 10_000

/** @param {string} source @param {Partial<Recipe>} [known] @returns {Recipe} */
export function newRecipe(source, known = {}) {
  return {
    source, positive: '', negative: '', width: 512, height: 512, batch: 1, seed: 0, steps: 20, cfg: 7, sampler: 'euler', scheduler: 'normal',
    denoise: null, clipSkip: 1, model: null, vae: null, encoders: [], guidance: null, rescale: null, vPrediction: false, loras: [],
    hypernetworks: [], refiner: null, hires: null, left: [], rest: [], ...known
  }
}

/** A number, however it is written; null for what is none. @param {unknown} value @returns {number | null} */
export function numberIn(value) {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null
  if (typeof value !== 'string' || value.length > 60) return null
  const number = Number(value.trim() || NaN)
  return Number.isFinite(number) ? number : null
}

/** @param {unknown} value @returns {string} '' for what is no text */
export const textIn = (value) => (typeof value === 'string' ? value.trim() : typeof value === 'number' ? String(value) : '')

/** Takes values from a text into a recipe, and tells what could not be meant. */
export class Checked {
  /** @param {Recipe} recipe */
  constructor(recipe) {
    this.recipe = recipe
  }

  /**
   * @param {keyof typeof LIMITS} field @param {unknown} value @param {string} label
   */
  take(field, value, label) {
    if (value === undefined || value === null || value === '') return
    const number = numberIn(value)
    const [least, most, whole] = LIMITS[field]
    if (number === null || number < least || number > most) {
      if (!(field === 'seed' && number === -1)) this.#doubt(label, value)
      return
    }
    this.recipe[field] = whole ? Math.trunc(number) : number
  }

  /** @param {unknown} width @param {unknown} height */
  size(width, height) {
    if (width === undefined && height === undefined) return
    const [w, h] = [side(width), side(height)]
    if (w === null || h === null) this.#doubt(t('The size'), `${textIn(width)} × ${textIn(height)}`)
    else {
      this.recipe.width = w
      this.recipe.height = h
    }
  }

  /** @param {string} label @param {unknown} value */
  #doubt(label, value) {
    this.recipe.left.push(t('{what} cannot be “{value}”: the usual value is set.', { what: label, value: String(textIn(value) || typeof value).slice(0, 40) }))
  }
}

/** The least, the most, and whether it is whole. */
const LIMITS = /** @type {const} */ ({
  steps: [1, LARGEST_STEPS, true], cfg: [0, 1000, false], seed: [0, Number.MAX_SAFE_INTEGER, true], batch: [1, 64, true],
  clipSkip: [1, 24, true], guidance: [0, 1000, false], rescale: [0, 1, false], denoise: [0, 1, false]
})

/** Sides are multiples of eight. @param {unknown} value @returns {number | null} */
function side(value) {
  const number = numberIn(value)
  if (number === null || number < 16 || number > LARGEST_SIDE) return null
  return Math.round(number / 8) * 8
}
