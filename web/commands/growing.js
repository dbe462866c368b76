/**
 * What follows from a change for nodes whose inputs grow, as a part of the same step: links into sockets that a choice took
 * away go; a row closes up where a link was taken out of it; sockets that are no longer shown leave the record.
 *
 * @typedef {import('./context.js').Context} Context
 * @typedef {import('../model/schema.js').NodeType} NodeType
 * @typedef {import('../model/types.js').Diff} Diff
 * @typedef {import('../model/types.js').LinkRecord} LinkRecord
 * @typedef {import('../model/types.js').NodeRecord} NodeRecord
 * @typedef {import('../model/types.js').RecordId} RecordId
 * @typedef {import('../model/types.js').Slot} Slot
 * @typedef {Pick<Context, 'store' | 'graph' | 'types'>} Base
 */
import { recordId } from '../model/graph.js'
import { grownType, isSpare } from '../model/grown.js'
import { widgetsOf } from '../model/widget_values.js'
import { sweep } from './reroute.js'

/** @param {Base} context @param {Diff} diff */
export function followGrowth(context, diff) {
  const { store, types } = context
  const growing = (/** @type {RecordId} */ id) => {
    const node = store.node(id)
    return node && types.get(node.type)?.declared ? node : undefined
  }
  /** Names of the inputs that lost a link, by node. @type {Map<RecordId, Set<string>>} */
  const freed = new Map()
  const record = (/** @type {RecordId} */ id) => freed.get(id) ?? freed.set(id, new Set()).get(id)
  for (const link of Object.values(diff.removed)) {
    if (link.kind !== 'link') continue
    const reader = growing(recordId('node', link.graph, link.to))
    const slot = reader?.inputs[link.toSlot]
    if (reader && slot) record(reader.id)?.add(slot.name)
  }
  for (const [id, { from, to }] of Object.entries(diff.updated)) {
    const node = 'values' in to ? growing(id) : undefined
    if (!node) continue
    record(id)
    dropGone(context, node, /** @type {NodeRecord['values']} */ (from.values))
  }
  for (const [id, names] of freed) tidy(context, id, names)
}

/** Links into what an option brought that is no longer chosen. @param {Base} context @param {NodeRecord} node @param {NodeRecord['values']} before */
function dropGone(context, node, before) {
  const { store, graph, types } = context
  const base = types.get(node.type)
  const now = grownType(base, node.values)
  if (!now) return
  const is = new Map(widgetsOf(base, node).map(({ name, value }) => [name, value]))
  const changed = widgetsOf(base, { values: before }).filter(({ name, value }) => is.get(name) !== value && grownType(base, before)?.inputs.some((input) => input.name === name && input.brings))
  const isGone = (/** @type {string} */ name) =>
    changed.some((choice) => name.startsWith(`${choice.name}.`)) && !now.inputs.some((input) => input.name === name) && !isSpare(now, name)
  /** @type {number[]} */
  const gone = []
  node.inputs.forEach((slot, index) => {
    if (!isGone(slot.name)) return
    gone.push(index)
    const link = graph.linkInto(node, index)
    if (!link) return
    store.remove(link.id)
    sweep(context, [link])
  })
  if (gone.length) write(context, node, node.inputs.map((slot, index) => (gone.includes(index) ? null : { slot, link: graph.linkInto(node, index) })))
}

/** Rows without gaps and without sockets too many. @param {Base} context @param {RecordId} id @param {ReadonlySet<string>} freed */
function tidy(context, id, freed) {
  const { store, graph, types } = context
  const node = store.node(id)
  const type = node && types.of(node)
  if (!node || !type?.rows?.length) return
  /** @type {({slot: Slot, link: LinkRecord | undefined} | null)[]} */
  const slots = node.inputs.map((slot, index) => ({ slot, link: graph.linkInto(node, index) }))
  for (const { names, numbered, least } of type.rows) {
    const at = (/** @type {string | undefined} */ name) => slots.find((each) => each?.slot.name === name)
    // Where inputs have names of their own, each means something: they stay where they are.
    if (numbered) {
      for (let ordinal = names.length - 1; ordinal >= Math.max(least - 1, 0); ordinal--) {
        if (freed.has(names[ordinal] ?? '') && !at(names[ordinal])?.link) closeUp(ordinal)
      }
    }
    const last = names.findLastIndex((name) => at(name)?.link)
    const shown = Math.max(least, last + 1) + 1
    slots.forEach((each, index) => {
      if (each && !each.link && names.indexOf(each.slot.name) >= shown) slots[index] = null
    })

    /** @param {number} from the input that each later link moves towards */
    function closeUp(from) {
      for (let ordinal = from; ordinal < names.length - 1; ordinal++) {
        const [name, next] = [names[ordinal] ?? '', at(names[ordinal + 1])]
        const own = at(name)
        if (own) own.link = next?.link
        else if (next?.link) slots.push({ slot: { ...next.slot, name, raw: { name, type: next.slot.type, link: null, shape: 7 } }, link: next.link })
        if (next) next.link = undefined
      }
    }
  }
  write(context, node, slots)
}

/** @param {Base} context @param {NodeRecord} node @param {readonly ({slot: Slot, link: LinkRecord | undefined} | null)[]} slots */
function write({ store }, node, slots) {
  const kept = slots.flatMap((each) => each ?? [])
  store.update(node.id, { inputs: kept.map(({ slot }) => slot) })
  kept.forEach(({ link }, toSlot) => {
    if (link && link.toSlot !== toSlot) store.update(link.id, { toSlot })
  })
}
