/**
 * Nodes have two names: the record on the canvas (`node:3`) and the id in a prompt (`3`, or `12:34` inside the
 * subgraph instance 12). This translates, and finds what to show for a prompt's id.
 */
import { recordId } from '../model/graph.js'
import { pathOfPromptId, pathTo } from '../model/paths.js'
import { withoutCell } from '../model/prompt_ids.js'

export class Names {
  /** @param {import('../tools/editor.js').Editor} editor */
  constructor(editor) {
    this.editor = editor
  }

  /** @param {string} graph @param {string | number} key */
  recordId(graph, key) {
    return recordId('node', graph, key)
  }

  /**
   * The id in a prompt of a node on the canvas, or of the root graph; null for one inside another subgraph, which may have many.
   *
   * @param {string} record
   */
  promptId(record) {
    const node = this.editor.store.node(record)
    if (node) return node.graph === this.editor.graphId ? this.editor.promptId(node) : node.graph === '' ? String(node.key) : null
    return /^node:[^/]+$/u.test(record) ? record.slice(5) : null
  }

  /** The node that a prompt's id means: itself, or the innermost subgraph round it that is still there. @param {string} id */
  node(id) {
    return this.way(id).node
  }

  /** The node that a prompt's id means, and the instances on the way to it. @param {string} id */
  way(id) {
    const whole = this.editor.store.node(recordId('node', '', id)) // the id of a node may have a colon or a point of its own
    return whole ? { path: [], node: whole } : pathOfPromptId(this.editor.graph, withoutCell(id))
  }

  /** @param {string} id of the prompt */
  title(id) {
    const { path, node } = this.way(id)
    if (!node) return `#${id}`
    // What lies where one is needs no way told.
    const here = this.editor.places.path
    const from = here.every((each, level) => path[level] === each) ? here.length : 0
    const around = path.slice(from).flatMap(each => this.editor.store.node(each) ?? [])
    return [...around, node].map(each => this.titleOf(each)).join(' › ')
  }

  /** @param {import('../model/types.js').NodeRecord} node */
  titleOf(node) {
    return node.title || this.editor.types.get(node.type)?.title || node.type
  }

  /** Selects a node and brings it into view. @param {string} id of the prompt */
  show(id) {
    const { path, node } = this.way(id)
    if (!node) return
    this.editor.places.go(path)
    this.editor.select([node.id])
    this.editor.reveal(node.id)
  }

  /** Selects a node and brings it into view. @param {import('../model/types.js').NodeRecord} node */
  showRecord(node) {
    const path = pathTo(this.editor.graph, node.graph, this.editor.places.path)
    if (path) this.editor.places.go(path)
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
