/** A finger rests on the bare canvas: let go it opens the menu, dragged it draws a box. */
import { BoxSelecting } from './brushing.js'
import { State } from './state.js'

const RING = 26

export class LongPressing extends State {
  #end = () => {}

  /** @param {import('./editor.js').Editor} editor @param {import('../geometry/vec.js').Point} screen */
  constructor(editor, screen) {
    super(editor)
    this.screen = screen
  }

  /** @override */
  enter() {
    navigator.vibrate?.(8)
    const { x, y } = this.editor.toCanvas(this.screen)
    this.#end = this.editor.paint((ctx, theme) => {
      const unit = 1 / this.editor.camera.zoom
      ctx.beginPath()
      ctx.arc(x, y, RING * unit, 0, Math.PI * 2)
      ctx.strokeStyle = theme.accent
      ctx.lineWidth = 2 * unit
      ctx.stroke()
    })
  }

  /** @override */
  exit() {
    this.#end()
  }

  /** @param {import('./state.js').Pointer} pointer @override */
  move(pointer) {
    if (!pointer.dragged) return
    const state = new BoxSelecting(this.editor)
    this.editor.enter(state)
    state.move(pointer)
  }

  /** @override */
  up() {
    this.editor.idle()
    this.editor.openMenu(this.screen, 'touch')
  }
}
