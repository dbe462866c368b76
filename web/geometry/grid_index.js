/**
 * Boxes in a uniform grid: what lies in a view, or under a point, is found without a walk over all of them. Adding and
 * moving cost constant time. Boxes are kept as plain numbers: thousands of them weigh next to nothing.
 *
 * @typedef {import('./rect.js').Rect} Rect
 */

const CELL = 512
/** A box over more cells than this is kept in a list of its own: a link across the world, a node at 1e9. */
const MOST_CELLS = 48
/** Cells are numbered in a square that repeats: a cell may hold boxes of another far away, which do not touch the question. */
const SIDE = 1 << 15

export class GridIndex {
  /** @type {Map<string, number>} */
  #placeOf = new Map()
  /** @type {(string | null)[]} */
  #ids = []
  /** Left, top, right, bottom of each place. */
  #boxes = new Float64Array(4 * 64)
  /** In which question a place was last found: one box may lie in many cells. */
  #found = new Uint32Array(64)
  #question = 0
  /** @type {number[]} */
  #free = []
  /** @type {Map<number, number[]>} */
  #cells = new Map()
  /** @type {Set<number>} */
  #large = new Set()

  get size() {
    return this.#placeOf.size
  }

  /** @param {string} id @returns {Rect | undefined} */
  rectOf(id) {
    const place = this.#placeOf.get(id)
    if (place === undefined) return undefined
    const boxes = this.#boxes
    const x = boxes[4 * place] ?? 0
    const y = boxes[4 * place + 1] ?? 0
    return { x, y, w: (boxes[4 * place + 2] ?? 0) - x, h: (boxes[4 * place + 3] ?? 0) - y }
  }

  /** Add a box, or move the one of that id. @param {string} id @param {Rect} rect */
  set(id, { x, y, w, h }) {
    const boxes = this.#boxes
    const old = this.#placeOf.get(id)
    const [right, bottom] = [x + w, y + h]
    if (old !== undefined) {
      const at = 4 * old
      const stays =
        cell(boxes[at]) === cell(x) && cell(boxes[at + 1]) === cell(y) && cell(boxes[at + 2]) === cell(right) && cell(boxes[at + 3]) === cell(bottom)
      if (!stays) this.#unlist(old)
      this.#write(old, x, y, right, bottom)
      if (!stays) this.#list(old)
      return
    }
    const place = this.#free.pop() ?? this.#ids.length
    if (place >= this.#found.length) this.#grow()
    this.#ids[place] = id
    this.#placeOf.set(id, place)
    this.#write(place, x, y, right, bottom)
    this.#list(place)
  }

  /** @param {string} id */
  delete(id) {
    const place = this.#placeOf.get(id)
    if (place === undefined) return
    this.#unlist(place)
    this.#placeOf.delete(id)
    this.#ids[place] = null
    this.#free.push(place)
  }

  clear() {
    this.#placeOf.clear()
    this.#ids = []
    this.#free = []
    this.#cells.clear()
    this.#large.clear()
  }

  /** Ids of the boxes that share a point with `rect`, each once. @param {Rect} rect @returns {string[]} */
  query({ x, y, w, h }) {
    const boxes = this.#boxes
    const ids = this.#ids
    const [right, bottom] = [x + w, y + h]
    /** @type {string[]} */
    const found = []
    const meets = (/** @type {number} */ place) => {
      const at = 4 * place
      return (
        /** @type {number} */ (boxes[at]) <= right && x <= /** @type {number} */ (boxes[at + 2]) &&
        /** @type {number} */ (boxes[at + 1]) <= bottom && y <= /** @type {number} */ (boxes[at + 3])
      )
    }
    const [fromX, fromY, toX, toY] = [cell(x), cell(y), cell(right), cell(bottom)]
    const count = (toX - fromX + 1) * (toY - fromY + 1)
    if (!(count <= Math.max(this.#placeOf.size, MOST_CELLS)) || toX - fromX >= SIDE || toY - fromY >= SIDE) {
      ids.forEach((id, place) => {
        if (id !== null && meets(place)) found.push(id)
      })
      return found
    }
    const question = ++this.#question
    for (let column = fromX; column <= toX; column++) {
      for (let row = fromY; row <= toY; row++) {
        const places = this.#cells.get(number(column, row))
        if (!places) continue
        for (const place of places) {
          if (this.#found[place] === question || !meets(place)) continue
          this.#found[place] = question
          found.push(/** @type {string} */ (ids[place]))
        }
      }
    }
    for (const place of this.#large) if (meets(place)) found.push(/** @type {string} */ (ids[place]))
    return found
  }

  #grow() {
    const boxes = new Float64Array(2 * this.#boxes.length)
    boxes.set(this.#boxes)
    this.#boxes = boxes
    this.#found = new Uint32Array(2 * this.#found.length)
  }

  /** @param {number} place @param {number} left @param {number} top @param {number} right @param {number} bottom */
  #write(place, left, top, right, bottom) {
    const at = 4 * place
    this.#boxes[at] = left
    this.#boxes[at + 1] = top
    this.#boxes[at + 2] = right
    this.#boxes[at + 3] = bottom
  }

  /** @param {number} place */
  #list(place) {
    const range = this.#range(place)
    if (!range) {
      this.#large.add(place)
      return
    }
    const [fromX, fromY, toX, toY] = range
    for (let column = fromX; column <= toX; column++) {
      for (let row = fromY; row <= toY; row++) {
        const key = number(column, row)
        const places = this.#cells.get(key)
        if (places) places.push(place)
        else this.#cells.set(key, [place])
      }
    }
  }

  /** @param {number} place */
  #unlist(place) {
    const range = this.#range(place)
    if (!range) {
      this.#large.delete(place)
      return
    }
    const [fromX, fromY, toX, toY] = range
    for (let column = fromX; column <= toX; column++) {
      for (let row = fromY; row <= toY; row++) {
        const key = number(column, row)
        const places = this.#cells.get(key)
        const at = places?.indexOf(place) ?? -1
        if (!places || at < 0) continue
        const last = places.pop()
        if (at < places.length && last !== undefined) places[at] = last
        if (places.length === 0) this.#cells.delete(key)
      }
    }
  }

  /** The cells of a place; null where they are too many to list. @param {number} place @returns {[number, number, number, number] | null} */
  #range(place) {
    const at = 4 * place
    const [fromX, fromY, toX, toY] = [cell(this.#boxes[at]), cell(this.#boxes[at + 1]), cell(this.#boxes[at + 2]), cell(this.#boxes[at + 3])]
    return (toX - fromX + 1) * (toY - fromY + 1) <= MOST_CELLS ? [fromX, fromY, toX, toY] : null
  }
}

/** @param {number | undefined} at */
const cell = (at) => Math.floor(/** @type {number} */ (at) / CELL)

/** @param {number} column @param {number} row */
const number = (column, row) => (((column % SIDE) + SIDE) % SIDE) * SIDE + (((row % SIDE) + SIDE) % SIDE)
