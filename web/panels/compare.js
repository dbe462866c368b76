/**
 * The second picture of a comparison: over the first one, right of a line that one drags; beside it; in turn with it; or what
 * differs, light on black.
 */
import { icon } from '../icons/icons.js'
import { t } from '../language/t.js'
import { kindOf } from '../view/media.js'
import { fill, h } from './dom.js'

/** @typedef {'line' | 'beside' | 'blink' | 'difference' | null} Mode */

/** Ms that each of two pictures is seen. */
const TURN = 700
/** How many times as light a difference is shown. */
const GAINS = [1, 4, 16]

/**
 * @param {object} parts
 * @param {{ url: string, name: string, title?: string }[]} parts.pictures
 * @param {() => void} parts.place  asks for `follow`
 * @param {() => void} parts.fit  the room for a picture is another one
 * @param {() => void} parts.changed  another second picture, or mode
 */
export function createCompare({ pictures, place, fit, changed }) {
  /** @type {Mode} */
  let mode = null
  let other = -1
  let split = 0.5
  let gain = 1
  /** @type {ReturnType<typeof setInterval> | undefined} */
  let blinking
  const image = h('img', { alt: '', draggable: 'false' })
  const pane = h('div.pane.second', {}, image)
  const divider = h('div.divider', { role: 'slider', tabindex: 0, 'aria-label': t('Line between the two pictures'), 'aria-valuemin': 0, 'aria-valuemax': 100 }, h('span', {}, icon('left', 12), icon('right', 12)))
  const element = h('div.comparison', { hidden: true })
  const label = h('span.name.number')
  /** @type {readonly (readonly [Exclude<Mode, null>, string, string, string])[]} */
  const choices = [['line', t('Line'), t('The second right of a line'), 'L'], ['beside', t('Side by side'), t('The second beside the first'), 'S'],
    ['blink', t('Blink'), t('One, then the other, in one place; Space changes over'), 'B'], ['difference', t('Difference'), t('Black where both are the same'), 'D']]
  const buttons = choices.map(([to, words, tip, keys]) => h('button', { type: 'button', 'data-mode': to, 'data-tip': tip, 'data-keys': keys, onclick: () => change(to) }, words))
  const strength = h('button', { type: 'button', 'data-tip': t('How strongly differences are shown'), onclick: () => amplify() })
  const controls = h('span.compared', { hidden: true }, label, buttons, strength)

  /** @param {Exclude<Mode, null>} to */
  function change(to) {
    set(to, -1)
    fit()
  }

  /** @param {Mode} to @param {number} first  index of the first picture; -1: only the mode changes @param {number} [second] */
  function set(to, first, second) {
    mode = to
    element.hidden = controls.hidden = mode === null
    fill(element, mode === null ? null : [pane, divider])
    divider.hidden = mode !== 'line'
    strength.hidden = mode !== 'difference'
    element.dataset.mode = mode ?? ''
    element.closest('.view')?.setAttribute('data-compare', mode ?? '')
    for (const button of buttons) button.setAttribute('aria-pressed', String(button.dataset.mode === mode))
    clearInterval(blinking)
    pane.hidden = false
    // Where motion is not wanted, Space changes over.
    if (mode === 'blink' && !matchMedia('(prefers-reduced-motion: reduce)').matches) blinking = setInterval(flip, TURN)
    if (mode === null) image.removeAttribute('src')
    else if (first >= 0) {
      other = second ?? first
      turn(second === undefined ? 1 : 0, first)
    }
    cut()
    amplify(0)
    changed()
  }

  /** The other of the two is seen. */
  function flip() {
    pane.hidden = !pane.hidden
    tellSeen()
  }

  /** @param {number} [by] */
  function amplify(by = 1) {
    gain = (gain + by) % GAINS.length
    const times = GAINS[gain] ?? 1
    strength.textContent = `×${times}`
    strength.setAttribute('aria-label', t('Differences {count} times as strong', { count: times }))
    const both = element.parentElement
    if (both) both.style.filter = mode === 'difference' && times > 1 ? `brightness(${times})` : ''
  }

  /** To another second picture: not the first one, and none that plays. @param {number} step @param {number} first */
  function turn(step, first) {
    for (let tried = 0; tried < pictures.length; tried++) {
      other = (other + step + pictures.length) % pictures.length
      const kind = kindOf(pictures[other]?.name ?? '')
      if (other !== first && kind !== 'video' && kind !== 'sound') break
      step ||= 1
    }
    const picture = pictures[other]
    if (!picture) return
    image.src = picture.url
    image.alt = t('Compared with {name}', { name: picture.title ?? picture.name })
    tellSeen()
    changed()
  }

  function tellSeen() {
    const picture = pictures[other]
    fill(label, t('with {name}', { name: picture?.title ?? picture?.name ?? '' }))
    label.toggleAttribute('data-off', mode === 'blink' && Boolean(pane.hidden))
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
    element, controls, set, turn, flip,
    /** By the letter of its key. @param {string} letter @returns {boolean} whether there is such a mode */
    choose(letter) {
      const found = choices.find(([,,, keys]) => keys.toLowerCase() === letter)
      if (found) change(found[0])
      return Boolean(found)
    },
    get mode() {
      return mode
    },
    /** Index of the second picture. */
    get other() {
      return other
    },
    stop: () => clearInterval(blinking),
    /** The second picture lies as the first does, and is as wide. @param {import('../geometry/pan_zoom.js').PanZoom} view @param {HTMLImageElement} first */
    follow(view, first) {
      if (mode === null || !image.naturalWidth) return
      const scale = view.scale * (first.naturalWidth / image.naturalWidth)
      image.style.transform = `translate(${view.x}px, ${view.y}px) scale(${scale})`
      image.classList.toggle('pixels', scale * devicePixelRatio >= 3)
    },
  }
}
