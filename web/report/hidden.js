/**
 * What goes out of a report before anybody sees it, where no server is there to do it: keys, passwords, where a home lies.
 * Names of people are not known here, so they stay: api/report/hidden.py, which has the same rules for the rest, takes them
 * out where the server answers. `tests/server/report_hides.json` holds both to the same.
 */
import { isObject } from '../model/json.js'
import { widgetsOf, withValue } from '../model/widget_values.js'

/** @typedef {import('../model/schema.js').Schema} Schema */

const GONE = '…'
/** Letters of one text. */
const LONGEST = 4000
const DEEPEST = 64

const SECRETS = /((?<![\w-])[\w-]*(?:token|api[_-]?key|secret|password|passwd|authorization|cookie)["']?\s*[=:]\s*["']?)(?:(?:bearer|basic)\s+)?[^\s"'&,;]+|(\b(?:bearer|basic)\s+)[\w.~+/=-]{8,}|(:\/\/[^\s/:@]+:)[^\s/@]+(?=@)|\b(?:hf|sk|ghp|gho|github_pat|xox[abp])[_-][\w-]{12,}|\beasel_[\w-]{43}/giu
const HOMES = /(?:[a-z]:[\\/]+users[\\/]+|\/home\/|\/users\/)[^\\/\s"'<>|:*?]+/giu
const LONG_WORD = /(?<![\w./\\:-])[\w+=-]{20,}(?![\w./\\:-])/gu
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/iu

/** @param {string} name */
const isSecret = name => /token|api[_-]?key|password|passwd|secret|cookie|authorization|credential/iu.test(name)

/** Lines as they may be seen. @param {string} text */
export const hiddenText = text => text.replaceAll(HOMES, '~').split('\n')
  .map(line => line.replaceAll(SECRETS, (_, named, scheme, user) => `${named ?? scheme ?? user ?? ''}${GONE}`)).join('\n')

/** JSON as it may be seen. @param {unknown} value @param {number} [depth] @returns {unknown} */
export function hiddenValue(value, depth = 0) {
  if (typeof value === 'string') return hiddenText(cut(value))
  if (typeof value !== 'object' || value === null) return value
  if (depth > DEEPEST) return GONE
  if (Array.isArray(value)) return value.map(item => hiddenValue(item, depth + 1))
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [hiddenText(cut(name)), isSecret(name) && typeof item === 'string' ? GONE : hiddenValue(item, depth + 1)]))
}

/** A graph without the keys that are typed into its nodes. @param {unknown} graph @param {Schema} schema @returns {any} */
export const withoutKeys = (graph, schema) => eachNode(graph, node => {
  const type = schema.get(String(node.type))
  let saved = withoutLikelyKeys(node.widgets_values)
  const record = () => /** @type {any} */ ({ ...node, values: saved })
  for (const { name } of type ? widgetsOf(type, record()) : []) {
    if (type && isSecret(name)) saved = withValue(type, record(), name, GONE)
  }
  return { ...node, widgets_values: saved }
})

/**
 * A graph without the words in it: texts of prompts and notes, each by how long it was. Where a type is not known, any text.
 *
 * @param {unknown} graph @param {Schema} schema @returns {any}
 */
export const withoutWords = (graph, schema) => eachNode(graph, node => {
  const type = schema.get(String(node.type))
  if (!type) return { ...node, widgets_values: wordless(node.widgets_values) }
  let saved = node.widgets_values
  const record = () => /** @type {any} */ ({ ...node, values: saved })
  for (const { name, spec, value } of widgetsOf(type, record())) {
    if ((spec.kind === 'text' || spec.kind === 'markdown') && typeof value === 'string' && value) saved = withValue(type, record(), name, howLong(value))
  }
  return { ...node, widgets_values: saved, ...(isObject(node.properties) ? { properties: wordless(node.properties, value => /\s/u.test(value)) } : {}) }
})

/** Every node, in subgraphs too, and apps and notes that a file keeps beside them. @param {unknown} graph @param {(node: any) => any} change @returns {any} */
function eachNode(graph, change) {
  if (Array.isArray(graph)) return graph.map(item => eachNode(item, change))
  if (!isObject(graph)) return graph
  const found = Object.fromEntries(Object.entries(graph).map(([name, item]) => [name, eachNode(item, change)]))
  return 'widgets_values' in found ? change(found) : found
}

/** @param {unknown} saved @returns {unknown} */
function withoutLikelyKeys(saved) {
  if (typeof saved === 'string') return cut(saved).replaceAll(LONG_WORD, word => (UUID.test(word) || word.split(/[_+=-]/u).some(isMixed) ? GONE : word))
  if (Array.isArray(saved)) return saved.map(withoutLikelyKeys)
  return isObject(saved) ? Object.fromEntries(Object.entries(saved).map(([name, item]) => [name, withoutLikelyKeys(item)])) : saved
}

/** @param {string} part */
const isMixed = part => part.length >= 16 && /\d/u.test(part) && /[a-z]/iu.test(part)

/** @param {unknown} saved @param {(value: string) => boolean} isText @returns {unknown} */
function wordless(saved, isText = value => value !== '') {
  if (typeof saved === 'string') return isText(saved) ? howLong(saved) : saved
  if (Array.isArray(saved)) return saved.map(item => wordless(item, isText))
  return isObject(saved) ? Object.fromEntries(Object.entries(saved).map(([name, item]) => [name, wordless(item, isText)])) : saved
}

/** In English, as all that a report says to those who read it. @param {string} text */
const howLong = text => `(${text.length} letters)`

/** @param {string} text */
const cut = text => (text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}… (${text.length - LONGEST} more letters)`)
