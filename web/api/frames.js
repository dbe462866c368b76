/**
 * Binary websocket frames: previews and progress texts. All integers are big-endian uint32.
 * The page asks for type 4 by the feature flag; type 1 still comes from nodes that stream pictures.
 *
 * @typedef {object} PreviewFrame
 * @property {'preview'} kind
 * @property {string | null} node   node id in the prompt; null for type 1, which names none
 * @property {string | null} displayNode
 * @property {string | null} promptId
 * @property {Blob} blob            an encoded picture
 *
 * @typedef {object} TextFrame
 * @property {'text'} kind
 * @property {string} node
 * @property {string} text
 */

const PREVIEW = 1
const TEXT = 3
const PREVIEW_WITH_METADATA = 4

const decoder = new TextDecoder()

/**
 * Reads one frame. A frame that is too short, of an unknown type, or with broken metadata gives null:
 * a preview is never worth an error.
 *
 * @param {ArrayBuffer} buffer
 * @returns {PreviewFrame | TextFrame | null}
 */
export function parseFrame(buffer) {
  if (buffer.byteLength < 8) return null
  const view = new DataView(buffer)
  const type = view.getUint32(0)
  const number = view.getUint32(4)

  if (type === PREVIEW) {
    const mime = number === 2 ? 'image/png' : 'image/jpeg'
    return { kind: 'preview', node: null, displayNode: null, promptId: null, blob: new Blob([buffer.slice(8)], { type: mime }) }
  }
  const end = 8 + number
  if (end > buffer.byteLength) return null
  const head = decoder.decode(new Uint8Array(buffer, 8, number))

  if (type === TEXT) return { kind: 'text', node: head, text: decoder.decode(new Uint8Array(buffer, end)) }
  if (type !== PREVIEW_WITH_METADATA) return null
  try {
    const about = JSON.parse(head)
    return {
      kind: 'preview',
      node: text(about.node_id),
      displayNode: text(about.display_node_id) ?? text(about.node_id),
      promptId: text(about.prompt_id),
      blob: new Blob([buffer.slice(end)], { type: about.image_type === 'image/png' ? 'image/png' : 'image/jpeg' }),
    }
  } catch {
    return null
  }
}

/** @param {unknown} value @returns {string | null} */
function text(value) {
  return value === undefined || value === null ? null : String(value)
}
