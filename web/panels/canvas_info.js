/**
 * What drawing costs, in a corner: frames a second while something moves, the last frame's drawing, and how many nodes are
 * in view. It is told only while frames come, so that an idle canvas stays idle.
 */
import { t } from '../language/t.js'
import { setText } from './dom.js'

/** Not faster than one can read, in ms. */
const OFTEN = 250

/** @param {HTMLElement} host @param {import('../tools/editor.js').Editor} editor @param {import('../app/settings.js').Settings} settings */
export function createCanvasInfo(host, editor, settings) {
  /** Times of the last frames. @type {number[]} */
  let frames = []
  let told = 0
  /** @type {(() => void) | null} */
  let end = null

  function onFrame() {
    const now = performance.now()
    frames = [...frames.filter(time => now - time < 1000), now]
    if (now - told < OFTEN) return
    told = now
    const { camera, viewSize: { w, h }, graph, graphId, renderer, scene } = editor
    const seen = scene.nodesIn({ x: camera.x, y: camera.y, w: w / camera.zoom, h: h / camera.zoom }).length
    const count = graph.nodes(graphId).length
    const rate = frames.length > 2 ? Math.round((1000 * (frames.length - 1)) / Math.max(now - (frames[0] ?? now), 1)) : 0
    setText(host, [rate ? t('{rate} frames/s', { rate }) : '', `${renderer.lastDraw.toFixed(1)} ms`, t('{seen} of {count} nodes', { seen, count }), `${Math.round(camera.zoom * 100)}%`].filter(Boolean).join(' · '))
  }

  function apply() {
    host.hidden = !settings.values.canvasInfo
    if (host.hidden === (end === null)) return
    end?.()
    end = host.hidden ? null : editor.paint(onFrame)
  }
  settings.listen(apply)
  apply()
}
