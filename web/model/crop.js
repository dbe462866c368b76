/**
 * Widgets that are a box on a picture, or the four numbers of one, and what a box may be.
 *
 * @typedef {import('./widget_values.js').Widget} Widget
 * @typedef {{box: string} | {x: string, y: string, w: string, h: string}} Crop The widget that holds the box, or its numbers.
 * @typedef {import('../geometry/rect.js').Rect} Rect
 */

import { isFinite, isObject } from './json.js'

const NAMES = /** @type {const} */ (['x', 'y', 'width', 'height'])
/** A box is at least so many pixels wide and tall. */
const LEAST = 1

/**
 * The names of a node's widgets for a box, or for left, top, width and height of one; null where it has no such widgets.
 * Names with one common beginning count too: `crop_x`, `crop_y`, `crop_width`, `crop_height`.
 * @param {readonly Widget[]} widgets
 * @returns {Crop | null}
 */
export function cropOf(widgets) {
  const whole = widgets.find(({ spec }) => spec.kind === 'box')
  if (whole) return { box: whole.name }
  const numbers = new Set(widgets.flatMap(({ name, spec }) => (spec.kind === 'number' && spec.integer ? [name] : [])))
  for (const name of numbers) {
    const start = name.endsWith('width') ? name.slice(0, -'width'.length) : null
    if (start === null || !NAMES.every((part) => numbers.has(start + part))) continue
    return { x: `${start}x`, y: `${start}y`, w: `${start}width`, h: `${start}height` }
  }
  return null
}

/** A box as a widget holds it; null for what is none. @param {unknown} value @returns {Rect | null} */
export function asBox(value) {
  if (!isObject(value)) return null
  const { x, y, width, height } = value
  return [x, y, width, height].every(isFinite) ? { x: Number(x), y: Number(y), w: Number(width), h: Number(height) } : null
}

/** A box of whole pixels inside a picture, moved in before it is made smaller. @param {Rect} box @param {number} width @param {number} height @returns {Rect} */
export function inside(box, width, height) {
  const w = Math.min(Math.max(Math.round(box.w), LEAST), width)
  const h = Math.min(Math.max(Math.round(box.h), LEAST), height)
  return { x: Math.min(Math.max(Math.round(box.x), 0), width - w), y: Math.min(Math.max(Math.round(box.y), 0), height - h), w, h }
}

/** @typedef {'n' | 's' | 'e' | 'w' | 'ne' | 'nw' | 'se' | 'sw' | 'move'} Handle */

/**
 * A box dragged by a handle to a point of the picture. The side or corner across from it stays where it is.
 * @param {Rect} box as it was when the drag began @param {Handle} handle @param {{x: number, y: number}} by pixels of the picture
 * @param {number} width of the picture @param {number} height @param {number | null} aspect width by height that is kept
 * @returns {Rect}
 */
export function dragged(box, handle, by, width, height, aspect) {
  if (handle === 'move') return inside({ ...box, x: box.x + by.x, y: box.y + by.y }, width, height)
  const [west, north] = [handle.includes('w'), handle.includes('n')]
  const [across, down] = [west || handle.includes('e'), north || handle.includes('s')]
  // The side that stays, and how far the other may go from it.
  const fixed = { x: west ? box.x + box.w : box.x, y: north ? box.y + box.h : box.y }
  const room = { w: west ? fixed.x : width - fixed.x, h: north ? fixed.y : height - fixed.y }
  let w = across ? clamp(box.w + (west ? -by.x : by.x), room.w) : box.w
  let h = down ? clamp(box.h + (north ? -by.y : by.y), room.h) : box.h
  if (aspect !== null) {
    // The side that was dragged farther leads.
    const leads = across && (!down || Math.abs(w / box.w - 1) >= Math.abs(h / box.h - 1))
    if (leads) h = w / aspect
    else w = h * aspect
    const shrink = Math.min(1, room.w / w, room.h / h)
    ;[w, h] = [clamp(w * shrink, room.w), clamp(h * shrink, room.h)]
  }
  ;[w, h] = [Math.round(w), Math.round(h)]
  return inside({ x: west ? fixed.x - w : fixed.x, y: north ? fixed.y - h : fixed.y, w, h }, width, height)
}

/** @param {number} size @param {number} most */
const clamp = (size, most) => Math.min(Math.max(size, LEAST), Math.max(most, LEAST))
