/**
 * A file by the names of now: node types, inputs, values and outputs that were called otherwise when it was saved. The twin of
 * `graph/renamed_file.py`; both read the same table of fixtures.
 *
 * @typedef {import('./json.js').Json} Json
 * @typedef {import('./schema.js').NodeType} NodeType
 * @typedef {import('./schema.js').Schema} Schema
 *
 * @typedef {object} Renamed What graphs may still hold in place of a type's names of now; each mapping leads from old to new.
 * @property {string | null} node  the old type; null where only names within the type changed
 * @property {ReadonlyMap<string, string>} inputs
 * @property {ReadonlyMap<string, ReadonlyMap<string, unknown>>} values  by the input's new name
 * @property {ReadonlyMap<string, unknown>} added  constants of inputs that the old node did not have
 * @property {ReadonlyMap<number, number>} outputs
 * @property {readonly string[]} widgets  the old node's, in their order, where it was another
 *
 * @typedef {{type: NodeType, ones: readonly Renamed[], moved: boolean}} Found
 */
import { asList, asObject, asText, isObject } from './json.js'
import { widgetsOf } from './widget_values.js'

/** What the modules of packs' node types begin with. */
const PACKS = 'custom_nodes.'

/** @param {unknown} value */
const entriesOf = (value) => Object.entries(asObject(value) ?? {})

/** As `/object_info` has them. @param {unknown} list @returns {Renamed[]} */
export function readRenamed(list) {
  return asList(list).filter(isObject).map((one) => ({
    node: asText(one.node),
    inputs: new Map(entriesOf(one.inputs).flatMap(([old, name]) => (typeof name === 'string' ? [[old, name]] : []))),
    values: new Map(entriesOf(one.values).map(([name, known]) => [name, new Map(entriesOf(known))])),
    added: new Map(entriesOf(one.added)),
    outputs: new Map(entriesOf(one.outputs).flatMap(([old, slot]) => (Number.isInteger(slot) ? [[Number(old), Number(slot)]] : []))),
    widgets: asList(one.widgets).filter((name) => typeof name === 'string')
  }))
}

/**
 * As `/node_replacements` has them, by the types that took others' places.
 * @param {unknown} replacements @returns {Map<string, Renamed[]>}
 */
export function readReplacements(replacements) {
  /** @type {Map<string, Renamed[]>} */
  const found = new Map()
  for (const entry of entriesOf(replacements).flatMap(([, list]) => asList(list))) {
    const one = asObject(entry)
    const [node, type] = [asText(one?.old_node_id), asText(one?.new_node_id)]
    if (!one || !node || !type) continue
    const inputs = asList(one.input_mapping).filter(isObject)
    const outputs = asList(one.output_mapping).filter(isObject)
    /** @type {Renamed} */
    const renamed = {
      node,
      inputs: new Map(inputs.flatMap(({ old_id: old, new_id: name }) => (typeof old === 'string' && typeof name === 'string' && old !== name ? [[old, name]] : []))),
      values: new Map(),
      added: new Map(inputs.flatMap(({ new_id: name, set_value: value }) => (typeof name === 'string' && value !== undefined && value !== null ? [[name, value]] : []))),
      outputs: new Map(outputs.flatMap(({ old_idx: old, new_idx: slot }) => (Number.isInteger(old) && Number.isInteger(slot) && old !== slot ? [[Number(old), Number(slot)]] : []))),
      widgets: asList(one.old_widget_ids).filter((name) => typeof name === 'string')
    }
    found.set(type, [...(found.get(type) ?? []), renamed])
  }
  return found
}

/** @type {WeakMap<Schema, Renames>} */
const known = new WeakMap()

/** Those that types tell themselves. @param {Schema} schema */
export function renamesOf(schema) {
  let found = known.get(schema)
  if (!found) known.set(schema, (found = new Renames(schema)))
  return found
}

/** All renames that are known. A type that is there under its old name is never replaced. */
export class Renames {
  /** @param {Schema} schema @param {ReadonlyMap<string, readonly Renamed[]>} [more] by type, besides those of the types themselves */
  constructor(schema, more = new Map()) {
    /** @type {Map<string, Found>} */
    this.moved = new Map()
    /** @type {Map<string, Found>} */
    this.within = new Map()
    this.types = schema.types
    this.hasPacks = [...schema.types.values()].some(({ module }) => module.startsWith(PACKS))
    for (const type of schema.types.values()) {
      const all = [...type.renamed ?? [], ...more.get(type.name) ?? []]
      if (!all.length) continue
      const within = all.filter(({ node }) => node === null)
      if (within.length) this.within.set(type.name, { type, ones: within, moved: false })
      for (const one of all) if (one.node !== null && !schema.types.has(one.node) && !this.moved.has(one.node)) this.moved.set(one.node, { type, ones: [one], moved: true })
    }
  }

  get empty() {
    return !this.moved.size && !this.within.size && !this.hasPacks
  }

  /** What leads where, to see whether anything is new. */
  words() {
    return JSON.stringify([this.moved, this.within].map((all) => [...all].map(([old, { type, ones }]) => [old, type.name, ones.map(({ node, inputs, values, added, outputs, widgets }) => [
      node, [...inputs], [...values].map(([name, known]) => [name, [...known]]), [...added], [...outputs], widgets
    ])])))
  }

  /** @param {unknown} node  of a file @returns {Found | undefined} */
  of(node) {
    const name = asText(asObject(node)?.type) ?? ''
    return this.moved.get(name) ?? this.within.get(name) ?? this.alone(name)
  }

  /**
   * `pack/Node`, which it is where packs share a name, stands for the pack's `Node` where it has that to itself.
   * @param {string} name @returns {Found | undefined}
   */
  alone(name) {
    const slash = name.indexOf('/')
    if (slash < 0 || this.types.has(name)) return undefined
    const type = this.types.get(name.slice(slash + 1))
    if (type?.module !== PACKS + name.slice(0, slash)) return undefined
    return { type, ones: [{ node: name, inputs: new Map(), values: new Map(), added: new Map(), outputs: new Map(), widgets: [] }], moved: true }
  }
}

/**
 * @param {Json} file @param {Renames} renames
 * @returns {{file: Json, count: number}} the same file where nothing in it has an old name; how many nodes had one
 */
export function byNewNames(file, renames) {
  if (renames.empty) return { file, count: 0 }
  const root = scope(file, renames)
  const definitions = asObject(file.definitions)
  const inner = asList(definitions?.subgraphs).map((one) => (isObject(one) ? scope(one, renames) : { graph: one, count: 0 }))
  const changed = inner.some(({ graph }, index) => graph !== asList(definitions?.subgraphs)[index])
  return {
    file: changed ? { ...root.graph, definitions: { ...definitions, subgraphs: inner.map(({ graph }) => graph) } } : root.graph,
    count: inner.reduce((sum, { count }) => sum + count, root.count)
  }
}

/** One list of nodes, with the links between them. @param {Json} graph @param {Renames} renames @returns {{graph: Json, count: number}} */
function scope(graph, renames) {
  /** @type {Map<string, ReadonlyMap<number, number>>} */
  const outputs = new Map()
  let count = 0
  const nodes = asList(graph.nodes).map((raw) => {
    const found = renames.of(raw)
    if (!found || !isObject(raw)) return raw
    const node = changedNode(raw, found)
    const [one] = found.ones
    if (found.moved && one?.outputs.size) outputs.set(String(raw.id), one.outputs)
    if (node !== raw) count++
    return node
  })
  if (!count) return { graph, count }
  return { graph: { ...graph, nodes, ...(outputs.size ? { links: asList(graph.links).map((link) => changedLink(link, outputs)) } : {}) }, count }
}

/** @param {Json} node @param {Found} found @returns {Json} the same where nothing of it has an old name */
function changedNode(node, { type, ones, moved }) {
  /** @type {Json} */
  let changed = node
  for (const one of ones) {
    const values = changedValues(changed.widgets_values, type, one, moved)
    const inputs = Array.isArray(changed.inputs) ? sameList(changed.inputs, changed.inputs.map((slot) => changedSlot(slot, one))) : changed.inputs
    if (!moved && values === changed.widgets_values && inputs === changed.inputs) continue
    changed = { ...changed, type: type.name }
    if (values !== undefined) changed.widgets_values = values
    if (inputs !== undefined) changed.inputs = inputs
    if (moved && one.outputs.size && Array.isArray(node.outputs)) changed.outputs = reordered(node.outputs, type, one.outputs)
  }
  return changed
}

/** @param {readonly unknown[]} old @param {readonly unknown[]} now */
const sameList = (old, now) => (now.every((each, index) => each === old[index]) ? old : now)

/** @param {unknown} saved @param {NodeType} type @param {Renamed} one @param {boolean} moved @returns {unknown} */
function changedValues(saved, type, one, moved) {
  /** @type {unknown} */
  let named = saved
  if (Array.isArray(saved)) {
    if (one.widgets.length) named = Object.fromEntries(one.widgets.slice(0, saved.length).map((name, index) => [name, saved[index]]))
    else if (one.values.size || one.added.size) named = byName(type, saved)
  }
  if (!isObject(named)) return saved
  const old = named
  const given = Object.fromEntries(Object.entries(old).map(([before, value]) => {
    const name = one.inputs.get(before) ?? before
    const known = one.values.get(name)
    return [name, known && typeof value === 'string' && known.has(value) ? known.get(value) : value]
  }))
  const all = moved ? { ...given, ...Object.fromEntries(one.added) } : given
  const same = !moved && Object.entries(all).every(([name, value]) => Object.hasOwn(old, name) && old[name] === value)
  return same ? saved : all
}

/** @param {NodeType} type @param {unknown[]} saved @returns {Json} */
function byName(type, saved) {
  const widgets = widgetsOf(type, { values: saved })
  const control = widgets.find((widget) => widget.control)?.control
  return { ...Object.fromEntries(widgets.map(({ name, value }) => [name, value])), ...(control ? { control_after_generate: control } : {}) }
}

/** @param {unknown} slot @param {Renamed} one */
function changedSlot(slot, one) {
  if (!isObject(slot)) return slot
  const widget = asObject(slot.widget)
  const name = one.inputs.get(asText(slot.name) ?? '')
  const own = widget ? one.inputs.get(asText(widget.name) ?? '') : undefined
  if (name === undefined && own === undefined) return slot
  return { ...slot, ...(name === undefined ? {} : { name }), ...(own === undefined ? {} : { widget: { ...widget, name: own } }) }
}

/** The old node's outputs at their new places, with the new node's own between them. @param {readonly unknown[]} slots @param {NodeType} type @param {ReadonlyMap<number, number>} outputs */
function reordered(slots, type, outputs) {
  const placed = new Map(slots.map((slot, old) => [outputs.get(old) ?? old, slot]))
  return type.outputs.map(({ name, type: kind }, index) => placed.get(index) ?? { name, type: kind, links: null })
}

/** @param {unknown} link @param {ReadonlyMap<string, ReadonlyMap<number, number>>} outputs */
function changedLink(link, outputs) {
  if (Array.isArray(link)) {
    const slot = outputs.get(String(link[1]))?.get(link[2])
    return slot === undefined ? link : [...link.slice(0, 2), slot, ...link.slice(3)]
  }
  if (!isObject(link)) return link
  const slot = outputs.get(String(link.origin_id))?.get(/** @type {number} */ (link.origin_slot))
  return slot === undefined ? link : { ...link, origin_slot: slot }
}
