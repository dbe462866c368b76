/** The pointer is down on a side of a subgraph: an input or output is moved up or down, named by a double-click, or the side is moved. */
import { moveSide } from '../commands/move.js'
import { movePort } from '../commands/subgraph_ports.js'
import { rectToScreen } from '../geometry/viewport.js'
import { ROW } from '../geometry/layout.js'
import { t } from '../language/t.js'
import { INPUTS_TYPE } from '../model/sides.js'
import { State } from './state.js'

export class PointingSide extends State {
  /** @type {'waiting' | 'port' | 'side'} */
  #doing = 'waiting'
  /** The port in hand. */
  #port = -1
  /** Where it would go. */
  #to = -1
  #unpaint = () => {}

  /** @param {import('./editor.js').Editor} editor @param {import('../model/types.js').NodeRecord} side */
  constructor(editor, side) {
    super(editor)
    this.side = side
    this.which = /** @type {'in' | 'out'} */ (side.type === INPUTS_TYPE ? 'in' : 'out')
  }

  /** @override */
  get cursor() {
    return this.#doing === 'waiting' ? '' : 'grabbing'
  }

  /** Ports, without the empty one. */
  get #count() {
    return Math.max(this.side.inputs.length, this.side.outputs.length) - 1
  }

  /** @param {import('./state.js').Pointer} pointer @override */
  down(pointer) {
    const { editor, side } = this
    editor.select([])
    const port = this.#portAt(pointer.canvas.y)
    this.#port = port
    if (pointer.clicks !== 2 || port < 0) return
    editor.idle()
    const place = editor.scene.view(side).layout.sockets[port]
    if (!place) return
    const box = { x: side.pos[0], y: side.pos[1] + place.y - ROW / 2, w: side.size[0], h: ROW }
    editor.emit('edit-port', { graph: side.graph, side: this.which, index: port, rect: rectToScreen(editor.camera, box) })
  }

  /** The port on a line of the canvas; -1 for none. @param {number} y */
  #portAt(y) {
    const { sockets } = this.editor.scene.view(this.side).layout
    const index = sockets.findIndex((socket) => Math.abs(this.side.pos[1] + socket.y - y) <= ROW / 2)
    return index >= this.#count ? -1 : index
  }

  /** @param {import('./state.js').Pointer} pointer @override */
  move(pointer) {
    if (!pointer.dragged) return
    const { editor, side } = this
    if (this.#doing === 'waiting') {
      const across = Math.abs(pointer.screen.x - pointer.start.x) > Math.abs(pointer.screen.y - pointer.start.y)
      this.#doing = this.#port >= 0 && !across && this.#count > 1 ? 'port' : 'side'
      if (this.#doing === 'side') editor.store.begin(this.which === 'in' ? t('Move the inputs') : t('Move the outputs'))
      else this.#unpaint = editor.paint((ctx, theme) => this.#line(ctx, theme))
      editor.updateCursor()
    }
    if (this.#doing === 'side') {
      const [x, y] = side.pos
      moveSide(editor, side.id, [Math.round(x + pointer.canvas.x - pointer.startCanvas.x), Math.round(y + pointer.canvas.y - pointer.startCanvas.y)])
      return
    }
    const first = editor.scene.view(side).layout.sockets[0]?.y ?? 0
    this.#to = Math.min(Math.max(Math.round((pointer.canvas.y - side.pos[1] - first) / ROW), 0), this.#count - 1)
    editor.renderer.invalidateOverlay()
  }

  /** Where the port in hand would come to lie. @param {CanvasRenderingContext2D} ctx @param {import('../view/theme.js').Theme} theme */
  #line(ctx, theme) {
    const { side } = this
    const place = this.editor.scene.view(side).layout.sockets[this.#to]
    if (!place || this.#to === this.#port) return
    const y = side.pos[1] + place.y + (this.#to > this.#port ? ROW / 2 : -ROW / 2)
    ctx.strokeStyle = theme.accent
    ctx.lineWidth = 2
    ctx.beginPath()
    ctx.moveTo(side.pos[0] + 8, y)
    ctx.lineTo(side.pos[0] + side.size[0] - 8, y)
    ctx.stroke()
  }

  /** @override */
  up() {
    const { editor, side } = this
    if (this.#doing === 'port' && this.#to >= 0) movePort(editor, side.graph, this.which, this.#port, this.#to)
    if (this.#doing === 'side') editor.store.commit()
    editor.idle()
  }

  /** @override */
  exit() {
    this.#unpaint()
  }
}
