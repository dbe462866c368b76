/**
 * What a menu offers for the very thing that was pressed, besides the commands: an input or output of a subgraph, a socket, a
 * widget inside a subgraph.
 *
 * @typedef {import('./menu.js').MenuEntry} MenuEntry
 * @typedef {import('../tools/editor.js').Editor} Editor
 * @typedef {import('../model/types.js').Target} Target
 * @typedef {import('../model/types.js').NodeRecord} NodeRecord
 */
import { demote, promote, promotedAs } from '../commands/promote.js'
import { movePort, removePort } from '../commands/subgraph_ports.js'
import { drawLines, sendByName, sendLinks, takeByName } from '../commands/wires.js'
import { ROW } from '../geometry/layout.js'
import { rectToScreen } from '../geometry/viewport.js'
import { t } from '../language/t.js'
import { INPUTS_TYPE, isSide } from '../model/sides.js'
import { around, namesIn, SET } from '../model/wires.js'

/**
 * @param {Editor} editor @param {Target} target @param {import('../model/types.js').Point} point of the canvas
 * @returns {{ entries: MenuEntry[], alone: boolean }} `alone`: nothing else applies there
 */
export function targetEntries(editor, target, point) {
  const id = target.kind === 'socket' ? target.socket.node : target.kind === 'node' || target.kind === 'widget' ? target.node : null
  const node = id === null ? undefined : editor.graph.at(id)
  if (!node) return { entries: [], alone: false }
  if (isSide(node)) return { entries: portEntries(editor, node, target, point), alone: true }
  if (target.kind === 'socket') return { entries: socketEntries(editor, target.socket), alone: false }
  if (node.type === SET) return { entries: [{ label: t('Draw the lines again'), run: () => drawLines(editor, node) }, 'line'], alone: false }
  if (target.kind === 'widget' && node.graph !== '') return { entries: widgetEntries(editor, node, target.name), alone: false }
  return { entries: [], alone: false }
}

/** @param {Editor} editor @param {NodeRecord} side @param {Target} target @param {import('../model/types.js').Point} point @returns {MenuEntry[]} */
function portEntries(editor, side, target, point) {
  const which = side.type === INPUTS_TYPE ? 'in' : 'out'
  const ports = (which === 'in' ? side.outputs : side.inputs).length - 1
  const { sockets } = editor.scene.view(side).layout
  const index = target.kind === 'socket' ? target.socket.index : sockets.findIndex(socket => Math.abs(side.pos[1] + socket.y - point.y) <= ROW / 2)
  const place = sockets[index]
  if (index < 0 || index >= ports || !place) return []
  const box = { x: side.pos[0], y: side.pos[1] + place.y - ROW / 2, w: side.size[0], h: ROW }
  return [
    { label: which === 'in' ? t('Rename the input') : t('Rename the output'), run: () => editor.emit('edit-port', { graph: side.graph, side: which, index, rect: rectToScreen(editor.camera, box) }) },
    ...(index > 0 ? [{ label: t('Move up'), run: () => movePort(editor, side.graph, which, index, index - 1) }] : []),
    ...(index < ports - 1 ? [{ label: t('Move down'), run: () => movePort(editor, side.graph, which, index, index + 1) }] : []),
    'line',
    { label: which === 'in' ? t('Remove the input') : t('Remove the output'), icon: 'trash', danger: true, run: () => removePort(editor, side.graph, which, index) },
  ]
}

/** @param {Editor} editor @param {import('../model/types.js').SocketRef} socket @returns {MenuEntry[]} */
function socketEntries(editor, socket) {
  const at = editor.scene.socketPoint(socket)
  if (!at) return []
  if (socket.side === 'out') {
    const node = editor.graph.at(socket.node)
    const linked = node !== undefined && editor.graph.linksFrom(node, socket.index).length > 0
    return [...(linked ? [{ label: t('Send its links by name'), run: () => void sendLinks(editor, socket, at, each => editor.scene.socketPoint(each)) }] : []), {
      label: t('Send this output by name'),
      run: () => {
        const id = sendByName(editor, socket, at)
        if (id !== null) editor.editWidget(id, 'Constant', { select: true })
      },
    }, 'line']
  }
  const names = namesIn(editor.graph, around(editor.graph, editor.graphId, graphsOf(editor)))
  if (!names.length) return []
  return [{ label: t('Take by name'), entries: names.map(name => ({ label: name, run: () => void takeByName(editor, socket, name, at) })) }, 'line']
}

/** The graphs that were entered, outermost first. @param {Editor} editor */
const graphsOf = editor => ['', ...editor.places.path.flatMap(id => editor.store.node(id)?.type ?? [])]

/** @param {Editor} editor @param {NodeRecord} node @param {string} name @returns {MenuEntry[]} */
function widgetEntries(editor, node, name) {
  return promotedAs(editor, node, name)
    ? [{ label: t('Show no more on the subgraph'), run: () => demote(editor, node, name) }, 'line']
    : [{ label: t('Show on the subgraph'), run: () => void promote(editor, node, name) }, 'line']
}
