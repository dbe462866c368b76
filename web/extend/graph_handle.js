/**
 * The open graph as packs see it: plain copies of what is there, and changes that are steps of the history like anyone's.
 *
 * @typedef {import('../tools/editor.js').Editor} Editor
 * @typedef {{ id: string, type: string, title: string, x: number, y: number, mode: number, values: Record<string, unknown> }} NodeFacts
 */

/** @param {Editor} editor @param {import('../app/names.js').Names} names */
export function graphHandle(editor, names) {
  /** @param {string} id */
  const recordOf = id => {
    const node = editor.graph.node(editor.graphId, id)
    if (!node) throw new RangeError(`There is no node ${id} in the graph on the canvas.`)
    return node
  }

  /** @param {import('../model/types.js').NodeRecord} node @returns {NodeFacts} */
  const facts = node => ({
    id: String(node.key), type: node.type, title: names.titleOf(node), x: node.pos[0], y: node.pos[1], mode: node.mode,
    values: Object.fromEntries(editor.widgets(node.id).map(({ name, value }) => [name, structuredClone(value)])),
  })

  return Object.freeze({
    /** Nodes of the graph on the canvas. */
    nodes: () => editor.graph.nodes(editor.graphId).map(facts),
    /** Links: from an output, by its place, to an input. */
    links: () => editor.graph.links(editor.graphId).map(link => ({ from: String(link.from), output: link.fromSlot, to: String(link.to), input: link.toSlot, type: link.type })),
    /** Ids of the selected nodes. */
    selection: () => [...editor.selection].flatMap(id => editor.store.node(id)?.key ?? []).map(String),
    /** @param {readonly string[]} ids */
    select: ids => editor.select(ids.map(id => recordOf(id).id)),
    /** Brings a node into view. @param {string} id */
    reveal: id => editor.reveal(recordOf(id).id),
    /** @param {string} id @param {string} name of a widget @param {unknown} value */
    set: (id, name, value) => {
      const node = recordOf(id)
      if (!editor.widget(node.id, name)) throw new RangeError(`The node ${id} has no widget ${name}.`)
      editor.setWidget(node.id, name, structuredClone(value))
    },
    /** @param {string} type @param {{ x?: number, y?: number }} [place] canvas pixels; the middle of the view where none is given @returns {string} its id */
    add: (type, { x, y } = {}) => {
      if (!editor.schema.get(type)) throw new RangeError(`There is no node type ${type}.`)
      const { w, h } = editor.viewSize
      const middle = editor.toCanvas({ x: w / 2, y: h / 2 })
      const id = editor.addNode(type, { point: { x: x ?? middle.x, y: y ?? middle.y } })
      return String(editor.store.node(id ?? '')?.key ?? '')
    },
    /** Several changes as one step of the history. @param {string} label @param {() => void} change */
    step: (label, change) => editor.store.transact(label, change),
    /** The workflow, as it would be saved. */
    workflow: () => structuredClone(editor.save()),
  })
}
