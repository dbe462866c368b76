/**
 * Lists of promoted widgets (`properties.proxyWidgets`) name nodes inside by their ids. When those nodes go a level deeper,
 * or come up one, the lists of the instances round them follow.
 *
 * @typedef {import('./context.js').Context} Context
 * @typedef {import('../model/types.js').Key} Key
 * @typedef {import('../model/types.js').NodeRecord} NodeRecord
 */
import { givenBy, instancesOf, valuesFor } from '../model/instances.js'
import { asList } from '../model/json.js'
import { proxiesOf } from '../model/proxies.js'
import { linksOfInput, OWN } from '../model/subgraph_type.js'

/** @param {NodeRecord} node @param {(entry: {node: string, name: string}) => [string, string] | null} change @returns {unknown[]} */
const changed = (node, change) => asList(node.properties.proxyWidgets).map((entry) => {
  const [found] = proxiesOf({ proxyWidgets: [entry] })
  return (found && change(found)) ?? entry
})

/** Nodes went into the subgraph of `instance`: what was promoted of them is promoted twice now. @param {Context} context @param {ReadonlyMap<string, Key>} inside what a node was called → what it is called in there @param {NodeRecord} instance */
export function carryIn({ store, graph, types }, inside, instance) {
  const innerId = (/** @type {{node: string}} */ { node }) => String(inside.get(node) ?? node)
  const outer = instancesOf(graph, instance.graph).filter((node) => proxiesOf(node.properties).some((entry) => inside.has(entry.node)))
  if (!outer.length) return
  const wanted = new Map(outer.flatMap((node) => proxiesOf(node.properties)).flatMap((entry) => (inside.has(entry.node) ? [[`${entry.node} ${entry.name}`, entry]] : [])))
  const properties = { ...instance.properties, proxyWidgets: [...asList(instance.properties.proxyWidgets), ...[...wanted.values()].map((entry) => [innerId(entry), entry.name])] }
  store.update(instance.id, { properties })
  const now = store.node(instance.id) ?? instance
  store.update(instance.id, { values: valuesFor(types, now, givenBy(types, instance)) })
  for (const node of outer) {
    const proxyWidgets = changed(node, (entry) => (inside.has(entry.node) ? [String(instance.key), shownName(now, { node: innerId(entry), name: entry.name }, types)] : null))
    store.update(node.id, { properties: { ...node.properties, proxyWidgets } })
  }
}

/** @param {NodeRecord} instance @param {{node: string, name: string}} entry @param {Context['types']} types */
const shownName = (instance, entry, types) => types.of(instance)?.places?.find(({ inner }) => inner?.node === entry.node && inner.name === entry.name)?.name ?? entry.name

/** What was inside `instance` lies beside it now. @param {Context} context @param {NodeRecord} instance @param {ReadonlyMap<string, Key>} keys inner key → the node's new key */
export function carryOut({ store, graph, types }, instance, keys) {
  const places = types.of(instance)?.places ?? []
  const definition = graph.definition(instance.type)
  for (const node of instancesOf(graph, instance.graph)) {
    if (!proxiesOf(node.properties).some((entry) => entry.node === String(instance.key))) continue
    const proxyWidgets = changed(node, (entry) => {
      const inner = entry.node === String(instance.key) ? places.find(({ name }) => name === entry.name)?.inner : undefined
      if (!inner) return null
      const slot = inner.node === OWN && definition ? definition.inputs.findIndex(({ name }) => name === inner.name) : -1
      const link = definition && slot >= 0 ? linksOfInput(definition, slot, graph)[0] : undefined
      const name = link ? graph.reader(link)?.inputs[link.toSlot]?.name : inner.name
      const key = keys.get(String(link ? link.to : inner.node))
      return key === undefined || name === undefined ? null : [String(key), name]
    })
    store.update(node.id, { properties: { ...node.properties, proxyWidgets } })
  }
}
