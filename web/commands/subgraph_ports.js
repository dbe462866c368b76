/**
 * Inputs and outputs of a subgraph: added, named, reordered, removed. Whatever changes on the definition, its links inside
 * and all its instances follow: their sockets, the links into them, and the values that they give to widgets inside.
 *
 * @typedef {import('./context.js').Context} Context
 * @typedef {import('../model/types.js').GraphId} GraphId
 * @typedef {import('../model/types.js').GraphRecord} GraphRecord
 * @typedef {import('../model/types.js').Json} Json
 * @typedef {import('../model/types.js').NodeRecord} NodeRecord
 * @typedef {import('../model/types.js').Slot} Slot
 * @typedef {import('../model/types.js').SocketRef} SocketRef
 * @typedef {'in' | 'out'} Side
 * @typedef {Pick<Context, 'store' | 'graph' | 'types'>} Model
 */
import { t } from '../language/t.js'
import { recordId } from '../model/graph.js'
import { givenBy, instancesOf, valuesFor } from '../model/instances.js'
import { asText } from '../model/json.js'
import { INPUT_SIDE, INPUTS_TYPE, OUTPUT_SIDE } from '../model/sides.js'
import { uuid } from '../model/uuid.js'

/** A name that none of the ports has. @param {readonly Json[]} ports @param {string} wanted */
export function freeName(ports, wanted) {
  const taken = new Set(ports.map(({ name }) => name))
  const base = wanted.trim() || 'value'
  let name = base
  for (let count = 1; taken.has(name); count++) name = `${base}_${count}`
  return name
}

/** @param {string} name @param {string} type @returns {Json} */
export const freshPort = (name, type) => ({ id: uuid(), name, type, linkIds: [] })

/**
 * The place of a port that is linked: a new one where the empty socket was meant.
 * @param {Model} context @param {NodeRecord} side @param {number} index @param {SocketRef} other the socket at the other end
 */
export function ensurePort(context, side, index, other) {
  const which = side.type === INPUTS_TYPE ? 'in' : 'out'
  const definition = context.graph.definition(side.graph)
  const ports = definition ? portsOf(definition, which) : []
  if (index >= 0 && index < ports.length) return index
  return addPort(context, side.graph, which, other.name || other.type, other.type)
}

/** @param {GraphRecord} definition @param {Side} side */
const portsOf = (definition, side) => (side === 'in' ? definition.inputs : definition.outputs)

/** @param {Model} context @param {GraphId} id of the definition @param {Side} side @param {string} name @param {string} type @returns {number} its place */
export function addPort(context, id, side, name, type) {
  const definition = context.graph.definition(id)
  if (!definition) return -1
  const ports = portsOf(definition, side)
  const next = [...ports, freshPort(freeName(ports, name), type)]
  context.store.transact(side === 'in' ? t('Add an input') : t('Add an output'), () => change(context, definition, side, next))
  return next.length - 1
}

/** @param {Model} context @param {GraphId} id @param {Side} side @param {number} index */
export function removePort(context, id, side, index) {
  const definition = context.graph.definition(id)
  if (!definition || !portsOf(definition, side)[index]) return
  context.store.transact(side === 'in' ? t('Remove an input') : t('Remove an output'), () => change(context, definition, side, portsOf(definition, side).filter((_, at) => at !== index)))
}

/** @param {Model} context @param {GraphId} id @param {Side} side @param {number} from @param {number} to */
export function movePort(context, id, side, from, to) {
  const definition = context.graph.definition(id)
  const ports = definition ? [...portsOf(definition, side)] : []
  const [port] = ports.splice(from, 1)
  if (!definition || !port || to < 0 || to > ports.length || from === to) return
  ports.splice(to, 0, port)
  context.store.transact(side === 'in' ? t('Move an input') : t('Move an output'), () => change(context, definition, side, ports))
}

/** A port's label; its name stays, by which files know it. @param {Model} context @param {GraphId} id @param {Side} side @param {number} index @param {string} text */
export function renamePort(context, id, side, index, text) {
  const definition = context.graph.definition(id)
  const ports = definition ? portsOf(definition, side) : []
  const port = ports[index]
  if (!definition || !port) return
  const { label: _label, ...rest } = port
  const label = text.trim()
  const renamed = label && label !== port.name ? { ...rest, label } : rest
  context.store.transact(side === 'in' ? t('Rename an input') : t('Rename an output'), () => {
    context.store.update(definition.id, { [field(side)]: ports.map((each, at) => (at === index ? renamed : each)) })
    for (const node of instancesOf(context.graph, id)) {
      context.store.update(node.id, { [field(side)]: node[field(side)].map((slot) => (slot.name === port.name ? labelled(slot, renamed.label) : slot)) })
    }
  })
}

/** @param {Side} side */
const field = (side) => (side === 'in' ? 'inputs' : 'outputs')

/** @param {Slot} slot @param {unknown} label @returns {Slot} */
function labelled(slot, label) {
  const { label: _label, ...rest } = slot.raw ?? { name: slot.name, type: slot.type, ...(slot.widget !== null && { widget: { name: slot.widget } }) }
  return { ...slot, raw: label === undefined ? rest : { ...rest, label } }
}

/**
 * Give the definition other ports. They are known by being the same objects: links inside go where their port went, or away
 * with it.
 * @param {Model} context @param {GraphRecord} definition @param {Side} side @param {readonly Json[]} next
 */
function change(context, definition, side, next) {
  const { store, graph } = context
  keepingValues(context, definition.key, () => {
    const places = portsOf(definition, side).map((port) => next.indexOf(port))
    const key = side === 'in' ? INPUT_SIDE : OUTPUT_SIDE
    for (const link of graph.linksOf(recordId('node', definition.key, key))) {
      const end = side === 'in' ? 'fromSlot' : 'toSlot'
      if (side === 'in' ? link.from !== key : link.to !== key) continue
      const place = places[link[end]] ?? -1
      if (place < 0) store.remove(link.id)
      else store.update(link.id, { [end]: place })
    }
    store.update(definition.id, { [field(side)]: next })
  })
}

/**
 * Change what a subgraph shows of itself, and let all its instances follow.
 * @template T @param {Model} context @param {GraphId} id @param {() => T} change @returns {T}
 */
export function keepingValues(context, id, change) {
  const { store, graph, types } = context
  const given = instancesOf(graph, id).map((node) => ({ id: node.id, values: givenBy(types, node) }))
  const result = change()
  for (const { id: instance, values } of given) {
    const node = store.node(instance)
    if (!node) continue
    mirror(context, node)
    const now = store.node(instance)
    if (now) store.update(instance, { values: valuesFor(types, now, values) })
  }
  return result
}

/** Make an instance's sockets those of its definition; links follow their names. @param {Model} context @param {NodeRecord} node */
export function mirror(context, node) {
  const type = context.types.get(node.type)
  const definition = context.graph.definition(node.type)
  if (!type || !definition) return
  const inputs = arranged(node.inputs, type.inputs.map((input, at) => ({ ...input, kept: input.widget !== null, port: definition.inputs[at] })))
  const outputs = arranged(node.outputs, type.outputs.map((output, at) => ({ ...output, kept: false, port: definition.outputs[at] })))
  for (const link of context.graph.linksOf(node.id)) {
    const into = link.to === node.key
    const place = (into ? inputs : outputs).findIndex(({ from }) => from === (into ? link.toSlot : link.fromSlot))
    if (place < 0) context.store.remove(link.id)
    else context.store.update(link.id, { [into ? 'toSlot' : 'fromSlot']: place })
  }
  context.store.update(node.id, { inputs: inputs.map(({ slot }) => slot), outputs: outputs.map(({ slot }) => slot) })
}

/**
 * Slots in the order of the ports; a new one for a port that has none, but for widgets, whose slots come with a link.
 * @param {readonly Slot[]} slots @param {readonly {name: string, type: string, kept: boolean, port: Json | undefined}[]} ports
 */
function arranged(slots, ports) {
  const left = new Set(slots.keys())
  return ports.flatMap(({ name, type, kept, port }) => {
    const from = [...left].find((index) => slots[index]?.name === name)
    if (from === undefined) return kept ? [] : [{ from: -1, slot: freshSlot(name, type, port) }]
    left.delete(from)
    const slot = /** @type {Slot} */ (slots[from])
    return [{ from, slot: (slot.widget !== null) === kept ? slot : { ...slot, widget: kept ? name : null, raw: slot.raw && marked(slot.raw, kept ? name : null) } }]
  })
}

/** Whether the file says that a slot is a widget's. @param {Json} raw @param {string | null} widget @returns {Json} */
function marked(raw, widget) {
  const { widget: _widget, ...rest } = raw
  return widget === null ? rest : { ...rest, widget: { name: widget } }
}

/** @param {string} name @param {string} type @param {Json | undefined} port @returns {Slot} */
export function freshSlot(name, type, port) {
  const label = asText(port?.label)
  return { name, type, widget: null, raw: label || port?.shape === 7 ? { name, type, ...(label && { label }), ...(port?.shape === 7 && { shape: 7 }) } : null }
}
