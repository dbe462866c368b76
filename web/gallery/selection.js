/** Which pictures are chosen: by number, so that they stay chosen when new ones come before them. */
export class Selection {
  /** @param {() => void} changed */
  constructor(changed) {
    this.changed = changed
    /** @type {Set<number>} */
    this.ids = new Set()
    /** The one that the keys act on. @type {number | null} */
    this.active = null
    /** Where a range begins. @type {number | null} */
    this.anchor = null
    /** By a long press: now each tap chooses or not. */
    this.gathering = false
  }

  /** @param {number | null} id */
  only(id) {
    this.ids = new Set(id === null ? [] : [id])
    this.active = this.anchor = id
    this.gathering = false
    this.changed()
  }

  /** @param {number} id */
  toggle(id) {
    if (!this.ids.delete(id)) this.ids.add(id)
    this.active = this.anchor = id
    if (!this.ids.size) this.gathering = false
    this.changed()
  }

  /** From the anchor to here. @param {Uint32Array} list @param {number} id */
  reach(list, id) {
    const [from, to] = [this.anchor === null ? -1 : list.indexOf(this.anchor), list.indexOf(id)]
    if (from < 0) return this.only(id)
    this.ids = new Set(list.subarray(Math.min(from, to), Math.max(from, to) + 1))
    this.active = id
    this.changed()
  }

  /** @param {Uint32Array} list */
  all(list) {
    this.ids = new Set(list)
    this.active ??= list[0] ?? null
    this.anchor ??= this.active
    this.changed()
  }

  clear() {
    this.ids = new Set()
    this.gathering = false
    this.changed()
  }

  /** What is no longer in the list is not chosen. @param {Uint32Array} list */
  keep(list) {
    if (!this.ids.size) return
    if (this.ids.size < 50) this.ids = new Set([...this.ids].filter(id => list.indexOf(id) >= 0))
    else {
      const there = new Set(list)
      this.ids = new Set([...this.ids].filter(id => there.has(id)))
    }
    if (!this.ids.size) this.gathering = false
    this.changed()
  }
}
