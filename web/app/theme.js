/** Which colours are shown: the person's choice, or the system's; written to the page as custom properties. */
import { cssVariables, THEMES } from '../view/theme.js'

/** @typedef {import('../view/theme.js').Theme} Theme */

/** @param {import('./settings.js').Settings} settings */
export function followTheme(settings) {
  /** @type {Set<(theme: Theme) => void>} */
  const listeners = new Set()
  const system = matchMedia('(prefers-color-scheme: light)')
  const current = () => {
    const { theme } = settings.values
    return theme === 'system' ? (system.matches ? 'light' : 'dark') : theme
  }
  let shown = ''
  function apply() {
    const name = current()
    if (name === shown) return
    shown = name
    for (const [property, value] of Object.entries(cssVariables(THEMES[name]))) document.documentElement.style.setProperty(property, value)
    document.documentElement.dataset.theme = name
    listeners.forEach(listener => listener(THEMES[name]))
  }
  system.addEventListener('change', apply)
  settings.listen(apply)
  apply()
  return {
    current,
    theme: () => THEMES[current()],
    /** @param {(theme: Theme) => void} listener */
    listen: listener => void listeners.add(listener),
  }
}
