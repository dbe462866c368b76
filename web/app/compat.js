/**
 * `window.app`, the few names that extensions and tests of the incumbent use. A view onto the editor, not a second one.
 */
import { t } from '../language/t.js'
import { isPrompt } from '../import/json.js'

/**
 * @param {object} parts
 * @param {import('../tools/editor.js').Editor} parts.editor
 * @param {import('./document.js').OpenGraph} parts.graph
 * @param {import('./run.js').Runner} parts.runner
 * @param {import('./names.js').Names} parts.names
 */
export function createApp({ editor, graph, runner, names }) {
  /** @param {import('../model/types.js').NodeRecord} node */
  const present = node => ({
    id: node.key, type: node.type, comfyClass: node.type, title: names.titleOf(node), mode: node.mode, pos: [...node.pos], size: [...node.size],
    inputs: node.inputs.map((slot, index) => ({ name: slot.name, type: slot.type, link: editor.graph.linkInto(node, index)?.key ?? null })),
    outputs: node.outputs.map((slot, index) => ({ name: slot.name, type: slot.type, links: editor.graph.linksFrom(node, index).map(link => link.key) })),
    properties: node.properties,
    get widgets() {
      return editor.widgets(node.id).map(widget => ({
        name: widget.name, type: widget.spec.kind,
        get value() {
          return editor.widgets(node.id).find(other => other.name === widget.name)?.value
        },
        set value(value) {
          editor.setWidget(node.id, widget.name, value)
        },
      }))
    },
  })

  const view = {
    get nodes() {
      return editor.graph.nodes('').map(present)
    },
    get _nodes() {
      return this.nodes
    },
    /** Link id → link, as the incumbent keeps them. */
    get links() {
      return Object.fromEntries(editor.graph.links('').map(link => [link.key, { id: link.key, origin_id: link.from, origin_slot: link.fromSlot, target_id: link.to, target_slot: link.toSlot, type: link.type }]))
    },
    get groups() {
      return editor.graph.groups('').map(group => ({ title: group.title, bounding: [...group.bounds] }))
    },
    /** @param {string | number} id */
    getNodeById(id) {
      const node = editor.graph.node('', id)
      return node ? present(node) : null
    },
    serialize: () => editor.save(),
  }

  return {
    graph: view,

    /** Resolves when the graph is drawn. @param {unknown} json UI or API format */
    async loadGraphData(json) {
      graph.open(typeof json === 'string' ? JSON.parse(json) : json)
      await new Promise(resolve => requestAnimationFrame(() => requestAnimationFrame(resolve)))
    },

    /** @param {unknown} json */
    async loadApiJson(json) {
      if (!isPrompt(json)) throw new TypeError(t('This is no prompt in API format.'))
      await this.loadGraphData(json)
    },

    /** The workflow as it would be saved, and the prompt that would be sent. */
    graphToPrompt: async () => editor.toPrompt(),

    /** Queues the graph. @param {number} [number] place in the queue; -1 is the front @param {number} [count] */
    queuePrompt: (number = 0, count = 1) => runner.queue({ count, ...(number === -1 ? { front: true } : { number }) }),
  }
}
