/** A drag from one node to another joins them by the sockets that fit best; no socket need be met. */
import { bestPair, lazyConnect } from '../commands/links.js'
import { linkCurve } from '../geometry/bezier.js'
import { centre } from '../geometry/rect.js'
import { roundRect } from '../view/shapes.js'
import { typeColour } from '../view/theme.js'
import { State } from './state.js'
import { recordOf } from './target.js'

export class Joining extends State {
  /** @type {import('../geometry/vec.js').Point | null} */
  at = null
  /** @type {string | null} */
  over = null
  #end = () => {}

  /** @param {import('./editor.js').Editor} editor @param {import('./state.js').Pointer} pointer */
  constructor(editor, pointer) {
    super(editor)
    this.from = this.#nodeAt(pointer)
  }

  /** @override */
  get cursor() {
    return 'crosshair'
  }

  /** @override */
  enter() {
    this.#end = this.editor.paint((ctx, theme) => this.#draw(ctx, theme))
  }

  /** @override */
  exit() {
    this.#end()
  }

  /** @param {import('./state.js').Pointer} pointer @override */
  move(pointer) {
    if (!pointer.dragged || this.from === null) return
    this.at = pointer.canvas
    this.over = this.#nodeAt(pointer)
    this.editor.renderer.invalidateOverlay()
    this.editor.panAtEdge(pointer, 28)
  }

  /** @param {import('./state.js').Pointer} pointer @override */
  up(pointer) {
    const { editor, from } = this
    editor.idle()
    if (!pointer.dragged) return editor.openMenu(pointer.screen, pointer.type)
    const [a, b] = [from, this.#nodeAt(pointer)].map((id) => (id === null ? undefined : editor.store.node(id)))
    if (a && b && a !== b) lazyConnect(editor, a, b)
  }

  /** @param {import('./state.js').Pointer} pointer */
  #nodeAt({ screen, type }) {
    const id = recordOf(this.editor.targetAt(screen, type))
    return id !== null && this.editor.store.node(id) ? id : null
  }

  /** The two nodes, and the link that would come. @param {CanvasRenderingContext2D} ctx @param {import('../view/theme.js').Theme} theme */
  #draw(ctx, theme) {
    const { editor } = this
    const from = editor.store.node(this.from ?? '')
    if (!from || !this.at) return
    const to = this.over === from.id ? undefined : editor.store.node(this.over ?? '')
    const unit = 1 / editor.camera.zoom
    const pair = to && (bestPair(editor, from, to) ?? bestPair(editor, to, from))
    const [out, into] = pair ? [editor.scene.socketPoint(pair.out), editor.scene.socketPoint(pair.into)] : []
    const { a, b, c, d } = linkCurve(out ?? centre(editor.rectOf(from)), into ?? this.at)
    ctx.lineCap = 'round'
    ctx.beginPath()
    ctx.moveTo(a.x, a.y)
    if (pair) ctx.bezierCurveTo(b.x, b.y, c.x, c.y, d.x, d.y)
    else ctx.lineTo(this.at.x, this.at.y)
    ctx.strokeStyle = pair ? typeColour(theme, pair.out.type) : theme.quiet
    ctx.lineWidth = Math.max(2.5, 1.5 * unit)
    if (!pair) ctx.setLineDash([6 * unit, 6 * unit])
    ctx.stroke()
    ctx.setLineDash([])
    for (const node of [from, to]) {
      if (!node) continue
      const { x, y, w, h } = editor.rectOf(node)
      roundRect(ctx, x - 3, y - 3, w + 6, h + 6, 11)
      ctx.strokeStyle = node === from || pair ? theme.accent : theme.error
      ctx.lineWidth = Math.max(2, 1.5 * unit)
      ctx.stroke()
    }
  }
}
