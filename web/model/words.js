/** Names of the wire as words for the eye: `sampler_name` reads "Sampler name", `CLIP_VISION` "CLIP vision", in the person's language where it has them. */
import { catalogue } from '../language/nodes.js'
import { many } from '../language/t.js'

const CAPITALS = new Set([
  'cfg', 'clip', 'vae', 'id', 'url', 'rgb', 'rgba', 'hsv', 'lora', 'unet', 'cpu', 'gpu', 'png', 'jpg', 'gif', 'json', 'sdxl',
  'sd3', 't5', 'x', 'y', 'z', 'api', 'fps', 'hdr', 'svg', 'exif', 't5xxl', 'clip_l', 'clip_g', '3d', 'sd'
])
const NAMES = new Map([['lora', 'LoRA'], ['loras', 'LoRAs'], ['unet', 'UNet'], ['ckpt', 'Checkpoint'], ['controlnet', 'ControlNet']])

/** @type {Map<string, string>} */
const cache = new Map()

/** @param {string} name */
export function humanise(name) {
  const known = cache.get(name)
  if (known !== undefined) return known
  const words = name.replaceAll('_', ' ').trim().split(/\s+/u)
  const text = catalogue.names.get(name) ?? words.map((word, index) => humaniseWord(word, index === 0)).join(' ')
  if (cache.size > 5000) cache.clear()
  cache.set(name, text)
  return text
}

/** A widget's name for its row: that a file or a sampler is given by name goes without saying. @param {string} name */
export const rowLabel = (name) => humanise(catalogue.names.has(name) ? name : name.replace(/(?<=.)_name$/u, ''))

/** A label within a sentence: "Sampler name" reads "sampler name", "CFG" stays. @param {string} label */
export const inSentence = (label) => label.replace(/^\p{Lu}(?=\p{Ll}+(?:\s|$))/u, (letter) => letter.toLowerCase())

/** A category's path as words: `sampling/custom_sampling` reads "Sampling / Custom sampling". @param {string} category */
export const categoryWords = (category) => category.split('/').map(humanise).join(' / ')

/** @param {string} word @param {boolean} first */
function humaniseWord(word, first) {
  const lower = word.toLowerCase()
  const name = NAMES.get(lower)
  if (name) return name
  if (CAPITALS.has(lower)) return word.toUpperCase()
  // A word in mixed letters was written so by its author.
  if (word !== lower && word !== word.toUpperCase()) return word
  return first ? lower.charAt(0).toUpperCase() + lower.slice(1) : lower
}

/** `412 MB`: decimal units, as drives and memory are sold. @param {number} bytes */
export function bytesInWords(bytes) {
  let size = bytes
  for (const unit of ['bytes', 'kB', 'MB', 'GB']) {
    if (size < 1000) return unit === 'bytes' ? many(Math.round(size), '{count} bytes', '{count} bytes') : `${size >= 100 ? Math.round(size) : size.toFixed(1)} ${unit}`
    size /= 1000
  }
  return `${size.toFixed(1)} TB`
}

/** A number as shown: at most so many digits after the point, groups of three set apart from five digits on. @param {number} value @param {number} digits */
export function formatNumber(value, digits) {
  if (!Number.isFinite(value)) return String(value)
  const [whole = '', part] = value.toFixed(digits).split('.')
  const grouped = whole.replace('-', '').length > 4 ? whole.replace(/\B(?=(\d{3})+$)/gu, '\u2009') : whole
  return part === undefined ? grouped : `${grouped}.${part}`
}
