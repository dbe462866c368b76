/** The whole graph, small: nodes as blocks, what runs in the accent, and the view's frame, which can be dragged. */
import { bounds, grow, holds } from '../geometry/rect.js'
import { coversNodes } from './covers.js'

/** @typedef {import('../view/theme.js').Theme} Theme */

/**
 * @param {HTMLCanvasElement} canvas
 * @param {object} parts
 * @param {import('../tools/editor.js').Editor} parts.editor
 * @param {import('../model/session.js').Session} parts.session
 * @param {import('../app/names.js').Names} parts.names
 * @param {() => Theme} parts.theme
 * @param {(listener: () => void) => void} parts.onTheme
 */
export function createMinimap(canvas, { editor, session, names, theme, onTheme }) {
  let wanted = false
  /** Canvas pixels of the graph at the map's origin, and map pixels by canvas pixel. */
  let origin = { x: 0, y: 0 }
  let scale = 1

  function later() {
    if (wanted) return
    wanted = true
    requestAnimationFrame(() => {
      wanted = false
      draw()
    })
  }

  function viewRect() {
    const { w, h } = editor.viewSize
    const from = editor.toCanvas({ x: 0, y: 0 })
    const to = editor.toCanvas({ x: w, y: h })
    return { x: from.x, y: from.y, w: to.x - from.x, h: to.y - from.y }
  }

  function draw() {
    const nodes = editor.graph.nodes(editor.graphId)
    canvas.classList.toggle('bare', nodes.length === 0)
    const { clientWidth: width, clientHeight: height } = canvas
    const context = canvas.getContext('2d')
    if (!context || !width || !nodes.length) return
    const density = devicePixelRatio
    if (canvas.width !== Math.round(width * density) || canvas.height !== Math.round(height * density)) {
      canvas.width = Math.round(width * density)
      canvas.height = Math.round(height * density)
    }
    const colours = theme()
    const view = viewRect()
    const boxes = nodes.map(node => ({ node, rect: editor.rectOf(node) }))
    // What is seen belongs to the map only as far as it is near: a view far out must not shrink the graph to a dot.
    const all = bounds(boxes.map(({ rect }) => rect))
    if (!all) return
    // Where all can be seen the map tells nothing: it must not lie over a node.
    canvas.classList.toggle('away', holds(view, all) && coversNodes(canvas, editor))
    const box = grow(bounds([all, clip(view, grow(all, Math.max(all.w, all.h) * 0.35))]) ?? all, 40)
    scale = Math.min(width / box.w, height / box.h)
    origin = { x: box.x - (width / scale - box.w) / 2, y: box.y - (height / scale - box.h) / 2 }

    context.setTransform(density, 0, 0, density, 0, 0)
    context.clearRect(0, 0, width, height)
    for (const { node, rect } of boxes) {
      const status = session.status(names.promptId(node.id) ?? '')
      context.fillStyle = status.error ? colours.error : status.state === 'running' ? colours.accent : editor.selection.has(node.id) ? colours.quiet : colours.edge
      context.globalAlpha = node.mode === 0 ? 0.9 : 0.4
      context.fillRect((rect.x - origin.x) * scale, (rect.y - origin.y) * scale, Math.max(2, rect.w * scale), Math.max(2, rect.h * scale))
    }
    context.globalAlpha = 1
    context.strokeStyle = colours.accent
    context.lineWidth = 1
    context.strokeRect((view.x - origin.x) * scale + 0.5, (view.y - origin.y) * scale + 0.5, view.w * scale - 1, view.h * scale - 1)
  }

  /** @param {PointerEvent} event */
  function look(event) {
    const box = canvas.getBoundingClientRect()
    const { w, h } = editor.viewSize
    const { zoom } = editor.camera
    const x = (event.clientX - box.left) / scale + origin.x
    const y = (event.clientY - box.top) / scale + origin.y
    editor.setCamera({ x: x - w / 2 / zoom, y: y - h / 2 / zoom, zoom })
  }

  canvas.addEventListener('pointerdown', event => {
    canvas.setPointerCapture(event.pointerId)
    look(event)
  })
  canvas.addEventListener('pointermove', event => {
    if (canvas.hasPointerCapture(event.pointerId)) look(event)
  })
  editor.on('camera', later)
  editor.on('selection', later)
  editor.store.listen(later)
  session.listen(change => { if (change.nodes.size || change.run) later() })
  onTheme(later)
  later()
}

/** @param {import('../geometry/rect.js').Rect} rect @param {import('../geometry/rect.js').Rect} to */
function clip(rect, to) {
  const x = Math.max(rect.x, to.x)
  const y = Math.max(rect.y, to.y)
  return { x, y, w: Math.max(0, Math.min(rect.x + rect.w, to.x + to.w) - x), h: Math.max(0, Math.min(rect.y + rect.h, to.y + to.h) - y) }
}
