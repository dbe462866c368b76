/** Two fingers: the canvas points under them stay under them. */
import { clamp, distance, lerp } from '../geometry/vec.js'
import { LEAST_ZOOM, MOST_ZOOM, toCanvas } from '../geometry/viewport.js'
import { State } from './state.js'

export class Pinching extends State {
  /** @param {import('./editor.js').Editor} editor @param {Map<number, import('../geometry/vec.js').Point>} fingers where they are, CSS pixels */
  constructor(editor, fingers) {
    super(editor)
    this.fingers = new Map(fingers)
    const [a, b] = [...this.fingers.values()]
    this.gap = a && b ? Math.max(distance(a, b), 1) : 1
    this.zoom = editor.camera.zoom
    this.still = a && b ? toCanvas(editor.camera, lerp(a, b, 0.5)) : editor.camera
  }

  /** @param {import('./state.js').Pointer} pointer @override */
  move(pointer) {
    if (!this.fingers.has(pointer.id)) return
    this.fingers.set(pointer.id, pointer.screen)
    const [a, b] = [...this.fingers.values()]
    if (!a || !b) return
    const zoom = clamp((this.zoom * distance(a, b)) / this.gap, LEAST_ZOOM, MOST_ZOOM)
    const middle = lerp(a, b, 0.5)
    this.editor.setCamera({ x: this.still.x - middle.x / zoom, y: this.still.y - middle.y / zoom, zoom })
  }

  /** @param {import('./state.js').Pointer} pointer @override */
  up(pointer) {
    if (this.fingers.delete(pointer.id)) this.editor.idle()
  }
}
