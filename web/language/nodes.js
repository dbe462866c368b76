/**
 * Names and help of nodes in the person's language, for display only: files and search know the English ones too.
 *
 * @typedef {object} NodeWords
 * @property {string} [title]
 * @property {string} [description]
 * @property {Readonly<Record<string, { label?: string, tooltip?: string, options?: Labels }>>} [inputs] By the names of the declaration.
 * @property {Readonly<Record<string, { label?: string, tooltip?: string, options?: Labels }>>} [outputs]
 *
 * @typedef {object} Catalogue
 * @property {ReadonlyMap<string, NodeWords>} nodes By node type.
 * @property {ReadonlyMap<string, string>} names Of inputs, outputs and parts of categories, wherever they occur.
 * @property {ReadonlyMap<string, string>} texts Tooltips and other sentences that many nodes share, by the English.
 * @property {ReadonlyMap<string, Labels>} options What can be chosen, by the name of the input.
 *
 * @typedef {Readonly<Record<string, string>>} Labels What is shown for a choice, by the choice.
 */
import { read } from './t.js'

/** What a nodes file holds, without what is no text. @param {unknown} file @returns {Catalogue} */
export function readCatalogue(file) {
  const { nodes, names, texts, options } = /** @type {Record<string, unknown>} */ (isObject(file) ? file : {})
  return {
    nodes: new Map(entries(nodes).flatMap(([type, words]) => (isObject(words) ? [[type, nodeOf(words)]] : []))),
    names: textsOf(names), texts: textsOf(texts), options: new Map(entries(options).map(([input, labels]) => [input, Object.fromEntries(textsOf(labels))]))
  }
}

/** @param {Record<string, unknown>} words @returns {NodeWords} */
const nodeOf = ({ title, description, inputs, outputs }) => ({
  ...(isText(title) ? { title } : {}), ...(isText(description) ? { description } : {}),
  ...(isObject(inputs) ? { inputs: slotsOf(inputs) } : {}), ...(isObject(outputs) ? { outputs: slotsOf(outputs) } : {})
})

/** A text is a label. @param {Record<string, unknown>} slots */
const slotsOf = (slots) => Object.fromEntries(entries(slots).map(([name, said]) => {
  if (isText(said)) return [name, { label: said }]
  const { label, tooltip, options } = /** @type {Record<string, unknown>} */ (isObject(said) ? said : {})
  return [name, { ...(isText(label) ? { label } : {}), ...(isText(tooltip) ? { tooltip } : {}), ...(isObject(options) ? { options: Object.fromEntries(textsOf(options)) } : {}) }]
}))

/** @param {unknown} value @returns {ReadonlyMap<string, string>} */
const textsOf = (value) => new Map(entries(value).flatMap(([name, text]) => (isText(text) ? [[name, text]] : [])))

/** @param {unknown} value @returns {[string, unknown][]} */
const entries = (value) => (isObject(value) ? Object.entries(value) : [])

/** @param {unknown} value @returns {value is Record<string, unknown>} */
const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value)

/** @param {unknown} value @returns {value is string} */
const isText = (value) => typeof value === 'string' && value !== ''

/** In the language of the page; empty in English. */
export const catalogue = readCatalogue(read.nodes)
