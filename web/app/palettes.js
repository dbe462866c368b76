/**
 * Palettes of one's own: read from a file, ours or the incumbent's, kept with the settings, and written to a file.
 *
 * @typedef {import('../view/palettes.js').Palette} Palette
 */
import { t } from '../language/t.js'
import { asObject, asText } from '../model/json.js'
import { hueOf } from '../view/oklch.js'
import { colourNames, PALETTES } from '../view/palettes.js'

const MOST = 50

/** The palette to show. @param {import('./settings.js').Settings} settings @param {boolean} strong the system asks for more contrast @returns {Palette} */
export function paletteOf(settings, strong = false) {
  const id = settings.values.palette || (strong ? 'contrast' : 'easel')
  return allPalettes(settings).find(palette => palette.id === id) ?? /** @type {Palette} */ (PALETTES[0])
}

/** @param {import('./settings.js').Settings} settings @returns {Palette[]} */
export const allPalettes = settings => [...PALETTES, ...settings.values.palettes.filter(isWhole)]

/** One that another page, or a hand, has left in the settings is passed over where it could not be drawn. @param {unknown} palette */
function isWhole(palette) {
  const { id, label, ...rest } = asObject(palette) ?? {}
  try {
    if (typeof id !== 'string' || typeof label !== 'string') return false
    readPalette(JSON.stringify({ easel_palette: 1, label, ...rest }))
    return true
  } catch {
    return false
  }
}

/** Keeps a palette and shows it; one of the same name is replaced. @param {import('./settings.js').Settings} settings @param {Palette} palette */
export function keepPalette(settings, palette) {
  settings.set('palettes', [...settings.values.palettes.filter(other => isWhole(other) && other.id !== palette.id), palette].slice(-MOST))
  settings.set('palette', palette.id)
}

/** @param {import('./settings.js').Settings} settings @param {string} id */
export function dropPalette(settings, id) {
  settings.set('palettes', settings.values.palettes.filter(palette => isWhole(palette) && palette.id !== id))
  if (settings.values.palette === id) settings.set('palette', '')
}

/** @param {Palette} palette @returns {string} a file's text */
export const writePalette = ({ id: _id, ...rest }) => `${JSON.stringify({ easel_palette: 1, ...rest }, null, 2)}\n`

/**
 * A palette's file.
 *
 * @param {string} text
 * @returns {Palette}
 * @throws {Error} with a sentence: what is wrong, and with which colour
 */
export function readPalette(text) {
  let file
  try {
    file = asObject(JSON.parse(text))
  } catch {
    throw new Error(t('The file is no JSON, so it holds no palette.'))
  }
  if (!file) throw new Error(t('The file holds no palette: an object was expected.'))
  if (asObject(file.colors)) return readForeign(file)
  if (file.easel_palette !== 1) throw new Error(t('The file holds no palette of Easel (“easel_palette”: 1) nor one of ComfyUI (“colors”).'))
  const label = nameOf(file.label)
  return {
    id: `own:${label}`, label, hue: numberOf(file.hue, 'hue', 0, 360, 265), chroma: numberOf(file.chroma, 'chroma', 0, 8, 1),
    accent: numberOf(file.accent, 'accent', 0, 360, 152), strong: file.strong === true,
    dark: coloursOf(file.dark, 'dark'), light: coloursOf(file.light, 'light'), types: typesOf(file.types),
  }
}

/** The incumbent's: its background, node and text colours, and those of its socket types. @param {import('../model/json.js').Json} file @returns {Palette} */
function readForeign(file) {
  const colours = asObject(file.colors) ?? {}
  const [graph, page] = [asObject(colours.litegraph_base) ?? {}, asObject(colours.comfy_base) ?? {}]
  const label = nameOf(file.name ?? file.id)
  const background = hueOf(asText(page['bg-color']) ?? asText(graph.CLEAR_BACKGROUND_COLOR) ?? '')
  /** @type {Record<string, string>} */
  const named = {}
  for (const [name, value] of /** @type {const} */ ([
    ['canvas', graph.CLEAR_BACKGROUND_COLOR], ['surface', graph.NODE_DEFAULT_BGCOLOR], ['field', graph.WIDGET_BGCOLOR ?? page['comfy-input-bg']],
    ['text', graph.NODE_TITLE_COLOR ?? page['fg-color']], ['quiet', graph.NODE_TEXT_COLOR ?? page['descrip-text']], ['bar', page['comfy-menu-bg']], ['line', page['border-color']],
  ])) if (hueOf(asText(value) ?? '')) named[name] = full(String(value))
  const base = file.light_theme === true ? 'light' : 'dark'
  return {
    id: `own:${label}`, label, hue: background?.hue ?? 265, chroma: Math.min((background?.chroma ?? 0.007) / 0.008, 5), accent: 152,
    [base]: named, types: typesOf(colours.node_slot),
  }
}

/** @param {unknown} value @returns {string} */
function nameOf(value) {
  const name = asText(value)?.trim().slice(0, 40)
  if (!name) throw new Error(t('The palette has no name (“label”).'))
  return name
}

/** @param {unknown} value @param {string} name @param {number} least @param {number} most @param {number} otherwise */
function numberOf(value, name, least, most, otherwise) {
  if (value === undefined) return otherwise
  if (typeof value !== 'number' || !(value >= least && value <= most)) throw new Error(t('“{name}” of the palette must be a number from {least} to {most}, not {value}.', { name, least, most, value: JSON.stringify(value) }))
  return value
}

/** @param {unknown} value @param {string} base @returns {Record<string, string>} */
function coloursOf(value, base) {
  const known = new Set(colourNames())
  return Object.fromEntries(Object.entries(asObject(value) ?? {}).map(([name, colour]) => {
    if (!known.has(name)) throw new Error(t('“{name}” is no colour of a palette. Known are: {names}.', { name: `${base}.${name}`, names: [...known].join(', ') }))
    if (typeof colour !== 'string' || !hueOf(colour)) throw new Error(t('“{name}” must be a colour such as #1b2030, not {value}.', { name: `${base}.${name}`, value: JSON.stringify(colour) }))
    return [name, full(colour)]
  }))
}

/** @param {unknown} value @returns {Record<string, string>} colours that are none are left out: they only choose hues */
function typesOf(value) {
  return Object.fromEntries(Object.entries(asObject(value) ?? {}).flatMap(([name, colour]) => (typeof colour === 'string' && hueOf(colour) ? [[name.toUpperCase(), full(colour)]] : [])))
}

/** `#abc` in full, since alpha is written behind it. @param {string} colour */
const full = colour => {
  const digits = colour.trim().slice(1).toLowerCase()
  return `#${digits.length === 3 ? [...digits].map(digit => digit + digit).join('') : digits}`
}
