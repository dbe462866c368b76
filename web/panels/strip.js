/** The results along the bottom, newest first; the picture in the making stands at their head. */
import { viewUrl } from '../api/client.js'
import { icon } from '../icons/icons.js'
import { t } from '../language/t.js'
import { bitmapOf, kindOf } from '../view/media.js'
import { fileValue } from '../view/node_pictures.js'
import { makeCarried } from './carry.js'
import { fill, h, setText } from './dom.js'

const SHOWN = 60
/** Pixels of a thumbnail's side, on a dense screen. */
const FRAME = 216

/**
 * @param {HTMLElement} host
 * @param {object} parts
 * @param {import('../model/session.js').Session} parts.session
 * @param {import('../app/results.js').Results} parts.results
 * @param {import('../app/settings.js').Settings} parts.settings
 * @param {(workflow: any, name: string) => void} parts.openGraph
 * @param {(file: import('../model/session.js').PictureRef) => void} parts.load  puts a result into a new node
 * @param {() => void} parts.showAll  opens the gallery
 */
export function createStrip(host, { session, results, settings, openGraph, load, showAll }) {
  const count = h('span.count')
  const live = h('canvas', { width: FRAME, height: FRAME, hidden: true })
  const waiting = h('div.thumb.waiting', { 'aria-hidden': 'true' }, live, count)
  const row = h('div.strip', { 'aria-label': t('Results, newest first') })
  const fold = h('button', { type: 'button' })
  fold.onclick = () => settings.set('resultsFolded', !settings.values.resultsFolded)
  const grow = h('button', { type: 'button', 'aria-label': t('All results'), 'data-tip': t('All results, in the gallery'), 'data-command': 'gallery', onclick: showAll }, icon('gallery'))
  host.append(row, h('div.tools', {}, fold, grow))

  /** @type {Map<string, HTMLElement>} */
  const thumbs = new Map()

  /** The result that waits for a second one to be compared with. @type {string | null} */
  let marked = null

  /** With Shift two are chosen, which are then compared. @param {import('../app/results.js').Result} result */
  function mark(result) {
    const first = results.list.findIndex(({ key }) => key === marked)
    const second = results.list.indexOf(result)
    marked = marked === null || first < 0 ? result.key : null
    for (const [key, element] of thumbs) element.firstElementChild?.classList.toggle('marked', key === marked)
    if (marked === null && first >= 0 && first !== second) void show(first, second)
  }

  /** @param {number} index @param {number} [other] to be compared with */
  async function show(index, other) {
    const { openLightbox } = await import('../app/later.js')
    openLightbox(results.list.map(result => ({
      url: viewUrl(result.file, { version: result.promptId }),
      name: result.file.filename,
      openGraph: () => void result.workflow().then(workflow => openGraph(workflow, result.file.filename)),
      load: () => load(result.file),
      graph: () => result.workflow(),
    })), index, other === undefined ? {} : { compare: true, with: other })
  }

  /** @param {import('../app/results.js').Result} result */
  function thumb(result) {
    const known = thumbs.get(result.key)
    if (known) return known
    const kind = kindOf(result.file.filename)
    const url = viewUrl(result.file, { ...(kind === 'picture' ? { preview: 'webp;80' } : {}), version: result.promptId })
    const image = kind === 'video' ? h('canvas') : kind === 'sound' ? named('sound', result.file.filename) : h('img', { src: url, alt: '', loading: 'lazy', decoding: 'async', draggable: 'false' })
    image.addEventListener('error', () => {
      if (result.file.type === 'temp') results.drop(result.key) // of another day
      else image.replaceWith(named(kind === 'video' ? 'film' : 'image', result.file.filename))
    })
    if (image instanceof HTMLCanvasElement) watchFrame(image, url)
    const name = result.seed ? t('{name}, seed {seed}', { name: result.file.filename, seed: result.seed }) : result.file.filename
    /** @param {MouseEvent | KeyboardEvent} event */
    const open = event => (event.shiftKey && kind === 'picture' ? mark(result) : void show(results.list.indexOf(result)))
    const button = h('div.thumb', { role: 'button', tabindex: 0, 'aria-label': t('Result {name}', { name }), 'data-tip': kind === 'picture' ? `${name}\n${t('With Shift: compare two')}` : name, onclick: open,
      onkeydown: (/** @type {KeyboardEvent} */ event) => {
        if ((event.key !== 'Enter' && event.key !== ' ') || event.ctrlKey || event.metaKey) return
        event.preventDefault()
        event.stopPropagation()
        open(event)
      } }, image, result.file.moving ? h('span.plays', {}, icon('play', 12)) : null, result.seed ? h('span.label', { dataset: { seed: short(result.seed) } }) : null)
    makeCarried(button, { file: result.file, url: viewUrl(result.file), value: fileValue(result.file) }, { scrolls: true })
    const element = h('div', { role: 'listitem' }, button)
    thumbs.set(result.key, element)
    return element
  }

  /** @type {WeakMap<Element, string>} */
  const frames = new WeakMap()
  // A video's picture is decoded when it is about to be seen, and kept no longer than it is.
  const seen = new IntersectionObserver(entries => {
    for (const { target, isIntersecting } of entries) {
      const canvas = /** @type {HTMLCanvasElement} */ (target)
      if (isIntersecting) void paintFrame(canvas, frames.get(canvas) ?? '')
      else canvas.width = canvas.height = 0
    }
  }, { root: row, rootMargin: '0px 300px' })

  /** @param {HTMLCanvasElement} canvas @param {string} url */
  function watchFrame(canvas, url) {
    frames.set(canvas, url)
    seen.observe(canvas)
  }

  function draw() {
    const shown = results.list.slice(0, SHOWN)
    const keys = new Set(shown.map(result => result.key))
    for (const [key, element] of thumbs) {
      if (keys.has(key)) continue
      element.querySelectorAll('canvas').forEach(canvas => seen.unobserve(canvas))
      thumbs.delete(key)
    }
    row.role = shown.length ? 'list' : 'none' // an empty list is none
    fill(row, waiting, shown.map(thumb), shown.length ? null : h('p.empty', {}, t('Pictures you make gather here.')))
    shown.forEach((result, index) => thumbs.get(result.key)?.firstElementChild?.classList.toggle('current', index === 0))
    drawWaiting()
  }

  function drawWaiting() {
    const { run } = session
    waiting.hidden = run.state !== 'running'
    if (waiting.hidden) return
    const status = run.node ? session.status(run.node) : null
    setText(count, status && status.max > 1 ? `${status.value} / ${status.max}` : '…')
    live.hidden = !status?.preview?.width
    if (status?.preview?.width) paintMiddle(live, status.preview)
  }

  function drawFold() {
    const folded = settings.values.resultsFolded
    host.classList.toggle('folded', folded)
    const label = folded ? t('Larger results') : t('Smaller results')
    fold.setAttribute('aria-label', label)
    fold.dataset.tip = label
    fill(fold, icon(folded ? 'up' : 'down'))
  }

  results.listen(draw)
  settings.listen(drawFold)
  session.listen(change => {
    if (change.run || (session.run.node && change.nodes.has(session.run.node))) drawWaiting()
  })
  drawFold()
  draw()
}

/** What stands for a file that has no picture here. @param {string} sign @param {string} name */
const named = (sign, name) => h('span.missing', {}, icon(sign), h('span', {}, name))

/** Long seeds show their end, by which one tells them apart. @param {string} seed */
function short(seed) {
  return seed.length > 6 ? `…${seed.slice(-4)}` : seed
}

/** The middle of a video's first frame. @param {HTMLCanvasElement} canvas @param {string} url */
async function paintFrame(canvas, url) {
  const bitmap = await bitmapOf(url, 'video').catch(() => null)
  if (!bitmap) {
    canvas.dispatchEvent(new Event('error')) // as of an image that does not load
    return
  }
  canvas.width = canvas.height = FRAME
  paintMiddle(canvas, bitmap)
  bitmap.close()
}

/** @param {HTMLCanvasElement} canvas @param {ImageBitmap} bitmap */
function paintMiddle(canvas, bitmap) {
  const side = Math.min(bitmap.width, bitmap.height)
  canvas.getContext('2d')?.drawImage(bitmap, (bitmap.width - side) / 2, (bitmap.height - side) / 2, side, side, 0, 0, FRAME, FRAME)
}
