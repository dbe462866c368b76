/**
 * What the page has of the app view from the start: its commands, and the switch between graph and app in the top bar. All else
 * is loaded when it is first opened.
 *
 * @typedef {import('../tools/editor.js').Editor} Editor
 */
import { t } from '../language/t.js'
import { h } from '../panels/dom.js'
import { lazyPanel } from '../panels/lazy_panel.js'

/** @param {import('./panel.js').Parts & { drawer: import('../panels/drawer.js').Drawer, topbar: HTMLElement, load: () => Promise<typeof import('../app/later.js')> }} parts */
export function installApp({ drawer, topbar, load, ...parts }) {
  const { editor, toasts } = parts
  let building = false
  const panel = lazyPanel('app', t('App'), async () => {
    const { appPanel } = await load()
    return { ...appPanel(parts), fill: (body, close) => appPanel(parts, { building }).fill(body, close) }
  }, 'full')
  /** @param {boolean} edit */
  const open = edit => {
    building = edit
    drawer.open(panel)
  }
  const select = (/** @type {string} */ label, /** @type {string} */ tip, /** @type {string | undefined} */ command, /** @type {() => void} */ run) =>
    h('button', { type: 'button', 'data-tip': tip, 'data-command': command, onclick: run }, label)
  const toGraph = select(t('Graph'), t('The graph on its canvas'), undefined, () => { if (drawer.current === 'app') drawer.close() })
  const toApp = select(t('App'), t('The graph as a form'), 'app', () => open(false))
  const choice = h('div.app-switch', { role: 'group', 'aria-label': t('Graph or app') }, toGraph, toApp)
  topbar.querySelector('.push')?.before(choice)

  function draw() {
    const shown = drawer.current === 'app'
    const meta = editor.store.get('meta')
    const extra = /** @type {any} */ (meta?.kind === 'meta' ? meta.extra : {})
    choice.hidden = !shown && !extra?.easel?.app && !extra?.linearData
    toGraph.setAttribute('aria-pressed', String(!shown))
    toApp.setAttribute('aria-pressed', String(shown))
  }

  const { commands } = editor
  commands.register({ id: 'app', label: t('Graph or app'), keys: ['Alt+M'], anywhere: true, run: () => (drawer.current === 'app' ? drawer.close() : open(false)) })
  commands.register({ id: 'app_edit', label: t('Edit the form of the app'), keys: [], run: () => { drawer.close(); open(true) } })
  commands.register({ id: 'app_share', label: t('Share the app by a link'), keys: [], run: async () => (await load()).openShares(parts) })
  commands.register({
    id: 'app_output', label: t('Show its result in the app'), keys: [],
    enabled: () => chosenOutput() !== null,
    run: async () => {
      const id = chosenOutput()
      if (id !== null) tell((await load()).toggleOutput(editor, id))
    },
  })

  function chosenOutput() {
    const [id] = editor.selection
    const node = id === undefined || editor.selection.size !== 1 ? undefined : editor.store.node(id)
    return node && editor.schema.get(node.type)?.output ? node.id : null
  }

  /** @param {boolean} shown */
  function tell(shown) {
    toasts.show({ key: 'app', tone: 'done', text: shown ? t('It is shown in the app now.') : t('It is not shown in the app any more.'), action: { label: t('Open the app'), run: () => open(false) } })
  }

  editor.store.listen(diff => {
    if ('meta' in diff.updated || 'meta' in diff.added || 'meta' in diff.removed) draw()
  })
  drawer.listen(draw)
  draw()
}
