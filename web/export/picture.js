/**
 * The whole graph on the canvas as a PNG that carries it: dropped on the page, it opens.
 *
 * @typedef {import('../tools/editor.js').Editor} Editor
 */
import { groupBox } from '../commands/move.js'
import { bounds, grow } from '../geometry/rect.js'
import { t } from '../language/t.js'
import { drawGrid } from '../view/draw_canvas.js'
import { drawScene } from '../view/draw_scene.js'
import { asciiJson, withText } from './png_text.js'

const MARGIN = 40
/** What browsers draw without running out of memory: pixels in all, and on a side. */
const MOST_PIXELS = 48e6
const LONGEST_SIDE = 16_000
const LEAST_SCALE = 0.02

/**
 * The picture's size at a scale, and the scale that is left of it where that is more than can be drawn.
 * @param {Editor} editor @param {number} wanted
 */
export function pictureSize(editor, wanted) {
  const { graph, graphId, scene } = editor
  const box = bounds([...scene.rects(), ...graph.groups(graphId).map(groupBox), ...graph.reroutes(graphId).map(({ pos: [x, y] }) => ({ x, y, w: 1, h: 1 }))])
  if (!box) return null
  const region = grow(box, MARGIN)
  const scale = Math.max(LEAST_SCALE, Math.min(wanted, LONGEST_SIDE / Math.max(region.w, region.h), Math.sqrt(MOST_PIXELS / (region.w * region.h))))
  return { region, scale, width: Math.min(LONGEST_SIDE, Math.ceil(region.w * scale)), height: Math.min(LONGEST_SIDE, Math.ceil(region.h * scale)) }
}

/** @param {Editor} editor @param {number} wanted CSS pixels for one of the canvas @returns {Promise<Blob>} */
export async function graphPicture(editor, wanted) {
  const size = pictureSize(editor, wanted)
  if (!size) throw new Error(t('An empty graph has no picture.'))
  const { region, scale, width, height } = size
  const canvas = document.createElement('canvas')
  canvas.width = width
  canvas.height = height
  const ctx = canvas.getContext('2d', { alpha: false })
  if (!ctx) throw new Error(t('The browser has no memory for a picture of this size.'))
  const { renderer: { theme }, scene, store, graph, graphId, schema, session, promptId, types, expressions, pictures, look } = editor
  const camera = { x: region.x, y: region.y, zoom: scale }
  /** @type {import('../view/renderer.js').ViewState} */
  const view = {
    camera, scene, store, graph, graphId, schema, session, promptId, types, expressions, pictures, look,
    selection: new Set(), dragging: new Set(), hover: { kind: 'canvas' }, edited: null, draggedLink: null, dropLink: null, brush: null, painters: new Set(),
  }
  drawGrid(ctx, theme, camera, 1, width, height, { ...look, backdrop: null })
  drawScene(ctx, theme, view, { scale, left: -region.x * scale, top: -region.y * scale, ratio: 1, crowded: false }, region, false, true, false)
  const blob = await new Promise(resolve => canvas.toBlob(resolve, 'image/png'))
  canvas.width = canvas.height = 0
  if (!(blob instanceof Blob)) throw new Error(t('The browser has no memory for a picture of this size.'))
  const bytes = withText(new Uint8Array(await blob.arrayBuffer()), 'workflow', asciiJson(editor.save()))
  return new Blob([bytes], { type: 'image/png' })
}
