/**
 * Boxes in a uniform grid: what lies in a view, or under a point, is found without a walk over all of them. Adding and
 * moving cost constant time.
 *
 * @typedef {import('./rect.js').Rect} Rect
 */
import { intersects } from './rect.js'

const CELL = 512
/** A box over more cells than this is kept in a list of its own: a link across the world, a node at 1e9. */
const MOST_CELLS = 48

export class GridIndex {
  /** @type {Map<string, Set<string>>} */
  #cells = new Map()
  /** @type {Map<string, {rect: Rect, keys: string[] | null}>} */
  #boxes = new Map()
  /** @type {Set<string>} */
  #large = new Set()

  get size() {
    return this.#boxes.size
  }

  /** @param {string} id */
  rectOf(id) {
    return this.#boxes.get(id)?.rect
  }

  /** Add a box, or move the one of that id. @param {string} id @param {Rect} rect */
  set(id, rect) {
    const old = this.#boxes.get(id)
    const keys = cellsOf(rect)
    if (old && old.keys && keys && old.keys.length === keys.length && old.keys[0] === keys[0] && old.keys.at(-1) === keys.at(-1)) {
      old.rect = rect
      return
    }
    if (old) this.delete(id)
    this.#boxes.set(id, { rect, keys })
    if (!keys) {
      this.#large.add(id)
      return
    }
    for (const key of keys) {
      const cell = this.#cells.get(key)
      if (cell) cell.add(id)
      else this.#cells.set(key, new Set([id]))
    }
  }

  /** @param {string} id */
  delete(id) {
    const box = this.#boxes.get(id)
    if (!box) return
    this.#boxes.delete(id)
    this.#large.delete(id)
    for (const key of box.keys ?? []) {
      const cell = this.#cells.get(key)
      cell?.delete(id)
      if (cell?.size === 0) this.#cells.delete(key)
    }
  }

  clear() {
    this.#cells.clear()
    this.#boxes.clear()
    this.#large.clear()
  }

  /** Ids of the boxes that share a point with `rect`. @param {Rect} rect @returns {Set<string>} */
  query(rect) {
    /** @type {Set<string>} */
    const found = new Set()
    const keys = cellsOf(rect, Math.max(this.#boxes.size, MOST_CELLS))
    if (!keys) {
      for (const [id, box] of this.#boxes) if (intersects(box.rect, rect)) found.add(id)
      return found
    }
    for (const key of keys) {
      for (const id of this.#cells.get(key) ?? []) {
        const box = this.#boxes.get(id)
        if (box && intersects(box.rect, rect)) found.add(id)
      }
    }
    for (const id of this.#large) {
      const box = this.#boxes.get(id)
      if (box && intersects(box.rect, rect)) found.add(id)
    }
    return found
  }
}

/** The cells that a box touches; null where they are too many to list. @param {Rect} rect @param {number} [most] @returns {string[] | null} */
function cellsOf(rect, most = MOST_CELLS) {
  const left = Math.floor(rect.x / CELL)
  const top = Math.floor(rect.y / CELL)
  const right = Math.floor((rect.x + rect.w) / CELL)
  const bottom = Math.floor((rect.y + rect.h) / CELL)
  const count = (right - left + 1) * (bottom - top + 1)
  if (!(count <= most)) return null
  /** @type {string[]} */
  const keys = []
  for (let x = left; x <= right; x++) for (let y = top; y <= bottom; y++) keys.push(`${x},${y}`)
  return keys
}
