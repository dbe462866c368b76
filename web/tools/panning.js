/** The view follows the pointer. */
import { pan } from '../geometry/viewport.js'
import { distance, subtract } from '../geometry/vec.js'
import { State } from './state.js'

/** A finger held this long on one place asks for the menu. */
const LONG = 500

export class Panning extends State {
  /** @override */
  enter() {
    this.camera = this.editor.camera
  }

  /** @override */
  get cursor() {
    return 'grabbing'
  }

  /** @param {import('./state.js').Pointer} pointer @override */
  down(pointer) {
    if (pointer.type !== 'touch') return
    this.timer = setTimeout(() => {
      this.editor.idle()
      this.editor.emit('menu', { point: pointer.canvas, screen: pointer.screen, target: { kind: 'canvas' } })
    }, LONG)
  }

  /** @param {import('./state.js').Pointer} pointer @override */
  move(pointer) {
    if (distance(pointer.start, pointer.screen) > 6) clearTimeout(this.timer)
    if (this.camera) this.editor.setCamera(pan(this.camera, subtract(pointer.screen, pointer.start)))
  }

  /** @param {import('./state.js').Pointer} pointer @override */
  up(pointer) {
    if (pointer.type === 'touch' && !pointer.dragged) this.editor.select([])
    this.editor.idle()
  }

  /** @override */
  exit() {
    clearTimeout(this.timer)
  }
}
