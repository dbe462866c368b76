/** The knife: a stroke that cuts every link that it crosses. */
import { removeLinks } from '../commands/reroute.js'
import { many } from '../language/t.js'
import { pathOf } from '../view/draw_links.js'
import { crossings, Stroke } from './stroke.js'

export class Cutting extends Stroke {
  /** @type {Map<string, import('./stroke.js').Crossing>} */
  cut = new Map()

  /** @param {import('../geometry/vec.js').Point} from @param {import('../geometry/vec.js').Point} to @override */
  pass(from, to) {
    for (const each of crossings(this.editor, from, to)) if (!this.cut.has(each.link.id)) this.cut.set(each.link.id, each)
  }

  /** @param {import('./state.js').Pointer} pointer @override */
  up(pointer) {
    const { editor } = this
    const { size } = this.cut
    if (size) removeLinks(editor, this.cut.keys(), many(size, 'Cut a link', 'Cut {count} links'))
    this.end(pointer)
  }

  /** @param {CanvasRenderingContext2D} ctx @param {import('../view/theme.js').Theme} theme @override */
  draw(ctx, theme) {
    const unit = 1 / this.editor.camera.zoom
    ctx.lineCap = ctx.lineJoin = 'round'
    for (const { wire } of this.cut.values()) {
      ctx.strokeStyle = theme.canvas
      ctx.lineWidth = Math.max(5, 4 * unit)
      ctx.stroke(pathOf(wire))
      ctx.strokeStyle = theme.error
      ctx.lineWidth = Math.max(2, 1.5 * unit)
      ctx.setLineDash([7 * unit, 6 * unit])
      ctx.stroke(pathOf(wire))
      ctx.setLineDash([])
    }
    this.trace(ctx)
    ctx.strokeStyle = theme.canvas
    ctx.lineWidth = 4 * unit
    ctx.stroke()
    ctx.strokeStyle = theme.error
    ctx.lineWidth = 1.5 * unit
    ctx.stroke()
    for (const { point: { x, y } } of this.cut.values()) {
      const arm = 5 * unit
      ctx.beginPath()
      ctx.moveTo(x - arm, y - arm)
      ctx.lineTo(x + arm, y + arm)
      ctx.moveTo(x + arm, y - arm)
      ctx.lineTo(x - arm, y + arm)
      ctx.lineWidth = 2.5 * unit
      ctx.stroke()
    }
  }
}
