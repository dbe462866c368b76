/** The person's keys, from the settings to the commands: at once, and again whenever they change. */
import { asKeymap } from '../commands/keymap.js'

/** @param {import('./settings.js').Settings} settings @param {import('../commands/registry.js').Registry<any>} commands */
export function followKeymap(settings, commands) {
  let shown = ''
  function apply() {
    const text = JSON.stringify(settings.values.keymap)
    if (text === shown) return
    shown = text
    commands.setKeymap(asKeymap(settings.values.keymap))
  }
  settings.listen(apply)
  apply()
}
