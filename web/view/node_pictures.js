/**
 * What a node shows: the preview of a running one, its pictures, the file that it loads, or its words.
 *
 * @typedef {import('../model/schema.js').Schema} Schema
 * @typedef {import('../model/session.js').NodeStatus} NodeStatus
 * @typedef {import('../model/session.js').PictureRef} PictureRef
 * @typedef {import('../model/types.js').NodeRecord} NodeRecord
 * @typedef {{preview: ImageBitmap | null, refs: readonly PictureRef[], text: string}} Shown
 */
import { widgetsOf } from '../model/widget_values.js'

/** @type {WeakMap<NodeRecord, {schema: Schema, refs: readonly PictureRef[]}>} */
const cache = new WeakMap()

/** @param {NodeRecord} node @param {Schema} schema @param {Readonly<NodeStatus>} status @returns {Shown} */
export function picturesOf(node, schema, status) {
  if (status.preview) return { preview: status.preview, refs: [], text: '' }
  if (status.images.length) return { preview: null, refs: status.images, text: '' }
  let known = cache.get(node)
  if (known?.schema !== schema) cache.set(node, (known = { schema, refs: loadedFile(node, schema) }))
  return { preview: null, refs: known.refs, text: known.refs.length ? '' : status.text.join('\n') }
}

/** @param {NodeRecord} node @param {Schema} schema @returns {readonly PictureRef[]} */
function loadedFile(node, schema) {
  const type = schema.get(node.type)
  if (!type?.picture) return []
  const widget = widgetsOf(type, node).find(({ spec }) => spec.kind === 'combo' && spec.upload === 'image')
  return typeof widget?.value === 'string' && widget.value !== '' ? [fileRef(widget.value)] : []
}

/** `sub/fox.png [output]`: a file's folder within the folder named in brackets, `input` if none is. @param {string} value @returns {PictureRef} */
export function fileRef(value) {
  const [, path = value, type = 'input'] = /^(.*?)(?: \[(input|output|temp)\])?$/su.exec(value) ?? []
  const cut = path.lastIndexOf('/')
  return { filename: path.slice(cut + 1), subfolder: cut < 0 ? '' : path.slice(0, cut), type }
}
