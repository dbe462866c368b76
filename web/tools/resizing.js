/** A side or a corner of a node or a frame follows the pointer; Shift keeps to a grid, otherwise to the edges of neighbours. */
import { raise } from '../commands/move.js'
import { snapEdge } from '../geometry/snapping.js'
import { subtract } from '../geometry/vec.js'
import { visible } from '../geometry/viewport.js'
import { t } from '../language/t.js'
import { State } from './state.js'

const GRID = 20
const LEAST_FRAME = 80
/** CSS pixels within which an edge stands in line with another. */
const LINE = 6

/** The pointer over each edge. @type {Readonly<Record<import('../model/types.js').Edge, string>>} */
export const EDGE_CURSORS = {
  n: 'ns-resize', s: 'ns-resize', e: 'ew-resize', w: 'ew-resize', nw: 'nwse-resize', se: 'nwse-resize', ne: 'nesw-resize', sw: 'nesw-resize'
}

export class Resizing extends State {
  #raised = false

  /** @param {import('./editor.js').Editor} editor @param {string} id @param {import('../model/types.js').Edge} edge */
  constructor(editor, id, edge) {
    super(editor)
    this.id = id
    this.edge = edge
    const node = editor.store.node(id)
    const group = editor.store.group(id)
    const layout = node && editor.scene.view(node).layout
    /** The body of a node; its title goes along above it. */
    this.box = node && layout
      ? { x: node.pos[0], y: node.pos[1], w: layout.width, h: layout.height }
      : { x: group?.bounds[0] ?? 0, y: group?.bounds[1] ?? 0, w: group?.bounds[2] ?? 0, h: group?.bounds[3] ?? 0 }
    this.least = layout ? { w: layout.least[0], h: layout.least[1] } : { w: LEAST_FRAME, h: LEAST_FRAME }
    editor.store.begin(t('Resize'))
  }

  /** @override */
  get cursor() {
    return EDGE_CURSORS[this.edge]
  }

  /** @param {import('./state.js').Pointer} pointer @override */
  move(pointer) {
    if (!pointer.dragged && !this.#raised) return
    const { editor, id, box, least, edge } = this
    const by = subtract(pointer.canvas, pointer.startCanvas)
    let [left, top, right, bottom] = [box.x, box.y, box.x + box.w, box.y + box.h]
    if (edge.includes('w')) left = Math.min(this.#line(left + by.x, 'x', pointer.shift), right - least.w)
    if (edge.includes('e')) right = Math.max(this.#line(right + by.x, 'x', pointer.shift), left + least.w)
    if (edge.includes('n')) top = Math.min(this.#line(top + by.y, 'y', pointer.shift), bottom - least.h)
    if (edge.includes('s')) bottom = Math.max(this.#line(bottom + by.y, 'y', pointer.shift), top + least.h)
    if (!this.#raised) raise(editor, [id])
    this.#raised = true
    const node = editor.store.node(id)
    editor.store.transact(t('Resize'), () => {
      if (node) editor.store.update(id, { pos: [left, top], size: [right - left, bottom - top] })
      else if (editor.store.group(id)) editor.store.update(id, { bounds: [left, top, right - left, bottom - top] })
    })
    editor.panAtEdge(pointer, 28)
  }

  /** @param {number} at @param {'x' | 'y'} axis @param {boolean} shift */
  #line(at, axis, shift) {
    const { editor, id } = this
    if (shift || editor.snaps) return Math.round(at / GRID) * GRID
    if (!editor.hands.guides) return Math.round(at)
    const nodes = editor.scene.nodesIn(visible(editor.camera, editor.viewSize.w, editor.viewSize.h)).filter((node) => node.id !== id)
    return Math.round(snapEdge(at, axis, nodes.slice(0, 120).map(editor.rectOf), LINE / editor.camera.zoom))
  }

  /** @override */
  up() {
    this.editor.store.commit()
    this.editor.idle()
  }
}
