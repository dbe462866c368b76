/** A curve on a unit square: its points are dragged, a drag beside them adds one, out of the square takes one away. */
import { added, knotNear, knotsOf, moved, removed, smooth, withKnots } from '../model/curve.js'
import { drawFeeder, drawField } from './widget_field.js'

/** Around the square. */
const EDGE = 8
/** Canvas pixels that a pointer may miss a point by. */
const REACH = 12
/** A point this far outside is gone. */
const OUT = 26

/** @typedef {import('../geometry/rect.js').Rect} Rect */

/** @type {import('./widget_kinds.js').WidgetKind} */
export const CURVE = {
  bare: true,

  draw(drawing) {
    const { ctx, theme, place: { field }, widget: { value }, state } = drawing
    drawField(drawing)
    if (state.feeder) return drawFeeder(drawing)
    const box = square(field)
    const knots = knotsOf(value)
    const height = smooth(knots)
    ctx.lineWidth = 1
    ctx.strokeStyle = theme.line
    ctx.beginPath()
    for (let part = 0; part <= 4; part++) {
      ctx.moveTo(box.x + (box.w * part) / 4, box.y)
      ctx.lineTo(box.x + (box.w * part) / 4, box.y + box.h)
      ctx.moveTo(box.x, box.y + (box.h * part) / 4)
      ctx.lineTo(box.x + box.w, box.y + (box.h * part) / 4)
    }
    ctx.stroke()
    ctx.lineWidth = 2
    ctx.strokeStyle = theme.accentText
    ctx.beginPath()
    for (let x = 0; x <= box.w; x += 2) ctx.lineTo(box.x + x, box.y + box.h * (1 - height(x / box.w)))
    ctx.stroke()
    for (const [x, y] of knots) {
      ctx.beginPath()
      ctx.arc(box.x + x * box.w, box.y + (1 - y) * box.h, 3.5, 0, Math.PI * 2)
      ctx.fillStyle = theme.field
      ctx.fill()
      ctx.stroke()
    }
  },

  partAt: ({ field }, { value }, point) => (near(field, value, point) >= 0 ? 'knot' : 'value'),
  cursors: { knot: 'move', value: 'crosshair' },

  drag({ field }, { value }, _part, from) {
    const found = near(field, value, from)
    const begun = found >= 0 ? { knots: knotsOf(value), index: found } : added(knotsOf(value), inUnits(square(field), from))
    if (begun.index < 0) return null
    return ({ point }) => {
      const box = square(field)
      const out = point.x < box.x - OUT || point.x > box.x + box.w + OUT || point.y < box.y - OUT || point.y > box.y + box.h + OUT
      return withKnots(value, out ? removed(begun.knots, begun.index) : moved(begun.knots, begun.index, inUnits(box, point)))
    }
  }
}

/** @param {Rect} field @returns {Rect} */
const square = ({ x, y, w, h }) => ({ x: x + EDGE, y: y + EDGE, w: Math.max(w - 2 * EDGE, 1), h: Math.max(h - 2 * EDGE, 1) })

/** @param {Rect} box @param {import('../geometry/vec.js').Point} point @returns {import('../model/curve.js').Knot} */
const inUnits = (box, point) => [(point.x - box.x) / box.w, 1 - (point.y - box.y) / box.h]

/** @param {Rect} field @param {unknown} value @param {import('../geometry/vec.js').Point} point */
function near(field, value, point) {
  const box = square(field)
  return knotNear(knotsOf(value), inUnits(box, point), [REACH / box.w, REACH / box.h])
}
