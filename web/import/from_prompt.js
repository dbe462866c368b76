/**
 * A prompt in API format as a workflow that the editor can load: nodes by class, links by input name, widget values
 * by name, laid out in columns from the sources to the results. Unknown classes become nodes with the sockets that
 * their links show.
 *
 * @typedef {import('../model/schema.js').Schema} Schema
 * @typedef {import('../model/schema.js').NodeType} NodeType
 * @typedef {Record<string, { class_type: string, inputs?: Record<string, any>, _meta?: { title?: string } }>} Prompt
 */
import { grownType } from '../model/grown.js'
import { isObject } from '../model/json.js'
import { defaultValues, places } from '../model/widget_values.js'

const COLUMN = 340
const WIDTH = 270
const GAP = 44
const ROW = 26

/** @param {Prompt} prompt @param {Schema} schema */
export function workflowFromPrompt(prompt, schema) {
  const ids = Object.keys(prompt)
  const keys = numbered(ids)
  /** @type {[number, number, number, number, number, string][]} */
  const links = []

  const nodes = ids.map((id, order) => {
    const entry = /** @type {Prompt[string]} */ (prompt[id])
    const inputs = isObject(entry.inputs) ? entry.inputs : {}
    const type = grownType(schema.get(entry.class_type), inputs, name => isLink(inputs[name], prompt))
    /** @type {any[]} */
    const slots = (type?.inputs ?? [])
      .filter(input => !input.widget)
      .map(input => ({ name: input.name, type: input.type, link: null, ...(input.optional ? { shape: 7 } : {}) }))
    for (const [name, value] of Object.entries(inputs)) {
      if (!isLink(value, prompt)) continue
      const [from, slot] = value
      const source = schema.get(/** @type {Prompt[string]} */ (prompt[from]).class_type)
      const declared = type?.inputs.find(input => input.name === name)
      const kind = source?.outputs[slot]?.type ?? declared?.type ?? '*'
      let index = slots.findIndex(input => input.name === name)
      if (index < 0) {
        slots.push({ name, type: declared?.type ?? kind, link: null, ...(declared?.widget ? { widget: { name } } : {}) })
        index = slots.length - 1
      }
      slots[index].link = links.length + 1
      links.push([links.length + 1, key(keys, from), slot, key(keys, id), index, kind])
    }
    const title = entry._meta?.title
    return {
      id: key(keys, id), type: entry.class_type, pos: [0, 0], size: [WIDTH, 60], flags: {}, order, mode: 0,
      ...(title && title !== type?.title && title !== type?.english ? { title: String(title) } : {}),
      inputs: slots,
      outputs: /** @type {any[]} */ ((type?.outputs ?? []).map(output => ({ name: output.name, type: output.type, links: null }))),
      properties: { 'Node name for S&R': entry.class_type },
      widgets_values: type ? valuesOf(type, inputs, prompt) : Object.values(inputs).filter(value => !isLink(value, prompt)),
    }
  })

  const byKey = new Map(nodes.map(node => [node.id, node]))
  for (const [id, from, slot, , , kind] of links) {
    const source = byKey.get(from)
    if (!source) continue
    while (source.outputs.length <= slot) source.outputs.push({ name: kind, type: kind, links: null })
    source.outputs[slot].links = [...(source.outputs[slot].links ?? []), id]
  }
  arrange(nodes, links, schema)
  return {
    last_node_id: Math.max(0, ...nodes.map(node => node.id)), last_link_id: links.length,
    nodes, links, groups: [], config: {}, extra: {}, version: 0.4,
  }
}

/** @param {unknown} value @param {Prompt} prompt @returns {value is [string, number]} */
function isLink(value, prompt) {
  return Array.isArray(value) && value.length === 2 && Object.hasOwn(prompt, String(value[0])) && Number.isInteger(value[1]) && value[1] >= 0 && value[1] < 1000
}

/** Ids of API prompts are free text; those that are whole numbers stay. @param {string[]} ids */
function numbered(ids) {
  /** @type {Map<string, number>} */
  const keys = new Map()
  let next = 1 + Math.max(0, ...ids.map(id => (/^\d{1,9}$/u.test(id) ? Number(id) : 0)))
  for (const id of ids) keys.set(id, /^[1-9]\d{0,8}$/u.test(id) ? Number(id) : next++)
  return keys
}

/** @param {Map<string, number>} keys @param {string} id */
const key = (keys, id) => keys.get(String(id)) ?? 0

/** @param {NodeType} type @param {Record<string, any>} inputs @param {Prompt} prompt */
function valuesOf(type, inputs, prompt) {
  const values = defaultValues(type)
  places(type).forEach((place, index) => {
    const given = inputs[place.name]
    if (place.kind === 'control') values[index] = 'fixed' // opened to see what was made: the seed stays
    if (place.kind !== 'value' || given === undefined || isLink(given, prompt)) return
    values[index] = isObject(given) && '__value__' in given ? given.__value__ : given
  })
  return values
}

/**
 * Columns by the longest way from a source; cycles end where they close.
 *
 * @param {any[]} nodes @param {[number, number, number, number, number, string][]} links @param {Schema} schema
 */
function arrange(nodes, links, schema) {
  /** @type {Map<number, number>} */
  const waits = new Map(nodes.map(node => [node.id, 0]))
  /** @type {Map<number, number[]>} */
  const readers = new Map()
  for (const [, from, , to] of links) {
    waits.set(to, (waits.get(to) ?? 0) + 1)
    readers.set(from, [...(readers.get(from) ?? []), to])
  }
  /** @type {Map<number, number>} */
  const columns = new Map()
  const ready = nodes.filter(node => waits.get(node.id) === 0).map(node => node.id)
  for (let at = 0; at < ready.length; at += 1) {
    const id = ready[at]
    const column = columns.get(id) ?? 0
    columns.set(id, column)
    for (const reader of readers.get(id) ?? []) {
      columns.set(reader, Math.max(columns.get(reader) ?? 0, column + 1))
      waits.set(reader, (waits.get(reader) ?? 1) - 1)
      if (waits.get(reader) === 0) ready.push(reader)
    }
  }
  /** @type {Map<number, number>} */
  const bottoms = new Map()
  for (const node of nodes) {
    const column = columns.get(node.id) ?? 0
    const top = bottoms.get(column) ?? 0
    const height = heightOf(node, schema.get(node.type))
    node.pos = [column * COLUMN, top]
    node.size = [WIDTH, height]
    bottoms.set(column, top + height + GAP)
  }
}

/** @param {any} node @param {NodeType | undefined} type */
function heightOf(node, type) {
  const widgets = type?.inputs.filter(input => input.widget) ?? []
  const texts = widgets.filter(input => input.widget?.kind === 'text' && input.widget.multiline).length
  const rows = Math.max(node.inputs.length, node.outputs.length) + widgets.length - texts
  return rows * ROW + texts * 96 + (type?.picture ? 220 : 0) + 16
}
