/** Tells that something is shaken: the pointer goes to and fro, often and far enough, within a moment. */

/** Pixels of a stroke that counts, of the screen. */
const STROKE = 24
const TURNS = 4
/** All turns lie within this, in ms. */
const MOMENT = 900

export class Shake {
  #axes = [new Axis(), new Axis()]

  /** @param {{x: number, y: number}} screen @param {number} now in ms @returns {boolean} whether it is shaken now */
  push({ x, y }, now) {
    return [x, y].map((at, index) => this.#axes[index]?.push(at, now)).some(Boolean)
  }
}

class Axis {
  /** When it turned. @type {number[]} */
  #turns = []
  /** The farthest point of the stroke that goes on. @type {number | null} */
  #peak = null
  #start = 0
  #way = 0

  /** @param {number} at @param {number} now */
  push(at, now) {
    if (this.#peak === null) {
      this.#peak = this.#start = at
      return false
    }
    const step = at - this.#peak
    if (this.#way === 0) this.#way = Math.sign(step)
    if (step * this.#way >= 0) {
      this.#peak = at
      return false
    }
    // It went back: a turn, if the stroke before was long enough and the way back is meant.
    if (Math.abs(step) < STROKE / 2) return false
    if (Math.abs(this.#peak - this.#start) >= STROKE) this.#turns.push(now)
    else this.#turns = []
    this.#start = this.#peak
    this.#peak = at
    this.#way = -this.#way
    this.#turns = this.#turns.filter((turn) => now - turn <= MOMENT)
    if (this.#turns.length < TURNS) return false
    this.#turns = []
    return true
  }
}
