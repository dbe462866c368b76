/**
 * A node's record and its type, put together as the shape that the layout takes; and the layout itself, kept while the
 * record looks the same.
 *
 * @typedef {import('./types.js').NodeRecord} NodeRecord
 * @typedef {import('./schema.js').NodeType} NodeType
 * @typedef {import('../geometry/layout.js').NodeLayout} NodeLayout
 * @typedef {import('../geometry/layout.js').NodeShape} NodeShape
 * @typedef {import('../geometry/layout.js').SocketShape} SocketShape
 * @typedef {import('./widget_values.js').Widget} Widget
 */
import { layout } from '../geometry/layout.js'
import { isSpare } from './grown.js'
import { asText } from './json.js'
import { numberOf } from './slots.js'
import { extentOf } from './widget_kinds.js'
import { widgetsOf } from './widget_values.js'
import { isWire, wireWidth } from './wires.js'
import { humanise, rowLabel } from './words.js'

/** A node as it is shown. Its widgets are put together when they are first asked for: most nodes are only seen from afar. */
export class View {
  /** @type {readonly Widget[] | null} */
  #widgets

  /** @param {NodeRecord} node @param {NodeType | undefined} type @param {number | null} aspect @param {NodeLayout} layout @param {readonly Widget[] | null} [widgets] */
  constructor(node, type, aspect, layout, widgets = null) {
    this.node = node
    this.type = type
    this.aspect = aspect
    this.layout = layout
    this.#widgets = widgets
  }

  get title() {
    return titleOf(this.node, this.type)
  }

  get widgets() {
    return (this.#widgets ??= widgetsOf(this.type, this.node))
  }

  /** The same at another place. @param {NodeRecord} node */
  moved(node) {
    return new View(node, this.type, this.aspect, this.layout, this.#widgets)
  }
}

/** Views kept at least: what was looked at last. */
const KEPT = 1500
/** By id, in two ages: when the younger one is full, the older one goes. @type {[Map<string, View>, Map<string, View>]} */
let ages = [new Map(), new Map()]

/**
 * @param {NodeRecord} node @param {NodeType | undefined} type undefined for a type that the server does not know
 * @param {number | null} aspect height by width of the picture on the node, null for none
 * @returns {View}
 */
export function viewOf(node, type, aspect) {
  const [young, old] = ages
  const known = young.get(node.id) ?? old.get(node.id)
  const fits = known !== undefined && known.type === type && known.aspect === aspect && looksLike(known.node, node)
  const view = !fits ? new View(node, type, aspect, sharedLayout(node, type, aspect) ?? ownLayout(node, type, aspect)) : known.node === node ? known : known.moved(node)
  if (young.get(node.id) !== view) {
    if (young.size >= KEPT) ages = [new Map(), young]
    ages[0].set(node.id, view)
  }
  return view
}

/** Are two records laid out alike? Another place or colour makes no difference. @param {NodeRecord} a @param {NodeRecord} b */
const looksLike = (a, b) =>
  a === b ||
  (a.type === b.type && a.size === b.size && a.title === b.title && a.collapsed === b.collapsed && a.inputs === b.inputs &&
    a.outputs === b.outputs && a.values === b.values && a.properties === b.properties)

/** Layouts of nodes that look the same but for their words, by type. @type {WeakMap<NodeType, Map<string, NodeLayout>>} */
const shared = new WeakMap()
const SHARED = 300

/** Where everything on a node lies. @param {NodeRecord} node @param {NodeType | undefined} type @param {number | null} aspect @returns {NodeLayout} */
export const layoutOf = (node, type, aspect) => sharedLayout(node, type, aspect) ?? viewOf(node, type, aspect).layout

/**
 * Nodes of one type, size and kinds of sockets have one layout between them; null for a node that needs one of its own.
 * @param {NodeRecord} node @param {NodeType | undefined} type @param {number | null} aspect
 * @returns {NodeLayout | null}
 */
function sharedLayout(node, type, aspect) {
  const [inputs, outputs] = [numberOf(node.inputs), numberOf(node.outputs)]
  // A collapsed node is as wide as its title; what the page knows by itself may be laid out by its values.
  if (!type || type.virtual || node.collapsed || inputs === undefined || outputs === undefined) return null
  const key = `${inputs} ${outputs} ${node.size[0]} ${node.size[1]} ${aspect}`
  let kept = shared.get(type)
  if (!kept || kept.size > SHARED) shared.set(type, (kept = new Map()))
  let found = kept.get(key)
  if (!found) kept.set(key, (found = ownLayout(node, type, aspect)))
  return found
}

/** @param {NodeRecord} node @param {NodeType | undefined} type @param {number | null} aspect */
export const ownLayout = (node, type, aspect) => layout(shapeOf(node, type, widgetsOf(type, node), titleOf(node, type), aspect))

/** @param {NodeRecord} node @param {NodeType | undefined} type */
const titleOf = (node, type) => node.title ?? type?.title ?? node.type

/**
 * @param {NodeRecord} node @param {NodeType | undefined} type @param {readonly Widget[]} widgets @param {string} title
 * @param {number | null} aspect
 * @returns {NodeShape}
 */
function shapeOf(node, type, widgets, title, aspect) {
  const wire = isWire(node)
  return {
    title,
    size: wire ? [wireWidth(node), 26] : node.size,
    collapsed: node.collapsed && !wire,
    bare: wire || node.type === 'Reroute',
    inputs: inputsOf(node, type),
    outputs: outputsOf(node, type),
    widgets: widgets.map(({ name, label, spec, control }) => ({
      name,
      label: label && rowLabel(label),
      kind: spec.kind,
      ...extentOf(spec),
      control: control !== null,
      upload: spec.kind === 'combo' && spec.upload !== null && spec.upload !== 'file'
    })),
    picture: type?.picture === true,
    aspect
  }
}

/** @param {NodeRecord} node @param {NodeType | undefined} type @returns {SocketShape[]} */
function inputsOf(node, type) {
  // The socket of a wire is named by what goes through it.
  const declared = (isWire(node) && node.inputs.length ? type?.inputs.filter(({ widget }) => widget) : type?.inputs) ?? []
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
    if (type && isSpare(type, slot.name)) return
    if (type && slot.widget !== null && declared.some((input) => input.name === slot.name)) return
    sockets.push({
      side: 'in', index, name: slot.name, type: slot.type, optional: slot.raw?.shape === 7, list: false,
      label: labelOf(slot, slot.name), widget: null
    })
  })
  return sockets
}

/**
 * A file may have been saved while the type was unknown, or before its author named or changed an output: what the type says of
 * it now holds. A name that somebody gave stays.
 *
 * @param {NodeRecord} node @param {NodeType | undefined} type @returns {SocketShape[]}
 */
function outputsOf(node, type) {
  const declared = type?.outputs ?? []
  const count = Math.max(declared.length, node.outputs.length)
  return Array.from({ length: count }, (_, index) => {
    const slot = node.outputs[index]
    const spec = declared[index]
    const told = spec && spec.type !== '*' ? spec : null
    const name = (told && (slot?.name === '*' || slot?.name === slot?.type) ? told.name : slot?.name ?? spec?.name) ?? ''
    const kind = told?.type ?? slot?.type ?? '*'
    return {
      side: /** @type {const} */ ('out'), index, name, type: kind, optional: false,
      list: spec?.list ?? slot?.raw?.shape === 6, label: labelOf(slot, spec?.name === name ? spec.label ?? name : name), widget: null
    }
  })
}

/** @param {import('./types.js').Slot | undefined} slot @param {string} name */
const labelOf = (slot, name) => asText(slot?.raw?.label) || humanise(name)
