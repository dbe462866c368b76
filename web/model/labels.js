/** What a person calls an input, wherever it is spoken of: on the node, in errors, in lists. */
import { asText } from './json.js'
import { rowLabel } from './words.js'

/**
 * "Checkpoint" for `ckpt_name`: the artist's own name for the socket, that of the declaration, or the wire's in words.
 * @param {Pick<import('./types.js').NodeRecord, 'inputs'> | undefined} node @param {import('./schema.js').NodeType | undefined} type @param {string} name
 */
export function labelOf(node, type, name) {
  const own = asText(node?.inputs.find((slot) => slot.name === name)?.raw?.label)
  return own || rowLabel(type?.inputs.find((input) => input.name === name)?.label || name)
}
