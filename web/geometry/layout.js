/**
 * Where everything on a node lies, in the node's own pixels: the origin is the top left of the body, the title is above
 * it. The body may be taller than the size that the file gives, never shorter: nothing is ever cut off.
 *
 * @typedef {import('./rect.js').Rect} Rect
 *
 * @typedef {object} SocketShape
 * @property {'in' | 'out'} side
 * @property {number} index Into the record's sockets; -1 where only the schema knows it.
 * @property {string} name
 * @property {string} label
 * @property {string} type
 * @property {boolean} optional
 * @property {boolean} list
 * @property {string | null} widget The widget that it feeds.
 *
 * @typedef {object} WidgetShape
 * @property {string} name
 * @property {string} label
 * @property {string} kind
 * @property {number} height Of its row; the least of one that grows.
 * @property {boolean} grows It takes what the node is taller than it must be.
 * @property {boolean} wide Its value takes the whole width, and its label stands in it.
 * @property {boolean} control A control for after the run stands behind the value.
 * @property {boolean} upload A button for a file stands behind the value.
 *
 * @typedef {object} NodeShape
 * @property {string} title
 * @property {readonly [number, number]} size
 * @property {boolean} collapsed
 * @property {boolean} bare No title, no rows: a reroute.
 * @property {readonly SocketShape[]} inputs Those with a widget are laid on its row.
 * @property {readonly SocketShape[]} outputs
 * @property {readonly WidgetShape[]} widgets
 * @property {boolean} picture Room for a picture is kept, also while there is none.
 * @property {number | null} aspect Height by width of what is shown, or will be; null for nothing. 0: a preview only, for
 *   which a node never grows: it takes room that the node has, or a corner beside the sockets.
 *
 * @typedef {SocketShape & {x: number, y: number}} SocketPlace
 * @typedef {WidgetShape & {rect: Rect, field: Rect, button: Rect | null}} WidgetPlace
 *   `rect` is the whole row, `field` what holds the value, `button` the control or upload behind it.
 *
 * @typedef {object} NodeLayout
 * @property {number} width
 * @property {number} height Of the body; 0 for a collapsed node.
 * @property {Rect} rect All of the node with its title.
 * @property {readonly SocketPlace[]} sockets
 * @property {readonly WidgetPlace[]} widgets
 * @property {(Rect & {corner?: boolean}) | null} picture
 * @property {readonly [number, number]} least The smallest size that holds everything.
 */
import { clamp } from './vec.js'

export const TITLE = 30
export const ROW = 24
export const WIDGET_ROW = 26
const FIELD = 22
export const INSET = 12
const TOP = 6
const BOTTOM = 8
const BUTTON = 24
const LEAST_WIDTH = 140
const PICTURE = 72
/** Less room than this a preview does not take. */
const PREVIEW = 96
const BARE = /** @type {const} */ ([48, 26])
/** Pixels of a letter at 12 px, on average: the columns only need to be about right. */
const LETTER = 7.1

/** @param {NodeShape} shape @returns {NodeLayout} */
export function layout(shape) {
  if (shape.bare) return bare(shape)
  if (shape.collapsed) return collapsed(shape)
  const width = Math.max(shape.size[0], LEAST_WIDTH)
  const rows = shape.inputs.filter((input) => input.widget === null)
  const count = Math.max(rows.length, shape.outputs.length)
  const top = TOP + count * ROW
  const natural = heights(shape, width)
  const height = Math.max(shape.size[1], natural.total)
  const spare = height - natural.total
  const growing = shape.widgets.filter((widget) => widget.grows).length
  const share = natural.picture === 0 && growing > 0 ? spare / growing : 0
  const fieldLeft = fieldColumn(shape, width)

  /** @type {WidgetPlace[]} */
  const widgets = []
  let y = top + (count && shape.widgets.length ? 2 : 0)
  for (const widget of shape.widgets) {
    const rowHeight = widget.height + (widget.grows ? share : 0)
    widgets.push(placeWidget(widget, { x: 0, y, w: width, h: rowHeight }, fieldLeft))
    y += rowHeight
  }

  /** @type {SocketPlace[]} */
  const sockets = []
  rows.forEach((input, row) => sockets.push({ ...input, x: 0, y: TOP + row * ROW + ROW / 2 }))
  shape.outputs.forEach((output, row) => sockets.push({ ...output, x: width, y: TOP + row * ROW + ROW / 2 }))
  for (const input of shape.inputs) {
    const place = widgets.find((widget) => widget.name === input.widget)
    if (place) sockets.push({ ...input, x: 0, y: place.rect.y + (place.wide ? Math.min(16, place.rect.h / 2) : place.rect.h / 2) })
  }

  const picture = natural.picture > 0
    ? { x: 0, y: y + 6, w: width, h: height - y - 6 }
    : shape.aspect === 0 ? corner(width, rows.length, shape.outputs.length) : null
  return {
    width, height, sockets, widgets, picture,
    rect: { x: 0, y: -TITLE, w: width, h: height + TITLE },
    least: [LEAST_WIDTH, natural.least]
  }
}

/**
 * How tall the body must be, and what of it a picture takes.
 * @param {NodeShape} shape @param {number} width
 */
function heights(shape, width) {
  const rows = Math.max(shape.inputs.filter((input) => input.widget === null).length, shape.outputs.length)
  let fixed = TOP + rows * ROW + (rows && shape.widgets.length ? 2 : 0)
  for (const widget of shape.widgets) fixed += widget.height
  const spare = shape.size[1] - fixed - 6
  const least = fixed + (shape.picture ? PICTURE + 6 : BOTTOM)
  if (shape.aspect === null) {
    return shape.picture ? { total: fixed + 6 + PICTURE, picture: PICTURE, least } : { total: fixed + BOTTOM, picture: 0, least }
  }
  if (shape.aspect === 0) {
    return spare >= PREVIEW ? { total: fixed + 6 + PICTURE, picture: PICTURE, least } : { total: fixed + BOTTOM, picture: 0, least }
  }
  // A picture that finds room takes it; one that does not gets as much as its shape asks for, a square at most.
  const wanted = width * clamp(shape.aspect, 0.4, 1)
  const picture = spare >= Math.min(wanted, shape.picture ? PICTURE : 96) ? PICTURE : wanted
  return { total: fixed + 6 + picture, picture, least }
}

/** The corner that the shorter side of the sockets leaves free; null where it leaves less than two rows. @param {number} width @param {number} inputs @param {number} outputs @returns {Rect & {corner: boolean} | null} */
function corner(width, inputs, outputs) {
  const free = Math.abs(inputs - outputs)
  if (free < 2) return null
  const w = Math.min(width * 0.45, free * ROW * 1.5)
  const y = TOP + Math.min(inputs, outputs) * ROW + 2
  return { x: outputs < inputs ? width - INSET - w : INSET, y, w, h: free * ROW - 4, corner: true }
}

/** Values stand in one column, right of the longest label. @param {NodeShape} shape @param {number} width */
function fieldColumn(shape, width) {
  const inner = width - 2 * INSET
  const longest = Math.max(0, ...shape.widgets.filter((widget) => !widget.wide).map((widget) => widget.label.length))
  return INSET + (longest ? clamp(longest * LETTER + 14, Math.min(72, inner * 0.36), inner * 0.46) : 0)
}

/** @param {WidgetShape} widget @param {Rect} rect @param {number} left @returns {WidgetPlace} */
function placeWidget(widget, rect, left) {
  if (widget.wide) {
    return { ...widget, rect, button: null, field: { x: INSET, y: rect.y + 4, w: rect.w - 2 * INSET, h: rect.h - 8 } }
  }
  const y = rect.y + (rect.h - FIELD) / 2
  const button = widget.control || widget.upload ? { x: rect.w - INSET - BUTTON, y, w: BUTTON, h: FIELD } : null
  return { ...widget, rect, button, field: { x: left, y, w: rect.w - INSET - left - (button ? BUTTON : 0), h: FIELD } }
}

/** @param {NodeShape} shape @returns {NodeLayout} */
function collapsed(shape) {
  const width = clamp(shape.title.length * LETTER * 1.2 + 78, 80, Math.max(shape.size[0], 80))
  return {
    width, height: 0, widgets: [], picture: null, least: [80, 0],
    rect: { x: 0, y: -TITLE, w: width, h: TITLE },
    sockets: [
      ...shape.inputs.map((input) => ({ ...input, x: 0, y: -TITLE / 2 })),
      ...shape.outputs.map((output) => ({ ...output, x: width, y: -TITLE / 2 }))
    ]
  }
}

/** @param {NodeShape} shape @returns {NodeLayout} */
function bare(shape) {
  const width = Math.max(shape.size[0], BARE[0])
  const height = Math.max(shape.size[1], BARE[1])
  return {
    width, height, picture: null, least: BARE,
    // A wire without a line has its name there.
    widgets: shape.widgets.slice(0, 1).map((widget) => ({
      ...widget, rect: { x: 0, y: 0, w: width, h: height }, field: { x: 14, y: 2, w: width - 28, h: height - 4 }, button: null
    })),
    rect: { x: 0, y: 0, w: width, h: height },
    sockets: [
      ...shape.inputs.map((input) => ({ ...input, x: 0, y: height / 2 })),
      ...shape.outputs.map((output) => ({ ...output, x: width, y: height / 2 }))
    ]
  }
}
