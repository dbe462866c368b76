/**
 * Offers of `[Node].widget` while one types an expression: nodes with numbers after `[`, their widgets after `].`.
 *
 * @typedef {import('../tools/editor.js').Editor} Editor
 */
import { writeReference } from '../model/expression.js'
import { fileTitle } from '../model/labels.js'
import { humanise } from '../model/words.js'
import { matching } from './matching.js'

const MOST = 200

/** @param {Editor} editor @param {string} graph @param {string} text @param {number} caret @returns {import('./completion.js').Offers | null} */
export function widgetNames(editor, graph, text, caret) {
  const open = /\[([^[\]\\]*)(\]\.?\w*)?$/u.exec(text.slice(0, caret))
  if (!open) return null
  const rest = /^[^\]+\-*/%(),]*\](?:\.\w*)?|^\w*/u.exec(text.slice(caret))?.[0] ?? ''
  const all = numbers(editor, graph)
  const typed = (open[1] ?? '').trim()
  const named = open[2] === undefined ? null : all.filter(({ node }) => node === typed)
  const word = open[2]?.replace(/^\]\.?/u, '').toLowerCase() ?? ''
  const found = named ? named.filter(({ widget }) => widget.toLowerCase().startsWith(word)) : matching(all, typed, ({ title, node, widget }) => `${title} ${node} ${widget} ${humanise(widget)}`)
  return {
    from: open.index, to: caret + rest.length,
    offers: found.slice(0, MOST).map(({ node, title, widget, value }) => ({ text: writeReference(node, widget), label: `${title} · ${humanise(widget)}`, aside: `${node.startsWith('#') ? `${node} · ` : ''}${value}` })),
  }
}

/** As expressions name a node. @param {Editor} editor @param {import('../model/types.js').NodeRecord} node */
function titleOf(editor, node) {
  const type = editor.types.of(node)
  return node.title || (type ? fileTitle(type) : node.type)
}

/** All numbers of a graph that an expression may read. @param {Editor} editor @param {string} graph */
function numbers(editor, graph) {
  const nodes = [...editor.graph.ids(graph, 'node')].flatMap(id => editor.store.node(id) ?? [])
  const titled = nodes.map(node => ({ node, title: titleOf(editor, node), shown: editor.scene.view(node).title }))
  /** @type {Map<string, number>} */
  const counts = new Map()
  for (const { title } of titled) counts.set(title, (counts.get(title) ?? 0) + 1)
  return titled.flatMap(({ node, title, shown }) => {
    const key = counts.get(title) === 1 && title.trim() === title && !title.startsWith('#') ? title : `#${node.key}`
    const primitive = node.type === 'PrimitiveNode'
    return editor.widgets(node.id).flatMap(({ name, spec, value }) => {
      const input = node.inputs.findIndex(slot => slot.name === name)
      if (spec.kind !== 'number' || typeof value !== 'number' || (input >= 0 && editor.graph.linkInto(node, input))) return []
      if (!primitive && !editor.schema.get(node.type)) return []
      return [{ node: key, title: shown, widget: primitive ? 'value' : name, value }]
    })
  })
}
