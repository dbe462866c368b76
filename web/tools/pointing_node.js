/** The pointer is down on a node, a frame or a reroute: a click, or the start of a move? */
import { INSET } from '../geometry/layout.js'
import { ENTRANCE } from '../view/draw_node.js'
import { State } from './state.js'
import { Translating } from './translating.js'

/** Is the point on the way into a subgraph, at the right of its title? @param {import('./editor.js').Editor} editor @param {string} id @param {import('../geometry/vec.js').Point} point */
function atEntrance(editor, id, point) {
  const node = editor.store.node(id)
  return node !== undefined && editor.graph.definition(node.type) !== undefined && point.x > node.pos[0] + editor.scene.view(node).layout.width - INSET - ENTRANCE
}

export class PointingNode extends State {
  /** @param {import('./editor.js').Editor} editor @param {string} id @param {import('../model/types.js').Target} target */
  constructor(editor, id, target) {
    super(editor)
    this.id = id
    this.target = target
    this.wasSelected = editor.selection.has(id)
    this.adding = false
  }

  /** @param {import('./state.js').Pointer} pointer @override */
  down(pointer) {
    const { editor, id } = this
    this.adding = pointer.shift || pointer.ctrl
    if (!this.wasSelected) editor.select(this.adding ? [...editor.selection, id] : [id])
  }

  /** @param {import('./state.js').Pointer} pointer @override */
  move(pointer) {
    if (pointer.dragged) this.editor.enter(new Translating(this.editor, pointer))
  }

  /** @param {import('./state.js').Pointer} pointer @override */
  up(pointer) {
    const { editor, id, target } = this
    // Not when it goes down: a tap may be followed by a drag at once.
    if (pointer.clicks === 2 && !pointer.shift && !pointer.ctrl) return this.#twice()
    if (target.kind === 'node' && target.part === 'title' && atEntrance(editor, id, pointer.canvas)) {
      editor.idle()
      editor.places.enter(id)
      return
    }
    if (target.kind === 'node' && target.part === 'collapse') editor.run('collapse')
    else if (this.wasSelected && this.adding) editor.select([...editor.selection].filter((other) => other !== id))
    else if (this.wasSelected && editor.selection.size > 1) editor.select([id])
    editor.idle()
  }

  #twice() {
    const { editor, id, target } = this
    editor.idle()
    const node = editor.store.node(id)
    if (node && target.kind === 'node' && target.part === 'body' && editor.graph.definition(node.type)) {
      editor.places.enter(id)
      return
    }
    if ((target.kind === 'node' && target.part === 'title') || target.kind === 'group') {
      editor.select([id])
      editor.run('rename')
    }
  }
}
