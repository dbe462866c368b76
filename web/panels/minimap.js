/**
 * The whole graph, small: frames, links and nodes, what runs in the accent, what failed in red, and the view's frame, which
 * can be dragged. The graph is drawn on a canvas of its own, again only when it changed, and seldom while it changes fast:
 * moving the view over five thousand nodes draws one picture and one frame.
 */
import { bounds, grow, holds } from '../geometry/rect.js'
import { TITLE } from '../geometry/layout.js'
import { ownColour, withAlpha } from '../view/theme.js'
import { coversNodes } from './covers.js'

/**
 * @typedef {import('../geometry/rect.js').Rect} Rect
 * @typedef {import('../model/types.js').NodeRecord} NodeRecord
 * @typedef {import('../view/theme.js').Theme} Theme
 */

/** A graph that changes all the time is drawn no faster than this, in ms. */
const SELDOM = 120
/** Nor may its drawing take more than one part in so many of the time. */
const SHARE = 30
/** Beyond this many the links would be one grey cloud. */
const MOST_LINKS = 3000

/**
 * @param {HTMLCanvasElement} canvas
 * @param {object} parts
 * @param {import('../tools/editor.js').Editor} parts.editor
 * @param {import('../model/session.js').Session} parts.session
 * @param {import('../app/names.js').Names} parts.names
 * @param {import('../app/settings.js').Settings} parts.settings
 * @param {() => Theme} parts.theme
 * @param {(listener: () => void) => void} parts.onTheme
 */
export function createMinimap(canvas, { editor, session, names, settings, theme, onTheme }) {
  const graph = document.createElement('canvas')
  let frame = 0
  /** When the graph's own canvas may be drawn again. */
  let next = 0
  let old = true
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer
  /** All nodes, in canvas pixels of the graph. @type {Rect | null} */
  let all = null
  /** What the map shows. @type {Rect} */
  let box = { x: 0, y: 0, w: 1, h: 1 }
  let scale = 1

  /** @param {boolean} changed the graph, and not the view alone */
  function later(changed) {
    old ||= changed
    frame ||= requestAnimationFrame(draw)
  }

  function draw() {
    frame = 0
    const shown = settings.values.minimap
    canvas.classList.toggle('off', !shown)
    if (!shown) return
    const now = performance.now()
    if (old && now < next) {
      timer ??= setTimeout(() => {
        timer = undefined
        later(true)
      }, next - now)
    }
    if (old && now >= next) {
      all = bounds(editor.graph.nodes(editor.graphId).map(boxOf))
      canvas.classList.toggle('bare', all === null)
    }
    const { clientWidth: width, clientHeight: height } = canvas
    const drawing = canvas.getContext('2d')
    if (!drawing || !width || !all) return
    const view = viewRect()
    // Where all can be seen the map tells nothing: it must not lie over a node.
    canvas.classList.toggle('away', holds(view, all) && coversNodes(canvas, editor))
    const wanted = reach(all, view)
    const moved = wanted.x !== box.x || wanted.y !== box.y || wanted.w !== box.w || wanted.h !== box.h
    if (sizeTo(canvas, width, height) || moved || (old && now >= next)) {
      box = wanted
      scale = Math.min(width / box.w, height / box.h)
      sizeTo(graph, width, height)
      const begun = performance.now()
      drawGraph(width, height)
      next = performance.now() + Math.max(SELDOM, SHARE * (performance.now() - begun))
      old = timer !== undefined
    }
    drawing.setTransform(1, 0, 0, 1, 0, 0)
    drawing.clearRect(0, 0, canvas.width, canvas.height)
    drawing.drawImage(graph, 0, 0)
    drawing.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0)
    const { x, y } = origin(width, height)
    drawing.strokeStyle = theme().accent
    drawing.lineWidth = 1
    drawing.strokeRect((view.x - x) * scale + 0.5, (view.y - y) * scale + 0.5, view.w * scale - 1, view.h * scale - 1)
  }

  /** @param {number} width @param {number} height */
  const origin = (width, height) => ({ x: box.x - (width / scale - box.w) / 2, y: box.y - (height / scale - box.h) / 2 })

  /** @param {number} width @param {number} height */
  function drawGraph(width, height) {
    const drawing = graph.getContext('2d')
    if (!drawing) return
    const colours = theme()
    const { x, y } = origin(width, height)
    const density = devicePixelRatio * scale
    drawing.setTransform(1, 0, 0, 1, 0, 0)
    drawing.clearRect(0, 0, graph.width, graph.height)
    drawing.setTransform(density, 0, 0, density, -x * density, -y * density)
    for (const { bounds: [left, top, w, h], color } of editor.graph.groups(editor.graphId)) {
      drawing.fillStyle = withAlpha((color && ownColour(colours, color, 'frame')) || colours.group, 0.16)
      drawing.fillRect(left, top, w, h)
    }
    drawLinks(drawing, colours)
    for (const node of editor.graph.nodes(editor.graphId)) {
      const rect = boxOf(node)
      const status = session.status(names.promptId(node.id) ?? '')
      drawing.fillStyle = status.error ? colours.error : status.state === 'running' ? colours.accent
        : session.notices(node.id).length ? colours.warning : editor.selection.has(node.id) ? colours.select : colourOf(colours, node)
      drawing.globalAlpha = node.mode === 0 ? 1 : 0.4
      drawing.fillRect(rect.x, rect.y, Math.max(2 / scale, rect.w), Math.max(2 / scale, rect.h))
    }
    drawing.globalAlpha = 1
  }

  /** @param {CanvasRenderingContext2D} drawing @param {Theme} colours */
  function drawLinks(drawing, colours) {
    const links = editor.graph.links(editor.graphId)
    if (links.length > MOST_LINKS) return
    drawing.beginPath()
    for (const link of links) {
      const [from, to] = [editor.graph.source(link), editor.graph.reader(link)]
      if (!from || !to) continue
      drawing.moveTo(from.pos[0] + from.size[0], from.pos[1])
      drawing.lineTo(to.pos[0], to.pos[1])
    }
    drawing.strokeStyle = withAlpha(colours.edge, 0.55)
    drawing.lineWidth = 0.75 / scale
    drawing.stroke()
  }

  /** @param {Theme} colours @param {NodeRecord} node */
  function colourOf(colours, node) {
    return (node.color && ownColour(colours, node.color, 'frame')) || colours.edge
  }

  function viewRect() {
    const { w, h } = editor.viewSize
    const { x, y, zoom } = editor.camera
    return { x, y, w: w / zoom, h: h / zoom }
  }

  /** @param {PointerEvent} event */
  function look(event) {
    const { left, top, width, height } = canvas.getBoundingClientRect()
    const { w, h } = editor.viewSize
    const { zoom } = editor.camera
    const from = origin(width, height)
    const x = (event.clientX - left) / scale + from.x
    const y = (event.clientY - top) / scale + from.y
    editor.setCamera({ x: x - w / 2 / zoom, y: y - h / 2 / zoom, zoom })
  }

  canvas.addEventListener('pointerdown', event => {
    canvas.setPointerCapture(event.pointerId)
    look(event)
  })
  canvas.addEventListener('pointermove', event => {
    if (canvas.hasPointerCapture(event.pointerId)) look(event)
  })
  editor.on('camera', () => later(false))
  editor.on('selection', () => later(true))
  editor.store.listen(() => later(true))
  session.listen(change => { if (change.nodes.size || change.run || change.notices) later(true) })
  settings.listen(() => later(true))
  onTheme(() => later(true))
  later(true)
}

/** A node's box without laying it out: near enough at this size. @param {NodeRecord} node @returns {Rect} */
const boxOf = ({ pos: [x, y], size: [w, h], collapsed }) => ({ x, y: y - TITLE, w, h: collapsed ? TITLE : h + TITLE })

/** @param {HTMLCanvasElement} canvas @param {number} width @param {number} height CSS px @returns {boolean} whether it had another size */
function sizeTo(canvas, width, height) {
  const [w, h] = [Math.round(width * devicePixelRatio), Math.round(height * devicePixelRatio)]
  if (canvas.width === w && canvas.height === h) return false
  canvas.width = w
  canvas.height = h
  return true
}

/**
 * What the map shows: all nodes, and the view as far as it is near, since one far out must not shrink the graph to a dot.
 * It grows by steps, so that the graph is not drawn again at each move of the view. @param {Rect} all @param {Rect} view @returns {Rect}
 */
function reach(all, view) {
  const step = Math.max(all.w, all.h) * 0.12 + 1
  const out = (/** @type {number} */ by) => Math.min(Math.max(Math.ceil(by / step), 0), 3) * step
  const [left, top] = [out(all.x - view.x), out(all.y - view.y)]
  const [right, bottom] = [out(view.x + view.w - all.x - all.w), out(view.y + view.h - all.y - all.h)]
  return grow({ x: all.x - left, y: all.y - top, w: all.w + left + right, h: all.h + top + bottom }, 40)
}
