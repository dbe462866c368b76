/** A small picture of the graph on the canvas: frames, links and nodes, as one remembers it. */
import { groupBox } from '../commands/move.js'
import { bounds } from '../geometry/rect.js'
import { ownColour, withAlpha } from '../view/theme.js'

const WIDTH = 288
const HEIGHT = 180
const MARGIN = 10
/** Beyond so many links the picture would be a grey veil. */
const MOST_LINKS = 2000

/** @param {import('../tools/editor.js').Editor} editor @returns {string | null} a `data:` address; null for an empty graph, or where the canvas gives no picture */
export function thumbnail(editor) {
  const nodes = editor.graph.nodes('')
  const groups = editor.graph.groups('')
  const box = bounds([...nodes.map(editor.rectOf), ...groups.map(groupBox)])
  const canvas = document.createElement('canvas')
  const drawing = canvas.getContext('2d')
  if (!box || !drawing || editor.graphId !== '') return null
  canvas.width = WIDTH
  canvas.height = HEIGHT
  const { theme } = editor.renderer
  const scale = Math.min((WIDTH - 2 * MARGIN) / box.w, (HEIGHT - 2 * MARGIN) / box.h, 0.5)
  drawing.fillStyle = theme.canvas
  drawing.fillRect(0, 0, WIDTH, HEIGHT)
  drawing.setTransform(scale, 0, 0, scale, (WIDTH - box.w * scale) / 2 - box.x * scale, (HEIGHT - box.h * scale) / 2 - box.y * scale)
  for (const { bounds: [x, y, w, h], color } of groups) {
    drawing.fillStyle = withAlpha((color && ownColour(theme, color, 'frame')) || theme.group, 0.2)
    drawing.fillRect(x, y, w, h)
  }
  const links = editor.graph.links('')
  if (links.length <= MOST_LINKS) {
    drawing.beginPath()
    for (const link of links) {
      const [from, to] = [editor.graph.source(link), editor.graph.reader(link)]
      if (!from || !to) continue
      const [a, b] = [editor.rectOf(from), editor.rectOf(to)]
      drawing.moveTo(a.x + a.w, a.y + Math.min(40, a.h / 2))
      drawing.lineTo(b.x, b.y + Math.min(40, b.h / 2))
    }
    drawing.strokeStyle = theme.edge
    drawing.lineWidth = 1 / scale
    drawing.stroke()
  }
  for (const node of nodes) {
    const { x, y, w, h } = editor.rectOf(node)
    const title = Math.min(30, h)
    drawing.globalAlpha = node.mode === 0 ? 1 : 0.5
    drawing.fillStyle = theme.raised
    drawing.fillRect(x, y, w, h)
    drawing.fillStyle = (node.color && ownColour(theme, node.color, 'frame')) || theme.edge
    drawing.fillRect(x, y, w, title)
  }
  try {
    const url = canvas.toDataURL('image/webp', 0.7)
    return url.startsWith('data:image/') ? url : null
  } catch {
    return null // some browsers that hide who one is give no pictures
  }
}
