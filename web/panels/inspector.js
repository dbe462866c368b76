/**
 * The panel at the right: what is selected, why it ran and how long it took, its seed; with nothing selected, the graph.
 * It stays where it is, so that selecting a node never moves the canvas; a button folds it away.
 *
 * @typedef {import('../tools/editor.js').Editor} Editor
 * @typedef {import('../model/types.js').NodeRecord} NodeRecord
 */
import { useAgain } from '../commands/set_widget.js'
import { many, t } from '../language/t.js'
import { readSide } from '../model/sides.js'
import { humanise } from '../model/words.js'
import { fill, h } from './dom.js'
import { nodeRunning } from './node_running.js'
import { noteView } from './note_view.js'
import { duration, timeLeft } from './duration.js'
import { createValues } from './values.js'

/** Of a result's words, the letters that are shown. */
const LETTERS = 20_000
const CONTROLS = /** @type {const} */ ([['fixed', t('Stay as it is')], ['increment', t('One more')], ['decrement', t('One less')], ['randomize', t('Random')]])

/**
 * @param {HTMLElement} host
 * @param {object} parts
 * @param {Editor} parts.editor
 * @param {import('../model/session.js').Session} parts.session
 * @param {import('../app/run.js').Runner} parts.runner
 * @param {import('../app/names.js').Names} parts.names
 * @param {import('../app/settings.js').Settings} parts.settings
 * @param {import('../app/document.js').OpenGraph} parts.graph
 * @param {import('../app/troubles.js').Troubles} parts.troubles
 * @param {import('../widgets/host.js').WidgetHost} parts.widgets
 * @param {(type: string) => string} parts.colorOf  a socket type's colour
 */
export function createInspector(host, { editor, session, runner, names, settings, graph, troubles, widgets, colorOf }) {
  const running = nodeRunning({ editor, troubles })
  const values = createValues({ editor, widgets })
  const [top, below] = [h('div'), h('div')]
  const body = h('div.scrolls', {}, top, values.element, below)
  host.append(body)
  let wanted = false

  /** Draws at most once a frame, and not while a list in it is open. */
  function later() {
    if (wanted) return
    wanted = true
    requestAnimationFrame(() => {
      wanted = false
      if (!(document.activeElement instanceof HTMLSelectElement && body.contains(document.activeElement))) draw()
    })
  }

  function draw() {
    const nodes = [...editor.selection].flatMap(id => editor.store.node(id) ?? [])
    host.hidden = !settings.values.inspector
    if (host.hidden) return
    values.show(nodes)
    if (nodes.length === 1) drawNode(/** @type {NodeRecord} */ (nodes[0]))
    else if (nodes.length) drawMany(nodes)
    else drawGraph()
  }

  function drawGraph() {
    const count = [...editor.graph.ids(editor.graphId, 'node')].filter(id => !readSide(id)).length
    const outer = editor.store.node(editor.places.path.at(-1) ?? '')
    fill(top, h('h2', {}, outer ? names.titleOf(outer) : graph.title), h('p.sub', {}, count ? many(count, '{count} node', '{count} nodes') : t('No nodes yet')), times(),
      count ? h('p.quiet', {}, t('Select a node to see why it ran, how long it took and which seed it used.')) : null)
    fill(below)
  }

  /** @param {NodeRecord} node */
  function drawNode(node) {
    const id = names.promptId(node.id) ?? String(node.key)
    const type = editor.types.get(node.type)
    const status = session.status(id)
    const focus = focusKey()
    fill(top,
      h('h2', {}, names.titleOf(node)),
      h('p.sub', {}, [`#${node.key}`, node.mode === 2 ? t('muted') : node.mode === 4 ? t('bypassed') : stateWord(status.state), type?.title !== names.titleOf(node) ? type?.title ?? node.type : null].filter(Boolean).join(' · ')),
      running.said(node, status),
      editor.widgets(node.id).filter(({ spec, value }) => spec.kind === 'markdown' && value).map(({ value }) => noteView(String(value))))
    fill(below,
      seeds(node),
      status.text.length ? [h('h3', {}, t('Result')), h('pre.result', {}, status.text.join('\n').slice(0, LETTERS))] : null,
      facts([...timing(status), ...running.facts(node, status, type)]),
      times(),
      type?.description ? [h('h3', {}, t('About')), h('p', {}, type.description)] : null,
      sockets(type))
    restoreFocus(focus)
  }

  /** @param {NodeRecord[]} nodes */
  function drawMany(nodes) {
    fill(top, h('h2', {}, many(nodes.length, '{count} node', '{count} nodes')), h('p.sub', {}, t('selected')))
    fill(below, times())
  }

  /** @param {NodeRecord} node */
  function seeds(node) {
    const rows = editor.widgets(node.id).filter(widget => widget.control !== null).flatMap(widget => {
      const label = humanise(widget.label || widget.name)
      const last = runner.lastUsed.get(node.id)?.[widget.name]
      const select = h('select', { 'aria-label': t('{label} after a run', { label }), dataset: { focus: `control-${widget.name}` },
        onchange: () => {
          editor.setWidget(node.id, widget.name, select.value, 'control')
          select.blur()
        } }, CONTROLS.map(([value, text]) => h('option', { value, selected: value === widget.control }, text)))
      return [
        /** @type {const} */ ([t('{label} after a run', { label }), select]),
        last === undefined || last === widget.value ? null : /** @type {const} */ ([t('Used last'), h('button', { type: 'button', dataset: { focus: `last-${widget.name}` },
          'data-tip': t('Use {value} again, and keep it', { value: String(last) }), onclick: () => useAgain(editor, node.id, widget.name, last) }, h('span', {}, String(last)), ` · ${t('reuse')}`)]),
      ]
    }).filter(row => row !== null)
    return facts(rows)
  }

  /** Where the time of the last run went. */
  function times() {
    const spent = [...session.ids()].flatMap(id => {
      const { ms } = session.status(id)
      const node = names.node(id)
      return ms === null || !node || ms < 0.5 ? [] : [{ id, ms, title: names.titleOf(node), color: colorOf(editor.types.get(node.type)?.outputs[0]?.type ?? 'IMAGE') }]
    }).sort((left, right) => right.ms - left.ms)
    const total = spent.reduce((sum, { ms }) => sum + ms, 0)
    if (!spent.length) return null
    const bar = h('div.times', { 'aria-hidden': 'true' }, spent.map(({ ms, color }) => {
      const part = h('i')
      part.style.flex = String(ms / total)
      part.style.background = color
      return part
    }))
    return [h('h3', {}, t('Last run · {time}', { time: duration(total) })), bar, h('ul.times-list', {}, spent.slice(0, 6).map(({ id, ms, title, color }) => {
      const dot = h('i.dot')
      dot.style.background = color
      return h('li', {}, h('button', { type: 'button', dataset: { focus: `time-${id}` }, onclick: () => names.show(id) }, dot, h('span.name', {}, title), h('span.number', {}, duration(ms))))
    }))]
  }

  /** Redrawing must not take the keyboard's place away. */
  function focusKey() {
    const { activeElement } = document
    return activeElement instanceof HTMLElement && body.contains(activeElement) ? activeElement.dataset.focus ?? null : null
  }

  /** @param {string | null} key */
  function restoreFocus(key) {
    if (key) /** @type {HTMLElement | null} */ (body.querySelector(`[data-focus="${CSS.escape(key)}"]`))?.focus({ preventScroll: true })
  }

  editor.on('selection', later)
  editor.on('graph', later)
  editor.store.listen(later)
  session.listen(later)
  settings.listen(draw)
  graph.listen(later)
  draw()
}

/** @param {import('../model/session.js').NodeStatus} status */
function timing({ state, value, max, started, ms }) {
  /** @type {[string, string][]} */
  const rows = []
  if (state === 'running' && started !== null) {
    const soFar = performance.now() - started
    if (max > 1) rows.push([t('Step'), t('{value} of {max}', { value, max })])
    if (max > 1 && value > 0) rows.push([t('A step takes'), duration(soFar / value)])
    rows.push([t('So far'), duration(soFar)])
    const left = timeLeft(value, max, started)
    if (left) rows.push([t('Left, about'), left])
  } else if (ms !== null) {
    rows.push([t('Took'), duration(ms)])
    if (max > 1) rows.push([t('A step took'), duration(ms / max)])
  }
  return rows
}

/** @param {readonly (readonly [string, Node | string])[]} rows */
function facts(rows) {
  return rows.length ? h('dl.facts', {}, rows.map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value)))) : null
}

/** @param {import('../model/schema.js').NodeType | undefined} type */
function sockets(type) {
  const told = type?.inputs.filter(input => input.tooltip) ?? []
  if (!told.length) return null
  return [h('h3', {}, t('Inputs')), h('dl.explained', {}, told.map(input => h('div', {}, h('dt', {}, humanise(input.label || input.name)), h('dd', {}, input.tooltip))))]
}

/** @param {string} state */
function stateWord(state) {
  return { idle: null, queued: t('waiting'), running: t('running'), cached: t('cached'), done: t('done'), error: t('error') }[state] ?? null
}
