/**
 * Diffs of the document as values: reversed, put one after the other, asked whether they are empty.
 *
 * @typedef {import('./types.js').Diff} Diff
 * @typedef {import('./types.js').Entry} Entry
 * @typedef {import('./types.js').Json} Json
 */
import { equal } from './json.js'

/** @returns {Diff} */
export const emptyDiff = () => ({ added: {}, removed: {}, updated: {} })

/** @param {Diff} diff */
export const isEmpty = (diff) =>
  Object.keys(diff.added).length + Object.keys(diff.removed).length + Object.keys(diff.updated).length === 0

/** The way back of a diff that nobody changes any more, kept for the next time. @type {WeakMap<Diff, Diff>} */
const ways = new WeakMap()

/** The change back. @param {Diff} diff one that stays as it is @returns {Diff} */
export function reverse(diff) {
  const known = ways.get(diff)
  if (known) return known
  /** @type {Diff['updated']} */
  const updated = {}
  for (const id in diff.updated) {
    const change = diff.updated[id]
    if (change) updated[id] = { from: change.to, to: change.from }
  }
  const back = { added: diff.removed, removed: diff.added, updated }
  ways.set(diff, back)
  return back
}

/**
 * The change that `first` and then `next` make together. With `inPlace` it is written into `first`.
 * @param {Diff} first @param {Diff} next @param {boolean} [inPlace]
 * @returns {Diff}
 */
export function compose(first, next, inPlace = false) {
  const result = inPlace
    ? first
    : { added: { ...first.added }, removed: { ...first.removed }, updated: { ...first.updated } }
  for (const [id, record] of Object.entries(next.removed)) removeFrom(result, id, record)
  for (const [id, record] of Object.entries(next.added)) addTo(result, id, record)
  for (const [id, { from, to }] of Object.entries(next.updated)) updateIn(result, id, from, to)
  return result
}

/** A record comes. @param {Diff} diff changed in place @param {string} id @param {Entry} record */
export function addTo(diff, id, record) {
  const old = diff.removed[id]
  if (!old) {
    diff.added[id] = record
    return
  }
  delete diff.removed[id] // gone and back: what stays is the difference between the two
  updateIn(diff, id, fields(old), fields(record))
}

/** A record goes. @param {Diff} diff changed in place @param {string} id @param {Entry} record as it was last */
export function removeFrom(diff, id, record) {
  if (diff.added[id]) {
    delete diff.added[id]
    return
  }
  const change = diff.updated[id]
  delete diff.updated[id]
  diff.removed[id] = change ? with_(record, change.from) : record
}

/** Fields of a record change. @param {Diff} diff changed in place @param {string} id @param {Json} from @param {Json} to */
export function updateIn(diff, id, from, to) {
  const added = diff.added[id]
  if (added) {
    diff.added[id] = with_(added, to)
    return
  }
  const change = diff.updated[id]
  /** @type {Json} */
  const before = { ...from, ...change?.from }
  /** @type {Json} */
  const after = { ...change?.to, ...to }
  for (const field of Object.keys(after)) {
    if (!equal(before[field], after[field])) continue
    delete before[field]
    delete after[field]
  }
  if (Object.keys(after).length) diff.updated[id] = { from: before, to: after }
  else delete diff.updated[id]
}

/** @param {Entry} record */
const fields = (record) => /** @type {Json} */ (/** @type {unknown} */ ({ ...record }))

/** @param {Entry} record @param {Json} patch */
const with_ = (record, patch) => /** @type {Entry} */ ({ ...record, ...patch })
