/**
 * Points of the plane. Names tell the space where it matters: `screenPoint` in CSS pixels of the canvas element,
 * `canvasPoint` in the graph's own pixels.
 *
 * @typedef {{readonly x: number, readonly y: number}} Point
 */

/** @param {Point} a @param {Point} b @returns {Point} */
export const add = (a, b) => ({ x: a.x + b.x, y: a.y + b.y })

/** @param {Point} a @param {Point} b @returns {Point} */
export const subtract = (a, b) => ({ x: a.x - b.x, y: a.y - b.y })

/** @param {Point} a @param {number} factor @returns {Point} */
export const scale = (a, factor) => ({ x: a.x * factor, y: a.y * factor })

/** @param {Point} a @param {Point} b */
export const distance = (a, b) => Math.hypot(a.x - b.x, a.y - b.y)

/** The point `part` of the way from `a` to `b`. @param {Point} a @param {Point} b @param {number} part @returns {Point} */
export const lerp = (a, b, part) => ({ x: a.x + (b.x - a.x) * part, y: a.y + (b.y - a.y) * part })

/** @param {number} value @param {number} low @param {number} high */
export const clamp = (value, low, high) => Math.min(Math.max(value, low), high)
