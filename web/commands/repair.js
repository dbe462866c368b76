/**
 * Repairs: what would mend a fault of a node, as steps that can be undone. Which of them are sure enough to be taken
 * together with others, without being looked at, each says itself.
 *
 * @typedef {import('./context.js').Context} Context
 * @typedef {import('../model/faults.js').Fault} Fault
 * @typedef {import('../model/types.js').NodeRecord} NodeRecord
 * @typedef {import('../model/types.js').SocketRef} SocketRef
 * @typedef {import('../model/widget_values.js').Widget} Widget
 * @typedef {{label: string, sure: boolean, run: () => void}} Repair
 */
import { centre } from '../geometry/rect.js'
import { distance } from '../geometry/vec.js'
import { t } from '../language/t.js'
import { accepts } from '../model/accepts.js'
import { closeness, nearest } from '../model/nearest.js'
import { BYPASSED, MUTED } from '../model/modes.js'
import { fitNumber } from '../model/numbers.js'
import { formatNumber } from '../model/words.js'
import { recordAt } from '../model/prompt_ids.js'
import { viewOf } from '../model/shape.js'
import { widgetsOf } from '../model/widget_values.js'
import { connect, whyNot } from './connect.js'
import { fitness, replaceNode } from './replace.js'
import { setWidget } from './set_widget.js'

/** A name as near as this is taken for the one that is meant. */
const SURE = 0.55
/** Types as near as this are offered in place of an unknown one. */
const ALIKE = 0.55
const LETTERS = 40

/** @typedef {(context: Context, node: NodeRecord, fault: Fault) => Repair[]} Mender */

/** @type {Readonly<Record<string, Mender>>} */
const MENDERS = {
  missing_file: chooseNearest,
  value_not_in_list: chooseNearest,
  custom_validation_failed: chooseNearest,
  value_smaller_than_min: fitValue,
  value_bigger_than_max: fitValue,
  invalid_input_type: fitValue,
  required_input_missing: connectOrFill,
  return_type_mismatch: connectNearest,
  bad_linked_input: connectNearest,
  exception_during_validation: connectNearest,
  missing_node_type: replaceByKnown,
  node_not_in_this_version: bypass,
  dependency_cycle: cutCircle
}

/** What can be done about a fault, best first. @param {Context} context @param {NodeRecord} node @param {Fault} fault @returns {Repair[]} */
export function repairsOf(context, node, fault) {
  return MENDERS[fault.kind]?.(context, node, fault) ?? []
}

/**
 * The sure repair of each fault that has one, all as one step.
 * @param {Context} context @param {Iterable<{node: NodeRecord, fault: Fault}>} faults
 * @returns {number} how many were mended
 */
export function repairAll(context, faults) {
  return context.store.transact(t('Repair all'), () => {
    let count = 0
    for (const { node, fault } of faults) {
      const now = context.store.node(node.id)
      const repair = now && repairsOf(context, now, fault).find(({ sure }) => sure)
      if (!repair) continue
      repair.run()
      count++
    }
    return count
  })
}

/** @param {Context} context @param {NodeRecord} node @param {string | null} name */
function widgetOf({ types }, node, name) {
  return widgetsOf(types.of(node), node).find((widget) => widget.name === name)
}

/** @type {Mender} */
function chooseNearest(context, node, { input }) {
  const widget = widgetOf(context, node, input)
  if (widget?.spec.kind !== 'combo') return []
  const found = nearest(String(widget.value), widget.spec.options, { limit: 3 })
  return found.map(({ choice, score }, index) => ({
    label: t('Use “{name}”', { name: short(String(choice)) }), sure: index === 0 && score >= SURE,
    run: () => set(context, node, widget, choice)
  }))
}

/** @type {Mender} */
function fitValue(context, node, { input }) {
  const widget = widgetOf(context, node, input)
  if (!widget) return []
  const value = fitted(widget)
  if (value === undefined || value === widget.value) return []
  const shown = widget.spec.kind === 'number' && typeof value === 'number' ? formatNumber(value, widget.spec.digits) : short(String(value))
  return [{ label: t('Set it to {value}', { value: shown }), sure: true, run: () => set(context, node, widget, value) }]
}

/** The value that is meant, as the widget can hold it. @param {Widget} widget @returns {unknown} */
function fitted({ spec, value }) {
  if (spec.kind === 'number') {
    const number = typeof value === 'boolean' ? Number(value) : Number.parseFloat(String(value).replace(',', '.'))
    return fitNumber(spec, Number.isFinite(number) ? number : spec.default)
  }
  if (spec.kind === 'toggle') return value === 'true' || value === 1
  if (spec.kind === 'text' || spec.kind === 'markdown') return typeof value === 'object' ? spec.default : String(value)
  return spec.kind === 'combo' ? spec.default : undefined
}

/** @type {Mender} */
function connectOrFill(context, node, fault) {
  const widget = widgetOf(context, node, fault.input)
  if (!widget) return connectNearest(context, node, fault)
  return [{ label: t('Give it its usual value'), sure: true, run: () => set(context, node, widget, 'default' in widget.spec ? widget.spec.default : '') }]
}

/** @type {Mender} */
function connectNearest(context, node, { input }) {
  const place = viewOf(node, context.types.of(node), null).layout.sockets.find((socket) => socket.side === 'in' && socket.name === input)
  if (!place) return []
  /** @type {SocketRef} */
  const socket = { node: node.id, side: 'in', index: place.index, name: place.name, type: place.type }
  const source = nearestOutput(context, node, socket)
  const held = place.index >= 0 ? context.graph.linkInto(node, place.index) : undefined
  /** @type {Repair[]} */
  const repairs = []
  if (source) {
    repairs.push({ label: t('Connect {name}', { name: short(titleOf(context, source.node)) }), sure: true, run: () => void connect(context, source.socket, socket) })
  }
  if (held) repairs.push({ label: t('Remove the link'), sure: !source && place.optional, run: () => context.store.transact(t('Disconnect'), () => context.store.remove(held.id)) })
  return repairs
}

/** The output that could feed a socket and lies nearest to its node. @param {Context} context @param {NodeRecord} node @param {SocketRef} socket */
function nearestOutput(context, node, socket) {
  const middle = centre(context.rectOf(node))
  /** @type {{node: NodeRecord, socket: SocketRef, gap: number} | null} */
  let best = null
  for (const other of context.graph.nodes(node.graph)) {
    if (other.id === node.id || other.mode === MUTED || (other.mode === BYPASSED)) continue
    const gap = distance(middle, centre(context.rectOf(other)))
    if (best && gap >= best.gap) continue
    const outputs = viewOf(other, context.types.of(other), null).layout.sockets.filter(({ side }) => side === 'out')
    const place = outputs.find(({ type, index }) => {
      const given = type === '*' ? context.outputType(other, index) : type
      return given !== '*' && accepts(socket.type, given)
    })
    if (!place) continue
    /** @type {SocketRef} */
    const from = { node: other.id, side: 'out', index: place.index, name: place.name, type: place.type }
    if (whyNot(context, from, socket) === null) best = { node: other, socket: from, gap }
  }
  return best
}

/** @type {Mender} */
function replaceByKnown(context, node) {
  const schema = context.types.schema
  const names = [...schema.types.values()].filter((type) => !type.virtual && !type.later && !type.deprecated)
  const wanted = node.type.toLowerCase()
  const alike = names.map((type) => ({ type, score: closeness(wanted, type.name.toLowerCase()) })).filter(({ score }) => score >= ALIKE)
  // Of those whose names are alike, the one that keeps most links.
  alike.sort((a, b) => b.score + fitness(context, node, b.type) / 400 - a.score - fitness(context, node, a.type) / 400)
  return alike.slice(0, 2).map(({ type, score }, index) => ({
    label: t('Replace by {type}', { type: short(type.title) }), sure: index === 0 && score >= 0.85, run: () => void replaceNode(context, node, type)
  }))
}

/** @type {Mender} */
function bypass({ store }, node) {
  return [{ label: t('Bypass it'), sure: false, run: () => store.transact(t('Bypass'), () => store.update(node.id, { mode: BYPASSED })) }]
}

/** @type {Mender} */
function cutCircle(context, _node, { extra }) {
  const { store, graph } = context
  const path = (Array.isArray(extra.path) ? extra.path : []).map((id) => recordAt(store, String(id)))
  const [from, to] = [path.at(-2), path.at(-1)]
  const link = from && to && graph.linksOf(to.id).find((each) => each.to === to.key && each.from === from.key)
  if (!link) return []
  return [{ label: t('Remove the link from {name}', { name: short(titleOf(context, from)) }), sure: false, run: () => store.transact(t('Disconnect'), () => store.remove(link.id)) }]
}

/** @param {Context} context @param {NodeRecord} node @param {Widget} widget @param {unknown} value */
const set = (context, node, widget, value) => setWidget(context, node.id, widget.name, value)

/** @param {Context} context @param {NodeRecord} node */
const titleOf = ({ types }, node) => node.title || types.get(node.type)?.title || node.type

/** @param {string} text */
const short = (text) => (text.length > LETTERS ? `${text.slice(0, LETTERS / 2)}…${text.slice(-LETTERS / 2)}` : text)
