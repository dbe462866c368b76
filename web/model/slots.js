/**
 * Sockets as records: those that look the same are the same object, and so are their lists, so that a graph of thousands
 * of nodes holds as many lists as it has kinds of nodes. What a socket's `raw` said about links is left out where saving
 * would write just that anyway: links are records of their own.
 *
 * @typedef {import('./types.js').Json} Json
 * @typedef {import('./types.js').Key} Key
 * @typedef {import('./types.js').Slot} Slot
 */
import { asObject, asText, isObject } from './json.js'

/** @type {WeakMap<readonly Slot[], number>} */
const numbers = new WeakMap()
let lists = 0

/** A number that tells a shared list from others; undefined for a list that one node has to itself. @param {readonly Slot[]} list */
export const numberOf = (list) => numbers.get(list)

/** The sockets of one file while it is read. */
export class SlotPool {
  /** @type {Map<string, Slot>} */
  #slots = new Map()
  /** @type {Map<Slot, number>} */
  #places = new Map()
  /** @type {Map<string, readonly Slot[]>} */
  #lists = new Map()

  /** @param {ReadonlySet<unknown>} live keys of all links of the graph */
  constructor(live) {
    this.live = live
  }

  /**
   * @param {readonly unknown[]} raws @param {'link' | 'links'} field
   * @param {(index: number) => readonly Key[]} keysAt keys of the links at a socket, in the order in which they are saved
   * @returns {readonly Slot[]}
   */
  list(raws, field, keysAt) {
    /** @type {Slot[]} */
    const slots = []
    let name = ''
    for (let index = 0; index < raws.length; index++) {
      const slot = this.#slot(raws[index], field, keysAt(index))
      slots.push(slot)
      const place = this.#places.get(slot)
      name = place === undefined || name === '-' ? '-' : `${name}${place},`
    }
    if (name === '-') return slots
    const known = this.#lists.get(name)
    if (known) return known
    this.#lists.set(name, slots)
    numbers.set(slots, ++lists)
    return slots
  }

  /** @param {unknown} raw @param {'link' | 'links'} field @param {readonly Key[]} keys @returns {Slot} */
  #slot(raw, field, keys) {
    if (!isObject(raw) || !isLean(raw, field, keys)) return slotOf(raw, field, this.live)
    const state = raw[field] === undefined ? 0 : keys.length || !Array.isArray(raw[field]) ? 1 : 2
    const name = nameOf(raw, field, state)
    let slot = this.#slots.get(name)
    if (!slot) {
      const lean = state === 1 && raw[field] !== null ? { ...raw, [field]: null } : raw
      this.#slots.set(name, (slot = slotOf(lean, field, this.live)))
      this.#places.set(slot, this.#places.size)
    }
    return slot
  }
}

/** Would saving write the links as the file has them? @param {Json} raw @param {'link' | 'links'} field @param {readonly Key[]} keys */
function isLean(raw, field, keys) {
  const said = raw[field]
  if (said === undefined || said === null) return true
  if (field === 'link') return typeof said === 'number' || typeof said === 'string'
  return Array.isArray(said) && said.length === keys.length && keys.every((key, index) => key === said[index])
}

/** @param {Json} raw @param {'link' | 'links'} field @param {number} state of the field @returns {string} the same for sockets that are saved alike */
function nameOf(raw, field, state) {
  const fields = Object.keys(raw)
  const plain = fields[0] === 'name' && fields[1] === 'type' && (fields.length === 2 || (fields.length === 3 && fields[2] === field))
  if (plain && typeof raw.name === 'string' && typeof raw.type === 'string') return `${field}\n${state}\n${raw.name}\n${raw.type}`
  return `${field}\n${state}${JSON.stringify(state === 1 ? { ...raw, [field]: null } : raw)}`
}

/** @param {unknown} raw @param {'link' | 'links'} field @param {ReadonlySet<unknown>} live @returns {Slot} */
function slotOf(raw, field, live) {
  if (!isObject(raw)) return { name: '', type: '*', widget: null, raw: null }
  /** @type {Slot} */
  const slot = { name: asText(raw.name) ?? '', type: readType(raw.type), widget: asText(asObject(raw.widget)?.name), raw }
  if (field === 'links' && Array.isArray(raw.links)) {
    const stale = raw.links.filter((key) => !live.has(key))
    if (stale.length) slot.stale = stale
  }
  return slot
}

/** Lists are combos; numbers are the old wildcards. @param {unknown} type */
export function readType(type) {
  if (Array.isArray(type)) return 'COMBO'
  return typeof type === 'string' && type !== '' ? type : '*'
}
