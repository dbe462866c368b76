/**
 * Sockets of one template are of one type, whichever that is (MatchType): once an input is linked the others take that type
 * only, and an output gives it.
 *
 * @typedef {import('./graph.js').Graph} Graph
 * @typedef {import('./json.js').Json} Json
 * @typedef {import('./schema.js').InputSpec} InputSpec
 * @typedef {import('./schema.js').NodeType} NodeType
 * @typedef {import('./types.js').NodeRecord} NodeRecord
 */
import { asList, asObject, asText } from './json.js'

/** The template that a declaration names. @param {Json} options @returns {{match?: string}} */
export function readMatch(options) {
  const template = asText(asObject(options.template)?.template_id)
  return template === null ? {} : { match: template }
}

/**
 * The template of an output: the one that is said, or that of an input which allows the same types.
 * @param {unknown} said @param {string} type @param {readonly InputSpec[]} inputs @returns {{match?: string}}
 */
export function matchOf(said, type, inputs) {
  const alike = inputs.map((input) => input.brings?.row?.input ?? input).find((input) => input?.match !== undefined && input.type === type)
  const match = asText(said) ?? alike?.match
  return match === undefined ? {} : { match }
}

/** Does any input name a template, or a row or an option of one? @param {readonly InputSpec[]} inputs @returns {boolean} */
export const hasMatches = (inputs) => inputs.some(({ match, brings }) => match !== undefined ||
  hasMatches([...(brings?.row?.names.length ? [brings.row.input] : []), ...(brings?.inputs ?? []), ...(brings?.options ?? []).flatMap((option) => option.inputs)]))

/** What `/object_info` says of the outputs' templates. @param {Json} entry */
export const saidMatches = (entry) => asList(entry.output_matchtypes)

/** The link whose type an output has: the first into an input of its template. @param {Graph} graph @param {NodeType | undefined} type @param {NodeRecord} node @param {number} slot */
export function matchedLink(graph, type, node, slot) {
  const match = type?.outputs[slot]?.match
  if (match === undefined) return undefined
  const names = new Set(type?.inputs.filter((input) => input.match === match).map(({ name }) => name))
  const links = node.inputs.map((input, index) => (names.has(input.name) ? graph.linkInto(node, index) : undefined))
  return links.find((link) => link !== undefined)
}

/** By type, and by what its inputs are given. @type {WeakMap<NodeType, Map<string, NodeType>>} */
const known = new WeakMap()

/** The type of a node of which inputs are linked: those that match take what the others of their template are given. @param {NodeType} type @param {NodeRecord} node @param {Graph} graph @returns {NodeType} */
export function narrowed(type, node, graph) {
  /** @type {[string, string][]} */
  const given = []
  node.inputs.forEach(({ name }, index) => {
    const link = graph.linkInto(node, index)
    if (link && isOne(link.type) && type.inputs.some((input) => input.name === name && input.match !== undefined)) given.push([name, link.type])
  })
  if (!given.length) return type
  let types = known.get(type)
  if (!types) known.set(type, (types = new Map()))
  const sign = JSON.stringify(given)
  let found = types.get(sign)
  if (!found) types.set(sign, (found = { ...type, inputs: type.inputs.map((input) => ({ ...input, type: takenBy(type, input, given) })) }))
  return found
}

/** @param {NodeType} type @param {InputSpec} input @param {readonly [string, string][]} given */
function takenBy(type, input, given) {
  const other = given.find(([name]) => name !== input.name && type.inputs.some((each) => each.name === name && each.match === input.match))
  return input.match !== undefined && other ? other[1] : input.type
}

/** @param {string} type */
const isOne = (type) => type !== '*' && !type.includes(',')
