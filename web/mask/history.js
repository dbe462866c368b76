/**
 * Undo and redo of a mask. A step keeps the tiles that it changed, as they were, and no others; a tile of one value is
 * kept as that value. The oldest steps go when all of them take more than the budget.
 *
 * @typedef {import('./mask.js').Mask} Mask
 * @typedef {import('../geometry/rect.js').Rect} Rect
 * @typedef {Uint8ClampedArray | number} Kept
 * @typedef {{label: string, tiles: Map<number, Kept>, bytes: number}} Step
 */
import { bounds } from '../geometry/rect.js'

/** What one entry of a step takes beside its pixels. */
const ENTRY = 32

export class History {
  /** @type {Step[]} */
  #done = []
  /** @type {Step[]} */
  #undone = []
  /** @type {{label: string, tiles: Map<number, Uint8ClampedArray>} | null} */
  #open = null
  /** @type {Step | undefined} The step after which the mask was saved; undefined for the beginning. */
  #saved = undefined
  #lost = false

  /** @param {Mask} mask @param {number} [budget] bytes */
  constructor(mask, budget = 64 * 2 ** 20) {
    this.mask = mask
    this.budget = budget
  }

  /** @returns {string | null} */
  get undoLabel() {
    return this.#done.at(-1)?.label ?? null
  }

  /** @returns {string | null} */
  get redoLabel() {
    return this.#undone.at(-1)?.label ?? null
  }

  /** Bytes that all steps take. */
  get bytes() {
    return [...this.#done, ...this.#undone].reduce((sum, step) => sum + step.bytes, 0)
  }

  /** Does the mask differ from what was saved last? */
  get dirty() {
    return this.#lost || this.#done.at(-1) !== this.#saved
  }

  markSaved() {
    this.#saved = this.#done.at(-1)
    this.#lost = false
  }

  /** @param {string} label */
  begin(label) {
    this.commit()
    this.#open = { label, tiles: new Map() }
  }

  /** Keep the tiles of a rectangle as they are, before they are changed. @param {Rect} rect */
  touch(rect) {
    for (const tile of this.mask.tilesIn(rect)) this.before(tile)
  }

  /** A tile as it was when the step began. @param {number} tile @returns {Uint8ClampedArray} */
  before(tile) {
    if (!this.#open) throw new Error('No step of the mask is open')
    let kept = this.#open.tiles.get(tile)
    if (!kept) this.#open.tiles.set(tile, (kept = this.mask.read(this.mask.tileRect(tile))))
    return kept
  }

  /** End the step. One that changed nothing is none. */
  commit() {
    const open = this.#open
    this.#open = null
    if (!open) return
    /** @type {Step} */
    const step = { label: open.label, tiles: new Map(), bytes: 0 }
    for (const [tile, pixels] of open.tiles) {
      const now = this.mask.read(this.mask.tileRect(tile))
      if (pixels.every((value, at) => value === now[at])) continue
      put(step, tile, pixels)
    }
    if (!step.tiles.size) return
    if (this.#undone.includes(/** @type {Step} */ (this.#saved))) this.#lost = true
    this.#undone = []
    this.#done.push(step)
    this.#trim()
  }

  /** Take back what the open step did. @returns {Rect | null} what changed */
  cancel() {
    const open = this.#open
    this.#open = null
    if (!open?.tiles.size) return null
    for (const [tile, pixels] of open.tiles) this.mask.write(this.mask.tileRect(tile), pixels)
    return bounds([...open.tiles.keys()].map((tile) => this.mask.tileRect(tile)))
  }

  /** @returns {Rect | null} what changed */
  undo() {
    this.commit()
    const step = this.#done.pop()
    if (!step) return null
    const [back, rect] = this.#swap(step)
    if (this.#saved === step) this.#saved = back
    this.#undone.push(back)
    return rect
  }

  /** @returns {Rect | null} what changed */
  redo() {
    this.commit()
    const step = this.#undone.pop()
    if (!step) return null
    const [forth, rect] = this.#swap(step)
    if (this.#saved === step) this.#saved = forth
    this.#done.push(forth)
    return rect
  }

  /** Put a step's tiles back. @param {Step} step @returns {[Step, Rect | null]} the way back, and what changed */
  #swap(step) {
    /** @type {Step} */
    const back = { label: step.label, tiles: new Map(), bytes: 0 }
    for (const [tile, kept] of step.tiles) {
      const rect = this.mask.tileRect(tile)
      put(back, tile, this.mask.read(rect))
      if (typeof kept === 'number') this.mask.fill(rect, kept)
      else this.mask.write(rect, kept)
    }
    return [back, bounds([...step.tiles.keys()].map((tile) => this.mask.tileRect(tile)))]
  }

  #trim() {
    while (this.#done.length > 1 && this.bytes > this.budget) {
      const gone = this.#done.shift()
      // There is no way back to what was saved any more.
      if (this.#saved === undefined || this.#saved === gone) {
        this.#lost = true
        this.#saved = gone
      }
    }
  }
}

/** @param {Step} step @param {number} tile @param {Uint8ClampedArray} pixels */
function put(step, tile, pixels) {
  const first = pixels[0] ?? 0
  const kept = pixels.every((value) => value === first) ? first : pixels
  step.tiles.set(tile, kept)
  step.bytes += ENTRY + (typeof kept === 'number' ? 0 : kept.length)
}
