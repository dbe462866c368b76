/**
 * A node's record and its type, put together as the shape that the layout takes; and the layout itself, kept while the
 * record is the same.
 *
 * @typedef {import('./types.js').NodeRecord} NodeRecord
 * @typedef {import('./schema.js').NodeType} NodeType
 * @typedef {import('../geometry/layout.js').NodeLayout} NodeLayout
 * @typedef {import('../geometry/layout.js').NodeShape} NodeShape
 * @typedef {import('../geometry/layout.js').SocketShape} SocketShape
 * @typedef {import('./widget_values.js').Widget} Widget
 */
import { layout } from '../geometry/layout.js'
import { asText } from './json.js'
import { extentOf } from './widget_kinds.js'
import { widgetsOf } from './widget_values.js'
import { humanise, rowLabel } from './words.js'

/**
 * @typedef {object} View A node as it is shown.
 * @property {NodeRecord} node
 * @property {NodeType | undefined} type
 * @property {string} title
 * @property {readonly Widget[]} widgets
 * @property {NodeLayout} layout
 * @property {number | null} aspect
 */

/** @type {WeakMap<NodeRecord, View>} */
const cache = new WeakMap()

/**
 * @param {NodeRecord} node @param {NodeType | undefined} type undefined for a type that the server does not know
 * @param {number | null} aspect height by width of the picture on the node, null for none
 * @returns {View}
 */
export function viewOf(node, type, aspect) {
  const known = cache.get(node)
  if (known && known.type === type && known.aspect === aspect) return known
  const widgets = known && known.type === type ? known.widgets : widgetsOf(type, node)
  const title = node.title ?? type?.title ?? node.type
  const view = { node, type, title, widgets, aspect, layout: layout(shapeOf(node, type, widgets, title, aspect)) }
  cache.set(node, view)
  return view
}

/**
 * @param {NodeRecord} node @param {NodeType | undefined} type @param {readonly Widget[]} widgets @param {string} title
 * @param {number | null} aspect
 * @returns {NodeShape}
 */
function shapeOf(node, type, widgets, title, aspect) {
  return {
    title,
    size: node.size,
    collapsed: node.collapsed,
    bare: node.type === 'Reroute',
    inputs: inputsOf(node, type),
    outputs: outputsOf(node, type),
    widgets: widgets.map(({ name, label, spec, control }) => ({
      name,
      label: label && rowLabel(label),
      kind: spec.kind,
      ...extentOf(spec),
      control: control !== null,
      upload: spec.kind === 'combo' && spec.upload === 'image'
    })),
    picture: type?.picture === true,
    aspect
  }
}

/** @param {NodeRecord} node @param {NodeType | undefined} type @returns {SocketShape[]} */
function inputsOf(node, type) {
  const declared = type?.inputs ?? []
  /** @type {SocketShape[]} */
  const sockets = []
  for (const input of declared) {
    if (input.socketless) continue
    const index = node.inputs.findIndex((slot) => slot.name === input.name)
    sockets.push({
      side: 'in', index, name: input.name, type: input.type, optional: input.optional, list: false,
      label: labelOf(node.inputs[index], input.label),
      widget: input.widget ? input.name : null
    })
  }
  node.inputs.forEach((slot, index) => {
    // A second slot of one name stays a row of its own, so that its link is seen.
    if (sockets.some((socket) => socket.index === index)) return
    if (type && slot.widget !== null && declared.some((input) => input.name === slot.name)) return
    sockets.push({
      side: 'in', index, name: slot.name, type: slot.type, optional: slot.raw?.shape === 7, list: false,
      label: labelOf(slot, slot.name), widget: null
    })
  })
  return sockets
}

/** @param {NodeRecord} node @param {NodeType | undefined} type @returns {SocketShape[]} */
function outputsOf(node, type) {
  const declared = type?.outputs ?? []
  const count = Math.max(declared.length, node.outputs.length)
  return Array.from({ length: count }, (_, index) => {
    const slot = node.outputs[index]
    const spec = declared[index]
    const name = slot?.name ?? spec?.name ?? ''
    return {
      side: /** @type {const} */ ('out'), index, name, type: slot?.type ?? spec?.type ?? '*', optional: false,
      list: spec?.list ?? slot?.raw?.shape === 6, label: labelOf(slot, name), widget: null
    }
  })
}

/** @param {import('./types.js').Slot | undefined} slot @param {string} name */
const labelOf = (slot, name) => asText(slot?.raw?.label) || humanise(name)
