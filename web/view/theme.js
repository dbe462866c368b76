/**
 * All colours, once: the canvas reads them here, the style sheet gets them by `cssVariables`.
 *
 * Four neutral surfaces, two strengths of text, one accent for what is yours to press and what runs now; red only for
 * errors, amber only for warnings. Sockets take one of twelve hues of equal lightness, always the same for a type.
 *
 * @typedef {object} Theme
 * @property {'dark' | 'light'} name
 * @property {string} canvas
 * @property {string} dot Of the grid.
 * @property {string} surface Nodes and panels.
 * @property {string} raised What lies on a surface.
 * @property {string} hover A raised thing under the pointer.
 * @property {string} field What holds a value.
 * @property {string} fieldActive A field under the pointer, or being edited.
 * @property {string} overlay Menus, dialogs, tips.
 * @property {string} bar The bars round the canvas.
 * @property {string} line Hairlines.
 * @property {string} edge Borders that must be seen: 3:1 on the canvas.
 * @property {string} text
 * @property {string} quiet Labels: 4.5:1 on all surfaces.
 * @property {string} accent
 * @property {string} onAccent
 * @property {string} accentText The accent as text.
 * @property {string} markChoice Choices in a prompt.
 * @property {string} markName Names of files in a prompt.
 * @property {string} select
 * @property {string} error
 * @property {string} onError
 * @property {string} errorSurface
 * @property {string} errorText On that surface.
 * @property {string} warning
 * @property {string} group
 * @property {string} shadow
 * @property {string} veil Over what a dialog covers.
 * @property {number} typeLightness
 * @property {number} typeChroma
 * @property {number} tintLightness
 * @property {number} tintChroma
 * @property {Readonly<Record<string, string>>} types Colours that a palette gives socket types; only their hues are used.
 */
import { hueOf, oklch } from './oklch.js'

/** The face of everything written; values in tabular figures where the face has them. */
export const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif'
export const MONO = 'ui-monospace, "SF Mono", "Cascadia Mono", "DejaVu Sans Mono", monospace'
export const SIZES = { tiny: 11, small: 12, body: 13, head: 15, large: 20 }

/** Hues of the types one meets every day; others get one of the twelve by name. @type {Readonly<Record<string, number>>} */
const HUES = {
  MODEL: 295, CLIP: 95, VAE: 20, CONDITIONING: 55, LATENT: 340, IMAGE: 245, MASK: 155, CONTROL_NET: 180, UPSCALE_MODEL: 275,
  CLIP_VISION: 75, CLIP_VISION_OUTPUT: 75, STYLE_MODEL: 120, GLIGEN: 120, SAMPLER: 315, SIGMAS: 215, NOISE: 5, GUIDER: 315,
  INT: 200, FLOAT: 200, STRING: 130, BOOLEAN: 35, COMBO: 215
}
const MODELS = new Set([
  'MODEL', 'CLIP', 'VAE', 'CONTROL_NET', 'UPSCALE_MODEL', 'CLIP_VISION', 'STYLE_MODEL', 'GLIGEN', 'HYPERNETWORK',
  'AUDIO_ENCODER', 'MODEL_PATCH', 'PHOTOMAKER'
])
const PLAIN = new Set(['INT', 'FLOAT', 'STRING', 'BOOLEAN', 'COMBO'])

/** @param {string} name @returns {number} one of twelve hues, the same for ever */
function hashedHue(name) {
  let hash = 2166136261
  for (const letter of name) hash = Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 16777619)
  return ((hash >>> 0) % 12) * 30 + 5
}

/** @type {WeakMap<Theme, Map<string, string>>} */
const colours = new WeakMap()

/** @param {Theme} theme @param {string} key @param {() => string} make */
function kept(theme, key, make) {
  let map = colours.get(theme)
  if (!map) colours.set(theme, (map = new Map()))
  let colour = map.get(key)
  if (colour === undefined) map.set(key, (colour = make()))
  return colour
}

/** Of a socket and its links. A union has its first type's. @param {Theme} theme @param {string} type */
export function typeColour(theme, type) {
  return kept(theme, `type ${type}`, () => {
    const name = (type.split(',')[0] ?? '').trim().toUpperCase()
    if (name === '*' || name === '') return theme.quiet
    const grey = PLAIN.has(name) ? 0.6 : 1
    const own = hueOf(theme.types[name] ?? '')?.hue
    return oklch(theme.typeLightness, theme.typeChroma * grey, own ?? HUES[name] ?? hashedHue(name))
  })
}

/** @typedef {'circle' | 'diamond' | 'square'} SocketForm */

/** Circles carry data, diamonds models, squares text and numbers. @param {string} type @returns {SocketForm} */
export function socketForm(type) {
  const name = (type.split(',')[0] ?? '').trim().toUpperCase()
  return MODELS.has(name) ? 'diamond' : PLAIN.has(name) ? 'square' : 'circle'
}

/** @type {Readonly<Record<string, number>>} */
const CATEGORY_HUES = {
  loaders: 275, conditioning: 305, latent: 255, sampling: 265, image: 245, mask: 155, advanced: 285, model_patches: 285, utils: 220
}

/** The quiet tint of a node's title. @param {Theme} theme @param {string} category */
export function tint(theme, category) {
  const top = category.split('/')[0] ?? ''
  return kept(theme, `tint ${top}`, () => oklch(theme.tintLightness, theme.tintChroma, CATEGORY_HUES[top] ?? hashedHue(top)))
}

/**
 * A colour that a file gives a node or a frame, at this theme's lightness, so that what is written on it stays legible.
 * @param {Theme} theme @param {string} colour @param {'title' | 'body' | 'frame' | 'strong'} use
 * @returns {string | null} null where the text is no colour
 */
export function ownColour(theme, colour, use) {
  const hue = hueOf(colour)
  if (!hue) return null
  const dark = theme.name === 'dark'
  const [lightness, most] = {
    title: dark ? [0.36, 0.075] : [0.88, 0.06],
    body: dark ? [0.27, 0.035] : [0.965, 0.02],
    frame: dark ? [0.6, 0.1] : [0.62, 0.12],
    strong: dark ? [0.78, 0.12] : [0.45, 0.12]
  }[use]
  return kept(theme, `${use} ${colour}`, () => oklch(lightness ?? 0.5, Math.min(hue.chroma * 1.2, most ?? 0.1), hue.hue))
}

/** @param {string} colour `#rrggbb` @param {number} alpha 0 to 1 */
export const withAlpha = (colour, alpha) => `${colour}${Math.round(alpha * 255).toString(16).padStart(2, '0')}`

/** Custom properties of the style sheet: `--canvas`, `--on-accent`, `--font`, ... @param {Theme} theme @returns {Record<string, string>} */
export function cssVariables(theme) {
  /** @type {Record<string, string>} */
  const variables = { '--font': FONT, '--mono': MONO, 'color-scheme': theme.name }
  for (const [name, value] of Object.entries(theme)) {
    if (typeof value !== 'string' || name === 'name') continue
    variables[`--${name.replace(/[A-Z]/gu, (letter) => `-${letter.toLowerCase()}`)}`] = value
  }
  for (const [name, size] of Object.entries(SIZES)) variables[`--size-${name}`] = `${size}px`
  return variables
}
