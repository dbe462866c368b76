/**
 * The values of the selected nodes, by keyboard: of one node all, of several those that all of them have, "mixed" where they
 * differ. Rows stay while the selection does, so that nothing is lost that is being typed.
 *
 * @typedef {import('../tools/editor.js').Editor} Editor
 * @typedef {import('../model/types.js').NodeRecord} NodeRecord
 * @typedef {import('../model/widget_values.js').Widget} Widget
 * @typedef {import('../widgets/host.js').WidgetHost} WidgetHost
 */
import { resetWidget } from '../commands/set_widget.js'
import { icon } from '../icons/icons.js'
import { t } from '../language/t.js'
import { equal } from '../model/json.js'
import { showNumber } from '../model/number_text.js'
import { isDefault, writeValue } from '../model/value_text.js'
import { NOTE_TYPES } from '../model/virtual_types.js'
import { humanise, inSentence, rowLabel } from '../model/words.js'
import { fill, h } from './dom.js'
import { openMenu } from './menu.js'
import { valueField } from './value_fields.js'
import { widgetEntries } from './widget_menu.js'

/** Values of nodes that are edited at once: of more, the first ones say which. */
const MOST = 500

/**
 * @typedef {object} Shared A widget that all of the nodes have.
 * @property {readonly string[]} nodes
 * @property {Widget} widget of the first
 * @property {boolean} mixed
 * @property {string} feeder what the first one's value comes from by a link
 */

/** @param {{ editor: Editor, widgets: WidgetHost }} parts */
export function createValues({ editor, widgets }) {
  const element = h('div.values')
  let shape = ''
  /** @type {Map<string, (shared: Shared) => void>} */
  const rows = new Map()

  /** @param {readonly NodeRecord[]} nodes */
  function show(nodes) {
    const shared = sharedOf(editor, nodes.filter(({ type }) => !NOTE_TYPES.has(type)).slice(0, MOST))
    const next = JSON.stringify([nodes.map(({ id }) => id), shared.map(({ widget }) => [widget.name, widget.spec.kind])])
    if (next !== shape) {
      shape = next
      rows.clear()
      fill(element, shared.length ? h('h3', {}, nodes.length > 1 ? t('Values they share') : t('Values')) : null, shared.map(one => row(one)))
    }
    for (const one of shared) rows.get(one.widget.name)?.(one)
  }

  /** @param {Shared} first */
  function row(first) {
    const { name, spec, tooltip } = first.widget
    const label = first.widget.label ? rowLabel(first.widget.label) : humanise(name)
    let now = first
    const field = valueField({
      label, spec,
      set: value => (now.nodes.length > 1 ? editor.setWidgets(now.nodes[0] ?? '', name, value) : editor.setWidget(now.nodes[0] ?? '', name, value)),
      setExpression: source => editor.setExpression(now.nodes[0] ?? '', name, source, { all: now.nodes.length > 1 }),
      preview: source => editor.expressions.preview(now.nodes[0] ?? '', name, source),
      open: anchor => widgets.editAt(anchor, now.nodes[0] ?? '', now.widget, { all: now.nodes.length > 1 }),
    })
    const reset = h('button.reset', { type: 'button', onclick: () => {
      const label = now.nodes.length > 1 ? t('Reset {name} of {count} nodes', { name: inSentence(humanise(name)), count: now.nodes.length }) : t('Reset {name}', { name: inSentence(humanise(name)) })
      editor.store.transact(label, () => now.nodes.forEach(id => resetWidget(editor, id, name)))
    } }, icon('undo', 13))
    const feeder = h('span.feeder')
    /** What the widget's menu on the node offers, too. @param {MouseEvent} event */
    const menu = event => {
      const [id] = now.nodes
      const entries = id === undefined ? [] : widgetEntries(editor, id, name)
      if (!entries.length || (event.target instanceof Element && event.target.closest('input, textarea'))) return
      event.preventDefault()
      openMenu(entries, { x: event.clientX, y: event.clientY }, { label })
    }
    const element = h(field.wide ? 'div.value.wide' : 'div.value', { oncontextmenu: menu }, h('span.label', { ...(tooltip ? { 'data-tip': tooltip } : {}) }, label), field.element, feeder, reset)
    rows.set(name, shared => {
      now = shared
      const { widget, mixed } = shared
      field.element.hidden = shared.feeder !== ''
      feeder.hidden = shared.feeder === ''
      feeder.textContent = `← ${shared.feeder}`
      field.update({ widget, mixed, problem: editor.expressions.problem(shared.nodes[0] ?? '', name)?.message ?? '' })
      const asIs = !mixed && isDefault(widget)
      reset.toggleAttribute('data-off', asIs || shared.feeder !== '')
      reset.tabIndex = asIs ? -1 : 0
      const tip = t('Reset {name} to {value}', { name: inSentence(label), value: spec.kind === 'number' ? showNumber(spec.default, spec) : writeValue({ spec, value: spec.default }).slice(0, 40) || t('nothing') })
      reset.dataset.tip = tip
      reset.setAttribute('aria-label', tip)
    })
    return element
  }

  return { element, show }
}

/** @param {Editor} editor @param {readonly NodeRecord[]} nodes @returns {Shared[]} */
function sharedOf(editor, nodes) {
  const [first, ...others] = nodes
  if (!first) return []
  const theirs = others.map(node => new Map(editor.widgets(node.id).map(widget => [widget.name, widget])))
  return editor.widgets(first.id).flatMap(widget => {
    const same = theirs.map(map => map.get(widget.name))
    if (same.some(other => other?.spec.kind !== widget.spec.kind)) return []
    const input = first.inputs.findIndex(slot => slot.name === widget.name)
    const feeder = input >= 0 && editor.graph.linkInto(first, input) ? editor.scene.feeder(first, input) : ''
    return [{ nodes: nodes.map(({ id }) => id), widget, feeder, mixed: same.some(other => !equal(other?.value, widget.value) || other?.expression !== widget.expression) }]
  })
}
