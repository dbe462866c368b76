/**
 * Links: made, moved, cut. An input holds one link; an output any number.
 *
 * @typedef {import('./context.js').Context} Context
 * @typedef {import('../model/types.js').SocketRef} SocketRef
 * @typedef {import('../model/types.js').NodeRecord} NodeRecord
 * @typedef {import('../model/types.js').RecordId} RecordId
 */
import { t } from '../language/t.js'
import { accepts } from '../model/accepts.js'
import { recordId } from '../model/graph.js'
import { isSide } from '../model/sides.js'
import { removeLinks } from './reroute.js'
import { ensurePort } from './subgraph_ports.js'

/**
 * Why two sockets cannot be linked; null where they can.
 * @param {Pick<Context, 'store' | 'graph'>} context @param {SocketRef} a @param {SocketRef} b
 * @returns {string | null}
 */
export function whyNot({ graph }, a, b) {
  const [from, to] = a.side === 'out' ? [a, b] : [b, a]
  if (from.side === to.side) return t('A link goes from an output to an input')
  if (from.node === to.node) return t('A node cannot feed itself')
  if (!accepts(to.type, from.type)) return to.name ? t('{name} takes {type}, not {other}', { name: to.name, type: to.type, other: from.type }) : t('This input takes {type}, not {other}', { type: to.type, other: from.type })
  const source = graph.at(from.node)
  const reader = graph.at(to.node)
  if (!source || !reader) return t('The node is gone')
  return graph.wouldCycle(source, reader) ? t('That would close a circle: a node cannot wait for its own result') : null
}

/**
 * Link two sockets; what the input held before is taken out of it.
 * @param {Context} context @param {SocketRef} a @param {SocketRef} b
 * @returns {RecordId | null} the link, or null where it cannot be
 */
export function connect(context, a, b) {
  const problem = whyNot(context, a, b)
  if (problem !== null) {
    context.notify(problem)
    return null
  }
  const [from, to] = a.side === 'out' ? [a, b] : [b, a]
  const { store, graph } = context
  return store.transact(t('Connect'), () => {
    const source = graph.at(from.node)
    const reader = graph.at(to.node)
    if (!source || !reader) return null
    const fromSlot = isSide(source) ? ensurePort(context, source, from.index, to) : ensureOutput(context, source, from)
    const toSlot = isSide(reader) ? ensurePort(context, reader, to.index, from) : ensureInput(context, reader, to)
    const held = graph.linkInto(reader, toSlot)
    if (held && held.from === source.key && held.fromSlot === fromSlot) return held.id
    if (held) removeLinks(context, [held.id], t('Connect'))
    const key = graph.freshKey(reader.graph, 'link')
    const id = recordId('link', reader.graph, key)
    const type = from.type === '*' ? to.type : from.type
    store.put({
      id, kind: 'link', graph: reader.graph, key, z: graph.freshZ(), from: source.key, fromSlot, to: reader.key, toSlot, type,
      reroute: null, hidden: false, raw: null
    })
    return id
  })
}

/** @param {Context} context @param {RecordId} link */
export function disconnect(context, link) {
  removeLinks(context, [link], t('Disconnect'))
}

/** The slot of an input in its record, made where only the schema had it. @param {Context} context @param {NodeRecord} node @param {SocketRef} socket */
function ensureInput({ store, types }, node, socket) {
  const known = socket.index >= 0 ? socket.index : node.inputs.findIndex((slot) => slot.name === socket.name)
  if (known >= 0) return known
  const spec = types.of(node)?.inputs.find((input) => input.name === socket.name)
  const raw = spec?.nested && spec.optional && !spec.widget ? { name: socket.name, type: socket.type, link: null, shape: 7 } : null
  const slot = { name: socket.name, type: socket.type, widget: spec?.widget ? socket.name : null, raw }
  store.update(node.id, { inputs: [...node.inputs, slot] })
  return node.inputs.length
}

/** @param {Context} context @param {NodeRecord} node @param {SocketRef} socket */
function ensureOutput({ store, types }, node, socket) {
  if (socket.index < node.outputs.length) return socket.index
  const declared = types.get(node.type)?.outputs ?? []
  const outputs = Array.from({ length: socket.index + 1 }, (_, index) => {
    const spec = declared[index]
    return node.outputs[index] ?? { name: spec?.name ?? '', type: spec?.type ?? '*', widget: null, raw: null }
  })
  store.update(node.id, { outputs })
  return socket.index
}
