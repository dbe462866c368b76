/**
 * Selected things follow the pointer; Alt leaves copies behind, Shift keeps to a grid. A node without links that is let go
 * over a link that it fits is inserted there. All of it is one step.
 */
import { centre } from '../geometry/rect.js'
import { subtract } from '../geometry/vec.js'
import { duplicate } from '../commands/clipboard.js'
import { insert, placeIn } from '../commands/insert.js'
import { move, moving, origins, raise } from '../commands/move.js'
import { State } from './state.js'

const GRID = 20
/** CSS pixels from a node's middle within which a link takes it. */
const DROP = 20
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
    this.editor.setDropLink(this.#linkUnder())
    this.editor.panAtEdge(pointer, EDGE)
  }

  /** The link that a single free node would be inserted in. */
  #linkUnder() {
    const { editor } = this
    const node = this.from.size === 1 ? editor.store.node(this.from.keys().next().value ?? '') : undefined
    if (!node || editor.graph.linksOf(node.id).length) return null
    const wire = editor.scene.wireNear(centre(editor.rectOf(node)), DROP / editor.camera.zoom)
    return wire && placeIn(editor, node, wire.link) ? wire.link.id : null
  }

  /** @override */
  up() {
    const node = this.editor.store.node(this.from.keys().next().value ?? '')
    const link = this.editor.store.link(this.editor.dropLink ?? '')
    if (node && link) {
      insert(this.editor, node, link)
      this.editor.store.commit('Insert')
    }
    this.editor.store.commit(this.copied ? 'Duplicate' : this.from.size === 1 ? 'Move' : `Move ${this.from.size} things`)
    this.editor.idle()
  }

  /** @override */
  exit() {
    this.editor.setDragging(new Set())
    this.editor.setDropLink(null)
  }
}
