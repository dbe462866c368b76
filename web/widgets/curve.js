/** A curve, large: points are dragged, moved by arrows, typed as numbers, added by a press beside them, removed by Delete. */
import { t } from '../language/t.js'
import { added, knotNear, knotsOf, moved, removed, smooth, STRAIGHT, withKnots } from '../model/curve.js'
import { h } from '../panels/dom.js'
import { float } from '../panels/float.js'

const SIDE = 260
const REACH = 0.05
const NUDGE = 0.01
const SVG = 'http://www.w3.org/2000/svg'

/** @typedef {import('../model/curve.js').Knot} Knot */

/**
 * @param {HTMLElement} host @param {import('./request.js').EditRequest} request
 * @returns {import('./request.js').OpenEditor}
 */
export function openCurve(host, request) {
  const stage = host.getBoundingClientRect()
  const { box } = request
  let knots = knotsOf(request.value)
  let chosen = knots.length - 1
  const picture = make('svg', { viewBox: `-8 -8 ${SIDE + 16} ${SIDE + 16}`, width: SIDE + 16, height: SIDE + 16, tabindex: 0, role: 'application', 'aria-label': t('{label}: points; arrows move, Delete removes, Tab goes on', { label: request.label }) })
  const [x, y] = [number(t('Across, of the chosen point')), number(t('Up, of the chosen point'))]
  const drop = h('button', { type: 'button', onclick: () => change(removed(knots, chosen), Math.max(0, chosen - 1)) }, t('Remove the point'))
  const straight = h('button', { type: 'button', onclick: () => change([...STRAIGHT], 1) }, t('Straight'))
  const card = h('div.curve', { role: 'dialog', 'aria-label': request.label }, picture,
    h('div.pair', {}, h('label', {}, t('Across'), x), h('label', {}, t('Up'), y)), h('div.buttons', {}, drop, straight))
  let keep = true
  const close = float(card, {
    anchor: { x: stage.left + box.x, y: stage.top + box.y, width: box.width, height: box.height },
    onClose: () => {
      const value = withKnots(request.value, knots)
      if (keep && JSON.stringify(value) !== JSON.stringify(request.value)) request.commit(value)
      request.closed()
    },
  })

  /** @param {string} label */
  function number(label) {
    return h('input.field', { type: 'number', min: 0, max: 1, step: 0.01, 'aria-label': label,
      oninput: () => { if (x.value && y.value) change(moved(knots, chosen, [Number(x.value), Number(y.value)]), chosen, true) } })
  }

  /** @param {Knot[]} next @param {number} index @param {boolean} [typed] */
  function change(next, index, typed = false) {
    knots = next
    chosen = Math.min(index, knots.length - 1)
    draw(typed)
  }

  function draw(typed = false) {
    const height = smooth(knots)
    const line = Array.from({ length: SIDE / 2 + 1 }, (_, at) => `${at ? 'L' : 'M'}${at * 2} ${((1 - height((at * 2) / SIDE)) * SIDE).toFixed(2)}`).join('')
    const grid = [0, 1, 2, 3, 4].map(part => `M${(part * SIDE) / 4} 0V${SIDE}M0 ${(part * SIDE) / 4}H${SIDE}`).join('')
    picture.replaceChildren(make('path', { d: grid, class: 'grid' }), make('path', { d: line, class: 'line' }),
      ...knots.map(([knotX, knotY], index) => make('circle', { cx: knotX * SIDE, cy: (1 - knotY) * SIDE, r: index === chosen ? 6 : 5, class: index === chosen ? 'chosen' : '' })))
    const [chosenX, chosenY] = knots[chosen] ?? [0, 0]
    if (!typed) {
      x.value = chosenX.toFixed(2)
      y.value = chosenY.toFixed(2)
    }
    drop.toggleAttribute('disabled', knots.length <= 2)
  }

  /** @param {PointerEvent} event @returns {Knot} */
  const place = event => {
    const { left, top, width } = picture.getBoundingClientRect()
    const scale = (SIDE + 16) / width
    return [((event.clientX - left) * scale - 8) / SIDE, 1 - ((event.clientY - top) * scale - 8) / SIDE]
  }
  picture.addEventListener('pointerdown', event => {
    picture.setPointerCapture(event.pointerId)
    const found = knotNear(knots, place(event), [REACH, REACH])
    if (found >= 0) return change(knots, found)
    const next = added(knots, place(event))
    if (next.index >= 0) change(next.knots, next.index)
  })
  picture.addEventListener('pointermove', event => {
    if (picture.hasPointerCapture(event.pointerId)) change(moved(knots, chosen, place(event)), chosen)
  })
  picture.addEventListener('keydown', event => {
    const by = event.shiftKey ? NUDGE / 10 : event.ctrlKey || event.metaKey ? NUDGE * 10 : NUDGE
    const way = /** @type {Record<string, Knot>} */ ({ ArrowLeft: [-by, 0], ArrowRight: [by, 0], ArrowUp: [0, by], ArrowDown: [0, -by] })[event.key]
    const [knotX, knotY] = knots[chosen] ?? [0, 0]
    const next = chosen + (event.shiftKey ? -1 : 1)
    if (way) change(moved(knots, chosen, [knotX + way[0], knotY + way[1]]), chosen)
    else if (event.key === 'Delete' || event.key === 'Backspace') change(removed(knots, chosen), Math.max(0, chosen - 1))
    else if (event.key === 'Tab' && next >= 0 && next < knots.length) change(knots, next)
    else return
    event.preventDefault()
  })
  card.addEventListener('keydown', event => {
    if (event.key === 'Escape') keep = false // and the floating card closes itself
    else if (event.key === 'Enter' && !(event.target instanceof HTMLButtonElement)) close()
    if (event.key !== 'Escape' && !event.ctrlKey && !event.metaKey) event.stopPropagation()
  })
  draw()
  picture.focus({ preventScroll: true })
  return { element: card, close: kept => { keep = kept; close() } }
}

/** @param {string} tag @param {Record<string, string | number>} attributes */
function make(tag, attributes) {
  const element = /** @type {SVGElement} */ (document.createElementNS(SVG, tag))
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value))
  return element
}
