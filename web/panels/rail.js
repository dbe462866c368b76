/** The rail at the left: it opens panels and holds what belongs to the whole page. */
import { icon } from '../icons/icons.js'
import { t } from '../language/t.js'
import { fill, h, setText } from './dom.js'
import { openMenu } from './menu.js'

/** What the button of the zoom offers. */
const ZOOMS = ['zoom_in', 'zoom_out', 'zoom_full', 'fit', 'fit_selection', 'minimap']

/** A button that opens a panel; `command` is the one that opens it too. @typedef {{ icon: string, panel: import('./drawer.js').Panel, command?: string }} Opener */

/**
 * @param {HTMLElement} host
 * @param {object} parts
 * @param {import('../tools/editor.js').Editor} parts.editor
 * @param {import('../model/session.js').Session} parts.session
 * @param {import('../app/settings.js').Settings} parts.settings
 * @param {import('../app/troubles.js').Troubles} parts.troubles
 * @param {import('./drawer.js').Panel} parts.problemList
 * @param {import('./drawer.js').Drawer} parts.drawer
 * @param {readonly Opener[]} parts.upper  the panels above, from the top
 * @param {readonly Opener[]} parts.lower  those about the page itself
 * @param {import('./drawer.js').Panel} parts.history
 * @param {() => 'dark' | 'light'} parts.theme  the one shown now
 */
export function createRail(host, { editor, session, settings, troubles, problemList, drawer, upper, lower, history, theme }) {
  const badge = h('span.badge')

  /** @param {string} name @param {string} label @param {string} id  the command whose keys do it too @param {() => void} run */
  const button = (name, label, id, run) => h('button', { type: 'button', 'aria-label': label, 'data-tip': label, 'data-icon': name, 'data-command': id || undefined, onclick: run }, icon(name, 18))

  /** @param {Opener} found */
  const opener = ({ icon: name, panel, command: id = '' }) => {
    const element = button(name, panel.title, id, () => drawer.toggle(panel))
    element.setAttribute('aria-controls', panel.id)
    drawer.listen(() => element.setAttribute('aria-expanded', String(drawer.current === panel.id)))
    element.setAttribute('aria-expanded', 'false')
    return element
  }

  /** @param {string} name @param {string} id */
  const command = (name, id) => {
    const found = editor.commands.get(id)
    return button(name, found?.label ?? id, id, () => editor.run(id))
  }

  const problemsButton = opener({ icon: 'warning', panel: problemList })
  problemsButton.append(badge)
  const undo = command('undo', 'undo')
  const redo = command('redo', 'redo')
  const themeButton = button('moon', '', '', () => settings.set('theme', theme() === 'dark' ? 'light' : 'dark'))

  const percent = h('span')
  const zoom = h('button.zoom', { type: 'button', 'aria-haspopup': 'menu', 'data-tip': t('How near the canvas is'), onclick: () => openMenu(ZOOMS.map(id => {
    const found = editor.commands.get(id)
    return { label: found?.label ?? id, keys: editor.commands.keysOf(id)[0] ?? '', enabled: found?.enabled?.(editor) ?? true, run: () => void editor.run(id) }
  }), zoom.getBoundingClientRect(), { label: t('Zoom'), side: 'right', onClose: () => editor.focus() }) }, percent)
  function drawZoom() {
    setText(percent, `${Math.round(editor.camera.zoom * 100)}%`)
    zoom.setAttribute('aria-label', t('Zoom: {percent}', { percent: percent.textContent ?? '' }))
  }
  editor.on('camera', drawZoom)
  drawZoom()

  const packs = h('div.packs')

  // What a low window has no room for is behind one button: the rarest first.
  const more = button('more', t('More'), '', () => openMenu(spare().filter(element => element.hidden).sort(asInTheRail).map(element => ({
    label: element.getAttribute('aria-label') ?? '', keys: editor.commands.keysOf(element.dataset.command ?? '')[0] ?? '',
    icon: element.dataset.icon ?? '', enabled: !element.matches(':disabled'), run: () => element.click(),
  })), more.getBoundingClientRect(), { label: t('More'), side: innerWidth > 700 ? 'right' : 'below' }))
  more.setAttribute('aria-haspopup', 'menu')
  const asInTheRail = (/** @type {Node} */ one, /** @type {Node} */ other) => (one.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1)

  const help = button('help', t('Keys and gestures'), 'shortcuts', () => editor.run('shortcuts'))
  /** @param {string[]} panels @returns {Iterable<HTMLElement>} */
  const openers = (...panels) => host.querySelectorAll(panels.map(id => `[aria-controls="${id}"]`).join())
  /** @returns {HTMLElement[]} */
  const spare = () => [themeButton, ...openers('history', 'packs', 'devices', 'view'), help, ...openers('sweep'), ...openers('outline'),
    ...[.../** @type {Iterable<HTMLElement>} */ (/** @type {unknown} */ (packs.children))].reverse(), redo, ...openers('models'), undo, ...openers('library')]

  function makeRoom() {
    const all = spare()
    for (const element of all) element.hidden = false
    more.hidden = true
    const full = () => host.scrollHeight > host.clientHeight || host.scrollWidth > host.clientWidth
    for (const element of all) {
      if (!full()) return
      element.hidden = true
      more.hidden = false
    }
  }

  host.append(
    h('div.mark', {}, icon('easel', 20)),
    button('add', t('Add a node'), 'search', () => editor.run('search')),
    ...upper.map(opener),
    problemsButton,
    packs,
    h('div.push'),
    undo, redo, opener({ icon: 'clock', panel: history, command: 'history' }),
    zoom,
    ...lower.map(opener),
    themeButton,
    more,
    help)

  function drawProblems() {
    const found = troubles.list()
    const count = found.length
    problemsButton.dataset.tone = found[0]?.tone ?? ''
    badge.hidden = count === 0
    badge.textContent = String(count)
    problemsButton.setAttribute('aria-label', count ? t('Problems: {count}', { count }) : t('Problems'))
  }

  function drawHistory() {
    const { undoLabel, redoLabel } = editor.store
    undo.disabled = undoLabel === null
    redo.disabled = redoLabel === null
    undo.dataset.tip = undoLabel ? t('Undo: {step}', { step: undoLabel }) : t('Nothing to undo')
    redo.dataset.tip = redoLabel ? t('Redo: {step}', { step: redoLabel }) : t('Nothing to redo')
  }

  function drawTheme() {
    const dark = theme() === 'dark'
    const next = dark ? t('Light colours') : t('Dark colours')
    themeButton.dataset.icon = dark ? 'sun' : 'moon'
    fill(themeButton, icon(themeButton.dataset.icon, 18))
    themeButton.setAttribute('aria-label', next)
    themeButton.dataset.tip = next
  }

  let drawing = 0
  new ResizeObserver(makeRoom).observe(host)
  session.listen(change => {
    if (change.nodes.size || change.notices) drawing ||= requestAnimationFrame(() => { drawing = 0; drawProblems() }) // steps come by the hundred
  })
  editor.store.listenSteps(drawHistory)
  settings.listen(drawTheme)
  drawProblems()
  drawHistory()
  drawTheme()
  return {
    /** A panel of a pack's. @param {Opener} found */
    add: found => {
      packs.append(opener(found))
      makeRoom()
    },
  }
}
