/**
 * One result, as large as the window: wheel and pinch zoom at the pointer, drag pans, double-click toggles between
 * fitting and the picture's own pixels, the arrows walk through the results. Videos play, and are not zoomed.
 *
 * @typedef {object} Picture
 * @property {string} url
 * @property {string} name
 * @property {(() => void) | null} openGraph  null where the graph is not known
 */
import { icon } from '../icons/icons.js'
import { kindOf, release } from '../view/media.js'
import { fill, h } from './dom.js'

const LARGEST = 32

/**
 * @param {Picture[]} pictures
 * @param {number} start  index of the first one shown
 */
export function openLightbox(pictures, start) {
  let index = start
  let scale = 1
  let fitScale = 1
  let x = 0
  let y = 0

  const image = h('img', { alt: '', draggable: 'false' })
  const missing = h('p.missing', { role: 'status' })
  /** @type {HTMLVideoElement | null} */
  let video = null
  const name = h('span.name.number')
  const actions = h('span')
  const before = h('button.turn.before', { type: 'button', 'aria-label': 'Newer result', onclick: () => turn(-1) }, icon('left', 20))
  const after = h('button.turn.after', { type: 'button', 'aria-label': 'Older result', onclick: () => turn(1) }, icon('right', 20))
  const view = h('div.view', { tabindex: -1 }, image, missing, before, after)
  const percent = h('span.number')
  const zooms = h('span', {},
    h('button', { type: 'button', 'aria-label': 'Zoom out', 'data-tip': 'Zoom out', onclick: () => zoomCentre(1 / 1.5) }, icon('zoomOut')),
    h('button', { type: 'button', 'aria-label': 'Zoom in', 'data-tip': 'Zoom in', onclick: () => zoomCentre(1.5) }, icon('zoomIn')),
    h('button', { type: 'button', 'aria-label': 'Fit to the window', 'data-tip': 'Fit to the window', onclick: () => fit() }, icon('fit')))
  const element = h('dialog.lightbox', { 'aria-label': 'Result' },
    h('div.bar', {}, name, percent, actions, zooms,
      h('button', { type: 'button', 'aria-label': 'Close', onclick: () => element.close() }, icon('close'))),
    view)

  function paint() {
    image.style.transform = `translate(${x}px, ${y}px) scale(${scale})`
    image.classList.toggle('pixels', scale * devicePixelRatio >= 3)
    percent.textContent = `${Math.round(scale * 100)} %`
  }

  function fit() {
    const { clientWidth: width, clientHeight: height } = view
    const { naturalWidth, naturalHeight } = image
    if (!naturalWidth) return
    // Small pictures grow in whole steps, so that their pixels stay square.
    const room = Math.min((width - 24) / naturalWidth, (height - 24) / naturalHeight)
    fitScale = room > 1 ? Math.floor(room) : room
    scale = fitScale
    x = (width - naturalWidth * scale) / 2
    y = (height - naturalHeight * scale) / 2
    paint()
  }

  /** @param {number} factor @param {number} atX @param {number} atY  px in the view */
  function zoom(factor, atX, atY) {
    const next = Math.max(Math.min(fitScale, 1) / 4, Math.min(LARGEST, scale * factor))
    x = atX - (atX - x) * (next / scale)
    y = atY - (atY - y) * (next / scale)
    scale = next
    paint()
  }

  /** @param {number} factor */
  function zoomCentre(factor) {
    zoom(factor, view.clientWidth / 2, view.clientHeight / 2)
  }

  /** @param {number} step */
  function turn(step) {
    const next = index + step
    if (next < 0 || next >= pictures.length) return
    index = next
    show()
  }

  /** @param {Picture} picture */
  function play({ url, name }) {
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches
    video = h('video', { src: url, controls: true, loop: true, playsinline: true, autoplay: !still, 'aria-label': `Result ${name}`, onerror: () => tellMissing() })
    video.muted = true // an attribute mutes only what the page's own HTML holds
    image.removeAttribute('src')
    image.after(video)
    video.focus({ preventScroll: true })
  }

  /** A result may be moved or deleted while the page is open. */
  function tellMissing() {
    image.hidden = zooms.hidden = percent.hidden = true
    if (video) video.hidden = true
    keepFocus()
    const picture = /** @type {Picture} */ (pictures[index])
    const sign = kindOf(picture.name) === 'video' ? 'film' : 'image'
    fill(missing, icon(sign, 28), h('b', {}, picture.name), 'It is not there any more, or this browser cannot show it.')
    missing.hidden = false
  }

  /** What had the focus may be gone or hidden: the keys must still reach the dialog. */
  function keepFocus() {
    const { activeElement } = document
    if (!element.contains(activeElement) || activeElement?.closest('[hidden]')) view.focus({ preventScroll: true })
  }

  function show() {
    const picture = /** @type {Picture} */ (pictures[index])
    if (video) release(video)
    video?.remove()
    video = null
    const plays = kindOf(picture.name) === 'video'
    image.hidden = zooms.hidden = percent.hidden = plays
    missing.hidden = true
    if (plays) play(picture)
    else {
      image.src = picture.url
      image.alt = `Result ${picture.name}`
    }
    name.textContent = picture.name
    before.hidden = index === 0
    after.hidden = index === pictures.length - 1
    fill(actions,
      picture.openGraph ? h('button', { type: 'button', 'data-tip': 'Put the graph that made this picture on the canvas', onclick: () => { element.close(); picture.openGraph?.() } },
        icon('nodes'), h('span.verb', {}, 'Open its graph')) : null,
      h('a', { href: picture.url, download: picture.name, 'data-tip': 'Download the file' }, icon('download'), h('span.verb', {}, 'Download')))
    keepFocus()
  }

  image.addEventListener('load', fit)
  image.addEventListener('error', tellMissing)
  view.addEventListener('wheel', event => {
    event.preventDefault()
    if (image.hidden) return
    const box = view.getBoundingClientRect()
    zoom(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0015)), event.clientX - box.left, event.clientY - box.top)
  }, { passive: false })
  view.addEventListener('dblclick', event => {
    if (image.hidden || (event.target instanceof Element && event.target.closest('button'))) return
    const box = view.getBoundingClientRect()
    if (Math.abs(scale - fitScale) < 0.001) zoom((fitScale === 1 ? 2 : 1) / scale, event.clientX - box.left, event.clientY - box.top)
    else fit()
  })
  installDrag(view, { move: (dx, dy) => { x += dx; y += dy; paint() }, zoom })

  element.addEventListener('keydown', event => {
    event.stopPropagation()
    if (event.key === 'ArrowLeft') turn(-1)
    else if (event.key === 'ArrowRight') turn(1)
    else if (event.key === '+' || event.key === '=') zoomCentre(1.5)
    else if (event.key === '-') zoomCentre(1 / 1.5)
    else if (event.key === '0' || event.key === '.') fit()
    else return
    event.preventDefault()
  })
  const resized = () => fit()
  addEventListener('resize', resized)
  element.addEventListener('close', () => {
    removeEventListener('resize', resized)
    if (video) release(video)
    element.remove()
  })
  document.body.append(element)
  element.showModal()
  show()
}

/**
 * One pointer pans, two pinch.
 *
 * @param {HTMLElement} view
 * @param {{ move: (dx: number, dy: number) => void, zoom: (factor: number, x: number, y: number) => void }} handlers
 */
function installDrag(view, { move, zoom }) {
  /** @type {Map<number, { x: number, y: number }>} */
  const pointers = new Map()
  view.addEventListener('pointerdown', event => {
    if (event.target instanceof Element && event.target.closest('button, video')) return
    view.setPointerCapture(event.pointerId)
    pointers.set(event.pointerId, { x: event.clientX, y: event.clientY })
  })
  view.addEventListener('pointermove', event => {
    const last = pointers.get(event.pointerId)
    if (!last) return
    const now = { x: event.clientX, y: event.clientY }
    const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1]
    if (other) {
      const box = view.getBoundingClientRect()
      const factor = Math.hypot(now.x - other.x, now.y - other.y) / Math.max(1, Math.hypot(last.x - other.x, last.y - other.y))
      zoom(factor, (now.x + other.x) / 2 - box.left, (now.y + other.y) / 2 - box.top)
    }
    move((now.x - last.x) / pointers.size, (now.y - last.y) / pointers.size)
    pointers.set(event.pointerId, now)
  })
  for (const type of /** @type {const} */ (['pointerup', 'pointercancel'])) {
    view.addEventListener(type, event => pointers.delete(event.pointerId))
  }
}
