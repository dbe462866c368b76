/**
 * The graphs that come with Easel in the person's language: titles of nodes and frames, notes, names of subgraphs and
 * of their sockets. They are the person's own from then on. Prompts stay, since models read English.
 */
import { catalogue } from './nodes.js'

const NOTES = new Set(['Note', 'MarkdownNote'])

/** @param {any} workflow @param {ReadonlyMap<string, string>} [texts] @returns {any} */
export function exampleInWords(workflow, texts = catalogue.texts) {
  if (!texts.size || !isGraph(workflow)) return workflow
  const copy = structuredClone(workflow)
  reword(copy, texts)
  return copy
}

/** @param {any} graph @param {ReadonlyMap<string, string>} texts */
function reword(graph, texts) {
  /** Expressions name nodes by their titles. @type {Map<string, string>} */
  const renamed = new Map()
  const said = (/** @type {unknown} */ text) => (typeof text === 'string' ? texts.get(text) ?? text : text)
  for (const node of graph.nodes) {
    const title = said(node?.title)
    if (typeof title === 'string' && title !== node.title) {
      renamed.set(`[${node.title}]`, `[${title}]`)
      node.title = title
    }
    if (NOTES.has(node?.type) && Array.isArray(node.widgets_values)) node.widgets_values[0] = said(node.widgets_values[0])
  }
  for (const node of graph.nodes) {
    const expressions = node?.properties?.easel_expressions ?? {}
    for (const name of Object.keys(expressions)) expressions[name] = String(expressions[name]).replaceAll(/\[[^[\]]*\]/gu, (title) => renamed.get(title) ?? title)
  }
  for (const group of listOf(graph.groups)) group.title = said(group.title)
  for (const part of listOf(graph.definitions?.subgraphs).filter(isGraph)) {
    part.name = said(part.name)
    for (const port of [...listOf(part.inputs), ...listOf(part.outputs)]) if (port.label) port.label = said(port.label)
    reword(part, texts)
  }
}

/** @param {any} graph */
const isGraph = (graph) => Array.isArray(graph?.nodes)

/** @param {unknown} value @returns {any[]} */
const listOf = (value) => (Array.isArray(value) ? value.filter((entry) => entry && typeof entry === 'object') : [])
