/**
 * Columns for graphs of thousands of boxes, in a time that grows with their number: every box right of what it reads,
 * neighbours ordered by what they are linked with.
 *
 * @typedef {import('../model/types.js').RecordId} RecordId
 * @typedef {import('./layered.js').Sized} Sized
 * @typedef {readonly (readonly [RecordId, RecordId])[]} Edges
 */
import { readingOrder } from './reading_order.js'

/** How often orders and heights are gone over, forth and back. */
const SWEEPS = 6

/** @param {readonly Sized[]} boxes @param {Edges} edges @returns {Sized[][]} from left to right, each from top to bottom */
export function columnsOf(boxes, edges) {
  const { before, after } = neighbours(boxes, withoutCircles(boxes, edges))
  const ranks = ranksOf(boxes, before, after)
  /** @type {Sized[][]} */
  const columns = Array.from({ length: Math.max(...ranks.values()) + 1 }, () => [])
  for (const box of readingOrder(boxes, edges)) columns[ranks.get(box.id) ?? 0]?.push(box)
  /** @type {Map<RecordId, number>} */
  const places = new Map()
  const note = (/** @type {readonly Sized[]} */ column) => column.forEach(({ id }, index) => places.set(id, (index + 0.5) / column.length))
  columns.forEach(note)
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const [order, side] = sweep % 2 ? [[...columns].reverse(), after] : [columns, before]
    for (const column of order) {
      const wish = new Map(column.map(({ id }) => [id, mean((side.get(id) ?? []).map((other) => places.get(other) ?? 0)) ?? places.get(id) ?? 0]))
      column.sort((a, b) => (wish.get(a.id) ?? 0) - (wish.get(b.id) ?? 0))
      note(column)
    }
  }
  return columns.filter((column) => column.length)
}

/**
 * Heights: each box as near as may be to the middle of what it is linked with, in its column's order, without overlap.
 * @param {readonly Sized[][]} columns @param {Edges} edges @param {number} gap @returns {Map<RecordId, number>} tops
 */
export function settleColumns(columns, edges, gap) {
  const { before, after } = neighbours(columns.flat(), edges)
  /** @type {Map<RecordId, number>} */
  const middles = new Map()
  for (const column of columns) {
    let y = 0
    for (const { id, h } of column) {
      middles.set(id, y + h / 2)
      y += h + gap
    }
  }
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const [order, side] = sweep % 2 ? [[...columns].reverse(), after] : [columns, before]
    for (const column of order) {
      const wishes = column.map(({ id }) => mean((side.get(id) ?? []).map((other) => middles.get(other) ?? 0)) ?? middles.get(id) ?? 0)
      apart(column, wishes, gap).forEach((middle, index) => middles.set(column[index]?.id ?? '', middle))
    }
  }
  return new Map(columns.flat().map(({ id, h }) => [id, (middles.get(id) ?? 0) - h / 2]))
}

/** Middles nearest to the wishes, in order and without overlap: runs that would overlap are moved as one. @param {readonly Sized[]} column @param {readonly number[]} wishes @param {number} gap @returns {number[]} */
function apart(column, wishes, gap) {
  /** Each run: where its first middle would like to be, how many it holds, how far they reach. @type {{wish: number, count: number}[]} */
  const runs = []
  let way = 0
  /** From the column's first middle to each, when all stand as close as they may. */
  const offsets = column.map(({ h }, index) => {
    if (index) way += (column[index - 1]?.h ?? 0) / 2 + gap + h / 2
    return way
  })
  wishes.forEach((wish, index) => {
    let run = { wish: wish - (offsets[index] ?? 0), count: 1 }
    for (let last = runs.at(-1); last && last.wish > run.wish; last = runs.at(-1)) {
      runs.pop()
      run = { wish: (last.wish * last.count + run.wish * run.count) / (last.count + run.count), count: last.count + run.count }
    }
    runs.push(run)
  })
  return runs.flatMap(({ wish, count }) => Array.from({ length: count }, () => wish)).map((start, index) => start + (offsets[index] ?? 0))
}

/** @param {readonly number[]} values @returns {number | null} */
const mean = (values) => (values.length ? values.reduce((sum, value) => sum + value, 0) / values.length : null)

/** @param {readonly Sized[]} boxes @param {Edges} edges */
function neighbours(boxes, edges) {
  /** @type {Map<RecordId, RecordId[]>} */
  const before = new Map(boxes.map(({ id }) => [id, []]))
  /** @type {Map<RecordId, RecordId[]>} */
  const after = new Map(boxes.map(({ id }) => [id, []]))
  for (const [from, to] of edges) {
    after.get(from)?.push(to)
    before.get(to)?.push(from)
  }
  return { before, after }
}

/** Links that lead back on a walk are turned round. @param {readonly Sized[]} boxes @param {Edges} edges @returns {Edges} */
function withoutCircles(boxes, edges) {
  const { before, after } = neighbours(boxes, edges)
  /** @type {Map<RecordId, 'open' | 'done'>} */
  const state = new Map()
  /** @type {[RecordId, RecordId][]} */
  const kept = []
  const starts = [...boxes].sort((a, b) => (before.get(a.id)?.length ?? 0) - (before.get(b.id)?.length ?? 0))
  for (const { id } of starts) {
    if (state.has(id)) continue
    state.set(id, 'open')
    const stack = [{ id, next: 0 }]
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const to = after.get(top.id)?.[top.next++]
      if (to === undefined) {
        state.set(top.id, 'done')
        stack.pop()
        continue
      }
      kept.push(state.get(to) === 'open' ? [to, top.id] : [top.id, to])
      if (state.has(to)) continue
      state.set(to, 'open')
      stack.push({ id: to, next: 0 })
    }
  }
  return kept
}

/** The longest way to each box; what nothing leads to stands beside what reads it. @param {readonly Sized[]} boxes @param {Map<RecordId, RecordId[]>} before @param {Map<RecordId, RecordId[]>} after @returns {Map<RecordId, number>} */
function ranksOf(boxes, before, after) {
  const waiting = new Map(boxes.map(({ id }) => [id, before.get(id)?.length ?? 0]))
  const ready = boxes.filter(({ id }) => !waiting.get(id)).map(({ id }) => id)
  /** @type {Map<RecordId, number>} */
  const ranks = new Map(ready.map((id) => [id, 0]))
  for (const id of ready) {
    for (const to of after.get(id) ?? []) {
      ranks.set(to, Math.max(ranks.get(to) ?? 0, (ranks.get(id) ?? 0) + 1))
      waiting.set(to, (waiting.get(to) ?? 1) - 1)
      if (!waiting.get(to)) ready.push(to)
    }
  }
  for (const id of [...ready].reverse()) {
    const readers = after.get(id) ?? []
    if (readers.length && !before.get(id)?.length) ranks.set(id, Math.min(...readers.map((to) => (ranks.get(to) ?? 1) - 1)))
  }
  return ranks
}
