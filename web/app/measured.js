/**
 * What the server measured in the run that goes on: time and memory of each node. A node that stands for others, which
 * were made while it ran, has theirs too. Facts that come twice count once.
 *
 * @typedef {{ms: number | null, bytes: number | null, bytesOf: 'outputs' | 'peak' | null}} Measure
 */

export class Measured {
  constructor() {
    /** By the node that shows it, then by the node that ran. @type {Map<string, Map<string, Measure>>} */
    this.byNode = new Map()
  }

  clear() {
    this.byNode.clear()
  }

  /** @param {string} shown @param {string} node @param {any} facts of the server */
  add(shown, node, facts) {
    const parts = this.byNode.get(shown) ?? new Map()
    this.byNode.set(shown, parts)
    parts.set(node, { ms: number(facts?.ms), bytes: number(facts?.bytes), bytesOf: facts?.bytes_of === 'peak' ? 'peak' : 'outputs' })
  }

  /** @param {string} shown @returns {Measure | null} null where nothing of it ran */
  of(shown) {
    const parts = [...this.byNode.get(shown)?.values() ?? []].filter(part => part.ms !== null)
    if (!parts.length) return null
    const bytes = parts.flatMap(part => part.bytes ?? [])
    return {
      ms: parts.reduce((sum, part) => sum + (part.ms ?? 0), 0),
      // Results are held together; peaks come one after another.
      bytes: !bytes.length ? null : parts[0]?.bytesOf === 'peak' ? Math.max(...bytes) : bytes.reduce((sum, part) => sum + part, 0),
      bytesOf: bytes.length ? parts[0]?.bytesOf ?? null : null,
    }
  }
}

/** @param {unknown} value */
const number = value => (typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : null)
