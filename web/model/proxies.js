/**
 * Widgets that one instance of a subgraph shows besides those that its inputs stand for: `properties.proxyWidgets`, a list
 * of `[inner node id, widget name]`, as files of some versions have them. Where it names the id -1, which stands for the
 * inputs themselves, it alone says which widgets are shown, and in which order. An entry may also name the widget that an
 * input stands for: then it only says where that is shown.
 *
 * @typedef {import('./graph.js').Graph} Graph
 * @typedef {import('./json.js').Json} Json
 * @typedef {import('./node_types.js').NodeTypes} NodeTypes
 * @typedef {import('./schema.js').InputSpec} InputSpec
 * @typedef {import('./schema.js').NodeType} NodeType
 * @typedef {import('./widget_values.js').Control} Control
 * @typedef {import('./widget_values.js').Place} Place
 * @typedef {import('./widget_values.js').Widget} Widget
 * @typedef {{node: string, name: string}} Inner
 */
import { asList, asObject, asText } from './json.js'
import { recordId } from './graph.js'
import { OWN, promotedSpec } from './subgraph_type.js'
import { widgetsOf } from './widget_values.js'

/** What becomes of a seed is a widget of its own in the files that list it. */
const CONTROL = 'control_after_generate'

/** @param {Json} properties of an instance @returns {Inner[]} */
export const proxiesOf = (properties) => asList(properties.proxyWidgets).flatMap((entry) => {
  const [node, name] = asList(entry)
  return Array.isArray(entry) && entry.length >= 2 ? [{ node: String(node), name: String(name) }] : []
})

/** @param {NodeType} base @param {Json} properties @param {Graph} graph @param {Pick<NodeTypes, 'of'>} types @returns {NodeType} */
export function withProxies(base, properties, graph, types) {
  const proxies = proxiesOf(properties)
  const listed = proxies.some(({ node }) => node === OWN)
  const names = new Set(base.inputs.map(({ name }) => name))
  /** @type {InputSpec[]} */
  const shown = []
  /** @type {Place[]} */
  const places = listed ? [] : [...(base.places ?? [])]
  /** @type {Record<string, Control>} */
  const controls = { ...base.controls }
  /** The name of the promoted seed of an inner node. @type {Map<string, string>} */
  const seeds = new Map()
  for (const inner of proxies) {
    // Most files list the very widgets that inputs stand for: they are one.
    const twin = listed ? undefined : base.places?.find(({ end }) => end?.node === inner.node && end.name === inner.name)
    const own = inner.node === OWN ? base.inputs.find(({ name, widget }) => name === inner.name && widget) : undefined
    const widget = inner.node === OWN ? undefined : innerWidget(base.name, inner, graph, types)
    const name = names.has(inner.name) ? `${inner.node}: ${inner.name}` : inner.name
    if (inner.node !== OWN) names.add(name)
    const same = twin && base.inputs.find((input) => input.name === twin.name)
    if (same) {
      if (!shown.includes(same)) shown.push(same)
      places.push({ name: '', kind: 'unused', inner })
    } else if (own) {
      shown.push(own)
      places.push({ name: own.name, kind: 'value', inner })
    } else if (widget) {
      shown.push({
        name, type: '*', label: widget.label || inner.name, optional: true, widget: promotedSpec(widget), socketless: true, forced: false,
        tooltip: widget.tooltip, advanced: false
      })
      places.push({ name, kind: 'value', inner })
      if (widget.control) {
        controls[name] = widget.control
        seeds.set(inner.node, name)
      }
    } else places.push({ name: (inner.name === CONTROL && seeds.get(inner.node)) || '', kind: inner.name === CONTROL ? 'control' : 'unused', inner })
  }
  for (const [name, control] of Object.entries(asObject(properties.easel_controls) ?? {})) {
    if (name in controls && asText(control)) controls[name] = /** @type {Control} */ (control)
  }
  // A control that has an entry among the values is read there.
  for (const { name, kind } of places) if (kind === 'control') delete controls[name]
  const inputs = listed
    ? [...base.inputs.filter((input) => !shown.includes(input)).map((input) => ({ ...input, widget: null })), ...shown]
    : [...base.inputs.filter((input) => !shown.includes(input)), ...shown]
  return { ...base, inputs, places, controls }
}

/** @param {string} graphId @param {Inner} inner @param {Graph} graph @param {Pick<NodeTypes, 'of'>} types @returns {Widget | undefined} */
function innerWidget(graphId, inner, graph, types) {
  const node = graph.store.node(recordId('node', graphId, inner.node))
  const type = node && types.of(node)
  return type && widgetsOf(type, node).find(({ name }) => name === inner.name)
}
