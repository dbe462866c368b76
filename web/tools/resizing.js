/** The corner of a node or a frame follows the pointer. */
import { raise, resize } from '../commands/move.js'
import { subtract } from '../geometry/vec.js'
import { State } from './state.js'

const GRID = 20
const LEAST_FRAME = 80

export class Resizing extends State {
  #raised = false

  /** @param {import('./editor.js').Editor} editor @param {string} id */
  constructor(editor, id) {
    super(editor)
    this.id = id
    const node = editor.store.node(id)
    const group = editor.store.group(id)
    const layout = node && editor.scene.view(node).layout
    this.size = layout ? { w: layout.width, h: layout.height } : { w: group?.bounds[2] ?? 0, h: group?.bounds[3] ?? 0 }
    this.least = layout ? { w: layout.least[0], h: layout.least[1] } : { w: LEAST_FRAME, h: LEAST_FRAME }
    editor.store.begin('Resize')
  }

  /** @override */
  get cursor() {
    return 'nwse-resize'
  }

  /** @param {import('./state.js').Pointer} pointer @override */
  move(pointer) {
    const { editor, id, size, least } = this
    const by = subtract(pointer.canvas, pointer.startCanvas)
    const snap = (/** @type {number} */ value) => (pointer.shift || editor.snaps ? Math.round(value / GRID) * GRID : Math.round(value))
    const w = Math.max(snap(size.w + by.x), least.w)
    const h = Math.max(snap(size.h + by.y), least.h)
    if (!this.#raised) raise(editor, [id])
    this.#raised = true
    const node = editor.store.node(id)
    const group = editor.store.group(id)
    if (node) resize(editor, node, [w, h])
    else if (group) editor.store.transact('Resize', () => editor.store.update(id, { bounds: [group.bounds[0], group.bounds[1], w, h] }))
  }

  /** @override */
  up() {
    this.editor.store.commit()
    this.editor.idle()
  }
}
