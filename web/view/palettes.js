/**
 * The palettes: each is a few numbers, from which a dark and a light theme are made with the same steps of lightness, so
 * that all are equally legible. A palette from a file may name single colours besides.
 *
 * @typedef {import('./theme.js').Theme} Theme
 * @typedef {'dark' | 'light'} Base
 * @typedef {object} Palette
 * @property {string} id
 * @property {string} label
 * @property {number} hue Of the greys, degrees.
 * @property {number} chroma How far from grey they are: 1 as Easel's own, 0 pure greys.
 * @property {number} accent Hue of what is yours to press.
 * @property {boolean} [strong] Borders and labels at 7:1.
 * @property {Readonly<Record<string, string>>} [dark] Single colours of the dark theme, `#rrggbb` by their names.
 * @property {Readonly<Record<string, string>>} [light]
 * @property {Readonly<Record<string, string>>} [types] Colours of socket types; only their hues are used.
 */
import { t } from '../language/t.js'
import { contrast, oklch } from './oklch.js'

/** @type {readonly Palette[]} */
export const PALETTES = [
  { id: 'easel', label: 'Easel', hue: 265, chroma: 1, accent: 152 },
  { id: 'graphite', label: t('Graphite'), hue: 0, chroma: 0, accent: 235 },
  { id: 'night', label: t('Night'), hue: 265, chroma: 3.4, accent: 215 },
  { id: 'forest', label: t('Forest'), hue: 155, chroma: 1.8, accent: 120 },
  { id: 'plum', label: t('Plum'), hue: 325, chroma: 2.2, accent: 350 },
  { id: 'ember', label: t('Ember'), hue: 45, chroma: 1.7, accent: 62 },
  { id: 'contrast', label: t('High contrast'), hue: 265, chroma: 0.5, accent: 152, strong: true }
]

/** @param {Palette} palette @param {Base} base @returns {Theme} */
export function themeOf(palette, base) {
  const made = base === 'dark' ? dark(palette) : light(palette)
  return legible({ ...made, ...palette[base] })
}

/** What a palette can name. @returns {string[]} */
export const colourNames = () => Object.entries(dark(/** @type {Palette} */ (PALETTES[0]))).flatMap(([name, value]) => (typeof value === 'string' && value.startsWith('#') ? [name] : []))

/** @param {Palette} palette @returns {Theme} */
function dark({ hue, chroma, accent, strong = false, types = {} }) {
  const grey = (/** @type {number} */ lightness, /** @type {number} */ colour) => oklch(lightness, colour * chroma, hue)
  return {
    name: 'dark',
    canvas: grey(strong ? 0.1 : 0.172, 0.007),
    dot: grey(0.315, 0.008),
    surface: grey(strong ? 0.18 : 0.238, 0.007),
    raised: grey(strong ? 0.24 : 0.285, 0.009),
    hover: grey(0.33, 0.011),
    field: grey(strong ? 0.24 : 0.285, 0.009),
    fieldActive: grey(0.33, 0.011),
    overlay: grey(strong ? 0.2 : 0.262, 0.008),
    bar: grey(strong ? 0.17 : 0.228, 0.007),
    line: grey(strong ? 0.62 : 0.345, 0.009),
    edge: grey(strong ? 0.75 : 0.5, 0.012),
    text: grey(strong ? 1 : 0.955, 0.004),
    quiet: grey(strong ? 0.88 : 0.735, 0.012),
    accent: oklch(0.835, 0.165, accent),
    onAccent: oklch(0.2, 0.05, accent),
    accentText: oklch(strong ? 0.88 : 0.835, 0.165, accent),
    markChoice: oklch(0.8, 0.12, 305),
    markName: oklch(0.8, 0.11, 230),
    select: grey(strong ? 1 : 0.9, 0.02),
    error: oklch(strong ? 0.76 : 0.69, 0.19, 23),
    onError: oklch(strong ? 0.2 : 0.985, 0.01, 23),
    errorSurface: oklch(0.3, 0.075, 23),
    errorText: oklch(strong ? 0.96 : 0.9, 0.05, 23),
    warning: oklch(0.81, 0.145, 80),
    group: grey(0.62, 0.01),
    shadow: '#000000',
    veil: '#00000099',
    typeLightness: strong ? 0.84 : 0.775,
    typeChroma: 0.125,
    tintLightness: strong ? 0.25 : 0.288,
    tintChroma: 0.03,
    types
  }
}

/** @param {Palette} palette @returns {Theme} */
function light({ hue, chroma, accent, strong = false, types = {} }) {
  const grey = (/** @type {number} */ lightness, /** @type {number} */ colour) => oklch(lightness, colour * chroma, hue)
  return {
    name: 'light',
    canvas: grey(0.957, 0.004),
    dot: grey(0.86, 0.006),
    surface: grey(0.995, 0.001),
    raised: grey(0.952, 0.004),
    hover: grey(0.915, 0.006),
    field: grey(0.952, 0.004),
    fieldActive: grey(0.915, 0.006),
    overlay: grey(0.99, 0.002),
    bar: grey(0.985, 0.002),
    line: grey(strong ? 0.5 : 0.885, 0.006),
    edge: grey(strong ? 0.4 : 0.63, 0.014),
    text: grey(strong ? 0 : 0.245, 0.012),
    quiet: grey(strong ? 0.36 : 0.5, 0.016),
    accent: oklch(strong ? 0.45 : 0.545, 0.145, accent),
    onAccent: oklch(0.995, 0.005, accent),
    accentText: oklch(strong ? 0.42 : 0.5, 0.135, accent),
    markChoice: oklch(0.47, 0.17, 305),
    markName: oklch(0.46, 0.13, 245),
    select: grey(strong ? 0.1 : 0.36, 0.02),
    error: oklch(strong ? 0.47 : 0.55, 0.2, 25),
    onError: oklch(0.995, 0.004, 25),
    errorSurface: oklch(0.945, 0.035, 25),
    errorText: oklch(strong ? 0.35 : 0.42, 0.15, 25),
    warning: oklch(strong ? 0.47 : 0.525, 0.12, 65),
    group: grey(0.62, 0.012),
    shadow: '#1b2030',
    veil: '#1b203055',
    typeLightness: strong ? 0.45 : 0.54,
    typeChroma: 0.145,
    tintLightness: 0.94,
    tintChroma: 0.018,
    types
  }
}

/** Text and the surfaces that it stands on. @type {readonly (readonly [keyof Theme, readonly (keyof Theme)[]])[]} */
const WRITTEN = [
  ['text', ['canvas', 'surface', 'raised', 'overlay', 'bar', 'field', 'fieldActive', 'hover']],
  ['quiet', ['canvas', 'surface', 'raised', 'overlay', 'bar', 'field']],
  ['accentText', ['surface', 'bar']], ['markChoice', ['surface', 'field']], ['markName', ['surface', 'field']], ['onAccent', ['accent']], ['error', ['surface']], ['onError', ['error']],
  ['errorText', ['errorSurface']], ['warning', ['surface']]
]

/**
 * Whatever a palette's file asks for, what is written must be read: a text colour that does not reach 4.5:1 on one of its
 * surfaces gives way to white or black. @param {Theme} theme @returns {Theme}
 */
function legible(theme) {
  const all = /** @type {Record<string, any>} */ ({ ...theme })
  for (const [text, surfaces] of WRITTEN) {
    const least = (/** @type {string} */ colour) => Math.min(...surfaces.map((surface) => contrast(colour, all[surface])))
    if (least(all[text]) >= 4.5) continue
    all[text] = least('#ffffff') > least('#000000') ? '#ffffff' : '#000000'
  }
  return /** @type {Theme} */ (all)
}

const [EASEL] = /** @type {readonly [Palette]} */ (/** @type {unknown} */ (PALETTES))
export const THEMES = { dark: themeOf(EASEL, 'dark'), light: themeOf(EASEL, 'light') }
