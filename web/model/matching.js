/**
 * Sockets of one template are of one type, whichever that is (MatchType): an output gives what its inputs are given.
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
