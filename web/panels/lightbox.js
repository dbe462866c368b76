/**
 * One result, as large as the window: wheel and pinch zoom at the pointer, drag pans, double-click toggles between
 * fitting and the picture's own pixels, the arrows walk through the results. Two can be compared, in four ways, with what
 * differs in their graphs beside them: the arrows then change the second. Videos and sounds play, and are not zoomed.
 *
 * @typedef {object} Picture
 * @property {string} url
 * @property {string} name
 * @property {string} [title]  what a person calls it; the file's name else
 * @property {(() => void) | null} openGraph  null where the graph is not known
 * @property {() => Promise<any | null>} [graph]  the graph that made it, where the file need not be asked
 * @property {readonly { icon: string, label: string, run: () => void }[]} [acts]  what else can be done with it; the lightbox closes first
 * @property {() => void} [load]  puts it into a new node
 */
import { PanZoom } from '../geometry/pan_zoom.js'
import { icon } from '../icons/icons.js'
import { t } from '../language/t.js'
import { kindOf, release } from '../view/media.js'
import { createCompare } from './compare.js'
import { createDifferences } from './differences.js'
import { fill, h } from './dom.js'
import { createDetails } from './picture_details.js'

/**
 * @param {Picture[]} pictures
 * @param {number} start  index of the first one shown
 * @param {{ compare?: boolean, with?: number }} [options]  `compare`: with the one after it, or that at the index `with`
 */
export function openLightbox(pictures, start, { compare: comparing = false, with: second } = {}) {
  let index = start
  let view = new PanZoom(1, 1)

  const image = h('img', { alt: '', draggable: 'false' })
  const missing = h('p.missing', { role: 'status' })
  /** @type {HTMLMediaElement | null} */
  let player = null
  const name = h('span.name.number')
  const actions = h('span')
  const before = h('button.turn.before', { type: 'button', 'aria-label': t('Newer result'), onclick: () => turn(-1) }, icon('left', 20))
  const after = h('button.turn.after', { type: 'button', 'aria-label': t('Older result'), onclick: () => turn(1) }, icon('right', 20))
  const pane = h('div.pane', {}, image)
  const differing = createDifferences()
  const compare = createCompare({ pictures, place: () => { paint(); tellDifferences() }, fit, changed: () => tellDifferences() })
  const room = h('div.view', { tabindex: -1 }, h('div.both', {}, pane, compare.element), missing, before, after)
  const percent = h('span.number')
  const details = createDetails()
  const compareButton = tool('compare', t('Compare with another'), 'C', () => setCompare(compare.mode === null ? 'line' : null))
  const differButton = tool('outline', t('What differs'), 'W', () => setDiffering(Boolean(differing.element.hidden)))
  const detailsButton = tool('info', t('Details'), 'I', () => {
    details.toggle()
    detailsButton.setAttribute('aria-pressed', String(!details.element.hidden))
  })
  const zooms = h('span', {},
    tool('zoomOut', t('Zoom out'), '-', () => zoomCentre(1 / 1.5)),
    tool('zoomIn', t('Zoom in'), '+', () => zoomCentre(1.5)),
    h('button', { type: 'button', 'aria-label': `1:1 · ${t('The picture\'s own pixels')}`, 'data-tip': t('The picture\'s own pixels'), 'data-keys': '1', onclick: () => full() }, '1:1'),
    tool('fit', t('Fit to the window'), '0', () => fit()))
  const element = h('dialog.lightbox', { 'aria-label': t('Result') },
    h('div.bar', {}, name, percent, compare.controls, actions, compareButton, differButton, zooms,
      detailsButton,
      h('button', { type: 'button', 'aria-label': t('Close'), 'data-tip': t('Close'), 'data-keys': 'Escape', onclick: () => element.close() }, icon('close'))),
    h('div.body', {}, room, differing.element, details.element))

  function paint() {
    const { x, y, scale } = view
    image.style.transform = `translate(${x}px, ${y}px) scale(${scale})`
    image.classList.toggle('pixels', scale * devicePixelRatio >= 3)
    compare.follow(view, image)
    percent.textContent = `${Math.round(scale * 100)}%`
  }

  /** The part of the window that one picture has. */
  function size() {
    return { width: pane.clientWidth, height: pane.clientHeight }
  }

  function fit() {
    if (!image.naturalWidth) return
    const { width, height } = size()
    view.fit(width, height)
    paint()
  }

  function full() {
    const { width, height } = size()
    view.zoomTo(1, { x: width / 2, y: height / 2 })
    paint()
  }

  /** @param {number} factor @param {number} x @param {number} y  px in the view */
  function zoom(factor, x, y) {
    view.zoomBy(factor, { x: compare.mode === 'beside' && x > pane.clientWidth ? x - pane.clientWidth : x, y })
    paint()
  }

  /** @param {number} factor */
  function zoomCentre(factor) {
    const { width, height } = size()
    zoom(factor, width / 2, height / 2)
  }

  /** @param {number} step */
  function turn(step) {
    if (compare.mode !== null) {
      compare.turn(step, index)
      return showTurns()
    }
    const next = index + step
    if (next < 0 || next >= pictures.length) return
    index = next
    show()
  }

  /** @param {import('./compare.js').Mode} mode @param {number} [other] index of the second */
  function setCompare(mode, other) {
    compare.set(mode, index, other)
    compareButton.setAttribute('aria-pressed', String(mode !== null))
    differButton.hidden = mode === null
    setDiffering(mode !== null && innerWidth >= 900)
    showTurns()
    fit()
  }

  /** @param {boolean} on */
  function setDiffering(on) {
    differing.set(on)
    differButton.setAttribute('aria-pressed', String(on))
    tellDifferences()
  }

  /** Not before both are there: their sizes are told too. */
  function tellDifferences() {
    const [first, other] = [pictures[index], pictures[compare.other]]
    const otherImage = compare.element.querySelector('img')
    if (compare.mode === null || !first || !other || !otherImage?.naturalWidth) return
    void differing.show(first, other, [image, otherImage].map(each => ({ width: each.naturalWidth, height: each.naturalHeight })))
  }

  function showTurns() {
    before.hidden = compare.mode === null && index === 0
    after.hidden = compare.mode === null && index === pictures.length - 1
  }

  /** @param {Picture} picture */
  function play({ url, name }) {
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches
    const sound = kindOf(name) === 'sound'
    player = h(sound ? 'audio' : 'video', { src: url, controls: true, loop: !sound, playsinline: true, autoplay: !still, 'aria-label': t('Result {name}', { name }), onerror: () => tellMissing() })
    player.muted = !sound // an attribute mutes only what the page's own HTML holds
    image.removeAttribute('src')
    pane.append(player)
    player.focus({ preventScroll: true })
  }

  /** A result may be moved or deleted while the page is open. */
  function tellMissing() {
    image.hidden = zooms.hidden = percent.hidden = true
    if (player) player.hidden = true
    keepFocus()
    const picture = /** @type {Picture} */ (pictures[index])
    const kind = kindOf(picture.name)
    fill(missing, icon(kind === 'video' ? 'film' : kind === 'sound' ? 'sound' : 'image', 28), h('b', {}, picture.name), t('It is not there any more, or this browser cannot show it.'))
    missing.hidden = false
  }

  /** What had the focus may be gone or hidden: the keys must still reach the dialog. */
  function keepFocus() {
    const { activeElement } = document
    if (!element.contains(activeElement) || activeElement?.closest('[hidden]')) room.focus({ preventScroll: true })
  }

  function show() {
    const picture = /** @type {Picture} */ (pictures[index])
    if (player) release(player)
    player?.remove()
    player = null
    const kind = kindOf(picture.name)
    const plays = kind === 'video' || kind === 'sound'
    image.hidden = zooms.hidden = percent.hidden = plays
    compareButton.hidden = plays || pictures.length < 2
    missing.hidden = true
    if (plays) play(picture)
    else {
      image.src = picture.url
      image.alt = t('Result {name}', { name: picture.name })
    }
    name.textContent = picture.title ?? picture.name
    name.dataset.tip = picture.name
    differButton.hidden = compare.mode === null
    details.show(plays ? null : picture, image)
    showTurns()
    fill(actions,
      picture.openGraph ? h('button', { type: 'button', 'aria-label': t('Open its graph'), 'data-tip': t('Put the graph that made this picture on the canvas'), onclick: () => { element.close(); picture.openGraph?.() } },
        icon('nodes'), h('span.verb', {}, t('Open its graph'))) : null,
      picture.acts?.map(act => h('button', { type: 'button', 'aria-label': act.label, 'data-tip': act.label, onclick: () => { element.close(); act.run() } }, icon(act.icon), h('span.verb', {}, act.label))),
      picture.load && !plays ? h('button', { type: 'button', 'data-tip': t('Load it in a new node of this graph'), 'aria-label': t('Load in a node'), onclick: () => { element.close(); picture.load?.() } }, icon('add')) : null,
      h('a', { href: picture.url, download: picture.name, 'aria-label': t('Download'), 'data-tip': t('Download the file') }, icon('download'), h('span.verb', {}, t('Download'))))
    keepFocus()
  }

  image.addEventListener('load', () => {
    view = new PanZoom(image.naturalWidth, image.naturalHeight)
    fit()
    details.show(/** @type {Picture} */ (pictures[index]), image)
  })
  image.addEventListener('error', tellMissing)
  room.addEventListener('wheel', event => {
    event.preventDefault()
    if (image.hidden) return
    const box = room.getBoundingClientRect()
    zoom(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0015)), event.clientX - box.left, event.clientY - box.top)
  }, { passive: false })
  room.addEventListener('dblclick', event => {
    if (image.hidden || (event.target instanceof Element && event.target.closest('button, .divider'))) return
    const box = room.getBoundingClientRect()
    if (Math.abs(view.scale - view.fitted) < 0.001) zoom((view.fitted === 1 ? 2 : 1) / view.scale, event.clientX - box.left, event.clientY - box.top)
    else fit()
  })
  installDrag(room, { move: (dx, dy) => { view.moveBy(dx, dy); paint() }, zoom })

  /** @type {Record<string, () => void>} */
  const keys = {
    ArrowLeft: () => turn(-1), ArrowRight: () => turn(1), '+': () => zoomCentre(1.5), '=': () => zoomCentre(1.5), '-': () => zoomCentre(1 / 1.5),
    0: fit, '.': fit, 1: full, i: () => detailsButton.click(),
    c: () => { if (!compareButton.hidden) setCompare(compare.mode === null ? 'line' : null) },
    w: () => { if (compare.mode !== null) setDiffering(Boolean(differing.element.hidden)) },
    ' ': () => { if (compare.mode === 'blink') compare.flip() },
  }
  element.addEventListener('keydown', event => {
    event.stopPropagation()
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key
    if (event.target instanceof Element && event.target.closest('button') && key === ' ') return
    if (compare.mode !== null && compare.choose(key)) return event.preventDefault()
    const run = keys[key]
    if (!run) return
    event.preventDefault()
    run()
  })
  const resized = new ResizeObserver(() => fit())
  resized.observe(room)
  element.addEventListener('close', () => {
    resized.disconnect()
    compare.stop()
    if (player) release(player)
    image.removeAttribute('src')
    element.remove()
  })
  document.body.append(element)
  element.showModal()
  room.focus({ preventScroll: true })
  show()
  if (comparing && pictures.length > 1) setCompare('line', second)
}

/** @param {string} sign @param {string} label @param {string} keys @param {() => void} onclick */
function tool(sign, label, keys, onclick) {
  return h('button', { type: 'button', 'aria-label': label, 'data-tip': label, 'data-keys': keys, onclick }, icon(sign))
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
    if (event.target instanceof Element && event.target.closest('button, video, audio, .divider')) return
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
