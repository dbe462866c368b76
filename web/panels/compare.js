/** The second picture of a comparison: over the first one, right of a line that one drags, or beside it. */
import { icon } from '../icons/icons.js'
import { t } from '../language/t.js'
import { kindOf } from '../view/media.js'
import { fill, h } from './dom.js'

/** @typedef {'line' | 'beside' | null} Mode */

/**
 * @param {object} parts
 * @param {{ url: string, name: string }[]} parts.pictures
 * @param {() => void} parts.place  asks for `follow`
 * @param {() => void} parts.fit  the room for a picture is another one
 */
export function createCompare({ pictures, place, fit }) {
  /** @type {Mode} */
  let mode = null
  let other = -1
  let split = 0.5
  const image = h('img', { alt: '', draggable: 'false' })
  const pane = h('div.pane.second', {}, image)
  const divider = h('div.divider', { role: 'slider', tabindex: 0, 'aria-label': t('Line between the two pictures'), 'aria-valuemin': 0, 'aria-valuemax': 100 }, h('span', {}, icon('left', 12), icon('right', 12)))
  const element = h('div.comparison', { hidden: true })
  const label = h('span.name.number')
  const line = h('button', { type: 'button', onclick: () => { set('line', -1); fit() } }, t('Line'))
  const beside = h('button', { type: 'button', onclick: () => { set('beside', -1); fit() } }, t('Side by side'))
  const controls = h('span.compared', { hidden: true }, label, line, beside)

  /** @param {Mode} to @param {number} first  index of the first picture; -1: only the mode changes */
  function set(to, first) {
    mode = to
    element.hidden = controls.hidden = mode === null
    fill(element, mode === null ? null : [pane, divider])
    divider.hidden = mode !== 'line'
    element.dataset.mode = mode ?? ''
    element.parentElement?.setAttribute('data-compare', mode ?? '')
    line.setAttribute('aria-pressed', String(mode === 'line'))
    beside.setAttribute('aria-pressed', String(mode === 'beside'))
    if (mode === null) image.removeAttribute('src')
    else if (first >= 0) {
      other = first
      turn(1, first)
    }
    cut()
  }

  /** To another second picture: not the first one, and none that plays. @param {number} step @param {number} first */
  function turn(step, first) {
    for (let tried = 0; tried < pictures.length; tried++) {
      other = (other + step + pictures.length) % pictures.length
      const kind = kindOf(pictures[other]?.name ?? '')
      if (other !== first && kind !== 'video' && kind !== 'sound') break
    }
    const picture = pictures[other]
    if (!picture) return
    image.src = picture.url
    image.alt = t('Compared with {name}', { name: picture.name })
    fill(label, t('with {name}', { name: picture.name }))
  }

  function cut() {
    pane.style.clipPath = mode === 'line' ? `inset(0 0 0 ${split * 100}%)` : ''
    divider.style.left = `${split * 100}%`
    divider.setAttribute('aria-valuenow', String(Math.round(split * 100)))
  }

  /** @param {number} to */
  function move(to) {
    split = Math.min(1, Math.max(0, to))
    cut()
  }

  divider.addEventListener('pointerdown', event => {
    event.stopPropagation()
    divider.setPointerCapture(event.pointerId)
  })
  divider.addEventListener('pointermove', event => {
    if (!divider.hasPointerCapture(event.pointerId)) return
    const box = element.getBoundingClientRect()
    move((event.clientX - box.left) / box.width)
  })
  divider.addEventListener('keydown', event => {
    const by = { ArrowLeft: -0.02, ArrowRight: 0.02 }[event.key]
    if (by === undefined) return
    event.preventDefault()
    move(split + by)
  })
  image.addEventListener('load', place)

  return {
    element, controls, set, turn,
    get mode() {
      return mode
    },
    /** The second picture lies as the first does, and is as wide. @param {import('../geometry/pan_zoom.js').PanZoom} view @param {HTMLImageElement} first */
    follow(view, first) {
      if (mode === null || !image.naturalWidth) return
      const scale = view.scale * (first.naturalWidth / image.naturalWidth)
      image.style.transform = `translate(${view.x}px, ${view.y}px) scale(${scale})`
      image.classList.toggle('pixels', scale * devicePixelRatio >= 3)
    },
  }
}
