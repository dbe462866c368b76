/** The commands and the panel of sweeps; all else is loaded when one of them is first used. */
import { selectedNodes } from '../commands/context.js'
import { t } from '../language/t.js'
import { lazyPanel } from '../panels/lazy_panel.js'

/**
 * @param {object} parts
 * @param {import('../tools/editor.js').Editor} parts.editor
 * @param {import('../panels/drawer.js').Drawer} parts.drawer
 * @param {import('../panels/toasts.js').Toasts} parts.toasts
 * @param {() => Promise<import('./workplace.js').SweepPlace>} parts.load
 * @returns {import('../panels/drawer.js').Panel}
 */
export function installSweeps({ editor, drawer, toasts, load }) {
  /** @type {Promise<import('./workplace.js').SweepPlace> | null} */
  let loading = null
  const place = () => {
    loading ??= load().catch(error => {
      loading = null // the next press tries again
      toasts.show({ key: 'sweep', tone: 'error', text: t('This panel could not be loaded: the server does not answer. Close it and try again.') })
      throw error
    })
    return loading
  }
  /** @param {(place: import('./workplace.js').SweepPlace) => unknown} work */
  const withPlace = work => void place().then(work, () => undefined)
  const panel = lazyPanel('sweep', t('Sweep'), async () => (await place()).panel, 'wide')

  editor.commands.register({ id: 'sweep', label: t('Sweep: a grid of values'), keys: ['Shift+G'], run: () => drawer.toggle(panel) })
  editor.commands.register({
    id: 'sweep_widget', label: t('Sweep this…'), keys: [], enabled: () => selectedNodes(editor).length === 1,
    run: (_editor, /** @type {{ node: string, widget: string } | undefined} */ args) => {
      const node = args?.node ?? selectedNodes(editor)[0]?.id
      if (node !== undefined) withPlace(found => found.sweep(node, args?.widget))
    },
  })
  editor.commands.register({
    id: 'sweep_open', label: t('Open the newest sweep'), keys: [],
    run: (_editor, /** @type {string | undefined} */ promptId) => withPlace(async found => {
      const id = promptId ?? (await found.runs.list().catch(() => []))[0]?.prompt_id
      if (id === undefined) toasts.show({ key: 'sweep', text: t('There is no sweep yet.') })
      else await found.openGrid(id)
    }),
  })
  return panel
}
