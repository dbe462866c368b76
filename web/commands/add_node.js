/**
 * A new node of a type, with its defaults, linked to the socket that was dragged from.
 *
 * @typedef {import('./context.js').Context} Context
 * @typedef {import('../geometry/vec.js').Point} Point
 * @typedef {import('../model/schema.js').NodeType} NodeType
 * @typedef {import('../model/types.js').NodeRecord} NodeRecord
 * @typedef {import('../model/types.js').RecordId} RecordId
 * @typedef {import('../model/types.js').SocketRef} SocketRef
 */
import { TITLE } from '../geometry/layout.js'
import { t } from '../language/t.js'
import { accepts } from '../model/accepts.js'
import { recordId } from '../model/graph.js'
import { holdsItself } from '../model/instances.js'
import { viewOf } from '../model/shape.js'
import { defaultValues } from '../model/widget_values.js'
import { freeWireName, SET } from '../model/wires.js'
import { connect } from './connect.js'

const WIDTH = 240
const WIDE = 320
const PICTURE = 200
const NOTE = 140

/**
 * @param {Context} context @param {string} name of the type @param {{point: Point, from?: SocketRef | null}} where canvas pixels
 * @returns {RecordId | null} null for a type that is not known
 */
export function addNode(context, name, { point, from = null }) {
  const type = context.types.get(name)
  if (!type) {
    context.notify(t('There is no node type "{name}" here', { name }))
    return null
  }
  if (type.places && holdsItself(context.graph, context.graphId, name)) {
    context.notify(t('“{title}” cannot be put here: it would contain itself', { title: type.title }))
    return null
  }
  return context.store.transact(t('Add {title}', { title: type.title }), () => {
    const { graph, graphId, store } = context
    const node = namedBy(context, freshNode(type, graphId, graph.freshKey(graphId, 'node'), graph.freshZ()), from)
    const view = viewOf(node, type, null)
    const fits = from ? view.layout.sockets.find((socket) => socket.side !== from.side && match(from, socket.type)) : undefined
    // The socket that will hold the link comes to lie under the pointer.
    const anchor = fits ?? { x: from?.side === 'in' ? node.size[0] : from ? 0 : node.size[0] / 2, y: -TITLE / 2 }
    store.put({ ...node, pos: [Math.round(point.x - anchor.x), Math.round(point.y - anchor.y)] })
    if (from && fits) connect(context, from, { node: node.id, side: fits.side, index: fits.index, name: fits.name, type: fits.type })
    context.select([node.id])
    return node.id
  })
}

/** @param {SocketRef} from @param {string} type */
const match = (from, type) => (from.side === 'out' ? accepts(type, from.type) : accepts(from.type, type))

/** Does it sample? Then it shows the picture in the making. @param {NodeType} type */
const previews = ({ inputs, outputs }) =>
  outputs.some(({ type }) => type === 'LATENT') && inputs.some(({ name, type }) => name === 'steps' || type === 'SIGMAS')

/** A Set node that was drawn out of an output has that output's name and type. @param {Context} context @param {NodeRecord} node @param {SocketRef | null} from @returns {NodeRecord} */
function namedBy({ graph, graphId }, node, from) {
  if (node.type !== SET || from?.side !== 'out') return node
  const name = freeWireName(graph, graphId, from.name || from.type)
  const slot = { name: from.type, type: from.type, widget: null, raw: null }
  return { ...node, values: [name], title: `Set_${name}`, properties: { ...node.properties, previousName: name }, inputs: [slot], outputs: [slot] }
}

/** A record of a type with defaults, at the origin. @param {NodeType} type @param {string} graph @param {number} key @param {number} z @returns {NodeRecord} */
export function freshNode(type, graph, key, z) {
  /** @type {NodeRecord} */
  const node = {
    id: recordId('node', graph, key), kind: 'node', graph, key, z, type: type.name, pos: [0, 0],
    size: [type.inputs.some((input) => (input.widget?.kind === 'text' || input.widget?.kind === 'markdown') && input.widget.multiline) ? WIDE : WIDTH, 0],
    title: null, mode: 0, collapsed: false, pinned: false, color: null, bgcolor: null,
    inputs: type.inputs
      .filter((input) => input.widget === null)
      .map((input) => ({ name: input.name, type: input.type, widget: null, raw: input.optional ? { name: input.name, type: input.type, link: null, shape: 7 } : null })),
    outputs: type.outputs.map((output) => ({ name: output.name, type: output.type, widget: null, raw: null })),
    values: defaultValues(type),
    properties: type.virtual ? {} : { 'Node name for S&R': type.name },
    raw: null
  }
  if (type.name === 'Reroute') return { ...node, size: [48, 26] }
  const layout = viewOf(node, type, null).layout
  const extra = type.picture ? PICTURE - (layout.picture?.h ?? 0) : previews(type) ? PICTURE : type.name === 'Note' || type.name === 'MarkdownNote' ? NOTE - layout.height : 0
  return { ...node, size: [layout.width, layout.height + Math.max(extra, 0)] }
}
