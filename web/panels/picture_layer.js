/**
 * HTML over what a node shows: words that can be scrolled and copied, a player. It follows the node, and goes with it, by
 * Escape, or when one presses elsewhere. At most one is open.
 *
 * @typedef {import('../tools/editor.js').Editor} Editor
 */
import { clipboard } from '../commands/system_clipboard.js'
import { icon } from '../icons/icons.js'
import { many, t } from '../language/t.js'
import { release } from '../view/media.js'
import { rectToScreen } from '../geometry/viewport.js'
import { move } from '../geometry/rect.js'
import { h } from './dom.js'

/** Letters that are laid out; all of them are copied. */
const MOST = 200_000
/** A second click within so many ms makes a double-click of the first. */
const DOUBLE = 400

/** @type {(() => void) | null} */
let closeOpen = null

/**
 * @param {HTMLElement} layer @param {Editor} editor @param {string} node
 * @param {HTMLElement} element @param {() => void} [onClose]
 * @returns {() => void} closes it
 */
function layOver(layer, editor, node, element, onClose) {
  closeOpen?.()
  element.classList.add('over-picture')
  const place = () => {
    const record = editor.store.node(node)
    const box = record && record.graph === editor.graphId ? editor.scene.view(record).layout.picture : null
    if (!record || !box) return close()
    const { x, y, w, h: height } = rectToScreen(editor.camera, move(box, { x: record.pos[0], y: record.pos[1] }))
    Object.assign(element.style, { left: `${x}px`, top: `${y}px`, width: `${w}px`, height: `${height}px` })
  }
  const outside = (/** @type {PointerEvent} */ event) => {
    if (event.button !== 1 && event.target instanceof Node && !element.contains(event.target)) close()
  }
  const ends = [editor.on('camera', place), editor.store.listen(() => place())]
  const close = () => {
    if (closeOpen !== close) return
    closeOpen = null
    ends.forEach(end => end())
    removeEventListener('pointerdown', outside, true)
    onClose?.()
    const focused = element.contains(document.activeElement)
    element.remove()
    if (focused) editor.focus()
  }
  closeOpen = close
  element.addEventListener('keydown', event => {
    event.stopPropagation()
    if (event.key === 'Escape') close()
  })
  // The wheel is the canvas's, but for words that do not fit.
  element.addEventListener('wheel', event => {
    event.stopPropagation()
    const long = [...element.querySelectorAll('.scrolls')].some(({ scrollHeight, clientHeight }) => scrollHeight > clientHeight)
    if (long && !event.ctrlKey && !event.metaKey) return
    event.preventDefault()
    editor.overlay.dispatchEvent(new WheelEvent('wheel', event))
  }, { passive: false })
  addEventListener('pointerdown', outside, true)
  layer.append(element)
  place()
  return close
}

/** @param {HTMLElement} layer @param {Editor} editor @param {string} node @param {string} text */
export function layText(layer, editor, node, text) {
  const left = text.length - MOST
  const words = h('pre.scrolls', { tabindex: 0, 'aria-label': t('Words on the node') }, text.slice(0, MOST),
    left > 0 ? h('span.quiet', {}, `\n… ${many(left, '{count} more letter. Copying takes them all.', '{count} more letters. Copying takes them all.')}`) : null)
  const copy = h('button.round', {
    type: 'button', 'aria-label': t('Copy all'), 'data-tip': t('Copy all'),
    onclick: () => {
      void clipboard().writeText(text).then(() => editor.notify(t('Copied')), () => editor.notify(t('The browser did not let the page use the clipboard')))
    },
  }, icon('copy'))
  layOver(layer, editor, node, h('div.reader-box', {}, words, copy))
  words.focus({ preventScroll: true })
}

/**
 * @param {HTMLElement} layer @param {Editor} editor @param {string} node @param {{ url: string, name: string, sound: boolean }} media
 * @param {() => void} twice  the click that opened it was the first of two
 */
export function layPlayer(layer, editor, node, { url, name, sound }, twice) {
  const opened = performance.now()
  const player = h(sound ? 'audio' : 'video', { src: url, controls: true, autoplay: true, playsinline: true, loop: !sound, 'aria-label': name })
  player.addEventListener('error', () => {
    if (!player.getAttribute('src')) return
    close()
    editor.notify(t('{name} cannot be played: it is not there any more, or this browser does not know its format', { name }))
  })
  const box = h('div.player-box', {}, player)
  box.addEventListener('pointerdown', event => {
    if (performance.now() - opened > DOUBLE) return
    event.preventDefault()
    close()
    twice()
  }, true)
  const close = layOver(layer, editor, node, box, () => release(player))
  player.focus({ preventScroll: true })
}
