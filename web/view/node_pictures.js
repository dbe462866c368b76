/**
 * What a node shows: the preview of a running one, its pictures, the file that it loads, or its words.
 *
 * @typedef {import('../model/schema.js').NodeType} NodeType
 * @typedef {import('../model/schema.js').Schema} Schema
 * @typedef {import('../model/session.js').NodeStatus} NodeStatus
 * @typedef {import('../model/session.js').PictureRef} PictureRef
 * @typedef {import('../model/types.js').NodeRecord} NodeRecord
 * @typedef {{preview: ImageBitmap | null, refs: readonly PictureRef[], text: string}} Shown
 *
 * @typedef {object} Look How one looks at a node's pictures. It is gone with them, and no part of the document.
 * @property {number | null} index The one that is shown large; null for all of them side by side.
 * @property {number} split Of two that are compared: how much of the first is seen, 0 to 1.
 */
import { t } from '../language/t.js'
import { widgetsOf } from '../model/widget_values.js'

/** Letters of a text that are looked at; a node shows some hundred of them. */
const MOST_TEXT = 20_000

/** Height by width of the room for words and sounds. */
const WORDS = 0.4

/** @type {WeakMap<NodeRecord, {schema: Schema, refs: readonly PictureRef[]}>} */
const cache = new WeakMap()
/** @type {WeakMap<readonly string[], string>} */
const texts = new WeakMap()
/** @type {WeakMap<readonly PictureRef[], Look>} */
const looks = new WeakMap()
/** @type {Readonly<Look>} */
const PLAIN = Object.freeze({ index: null, split: 0.5 })

/** @param {NodeRecord} node @param {Schema} schema @param {Readonly<NodeStatus>} status @returns {Shown} */
export function picturesOf(node, schema, status) {
  if (status.preview) return { preview: status.preview, refs: [], text: '' }
  if (status.images.length) return { preview: null, refs: status.images, text: '' }
  let known = cache.get(node)
  if (known?.schema !== schema) cache.set(node, (known = { schema, refs: loadedFile(node, schema) }))
  return { preview: null, refs: known.refs, text: known.refs.length ? '' : textOf(status.text) }
}

/** @param {readonly string[]} lines */
function textOf(lines) {
  if (!lines.length) return ''
  let text = texts.get(lines)
  if (text === undefined) texts.set(lines, (text = lines.map((line) => line.slice(0, MOST_TEXT)).join('\n').slice(0, MOST_TEXT)))
  return text
}

/** @param {NodeRecord} node @param {Schema} schema @returns {readonly PictureRef[]} */
function loadedFile(node, schema) {
  const type = schema.get(node.type)
  if (!type?.picture) return []
  const widget = widgetsOf(type, node).find((each) => isUpload(each) || each.spec.kind === 'camera')
  return typeof widget?.value === 'string' && widget.value !== '' ? [fileRef(widget.value)] : []
}

/** Is it a widget that holds the name of a file that the node shows? @param {import('../model/widget_values.js').Widget} widget */
export const isUpload = ({ spec }) => spec.kind === 'combo' && (spec.upload === 'image' || spec.upload === 'video' || spec.upload === 'audio')

/** What to say where nothing is shown yet. @param {NodeType | undefined} type */
export function hintOf(type) {
  if (!type?.output) {
    if (type?.inputs.some(({ widget }) => widget?.kind === 'camera')) return t('The camera\'s picture comes here')
    const upload = type?.inputs.map(({ widget }) => (widget?.kind === 'combo' ? widget.upload : null)).find((kind) => kind)
    return upload === 'video' ? t('Drop or click for a video') : upload === 'audio' ? t('Drop or click for a sound') : t('Drop, paste or click for a picture')
  }
  const takes = new Set(type.inputs.map((input) => input.type))
  if (takes.has('IMAGE') || takes.has('MASK')) return t('The picture comes here')
  return takes.has('VIDEO') ? t('The video comes here') : takes.has('AUDIO') ? t('The sound comes here') : t('The value comes here')
}

/**
 * Height by width of the room that is kept for what a node shows, the same before it comes: nothing jumps when it does.
 * 0 for a preview alone; null where nothing is shown.
 * @param {NodeType | undefined} type @param {Shown} shown @param {boolean} made it has made pictures before
 */
export function roomFor(type, { preview, refs, text }, made) {
  const kept = type?.picture ? keptFor(type) : null
  if (preview) return kept ?? (made ? 1 : 0)
  if (refs.length) return kept ?? 1
  return kept ?? (text ? WORDS : null)
}

/** @param {NodeType} type */
function keptFor(type) {
  const seen = type.inputs.some((input) => ['IMAGE', 'MASK', 'VIDEO'].includes(input.type) || input.widget?.kind === 'camera' || (input.widget?.kind === 'combo' && (input.widget.upload === 'image' || input.widget.upload === 'video')))
  return seen ? 1 : WORDS
}

/** `sub/fox.png [output]`: a file's folder within the folder named in brackets, `input` if none is. @param {string} value @returns {PictureRef} */
export function fileRef(value) {
  const [, path = value, type = 'input'] = /^(.*?)(?: \[(input|output|temp)\])?$/su.exec(value) ?? []
  const cut = path.lastIndexOf('/')
  return { filename: path.slice(cut + 1), subfolder: cut < 0 ? '' : path.slice(0, cut), type }
}

/** The value that names a file of the server in a widget. @param {Pick<PictureRef, 'filename' | 'subfolder' | 'type'>} file */
export function fileValue({ filename, subfolder, type }) {
  return `${subfolder ? `${subfolder}/` : ''}${filename}${type === 'input' ? '' : ` [${type}]`}`
}

/** @param {readonly PictureRef[]} refs */
export const lookAt = (refs) => looks.get(refs) ?? PLAIN

/** @param {readonly PictureRef[]} refs @param {Partial<Look>} patch */
export function setLook(refs, patch) {
  looks.set(refs, { ...lookAt(refs), ...patch })
}

/** The two sides of a comparison; null where there is none. @param {readonly PictureRef[]} refs @returns {{a: PictureRef, b: PictureRef} | null} */
export function sidesOf(refs) {
  const [a, b] = [refs.find(({ side }) => side === 'a'), refs.find(({ side }) => side === 'b')]
  return a && b ? { a, b } : null
}
