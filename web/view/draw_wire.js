/**
 * Set and Get nodes: pills with the name that they send or take, and while one of them is selected or under the pointer, faint
 * lines from where a name is sent to where it is taken.
 *
 * @typedef {import('./draw_node.js').NodeDrawing} NodeDrawing
 * @typedef {import('./renderer.js').Painter} Painter
 * @typedef {import('./renderer.js').ViewState} ViewState
 * @typedef {import('./theme.js').Theme} Theme
 * @typedef {import('../model/types.js').NodeRecord} NodeRecord
 */
import { t } from '../language/t.js'
import { GET, isWire, SET, wireName } from '../model/wires.js'
import { roundRect, socketPath } from './shapes.js'
import { fitMiddle, font } from './text.js'
import { socketForm, typeColour } from './theme.js'

const SOCKET = 5
/** Letters smaller than this on the screen are not drawn, CSS pixels. */
const LEAST_TEXT = 6

/** @param {CanvasRenderingContext2D} ctx @param {Theme} theme @param {NodeDrawing} drawing in the node's own pixels */
export function drawWire(ctx, theme, drawing) {
  const { view, zoom } = drawing
  const { layout: { rect, sockets }, node } = view
  const out = sockets.find(({ side }) => side === 'out')
  const colour = out ? typeColour(theme, drawing.typeOf(out)) : theme.quiet
  roundRect(ctx, rect.x, rect.y, rect.w, rect.h, rect.h / 2)
  ctx.fillStyle = theme.surface
  ctx.fill()
  ctx.strokeStyle = drawing.selected ? theme.select : unheard(drawing) ? theme.warning : colour
  ctx.lineWidth = drawing.selected ? 2 : 1.25
  if (unheard(drawing)) ctx.setLineDash([4, 3])
  ctx.stroke()
  ctx.setLineDash([])
  if (12 * zoom >= LEAST_TEXT && drawing.edited === null) {
    ctx.font = font(12)
    ctx.textBaseline = 'middle'
    ctx.textAlign = 'center'
    ctx.fillStyle = wireName(node) ? theme.text : theme.quiet
    const name = fitMiddle(ctx, wireName(node) || t('no name yet'), rect.w - 48)
    ctx.fillText(name, rect.x + rect.w / 2, rect.y + rect.h / 2 + 0.5)
    // An arrow out of the graph at a Set node's end, into it at a Get node's beginning.
    ctx.strokeStyle = theme.quiet
    ctx.lineWidth = 1.5
    const x = node.type === SET ? rect.w - 20 : 16
    for (const step of [0, 4]) {
      ctx.beginPath()
      ctx.moveTo(x + step - 2, rect.h / 2 - 3.5)
      ctx.lineTo(x + step + 1.5, rect.h / 2)
      ctx.lineTo(x + step - 2, rect.h / 2 + 3.5)
      ctx.stroke()
    }
  }
  for (const socket of sockets) {
    if (node.type === SET && socket.side === 'out' && !drawing.linked(socket)) continue
    const fits = drawing.fits?.(socket) ?? true
    ctx.globalAlpha *= fits ? 1 : 0.25
    ctx.beginPath()
    socketPath(ctx, socketForm(drawing.typeOf(socket)), socket.x, socket.y, SOCKET)
    ctx.fillStyle = typeColour(theme, drawing.typeOf(socket))
    ctx.fill()
    ctx.strokeStyle = theme.canvas
    ctx.lineWidth = 1.5
    ctx.stroke()
    if (!fits) ctx.globalAlpha *= 4
  }
}

/** A Get node whose name nobody sends. @param {NodeDrawing} drawing */
function unheard({ view: { node, widgets } }) {
  const spec = node.type === GET ? widgets[0]?.spec : undefined
  return spec?.kind === 'combo' && !spec.options.includes(wireName(node))
}

/** @type {Painter} */
export function drawWireLines(ctx, theme, view) {
  for (const node of shown(view)) {
    const name = wireName(node)
    if (name === '') continue
    const all = view.graph.nodes(view.graphId)
    const from = node.type === SET ? node : all.find((each) => each.type === SET && wireName(each) === name)
    if (!from) continue
    const getters = node.type === GET ? [node] : all.filter((each) => each.type === GET && wireName(each) === name)
    const [start] = [view.scene.rect(from)]
    ctx.strokeStyle = typeColour(theme, view.scene.outputType(from, 0))
    ctx.globalAlpha = 0.55
    ctx.lineWidth = 1.5 / Math.min(view.camera.zoom, 1)
    ctx.setLineDash([6, 5])
    for (const getter of getters) {
      const end = view.scene.rect(getter)
      const [a, b] = [{ x: start.x + start.w, y: start.y + start.h / 2 }, { x: end.x, y: end.y + end.h / 2 }]
      const bend = Math.max(40, Math.abs(b.x - a.x) / 2)
      ctx.beginPath()
      ctx.moveTo(a.x, a.y)
      ctx.bezierCurveTo(a.x + bend, a.y, b.x - bend, b.y, b.x, b.y)
      ctx.stroke()
    }
    ctx.setLineDash([])
    ctx.globalAlpha = 1
  }
}

/** Wires that are selected or under the pointer. @param {ViewState} view @returns {NodeRecord[]} */
function shown({ hover, selection, store, graphId }) {
  const ids = new Set(selection)
  if (hover.kind === 'node' || hover.kind === 'widget') ids.add(hover.node)
  return [...ids].flatMap((id) => {
    const node = store.node(id)
    return node && isWire(node) && node.graph === graphId ? node : []
  })
}
