/** The rail at the left: it opens panels and holds what belongs to the whole page. */
import { icon } from '../icons/icons.js'
import { fill, h } from './dom.js'
import { problems, problemsPanel } from './problems.js'

/**
 * @param {HTMLElement} host
 * @param {object} parts
 * @param {import('../tools/editor.js').Editor} parts.editor
 * @param {import('../model/session.js').Session} parts.session
 * @param {import('../app/names.js').Names} parts.names
 * @param {import('../app/settings.js').Settings} parts.settings
 * @param {import('./drawer.js').Drawer} parts.drawer
 * @param {import('./drawer.js').Panel} parts.graphs
 * @param {import('./drawer.js').Panel} parts.outline
 * @param {import('./drawer.js').Panel} parts.view
 * @param {() => 'dark' | 'light'} parts.theme  the one shown now
 */
export function createRail(host, { editor, session, names, settings, drawer, graphs, outline, view, theme }) {
  const problemList = problemsPanel({ session, names })
  const badge = h('span.badge')

  /** @param {string} name @param {string} label @param {string} id  the command whose keys do it too @param {() => void} run */
  const button = (name, label, id, run) => h('button', { type: 'button', 'aria-label': label, 'data-tip': label, 'data-command': id || undefined, onclick: run }, icon(name, 18))

  /** @param {string} name @param {import('./drawer.js').Panel} panel @param {string} [id] of the command that opens it too */
  const opener = (name, panel, id = '') => {
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

  const problemsButton = opener('warning', problemList)
  problemsButton.append(badge)
  const undo = command('undo', 'undo')
  const redo = command('redo', 'redo')
  const themeButton = button('moon', '', '', () => settings.set('theme', theme() === 'dark' ? 'light' : 'dark'))

  host.append(
    h('div.mark', {}, icon('easel', 20)),
    button('add', 'Add a node', 'search', () => editor.run('search')),
    opener('folder', graphs, 'graphs'),
    opener('outline', outline, 'outline'),
    problemsButton,
    h('div.push'),
    undo, redo,
    command('fit', 'fit'),
    opener('eye', view, 'view'),
    themeButton,
    button('help', 'Keys and gestures', 'shortcuts', () => editor.run('shortcuts')))

  function drawProblems() {
    const count = problems(session).length
    badge.hidden = count === 0
    badge.textContent = String(count)
    problemsButton.setAttribute('aria-label', count ? `Problems: ${count}` : 'Problems')
  }

  function drawHistory() {
    const { undoLabel, redoLabel } = editor.store
    undo.disabled = undoLabel === null
    redo.disabled = redoLabel === null
    undo.dataset.tip = undoLabel ? `Undo: ${undoLabel}` : 'Nothing to undo'
    redo.dataset.tip = redoLabel ? `Redo: ${redoLabel}` : 'Nothing to redo'
  }

  function drawTheme() {
    const next = theme() === 'dark' ? 'Light' : 'Dark'
    fill(themeButton, icon(next === 'Light' ? 'sun' : 'moon', 18))
    themeButton.setAttribute('aria-label', `${next} colours`)
    themeButton.dataset.tip = `${next} colours`
  }

  session.listen(change => { if (change.nodes.size) drawProblems() })
  editor.store.listen(drawHistory)
  settings.listen(drawTheme)
  drawProblems()
  drawHistory()
  drawTheme()
  return { problems: problemList, drawTheme }
}
