/** The panels about the page and its server: settings, log, devices. Loaded when they are first opened. */
import { t } from '../language/t.js'
import { lazyPanel } from './lazy_panel.js'

/**
 * @param {object} parts
 * @param {import('../tools/editor.js').Editor} parts.editor
 * @param {import('../api/client.js').Client} parts.client
 * @param {import('../app/settings.js').Settings} parts.settings
 * @param {import('./toasts.js').Toasts} parts.toasts
 * @param {import('./drawer.js').Drawer} parts.drawer
 * @param {() => Promise<typeof import('../app/later.js')>} parts.later
 * @returns {import('./rail.js').Opener[]}
 */
export function installSystemPanels({ editor, client, settings, toasts, drawer, later }) {
  const panels = {
    settings: lazyPanel('settings', t('Settings'), async () => (await later()).settingsPanel({ editor, settings, toasts, languages: () => client.languages() }), 'wide'),
    log: lazyPanel('log', t('Log'), async () => (await later()).logPanel({ client, toasts, report: () => void editor.run('report') }), 'wide'),
    devices: lazyPanel('devices', t('Devices'), async () => (await later()).devicesPanel({ client, schema: () => editor.schema, toasts, showLog: () => void editor.run('log') })),
  }
  const commands = [
    { id: 'settings', label: t('Settings'), keys: ['Ctrl+,'], run: () => drawer.toggle(panels.settings) },
    { id: 'log', label: t('Log of the server'), keys: ['Ctrl+`'], run: () => drawer.toggle(panels.log) },
    { id: 'devices', label: t('Devices: memory and models'), keys: [], run: () => drawer.toggle(panels.devices) },
  ]
  commands.forEach(command => editor.commands.register(command))
  return [
    { icon: 'device', panel: panels.devices, command: 'devices' },
    { icon: 'settings', panel: panels.settings, command: 'settings' },
  ]
}
