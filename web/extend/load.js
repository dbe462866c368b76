/**
 * Loads what packs add to the page. Each script is a module of its own, imported after the page is up; one that does not
 * load, or does not fit this version, is told and left out.
 */
import { t } from '../language/t.js'
import { ElementLayer } from './element_layer.js'
import { Guard, hearStrayErrors } from './guard.js'
import { graphHandle } from './graph_handle.js'
import { createInterface, VERSION } from './interface.js'
import { PackEvents } from './pack_events.js'

/**
 * @param {object} parts
 * @param {import('../api/client.js').Client} parts.client
 * @param {import('../tools/editor.js').Editor} parts.editor
 * @param {import('../model/session.js').Session} parts.session
 * @param {import('../app/results.js').Results} parts.results
 * @param {import('../app/names.js').Names} parts.names
 * @param {import('../panels/toasts.js').Toasts} parts.toasts
 * @param {HTMLElement} parts.layer  over the canvas
 * @param {import('../panels/drawer.js').Drawer} parts.drawer
 * @param {(opener: import('../panels/rail.js').Opener) => void} parts.addOpener
 */
export function createExtensions({ client, editor, session, results, names, toasts, layer, drawer, addOpener }) {
  /** @type {Map<string, import('./element_layer.js').NodeWidget>} */
  const widgets = new Map()
  /** @type {Map<string, Guard>} */
  const guards = new Map()
  /** @type {Set<string>} */
  const loaded = new Set()
  const graph = graphHandle(editor, names)
  const events = new PackEvents({ editor, session, results })
  const elements = new ElementLayer(layer, editor, widgets)

  /** @param {string} pack */
  const guardOf = pack => {
    let guard = guards.get(pack)
    if (!guard) guards.set(pack, (guard = new Guard(pack, toasts)))
    return guard
  }
  hearStrayErrors(guardOf)

  /** @param {import('../panels/drawer.js').Panel} panel @param {string} icon */
  const addPanel = (panel, icon) => {
    addOpener({ icon, panel })
    return () => drawer.open(panel)
  }

  /** @param {{ pack: string, script: string }} extension */
  async function load({ pack, script }) {
    const guard = guardOf(pack)
    try {
      const module = await import(/* @vite-ignore */ script)
      const wanted = module.version
      if (typeof module.activate !== 'function') throw new TypeError(t('Its index.js exports no function `activate`.'))
      if (wanted !== VERSION) throw new RangeError(t('It is written for version {wanted} of the interface; this page has version {version}.', { wanted: String(wanted), version: VERSION }))
      const base = script.replace(/\/[^/]*$/u, '')
      await module.activate(createInterface({ pack, guard, editor, graph, widgets, addPanel, events, toasts, base }))
    } catch (error) {
      guard.tell(t('its script'), error)
    }
    elements.soon()
  }

  return {
    /** Asks which packs there are and loads those that are new. One whose script changed is loaded with the page. */
    async refresh() {
      /** @type {{ pack: string, script: string }[]} */
      const found = await client.json('/easel/extensions').catch(() => [])
      const fresh = found.filter(({ pack }) => !loaded.has(pack))
      fresh.forEach(({ pack }) => loaded.add(pack))
      await Promise.all(fresh.map(load))
    },
  }
}
