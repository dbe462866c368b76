/** The pointer is down on a socket: a click, or the start of a link? */
import { DraggingLink } from './dragging_link.js'
import { State } from './state.js'

export class PointingSocket extends State {
  /** @param {import('./editor.js').Editor} editor @param {import('../model/types.js').SocketRef} socket */
  constructor(editor, socket) {
    super(editor)
    this.socket = socket
  }

  /** @override */
  get cursor() {
    return 'crosshair'
  }

  /** @param {import('./state.js').Pointer} pointer @override */
  move(pointer) {
    if (!pointer.dragged) return
    const { editor, socket } = this
    const node = editor.graph.at(socket.node)
    if (!node) return editor.idle()
    const held = socket.side === 'in' ? editor.graph.linkInto(node, socket.index) : undefined
    // An input holds one link: dragging from it picks that link up by its end.
    if (held && !pointer.alt) return this.#drag({ links: [held.id], fixed: 'out' }, pointer)
    const many = socket.side === 'out' && pointer.shift ? editor.graph.linksFrom(node, socket.index) : []
    if (many.length) return this.#drag({ links: many.map((link) => link.id), fixed: 'in' }, pointer)
    this.#drag({ from: socket }, pointer)
  }

  /** @param {import('./dragging_link.js').Start} start @param {import('./state.js').Pointer} pointer */
  #drag(start, pointer) {
    const state = new DraggingLink(this.editor, start)
    this.editor.enter(state)
    state.move(pointer)
  }

  /** @override */
  up() {
    this.editor.select([this.socket.node])
    this.editor.idle()
  }
}
