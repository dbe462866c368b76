/** A drag zooms: up and right comes nearer, down and left goes away, round the point where it began. */
import { zoomTo } from '../geometry/viewport.js'
import { State } from './state.js'
import { toggleAt } from './target.js'

/** CSS pixels that double the size. */
const DOUBLE = 160

export class Zooming extends State {
  /** @override */
  enter() {
    this.camera = this.editor.camera
  }

  /** @override */
  get cursor() {
    return 'zoom-in'
  }

  /** @param {import('./state.js').Pointer} pointer @override */
  move(pointer) {
    if (!this.camera || !pointer.dragged) return
    const { screen, start } = pointer
    const way = screen.x - start.x - (screen.y - start.y)
    this.editor.setCamera(zoomTo(this.camera, this.camera.zoom * 2 ** (way / DOUBLE), start))
  }

  /** @param {import('./state.js').Pointer} pointer @override */
  up(pointer) {
    const { editor } = this
    editor.idle()
    if (pointer.dragged) return
    const target = editor.targetAt(pointer.screen, pointer.type)
    const node = 'node' in target ? target.node : null
    // No drag: on a node it looks at what that gives, as Blender's viewer does; else it adds to what is selected.
    if (node === null || !pointer.ctrl || !pointer.shift || !editor.commands.get('run_to_here')) return toggleAt(editor, pointer)
    editor.select([node])
    editor.run('run_to_here')
  }

  /** @override */
  cancel() {
    if (this.camera) this.editor.setCamera(this.camera)
    this.editor.idle()
  }
}
