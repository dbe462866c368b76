/**
 * What is in an instance of a subgraph, as the instance has it: nodes with the values that it gives them, and names of wires
 * that do not meet those outside.
 *
 * @typedef {import('./context.js').Context} Context
 * @typedef {import('../model/types.js').GraphRecord} GraphRecord
 * @typedef {import('../model/types.js').NodeRecord} NodeRecord
 * @typedef {import('../model/widget_values.js').Place} Place
 */
import { t } from '../language/t.js'
import { asList, asObject, isObject } from '../model/json.js'
import { linksOfInput, OWN } from '../model/subgraph_type.js'
import { widgetsOf, withValue } from '../model/widget_values.js'
import { GET, isWire, SET, wireName } from '../model/wires.js'

/** @param {Context} context @param {NodeRecord} instance @param {GraphRecord} definition @returns {NodeRecord[]} copies, not in the document */
export function contentsWithValues(context, instance, definition) {
  const { graph, types } = context
  const nodes = new Map(graph.nodes(definition.key).map((node) => [String(node.key), node]))
  const controls = asObject(instance.properties.easel_controls) ?? {}
  /** Types that are not known here, so that nobody can tell where among their values one belongs. @type {Set<string>} */
  const unknown = new Set()
  types.of(instance)?.places?.forEach((place, index) => {
    const given = valueAt(instance, place, index)
    for (const { key, name } of ends(context, definition, place)) {
      const node = nodes.get(key)
      const type = node && types.of(node)
      if (node && !type && given !== null && given !== undefined) unknown.add(node.type)
      if (!node || !type || !widgetsOf(type, node).some((widget) => widget.name === name)) continue
      let next = node
      if (place.kind === 'value' && given !== null && given !== undefined) next = { ...next, values: withValue(type, next, name, given) }
      const control = place.kind === 'control' ? given : controls[place.name]
      if (typeof control === 'string') {
        next = type.controls
          ? { ...next, properties: { ...next.properties, easel_controls: { ...asObject(next.properties.easel_controls), [name]: control } } }
          : { ...next, values: withValue(type, next, name, control, 'control') }
      }
      nodes.set(key, next)
    }
  })
  if (unknown.size) context.notify(t('Values for {names} could not be put in: the server has no such node type. Undo brings them back', { names: [...unknown].join(', ') }))
  return withFreeNames(context, instance, [...nodes.values()])
}

/** @param {NodeRecord} instance @param {Place} place @param {number} index */
function valueAt({ values }, place, index) {
  if (Array.isArray(values)) return values[index]
  return isObject(values) ? values[place.inner?.name ?? place.name] : undefined
}

/** The widgets inside that an entry of an instance's values is for. @param {Context} context @param {GraphRecord} definition @param {Place} place @returns {{key: string, name: string}[]} */
function ends({ graph }, definition, { kind, name: shown, inner }) {
  if (!inner) return []
  if (inner.node !== OWN) return [{ key: inner.node, name: kind === 'control' ? shown.replace(/^\d+: /u, '') : inner.name }]
  const slot = definition.inputs.findIndex(({ name }) => name === inner.name)
  return slot < 0 ? [] : linksOfInput(definition, slot, graph).map((link) => ({ key: String(link.to), name: graph.reader(link)?.inputs[link.toSlot]?.name ?? '' }))
}

/** A name that is sent inside and known outside too means another thing there: it gets a number. @param {Context} context @param {NodeRecord} instance @param {NodeRecord[]} nodes */
function withFreeNames({ graph }, instance, nodes) {
  const outside = new Set(graph.nodes(instance.graph).filter(isWire).map(wireName))
  const sent = new Set(nodes.filter(({ type }) => type === SET).map(wireName))
  const taken = new Set([...outside, ...sent])
  /** @type {Map<string, string>} */
  const renamed = new Map()
  for (const name of sent) {
    if (name === '' || !outside.has(name)) continue
    let next = name
    for (let count = 2; taken.has(next); count++) next = `${name}_${count}`
    taken.add(next)
    renamed.set(name, next)
  }
  return nodes.map((node) => {
    const [old, next] = [wireName(node), isWire(node) ? renamed.get(wireName(node)) : undefined]
    return next === undefined ? node : renamedWire(node, old, next)
  })
}

/** A Set or Get node with another name, in its title too where that said the old one. @param {NodeRecord} node @param {string} old @param {string} name @returns {NodeRecord} */
export function renamedWire(node, old, name) {
  const prefix = node.type === GET ? 'Get_' : 'Set_'
  const title = node.title === `${prefix}${old}` ? `${prefix}${name}` : node.title === old ? name : node.title
  return { ...node, title, values: [name, ...asList(node.values).slice(1)], properties: { ...node.properties, previousName: name } }
}
