/** The view follows the pointer. */
import { pan } from '../geometry/viewport.js'
import { subtract } from '../geometry/vec.js'
import { State } from './state.js'

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
  move(pointer) {
    if (this.camera) this.editor.setCamera(pan(this.camera, subtract(pointer.screen, pointer.start)))
  }

  /** @param {import('./state.js').Pointer} pointer @override */
  up(pointer) {
    if (pointer.type === 'touch' && !pointer.dragged) this.editor.select([])
    this.editor.idle()
  }
}
