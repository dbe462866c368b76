/** A box is drawn over the bare canvas; what it touches is selected, with Shift in addition, with Ctrl the opposite. */
import { between, intersects } from '../geometry/rect.js'
import { State } from './state.js'

export class BoxSelecting extends State {
  /** @param {import('./editor.js').Editor} editor @param {import('./state.js').Pointer} pointer */
  constructor(editor, pointer) {
    super(editor)
    this.before = pointer.shift || pointer.ctrl ? [...editor.selection] : []
    this.first = [...editor.selection]
  }

  /** @param {import('./state.js').Pointer} pointer @override */
  move(pointer) {
    if (!pointer.dragged) return
    const { editor } = this
    const box = between(pointer.startCanvas, pointer.canvas)
    editor.setBrush(box)
    const found = editor.scene.nodesIn(box).filter((node) => intersects(editor.rectOf(node), box)).map((node) => node.id)
    for (const group of editor.graph.groups(editor.graphId)) {
      const [x, y, w, h] = group.bounds
      // A frame is taken only whole: one always starts inside of some frame.
      if (x >= box.x && y >= box.y && x + w <= box.x + box.w && y + h <= box.y + box.h) found.push(group.id)
    }
    const before = new Set(this.before)
    if (pointer.ctrl && !pointer.shift) {
      for (const id of found) if (!before.delete(id)) before.add(id)
      editor.select(before)
    } else editor.select([...before, ...found])
    editor.panAtEdge(pointer, 28)
  }

  /** @param {import('./state.js').Pointer} pointer @override */
  up(pointer) {
    if (!pointer.dragged && !pointer.shift && !pointer.ctrl) this.editor.select([])
    this.editor.idle()
  }

  /** @override */
  cancel() {
    this.editor.select(this.first)
    super.cancel()
  }

  /** @override */
  exit() {
    this.editor.setBrush(null)
  }
}
