/** Selected things follow the pointer; Alt leaves copies behind, Shift keeps to a grid. One step when they are let go. */
import { subtract } from '../geometry/vec.js'
import { duplicate } from '../commands/clipboard.js'
import { move, moving, origins, raise } from '../commands/move.js'
import { State } from './state.js'

const GRID = 20
/** Pixels from the edge at which the view begins to move along. */
const EDGE = 28

export class Translating extends State {
  /** @param {import('./editor.js').Editor} editor @param {import('./state.js').Pointer} pointer */
  constructor(editor, pointer) {
    super(editor)
    this.start = pointer.startCanvas
    editor.store.begin('Move')
    if (pointer.alt) duplicate(editor, editor.selection, { by: { x: 0, y: 0 }, links: true })
    this.copied = pointer.alt
    raise(editor, editor.selection)
    this.from = origins(editor, moving(editor, editor.selection))
    editor.setDragging(new Set(this.from.keys()))
    this.move(pointer)
  }

  /** @override */
  get cursor() {
    return 'grabbing'
  }

  /** @param {import('./state.js').Pointer} pointer @override */
  move(pointer) {
    let by = subtract(pointer.canvas, this.start)
    const first = this.from.values().next().value
    if (first && (pointer.shift || this.editor.snaps)) {
      by = {
        x: Math.round((first[0] + by.x) / GRID) * GRID - first[0],
        y: Math.round((first[1] + by.y) / GRID) * GRID - first[1]
      }
    }
    move(this.editor, this.from, by)
    this.editor.panAtEdge(pointer, EDGE)
  }

  /** @override */
  up() {
    this.editor.store.commit(this.copied ? 'Duplicate' : this.from.size === 1 ? 'Move' : `Move ${this.from.size} things`)
    this.editor.idle()
  }

  /** @override */
  exit() {
    this.editor.setDragging(new Set())
  }
}
