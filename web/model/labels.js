/** What a person calls an input, wherever it is spoken of: on the node, in errors, in lists. */
import { asText } from './json.js'
import { rowLabel } from './words.js'

/** What a type is called in files, prompts and expressions, whatever language it is shown in. @param {Pick<import('./schema.js').NodeType, 'title' | 'english'>} type */
export const fileTitle = ({ title, english }) => english ?? title

/**
 * "Checkpoint" for `ckpt_name`: the artist's own name for the socket, that of the declaration, or the wire's in words.
 * @param {Pick<import('./types.js').NodeRecord, 'inputs'> | undefined} node @param {import('./schema.js').NodeType | undefined} type @param {string} name
 */
export function labelOf(node, type, name) {
  const own = asText(node?.inputs.find((slot) => slot.name === name)?.raw?.label)
  return own || rowLabel(type?.inputs.find((input) => input.name === name)?.label || name)
}
