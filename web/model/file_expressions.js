/**
 * A workflow file with the results of its expressions written in: another editor may have changed what they read. The
 * last result stands where one fails.
 *
 * @typedef {import('./json.js').Json} Json
 * @typedef {import('./schema.js').Schema} Schema
 */
import { ExpressionError } from './expression.js'
import { asList, asObject, asText, isObject } from './json.js'
import { fileTitle } from './labels.js'
import { expressionsOf, Sheet } from './sheet.js'
import { withValue } from './widget_values.js'

/** Definitions within definitions that are looked into. */
const DEEPEST = 32

/** The same file where it has none. @param {Json} file @param {Schema} schema @param {number} [depth] @returns {Json} */
export function withExpressions(file, schema, depth = 0) {
  const nodes = graphNodes(file, schema)
  const definitions = depth < DEEPEST ? asObject(file.definitions) : null
  const subgraphs = asList(definitions?.subgraphs)
  const inner = subgraphs.map((definition) => (isObject(definition) ? withExpressions(definition, schema, depth + 1) : definition))
  const changed = inner.some((definition, index) => definition !== subgraphs[index])
  if (!nodes && !changed) return file
  return { ...file, ...(nodes && { nodes }), ...(changed && { definitions: { ...definitions, subgraphs: inner } }) }
}

/** The nodes with their results; null where no value changes. @param {Json} file @param {Schema} schema */
function graphNodes(file, schema) {
  const nodes = asList(file.nodes)
  if (!nodes.some((node) => isObject(node) && Object.keys(expressionsOf(node.properties)).length)) return null
  const sheet = new Sheet(nodes.filter(isObject).map((node) => cellsOf(node, schema)))
  let changed = false
  const done = nodes.map((node) => {
    if (!isObject(node)) return node
    const now = withResults(node, schema, sheet)
    changed ||= now !== node
    return now
  })
  return changed ? done : null
}

/** @param {Json} node @param {Schema} schema @returns {import('./sheet.js').Cells} */
function cellsOf(node, schema) {
  const type = schema.get(asText(node.type) ?? '')
  const slots = asList(node.inputs).filter(isObject)
  return {
    key: String(node.id), title: asText(node.title) || (type ? fileTitle(type) : asText(node.type) ?? ''), type, values: node.widgets_values,
    expressions: expressionsOf(node.properties),
    linked: (name) => slots.some((slot) => slot.name === name && slot.link !== null && slot.link !== undefined)
  }
}

/** @param {Json} node @param {Schema} schema @param {Sheet} sheet @returns {Json} */
function withResults(node, schema, sheet) {
  const type = schema.get(asText(node.type) ?? '')
  let now = node
  for (const [name, source] of Object.entries(expressionsOf(node.properties))) {
    if (!type || typeof source !== 'string') continue
    try {
      const value = sheet.result(String(node.id), name)
      const saved = Array.isArray(now.widgets_values) ? now.widgets_values : asObject(now.widgets_values)
      now = { ...now, widgets_values: withValue(type, { values: saved }, name, value) }
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error
    }
  }
  return now
}
