/**
 * Widgets of nodes inside a subgraph, shown on its instances: an input of the subgraph that is linked to the widget. Each
 * instance gives its own value. A widget that takes no link is listed on the instances instead (`properties.proxyWidgets`).
 *
 * @typedef {import('./context.js').Context} Context
 * @typedef {import('../model/types.js').GraphId} GraphId
 * @typedef {import('../model/types.js').NodeRecord} NodeRecord
 * @typedef {import('../model/widget_values.js').Widget} Widget
 */
import { t } from '../language/t.js'
import { recordId } from '../model/graph.js'
import { givenBy, instancesOf, valuesFor } from '../model/instances.js'
import { asText } from '../model/json.js'
import { proxiesOf } from '../model/proxies.js'
import { linksOfInput } from '../model/subgraph_type.js'
import { widgetsOf } from '../model/widget_values.js'
import { INPUT_SIDE } from '../model/sides.js'
import { connect } from './connect.js'
import { addPort, keepingValues, removePort } from './subgraph_ports.js'

/** How a widget inside is shown outside: as an input of the subgraph, or on a list of its instances; null where it is not. @param {Context} context @param {NodeRecord} node @param {string} name @returns {{port: number} | {listed: true} | null} */
export function promotedAs({ graph }, node, name) {
  if (node.graph === '') return null
  const slot = node.inputs.findIndex((input) => input.name === name)
  const link = slot < 0 ? undefined : graph.linkInto(node, slot)
  if (link?.from === INPUT_SIDE) return { port: link.fromSlot }
  const listed = instancesOf(graph, node.graph).some(({ properties }) => proxiesOf(properties).some((entry) => entry.node === String(node.key) && entry.name === name))
  return listed ? { listed: true } : null
}

/** Show a widget on the instances of its subgraph. @param {Context} context @param {NodeRecord} node @param {string} name @returns {string | null} the name that it goes by there */
export function promote(context, node, name) {
  const { store, graph, types } = context
  const widget = widgetsOf(types.of(node), node).find((each) => each.name === name)
  if (node.graph === '' || !widget) return null
  const shown = promotedAs(context, node, name)
  if (shown && 'port' in shown) return asText(graph.definition(node.graph)?.inputs[shown.port]?.name)
  if (shown) return name
  const slot = node.inputs.findIndex((input) => input.name === name)
  if (slot >= 0 && graph.linkInto(node, slot)) {
    context.notify(t('A link feeds this value: take it off first'))
    return null
  }
  return store.transact(t('Show on the subgraph'), () => {
    if (widget.socketless) return list(context, node, name)
    const type = types.of(node)?.inputs.find((input) => input.name === name)?.type ?? '*'
    const port = addPort(context, node.graph, 'in', name, type)
    // The values of other widgets move when there is another among them.
    keepingValues(context, node.graph, () => connect(
      context, { node: recordId('node', node.graph, INPUT_SIDE), side: 'out', index: port, name, type }, { node: node.id, side: 'in', index: slot, name, type }
    ))
    return asText(graph.definition(node.graph)?.inputs[port]?.name)
  })
}

/** @param {Context} context @param {NodeRecord} node @param {string} name */
function list({ store, graph, types }, node, name) {
  for (const instance of instancesOf(graph, node.graph)) {
    const listed = Array.isArray(instance.properties.proxyWidgets) ? instance.properties.proxyWidgets : []
    const values = Array.isArray(instance.values) ? [...instance.values] : instance.values
    const places = types.of(instance)?.places?.length ?? 0
    if (Array.isArray(values)) {
      values.length = places
      for (let index = 0; index < places; index++) values[index] ??= null
      values.push(widgetsOf(types.of(node), node).find((each) => each.name === name)?.value ?? null)
    }
    store.update(instance.id, { properties: { ...instance.properties, proxyWidgets: [...listed, [String(node.key), name]] }, values })
  }
  return name
}

/** Show it no more. What the widget has inside is what counts again. @param {Context} context @param {NodeRecord} node @param {string} name */
export function demote(context, node, name) {
  const { store, graph } = context
  const shown = promotedAs(context, node, name)
  if (!shown) return
  store.transact(t('Show no more on the subgraph'), () => {
    if ('listed' in shown) {
      for (const instance of instancesOf(graph, node.graph)) unlist(context, instance, String(node.key), name)
      return
    }
    const definition = graph.definition(node.graph)
    const link = graph.linkInto(node, node.inputs.findIndex((input) => input.name === name))
    if (!definition || !link) return
    if (linksOfInput(definition, shown.port, graph).length > 1) keepingValues(context, node.graph, () => store.remove(link.id))
    else removePort(context, node.graph, 'in', shown.port)
  })
}

/** @param {Context} context @param {NodeRecord} instance @param {string} key @param {string} name */
export function unlist({ store, types }, instance, key, name) {
  const index = types.of(instance)?.places?.findIndex(({ inner }) => inner?.node === key && inner.name === name) ?? -1
  const listed = Array.isArray(instance.properties.proxyWidgets) ? instance.properties.proxyWidgets : []
  const proxyWidgets = listed.filter((entry) => !proxiesOf({ proxyWidgets: [entry] }).some((each) => each.node === key && each.name === name))
  if (proxyWidgets.length === listed.length) return
  store.update(instance.id, {
    properties: { ...instance.properties, proxyWidgets },
    values: Array.isArray(instance.values) && index >= 0 ? instance.values.filter((_, at) => at !== index) : instance.values
  })
}

/** Another order of the widgets that an instance lists. @param {Context} context @param {NodeRecord} instance @param {number} from @param {number} to */
export function moveListed({ store, types }, instance, from, to) {
  const listed = Array.isArray(instance.properties.proxyWidgets) ? [...instance.properties.proxyWidgets] : []
  if (from === to || !(from in listed) || !(to in listed)) return
  const given = givenBy(types, instance)
  listed.splice(to, 0, ...listed.splice(from, 1))
  store.transact(t('Move a value'), () => {
    store.update(instance.id, { properties: { ...instance.properties, proxyWidgets: listed } })
    const now = store.node(instance.id)
    if (now && Array.isArray(now.values)) store.update(instance.id, { values: valuesFor(types, now, given) })
  })
}

/**
 * @typedef {object} InnerWidget A widget somewhere in a subgraph.
 * @property {readonly NodeRecord[]} path The instances between the subgraph and the node, outermost first.
 * @property {NodeRecord} node
 * @property {Widget} widget
 * @property {boolean} shown On the instances of the subgraph that was asked about.
 * @property {boolean} linked A node inside feeds it.
 */

/** All widgets in a subgraph, those in subgraphs within it too, from left to right. @param {Context} context @param {GraphId} id @returns {InnerWidget[]} */
export function widgetsInside(context, id) {
  const { graph, types } = context
  /** @param {GraphId} at @param {readonly NodeRecord[]} path @returns {InnerWidget[]} */
  const within = (at, path) => {
    const nodes = [...graph.nodes(at)].sort((a, b) => a.pos[0] - b.pos[0] || a.pos[1] - b.pos[1])
    return nodes.flatMap((node) => {
      const type = types.of(node)
      if (!type || (type.virtual && !type.places)) return []
      const deeper = graph.definition(node.type) && node.type !== id && path.every((each) => each.type !== node.type) ? within(node.type, [...path, node]) : []
      // What a nested instance shows is listed where it is.
      if (type.places) return deeper
      return [...widgetsOf(type, node).filter(({ socketless }) => !socketless).map((widget) => ({ path, node, widget, ...standing(context, path, node, widget.name) })), ...deeper]
    })
  }
  return within(id, [])
}

/** @param {Context} context @param {readonly NodeRecord[]} path @param {NodeRecord} node @param {string} name */
function standing(context, path, node, name) {
  let at = node
  let called = name
  for (const instance of [...path].reverse()) {
    const shown = promotedAs(context, at, called)
    if (!shown) return { shown: false, linked: isFed(context, at, called) }
    called = 'port' in shown ? (asText(context.graph.definition(at.graph)?.inputs[shown.port]?.name) ?? '') : called
    at = instance
  }
  return { shown: promotedAs(context, at, called) !== null, linked: isFed(context, at, called) }
}

/** @param {Context} context @param {NodeRecord} node @param {string} name */
function isFed({ graph }, node, name) {
  const slot = node.inputs.findIndex((input) => input.name === name)
  const link = slot < 0 ? undefined : graph.linkInto(node, slot)
  return link !== undefined && link.from !== INPUT_SIDE
}

/** Show a widget, from however deep, on the instances of the outermost subgraph. @param {Context} context @param {Pick<InnerWidget, 'path' | 'node' | 'widget'>} inner @returns {string | null} */
export function promoteThrough(context, { path, node, widget }) {
  return context.store.transact(t('Show on the subgraph'), () => {
    let name = promote(context, node, widget.name)
    for (const instance of [...path].reverse()) {
      const now = context.store.node(instance.id)
      if (name === null || !now) return null
      name = promote(context, now, name)
    }
    return name
  })
}

/** Show it no more on the outermost; levels between keep it. @param {Context} context @param {Pick<InnerWidget, 'path' | 'node' | 'widget'>} inner */
export function demoteThrough(context, { path, node, widget }) {
  let at = node
  let name = widget.name
  for (const instance of [...path].reverse()) {
    const shown = promotedAs(context, at, name)
    if (!shown) return
    name = 'port' in shown ? (asText(context.graph.definition(at.graph)?.inputs[shown.port]?.name) ?? '') : name
    at = instance
  }
  demote(context, at, name)
}
