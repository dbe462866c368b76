/**
 * Nodes have two names: the record on the canvas (`node:3`) and the id in a prompt (`3`, or `12:34` inside the
 * subgraph instance 12). This translates, and finds what to show for a prompt's id.
 */
import { recordId } from '../model/graph.js'

export class Names {
  /** @param {import('../tools/editor.js').Editor} editor */
  constructor(editor) {
    this.editor = editor
  }

  /** @param {string} graph @param {string | number} key */
  recordId(graph, key) {
    return recordId('node', graph, key)
  }

  /** The id in a prompt of a node of the root graph; null for one inside a subgraph, which may have many. @param {string} record */
  promptId(record) {
    const node = this.editor.store.node(record)
    if (node) return node.graph === '' ? String(node.key) : null
    return /^node:[^/]+$/u.test(record) ? record.slice(5) : null
  }

  /** The node on the canvas that stands for a prompt's id: itself, or the subgraph that holds it. @param {string} id */
  node(id) {
    const { store } = this.editor
    return store.node(recordId('node', '', id)) ?? store.node(recordId('node', '', id.split(/[:.]/u)[0] ?? id))
  }

  /** @param {string} id of the prompt */
  title(id) {
    const node = this.node(id)
    return node ? this.titleOf(node) : `#${id}`
  }

  /** @param {import('../model/types.js').NodeRecord} node */
  titleOf(node) {
    return node.title || this.editor.types.get(node.type)?.title || node.type
  }

  /** Selects a node and brings it into view. @param {string} id of the prompt */
  show(id) {
    const node = this.node(id)
    if (!node) return
    this.editor.select([node.id])
    this.editor.reveal(node.id)
  }

  /** Does a link feed this widget? @param {string} record @param {string} widget */
  isLinked(record, widget) {
    const node = this.editor.store.node(record)
    const slot = node?.inputs.findIndex(input => input.name === widget) ?? -1
    return node !== undefined && slot >= 0 && this.editor.graph.linkInto(node, slot) !== undefined
  }
}
