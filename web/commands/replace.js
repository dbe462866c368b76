/**
 * Another type in a node's place: its links and the values of the same name stay, as far as they fit.
 *
 * @typedef {import('./context.js').Context} Context
 * @typedef {import('./core.js').Command} Command
 * @typedef {import('../geometry/layout.js').SocketPlace} SocketPlace
 * @typedef {import('../model/schema.js').NodeType} NodeType
 * @typedef {import('../model/types.js').LinkRecord} LinkRecord
 * @typedef {import('../model/types.js').NodeRecord} NodeRecord
 * @typedef {import('../model/types.js').RecordId} RecordId
 * @typedef {import('../model/widget_values.js').Widget} Widget
 */
import { many, t } from '../language/t.js'
import { accepts } from '../model/accepts.js'
import { isElsewhere } from '../model/file_names.js'
import { fitNumber } from '../model/numbers.js'
import { viewOf } from '../model/shape.js'
import { widgetsOf, withValue } from '../model/widget_values.js'
import { humanise } from '../model/words.js'
import { freshNode } from './add_node.js'
import { selectedNodes } from './context.js'

/** Properties that say which type a node is, where that came from, and what it gave. */
const OF_TYPE = new Set(['Node name for S&R', 'cnr_id', 'aux_id', 'ver', 'proxyWidgets', 'easel_frozen'])

/**
 * @typedef {object} Feed A link of the node that goes, as the new one would take it.
 * @property {LinkRecord} link
 * @property {string} name Of the socket that it has.
 * @property {SocketPlace | null} place Null where nothing takes it.
 */

/**
 * Where each link of a node would go in another type: to the socket of its name, else to the first free one that fits.
 * @param {Context} context @param {NodeRecord} node @param {readonly SocketPlace[]} sockets of the new type
 * @returns {{into: Feed[], out: Feed[]}}
 */
function feeds({ graph, outputType }, node, sockets) {
  const links = graph.linksOf(node.id)
  /** @type {Set<SocketPlace>} */
  const used = new Set()
  const into = links.filter((link) => link.to === node.key).sort((a, b) => a.toSlot - b.toSlot).map((link) => {
    const source = graph.source(link)
    return { link, name: node.inputs[link.toSlot]?.name ?? '', type: source ? outputType(source, link.fromSlot) : link.type, place: /** @type {SocketPlace | null} */ (null) }
  })
  const free = (/** @type {{type: string}} */ { type }, /** @type {SocketPlace} */ place) => place.side === 'in' && !used.has(place) && accepts(place.type, type)
  /** @param {(feed: {type: string, name: string}, place: SocketPlace) => boolean} suits */
  const settle = (suits) => {
    for (const feed of into) {
      feed.place ??= sockets.find((place) => free(feed, place) && suits(feed, place)) ?? null
      if (feed.place) used.add(feed.place)
    }
  }
  settle(({ name }, place) => place.name === name)
  settle(({ type }, place) => place.widget === null && type !== '*')
  const out = links.filter((link) => link.from === node.key).map((link) => {
    const wanted = graph.reader(link)?.inputs[link.toSlot]?.type ?? link.type
    const fit = sockets.filter((place) => place.side === 'out' && accepts(wanted, place.type))
    const name = node.outputs[link.fromSlot]?.name ?? ''
    return { link, name, place: fit.find((place) => place.name === name) ?? fit.find((place) => place.index === link.fromSlot) ?? fit[0] ?? null }
  })
  return { into, out }
}

/** @param {NodeType} type @param {NodeRecord} node */
const fresh = (type, node) => freshNode(type, node.graph, /** @type {number} */ (node.key), node.z)

/** How much of the sockets of a node another type has too: 0 to 1. @param {readonly SocketPlace[]} old @param {readonly SocketPlace[]} sockets */
function alike(old, sockets) {
  const plain = old.filter(({ widget }) => widget === null)
  const left = sockets.filter(({ widget }) => widget === null)
  const found = plain.filter(({ side, type }) => {
    const at = left.findIndex((place) => place.side === side && place.type === type)
    return at >= 0 && left.splice(at, 1).length > 0
  })
  return plain.length ? found.length / plain.length : 0
}

/**
 * How well a type would take a node's place: links kept count most, then sockets of its kind, then values, then the category.
 * @param {Context} context @param {NodeRecord} node @param {NodeType} type
 */
export function fitness(context, node, type) {
  if (type.name === node.type) return -1
  const { sockets } = viewOf(fresh(type, node), type, null).layout
  const { into, out } = feeds(context, node, sockets)
  const all = [...into, ...out]
  const old = context.types.get(node.type)
  const names = new Set(widgetsOf(old, node).map(({ name }) => name))
  const values = type.inputs.filter((input) => input.widget && names.has(input.name)).length
  const kept = all.filter(({ place }) => place).length
  const same = alike(viewOf(node, old, null).layout.sockets, sockets)
  return (all.length ? kept / all.length : 0) * 100 + same * 20 + Math.min(values, 9) + (old && type.category === old.category ? 5 : 0) - type.inputs.length * 0.01
}

/** May the value stand in this widget too? The value as it would stand there; undefined for no. @param {Widget} widget @param {unknown} value */
function taken({ spec }, value) {
  if (spec.kind === 'number') return typeof value === 'number' && Number.isFinite(value) ? fitNumber(spec, value) : undefined
  if (spec.kind === 'toggle') return typeof value === 'boolean' ? value : undefined
  if (spec.kind === 'combo') return spec.remote || spec.options.includes(value) || isElsewhere(spec, value) ? value : undefined
  return typeof value === 'string' ? value : undefined
}

/** "seed" and "noise_seed" mean the same. @param {string} a @param {string} b */
const sameButLonger = (a, b) => a.endsWith(`_${b}`) || b.endsWith(`_${a}`)

/**
 * Put a node of another type in a node's place, under its id. Links that fit nothing are cut.
 * @param {Context} context @param {NodeRecord} node @param {NodeType} type
 * @returns {string[]} names of the sockets whose links were cut
 */
export function replaceNode(context, node, type) {
  const { store, types } = context
  const next = fresh(type, node)
  const { sockets } = viewOf(next, type, null).layout
  const { into, out } = feeds(context, node, sockets)
  const old = widgetsOf(types.get(node.type), node)
  let values = next.values
  const widgets = widgetsOf(type, next)
  for (const widget of widgets) {
    const had = old.find(({ name }) => name === widget.name) ??
      old.find(({ name }) => sameButLonger(name, widget.name) && !widgets.some((other) => other.name === name))
    const value = had && taken(widget, had.value)
    if (!had || value === undefined) continue
    values = withValue(type, { values }, widget.name, value)
    if (widget.control && had.control) values = withValue(type, { values }, widget.name, had.control, 'control')
  }
  const inputs = [...next.inputs]
  /** @param {SocketPlace} place */
  const slotOf = (place) => {
    const at = inputs.findIndex(({ name }) => name === place.name)
    return at >= 0 ? at : inputs.push({ name: place.name, type: place.type, widget: place.widget, raw: null }) - 1
  }
  return store.transact(t('Replace by {title}', { title: type.title }), () => {
    for (const { link, place } of [...into, ...out]) if (!place) store.remove(link.id)
    for (const { link, place } of into) if (place) store.update(link.id, { toSlot: slotOf(place) })
    for (const { link, place } of out) if (place) store.update(link.id, { fromSlot: place.index, type: place.type === '*' ? link.type : place.type })
    const kept = Object.entries(node.properties).filter(([name]) => !OF_TYPE.has(name))
    store.update(node.id, {
      type: type.name, inputs, outputs: next.outputs, values, raw: null, properties: { ...Object.fromEntries(kept), ...next.properties },
      size: [Math.max(node.size[0], next.size[0]), next.size[1]]
    })
    return [...into, ...out].flatMap(({ place, name }) => (place ? [] : [name]))
  })
}

/** @param {Context} context @param {readonly RecordId[]} ids @param {NodeType} type */
export function replaceAll(context, ids, type) {
  const nodes = ids.flatMap((id) => context.store.node(id) ?? [])
  const cut = context.store.transact(t('Replace by {title}', { title: type.title }), () => nodes.flatMap((node) => replaceNode(context, node, type)))
  context.select(nodes.map(({ id }) => id))
  if (cut.length) {
    const names = [...new Set(cut.map((name) => humanise(name) || t('one without a name')))].join(', ')
    context.notify(many(cut.length, '{type} does not take one link, which was cut: {names}', '{type} does not take {count} links, which were cut: {names}', { type: type.title, names }))
  }
}

/** @type {readonly Command[]} */
export const REPLACE_COMMANDS = [
  {
    id: 'replace', label: t('Replace by another type'), keys: ['Shift+S'], enabled: (context) => selectedNodes(context).length > 0,
    run: (context) => {
      const nodes = selectedNodes(context)
      const rect = context.titleRect(nodes[0]?.id ?? '')
      const screen = rect ? { x: rect.x, y: rect.y + rect.h } : context.toScreen(context.pointer)
      context.emit('search', { point: context.pointer, screen, from: null, replace: nodes.map(({ id }) => id) })
    }
  }
]
