/**
 * A copy of the document beside the editor, in which a cell's values are set: whatever follows from a widget (expressions,
 * subgraphs and what their instances list) follows there as it does on the canvas.
 *
 * @typedef {import('../model/schema.js').Schema} Schema
 * @typedef {import('../model/types.js').RecordId} RecordId
 *
 * @typedef {{node: RecordId, widget: string, value: unknown}} Setting
 * @typedef {{node: RecordId, widget: string, from: string, to: string}} Replacing In what the widget holds by then.
 * @typedef {Setting | Replacing} Act
 */
import { setWidget } from '../commands/set_widget.js'
import { Graph } from '../model/graph.js'
import { NodeTypes } from '../model/node_types.js'
import { Store } from '../model/store.js'
import { widgetsOf } from '../model/widget_values.js'
import { load, save, toPrompt } from '../model/workflow.js'

export class Bench {
  /** @param {unknown} workflow @param {Schema} schema @param {{now?: Date, seed?: number}} [options] the same choices are made in all cells */
  constructor(workflow, schema, { now = new Date(), seed = Date.now() } = {}) {
    this.schema = schema
    this.now = now
    this.seed = seed
    this.store = new Store()
    this.store.load(load(workflow).records)
    this.graph = new Graph(this.store)
    this.types = new NodeTypes(schema, this.graph)
  }

  /** What is sent with these values, and the graph that they make. @param {readonly Act[]} acts */
  with(acts) {
    this.store.begin('cell')
    try {
      for (const act of acts) this.#act(act)
      return toPrompt(save(this.store), this.schema, { now: this.now, random: repeatable(this.seed) })
    } finally {
      this.store.cancel()
    }
  }

  /** @param {Act} act */
  #act(act) {
    if ('value' in act) setWidget(this, act.node, act.widget, act.value)
    else setWidget(this, act.node, act.widget, String(this.value(act.node, act.widget) ?? '').replaceAll(act.from, () => act.to))
  }

  /** @param {RecordId} id @param {string} name */
  value(id, name) {
    const node = this.store.node(id)
    return node && widgetsOf(this.types.of(node), node).find((widget) => widget.name === name)?.value
  }
}

/** The same numbers each time, in [0, 1) (mulberry32). @param {number} seed */
function repeatable(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
