/**
 * A widget's value, what it is worked out from, or what becomes of it after a run; of one node or of several at once.
 *
 * @typedef {import('./context.js').Context} Context
 * @typedef {import('../model/types.js').RecordId} RecordId
 * @typedef {import('../model/widget_values.js').Widget} Widget
 */
import { t } from '../language/t.js'
import { optionsOf, withKept } from '../model/grown.js'
import { asObject } from '../model/json.js'
import { withExpression } from '../model/live_expressions.js'
import { fitNumber } from '../model/numbers.js'
import { isDefault } from '../model/value_text.js'
import { humanise } from '../model/words.js'
import { valuesBrought, widgetsOf, withValue } from '../model/widget_values.js'
import { isWire } from '../model/wires.js'
import { renameWire } from './wires.js'

/** @param {string} name */
const labelOf = (name) => t('Change {name}', { name: humanise(name).toLowerCase() })

/**
 * @param {Pick<Context, 'store' | 'types'> & Partial<Pick<Context, 'graph' | 'notify'>>} context @param {RecordId} id @param {string} name @param {unknown} value
 * @param {'value' | 'control'} [kind]
 */
export function setWidget({ store, types, graph, notify }, id, name, value, kind = 'value') {
  const node = store.node(id)
  if (!node) return
  if (isWire(node) && kind === 'value' && graph && notify) {
    renameWire({ store, graph, notify }, node, String(value))
    return
  }
  const type = types.of(node)
  if (kind === 'control' && type?.controls && name in type.controls) {
    // A subgraph's values have no entry for it in the file: it is kept under a name of ours.
    const controls = { ...asObject(node.properties.easel_controls), [name]: value }
    store.transact(labelOf(name), () => store.update(id, { properties: { ...node.properties, easel_controls: controls } }))
    return
  }
  const values = withValue(type, node, name, value, kind)
  // A value that is given takes the place of an expression.
  const plain = kind === 'value' ? withExpression(node.properties, name, null) : node.properties
  const chosen = kind === 'value' && optionsOf(type, name) ? widgetsOf(type, node).find((widget) => widget.name === name)?.value : value
  // What the other option held is there again when it is chosen again.
  const properties = chosen === value ? plain : withKept(plain, name, { from: chosen, to: value, values: valuesBrought(type, node, name) })
  store.transact(labelOf(name), () => store.update(id, { values, properties }))
}

/** Its default again, and no expression. Whether that is a change. @param {Pick<Context, 'store' | 'types'>} context @param {RecordId} id @param {string} name */
export function resetWidget(context, id, name) {
  const node = context.store.node(id)
  const widget = node && widgetsOf(context.types.of(node), node).find((other) => other.name === name)
  if (!widget || isDefault(widget)) return false
  context.store.transact(t('Reset {name}', { name: humanise(name).toLowerCase() }), () => setWidget(context, id, name, widget.spec.default))
  return true
}

/** What a run used, again and to stay. @param {Pick<Context, 'store' | 'types'>} context @param {RecordId} id @param {string} name @param {unknown} value */
export function useAgain(context, id, name, value) {
  context.store.transact(t('Use the last {name}', { name: humanise(name).toLowerCase() }), () => {
    setWidget(context, id, name, value)
    setWidget(context, id, name, 'fixed', 'control')
  })
}

/** The value of a number is worked out from now on; null keeps the last result. @param {Pick<Context, 'store'>} context @param {RecordId} id @param {string} name @param {string | null} source */
export function setExpression({ store }, id, name, source) {
  const node = store.node(id)
  if (node) store.transact(labelOf(name), () => store.update(id, { properties: withExpression(node.properties, name, source) }))
}

/** The same expression for all selected nodes that have the widget. @param {Pick<Context, 'store' | 'types' | 'selection'>} context @param {RecordId} id @param {string} name @param {string} source */
export function setExpressions(context, id, name, source) {
  context.store.transact(labelOf(name), () => {
    for (const { id: each } of alike(context, id, name)) setExpression(context, each, name, source)
  })
}

/**
 * The nodes of a selection with a widget of the same name and kind, the given one first.
 * @param {Pick<Context, 'store' | 'types' | 'selection'>} context @param {RecordId} id @param {string} name
 * @returns {{id: RecordId, widget: Widget}[]}
 */
export function alike({ store, types, selection }, id, name) {
  const found = [id, ...[...selection].filter((other) => other !== id)].flatMap((each) => {
    const node = store.node(each)
    const widget = node && widgetsOf(types.of(node), node).find((other) => other.name === name)
    return widget ? [{ id: each, widget }] : []
  })
  const kind = found[0]?.widget.spec.kind
  return found.filter(({ widget }) => widget.spec.kind === kind)
}

/**
 * Set a widget on all selected nodes that have it, each within its own limits, as one step.
 * @param {Pick<Context, 'store' | 'types' | 'selection'>} context @param {RecordId} id the node it was set on @param {string} name @param {unknown} value
 */
export function setWidgets(context, id, name, value) {
  const all = alike(context, id, name)
  context.store.transact(all.length > 1 ? t('Change {name} of {count} nodes', { name: humanise(name).toLowerCase(), count: all.length }) : labelOf(name), () => {
    for (const { id: each, widget: { spec } } of all) {
      setWidget(context, each, name, spec.kind === 'number' && typeof value === 'number' ? fitNumber(spec, value) : value)
    }
  })
}
