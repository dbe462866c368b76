/**
 * What a run is for: all outputs, some of them, or one node that is no output. Such a node is given a look at its result:
 * a node that shows it, which is in the prompt only and never on the canvas.
 *
 * @typedef {import('../model/schema.js').Schema} Schema
 * @typedef {Record<string, {class_type: string, inputs: Record<string, any>, _meta?: {title: string}}>} Prompt
 */
import { t } from '../language/t.js'
import { accepts } from '../model/accepts.js'

const LOOK = 'look:'

/** Who shows a value of a type, best first, and into which input it goes. */
const LOOKS = /** @type {const} */ ([['PreviewImage', 'images', 'IMAGE'], ['MaskPreview', 'mask', 'MASK'], ['PreviewAny', 'source', '*']])

/** The id of a look at a node. @param {string} id */
export const lookAt = id => LOOK + id

/** The node that a look in a prompt is at; null for every other id. @param {string} id */
export const lookedAt = id => (id.startsWith(LOOK) ? id.slice(LOOK.length) : null)

/**
 * The prompt with what it takes to run to these nodes, and the targets to ask for.
 *
 * @param {Prompt} prompt @param {readonly string[]} ids @param {Schema} schema
 * @returns {{ prompt: Prompt, targets: string[], unseen: string[] }} `unseen`: nodes of which nothing can be shown
 */
export function runTo(prompt, ids, schema) {
  const targets = []
  const unseen = []
  const more = { ...prompt }
  for (const id of ids) {
    const node = prompt[id]
    if (!node) continue
    const type = schema.get(node.class_type)
    const look = type?.output ? null : lookFor(id, type, schema)
    if (type?.output) targets.push(id)
    else if (look) {
      more[lookAt(id)] = look
      targets.push(lookAt(id))
    } else unseen.push(id)
  }
  return { prompt: more, targets, unseen }
}

/** @param {string} id @param {import('../model/schema.js').NodeType | undefined} type @param {Schema} schema */
function lookFor(id, type, schema) {
  for (const [name, input, takes] of LOOKS) {
    if (!schema.get(name)) continue
    // What may be anything is shown as whatever it turns out to be.
    const slot = type?.outputs.findIndex(output => takes === '*' || (output.type !== '*' && accepts(takes, output.type))) ?? -1
    if (slot >= 0) return { class_type: name, inputs: { [input]: [id, slot] }, _meta: { title: t('A look at {title}', { title: type?.title ?? id }) } }
  }
  return null
}

/** Ids whose values come, over any number of links, from one of `ids`; with those themselves. @param {Prompt} prompt @param {readonly string[]} ids */
export function downstream(prompt, ids) {
  /** @type {Map<string, string[]>} */
  const readers = new Map()
  for (const [id, { inputs }] of Object.entries(prompt)) {
    for (const value of Object.values(inputs)) {
      if (Array.isArray(value)) readers.set(String(value[0]), [...readers.get(String(value[0])) ?? [], id])
    }
  }
  const found = new Set(ids.filter(id => id in prompt))
  for (const id of found) for (const reader of readers.get(id) ?? []) found.add(reader)
  return found
}

/** What these nodes need, with themselves. @param {Prompt} prompt @param {readonly string[]} ids */
export function upstream(prompt, ids) {
  const found = new Set(ids)
  for (const id of found) {
    for (const value of Object.values(prompt[id]?.inputs ?? {})) if (Array.isArray(value)) found.add(String(value[0]))
  }
  return found
}

/** The outputs among these nodes. @param {Prompt} prompt @param {Iterable<string>} ids @param {Schema} schema */
export const outputsAmong = (prompt, ids, schema) => [...ids].filter(id => schema.get(prompt[id]?.class_type ?? '')?.output)

/** The prompt with nodes that show pictures in place of those that save them: for what is only looked at. @param {Prompt} prompt @param {Schema} schema @returns {Prompt} */
export function onlyShown(prompt, schema) {
  if (!schema.get('PreviewImage')) return prompt
  return Object.fromEntries(Object.entries(prompt).map(([id, node]) =>
    [id, node.class_type === 'SaveImage' && 'images' in node.inputs ? { ...node, class_type: 'PreviewImage', inputs: { images: node.inputs.images } } : node]))
}
