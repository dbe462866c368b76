/**
 * The incumbent's old group nodes (`workflow>Name`), unfolded into the nodes that they stand for, with ids `"12:0"`,
 * `"12:1"`: what came before subgraphs, still met in files.
 *
 * @typedef {import('./json.js').Json} Json
 * @typedef {import('./schema.js').Schema} Schema
 * @typedef {{file: Json, parts: Json[], ins: Map<string, {part: number, slot: number}>, outs: {part: number, slot: number}[]}} Unfolded
 */
import { grownType } from './grown.js'
import { asList, asObject, asText, isFinite, isObject } from './json.js'
import { places, withValue } from './widget_values.js'
import { readLink } from './workflow_load.js'

/** The type of a group node, and its name in it. */
export const GROUP = /^workflow[>/](.+)$/u

/** The same file where there are none. @param {Json} file @param {Schema} schema @returns {Json} */
export function expandGroups(file, schema) {
  const definitions = asObject(asObject(file.extra)?.groupNodes)
  if (!definitions) return file
  const nodes = asList(file.nodes).filter(isObject).filter(({ id }) => typeof id !== 'object')
  /** @type {Map<string, Unfolded>} */
  const unfolded = new Map()
  for (const node of nodes) {
    const name = GROUP.exec(asText(node.type) ?? '')?.[1]
    const definition = name === undefined ? null : asObject(definitions[name])
    if (definition) unfolded.set(String(node.id), unfold(node, definition, schema))
  }
  if (!unfolded.size) return file
  /** @type {unknown[]} */
  const links = []
  for (const raw of asList(file.links)) {
    const link = readLink(raw)
    if (!link) continue
    const source = unfolded.get(String(link.from))
    const reader = unfolded.get(String(link.to))
    const out = source?.outs[link.fromSlot]
    const into = reader && [...reader.ins.values()][link.toSlot]
    if ((source && !out) || (reader && !into)) continue
    links.push([
      link.key,
      source && out ? source.parts[out.part]?.id : link.from, out ? out.slot : link.fromSlot,
      reader && into ? reader.parts[into.part]?.id : link.to, into ? into.slot : link.toSlot,
      link.type
    ])
    const part = into && reader?.parts[into.part]
    if (part && into) setLink(part, into.slot, link.key)
  }
  for (const { file: own } of unfolded.values()) links.push(...asList(own.links))
  return { ...file, links, nodes: nodes.flatMap((node) => unfolded.get(String(node.id))?.parts ?? [node]) }
}

/** @param {Json} node @param {Json} definition @param {Schema} schema @returns {Unfolded} */
function unfold(node, definition, schema) {
  const id = String(node.id)
  const values = asList(node.widgets_values)
  let at = 0
  const parts = asList(definition.nodes).filter(isObject).map((raw, index) => {
    const type = grownType(schema.get(asText(raw.type) ?? ''), raw.widgets_values)
    let own = Array.isArray(raw.widgets_values) ? [...raw.widgets_values] : null
    if (type && values.length) {
      // The group's own values stand in the order of its parts' widgets.
      for (const place of places(type)) {
        if (at >= values.length) break
        const value = values[at++]
        if (place.kind === 'value') own = /** @type {unknown[]} */ (withValue(type, { values: own }, place.name, value))
      }
    }
    const inputs = asList(raw.inputs).map((slot) => ({ ...asObject(slot), link: null }))
    return /** @type {Json} */ ({ ...raw, id: `${id}:${index}`, inputs, mode: node.mode ?? 0, widgets_values: own ?? raw.widgets_values })
  })
  /** @type {unknown[]} */
  const links = []
  /** Inputs and outputs that links inside take. @type {Set<string>} */
  const taken = new Set()
  asList(definition.links).forEach((raw, index) => {
    const [from, fromSlot, to, toSlot, , type] = asList(raw)
    const source = isFinite(from) ? parts[from] : undefined
    const reader = isFinite(to) ? parts[to] : undefined
    if (!source || !reader || !isFinite(fromSlot) || !isFinite(toSlot)) return
    const key = `${id}:link:${index}`
    links.push([key, source.id, fromSlot, reader.id, toSlot, type])
    setLink(reader, toSlot, key)
    taken.add(`in ${to} ${toSlot}`).add(`out ${from} ${fromSlot}`)
  })
  for (const external of asList(definition.external)) {
    const [source, slot] = asList(external)
    taken.delete(`out ${asObject(source)?.index} ${slot}`)
  }
  /** @type {Unfolded['ins']} */
  const ins = new Map()
  /** @type {Unfolded['outs']} */
  const outs = []
  parts.forEach((part, index) => {
    asList(part.inputs).forEach((_, slot) => {
      if (!taken.has(`in ${index} ${slot}`)) ins.set(`${index} ${slot}`, { part: index, slot })
    })
    asList(part.outputs).forEach((_, slot) => {
      if (!taken.has(`out ${index} ${slot}`)) outs.push({ part: index, slot })
    })
  })
  return { file: { links }, parts, ins, outs }
}

/** @param {Json} part @param {number} slot @param {unknown} key */
function setLink(part, slot, key) {
  const inputs = asList(part.inputs)
  part.inputs = inputs.map((input, index) => (index === slot ? { ...asObject(input), link: key } : input))
}
