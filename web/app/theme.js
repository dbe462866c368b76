/**
 * Which colours are shown: the person's palette, dark or light by choice or by the system, written to the page as custom
 * properties.
 */
import { themeOf } from '../view/palettes.js'
import { cssVariables } from '../view/theme.js'
import { paletteOf } from './palettes.js'

/** @typedef {import('../view/theme.js').Theme} Theme */

/** @param {import('./settings.js').Settings} settings */
export function followTheme(settings) {
  /** @type {Set<(theme: Theme) => void>} */
  const listeners = new Set()
  const system = matchMedia('(prefers-color-scheme: light)')
  const moreContrast = matchMedia('(prefers-contrast: more)')
  /** @returns {'dark' | 'light'} */
  const current = () => {
    const { theme } = settings.values
    return theme === 'system' ? (system.matches ? 'light' : 'dark') : theme
  }
  let shown = ''
  /** @type {Theme} */
  let theme

  function apply() {
    const base = current()
    const palette = paletteOf(settings, moreContrast.matches)
    const key = base + JSON.stringify(palette)
    if (key === shown) return
    shown = key
    theme = themeOf(palette, base)
    for (const [property, value] of Object.entries(cssVariables(theme))) document.documentElement.style.setProperty(property, value)
    document.documentElement.dataset.theme = base
    listeners.forEach(listener => listener(theme))
  }
  system.addEventListener('change', apply)
  moreContrast.addEventListener('change', apply)
  settings.listen(apply)
  apply()
  return {
    current,
    theme: () => theme,
    /** @param {(theme: Theme) => void} listener */
    listen: listener => void listeners.add(listener),
  }
}
