/**
 * The camera: which part of the canvas is seen, and how large. `x`, `y` is the canvas point at the top left of the view.
 *
 * @typedef {import('./vec.js').Point} Point
 * @typedef {import('./rect.js').Rect} Rect
 * @typedef {{readonly x: number, readonly y: number, readonly zoom: number}} Camera
 */
import { clamp } from './vec.js'

export const LEAST_ZOOM = 0.05
export const MOST_ZOOM = 8

/** @param {Camera} camera @param {Point} canvasPoint @returns {Point} */
export const toScreen = (camera, canvasPoint) => ({
  x: (canvasPoint.x - camera.x) * camera.zoom, y: (canvasPoint.y - camera.y) * camera.zoom
})

/** @param {Camera} camera @param {Point} screenPoint @returns {Point} */
export const toCanvas = (camera, screenPoint) => ({
  x: screenPoint.x / camera.zoom + camera.x, y: screenPoint.y / camera.zoom + camera.y
})

/** @param {Camera} camera @param {Rect} rect @returns {Rect} */
export const rectToScreen = (camera, rect) => ({
  ...toScreen(camera, rect), w: rect.w * camera.zoom, h: rect.h * camera.zoom
})

/** What a view of `width` by `height` CSS pixels shows. @param {Camera} camera @param {number} width @param {number} height @returns {Rect} */
export const visible = (camera, width, height) => ({
  x: camera.x, y: camera.y, w: width / camera.zoom, h: height / camera.zoom
})

/** The camera after a pan by so many CSS pixels. @param {Camera} camera @param {Point} by @returns {Camera} */
export const pan = (camera, by) => ({
  x: camera.x - by.x / camera.zoom, y: camera.y - by.y / camera.zoom, zoom: camera.zoom
})

/** The camera with another zoom, the canvas point under `screenPoint` staying where it is. @param {Camera} camera @param {number} zoom @param {Point} screenPoint @returns {Camera} */
export function zoomTo(camera, zoom, screenPoint) {
  const next = clamp(zoom, LEAST_ZOOM, MOST_ZOOM)
  const still = toCanvas(camera, screenPoint)
  return { x: still.x - screenPoint.x / next, y: still.y - screenPoint.y / next, zoom: next }
}

/**
 * The camera that shows all of `rect` in the middle of a view, no larger than `most`.
 * @param {Rect} rect @param {number} width @param {number} height
 * @param {{margin?: number, most?: number}} [options] margin in CSS pixels
 * @returns {Camera}
 */
export function fit(rect, width, height, { margin = 48, most = 1 } = {}) {
  const room = { w: Math.max(width - 2 * margin, 1), h: Math.max(height - 2 * margin, 1) }
  const zoom = clamp(Math.min(room.w / Math.max(rect.w, 1), room.h / Math.max(rect.h, 1)), LEAST_ZOOM, most)
  return { x: rect.x + rect.w / 2 - width / 2 / zoom, y: rect.y + rect.h / 2 - height / 2 / zoom, zoom }
}
