/**
 * Small buttons on the picture of the node under the pointer (or, by touch, of the one that is selected): look, paint a
 * mask, take it elsewhere. Where one of several is shown large, the way to the others.
 *
 * @typedef {import('../tools/editor.js').Editor} Editor
 * @typedef {import('../model/session.js').PictureRef} PictureRef
 */
import { move } from '../geometry/rect.js'
import { rectToScreen } from '../geometry/viewport.js'
import { icon } from '../icons/icons.js'
import { t } from '../language/t.js'
import { follow } from '../tools/pointing_picture.js'
import { lookAt, setLook, sidesOf } from '../view/node_pictures.js'
import { makeCarried } from './carry.js'
import { fill, h } from './dom.js'

/** Pictures narrower than this on the screen have no room for buttons. */
const NARROW = 110

/**
 * @param {object} parts
 * @param {Editor} parts.editor
 * @param {HTMLElement} parts.layer
 * @param {(node: import('../model/types.js').NodeRecord) => import('../view/node_pictures.js').Shown} parts.shown
 * @param {(node: string, command: string) => void} parts.run
 * @param {(file: PictureRef) => string} parts.value
 * @param {(file: PictureRef) => string} parts.urlOf
 */
export function installPictureBar({ editor, layer, shown, run, value, urlOf }) {
  const bar = h('div.picture-bar', { role: 'toolbar', 'aria-label': t('Picture'), hidden: true })
  layer.append(bar)
  /** @type {string | null} */
  let at = null
  let key = ''
  /** What is dragged must stay where it is: a drag ends when its source is gone. */
  let carried = false

  /** @param {string | null} id */
  function show(id) {
    if (carried) return
    const node = id === null ? undefined : editor.store.node(id)
    const box = node && node.graph === editor.graphId ? editor.scene.view(node).layout.picture : null
    const { refs, preview } = node ? shown(node) : { refs: [], preview: null }
    const rect = node && box && rectToScreen(editor.camera, move(box, { x: node.pos[0], y: node.pos[1] }))
    at = node && rect && refs.length && !preview && rect.w >= NARROW ? node.id : null
    bar.hidden = at === null
    if (!node || !rect || at === null) return
    Object.assign(bar.style, { left: `${rect.x + 6}px`, top: `${rect.y + 6}px`, maxWidth: `${rect.w - 12}px` })
    const { index } = lookAt(refs)
    const next = `${node.id}|${index}|${refs.length}|${refs[index ?? 0]?.filename}`
    if (next === key && bar.childElementCount) return
    key = next
    fill(bar, buttons(node.id, refs, index))
  }

  /** @param {string} id @param {readonly PictureRef[]} refs @param {number | null} index */
  function buttons(id, refs, index) {
    const file = refs[index ?? 0]
    const look = (/** @type {number | null} */ to) => {
      setLook(refs, { index: to })
      editor.invalidate()
      show(id)
    }
    const several = refs.length > 1 && !sidesOf(refs)
    const turn = (/** @type {number} */ by) => look(((index ?? 0) + by + refs.length) % refs.length)
    const list = [
      several && index !== null ? button('left', t('Previous picture'), () => turn(-1)) : null,
      several && index !== null ? button('right', t('Next picture'), () => turn(1)) : null,
      several && index !== null ? button('grid', t('Show all pictures'), () => look(null)) : null,
      button('larger', t('Show it large'), () => run(id, 'picture_large')),
      editor.commands.get('picture_mask') && isLoaded(id) ? button('brush', t('Edit the mask'), () => run(id, 'picture_mask'), 'picture_mask') : null,
      file && (!several || index !== null) ? grip(file) : null,
    ]
    return list
  }

  /** @param {string} id */
  const isLoaded = id => editor.widgets(id).some(({ spec, value: name }) => spec.kind === 'combo' && spec.upload === 'image' && typeof name === 'string' && name !== '')

  /** @param {string} sign @param {string} label @param {() => void} onclick @param {string} [command]  that it runs */
  const button = (sign, label, onclick, command) => h('button', { type: 'button', 'data-command': command, 'aria-label': label, 'data-tip': label, onclick }, icon(sign, 14))

  /** @param {PictureRef} file */
  function grip(file) {
    const element = h('span.grip', { role: 'img', 'aria-label': t('Drag the picture to another node'), 'data-tip': t('Drag it onto a Load Image node, the canvas or the desktop') }, icon('image', 14))
    makeCarried(element, { file, url: urlOf(file), value: value(file) }, {
      carrying: is => {
        carried = is
        if (!is) show(null)
      },
    })
    return element
  }

  bar.addEventListener('keydown', event => {
    if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return
    const label = event.key === 'ArrowLeft' ? t('Previous picture') : t('Next picture')
    event.stopPropagation()
    event.preventDefault()
    const turn = () => /** @type {HTMLButtonElement | null} */ (bar.querySelector(`[aria-label="${label}"]`))
    turn()?.click()
    turn()?.focus() // another one by now
  })

  editor.overlay.addEventListener('pointermove', event => {
    const { hover } = editor
    const over = hover.kind === 'node' && hover.part === 'picture' ? hover.node : null
    if (over !== null && event.pointerType === 'mouse' && event.buttons === 0) {
      const box = editor.overlay.getBoundingClientRect()
      follow(editor, over, editor.toCanvas({ x: event.clientX - box.left, y: event.clientY - box.top }))
    }
    if (event.buttons === 0 || over !== at) show(over)
  })
  editor.overlay.addEventListener('pointerleave', event => {
    if (!(event.relatedTarget instanceof Node && bar.contains(event.relatedTarget))) show(null)
  })
  bar.addEventListener('pointerleave', event => {
    if (event.relatedTarget !== editor.overlay && event.buttons === 0) show(null)
  })
  const again = () => { if (at !== null) show(at) }
  editor.on('camera', again)
  editor.store.listen(again)
  editor.session.listen(({ nodes }) => {
    if (nodes.size) again()
  })
  editor.on('selection', () => {
    const [id, more] = editor.selection
    if (matchMedia('(pointer: coarse)').matches) show(id !== undefined && more === undefined ? id : null)
  })
}
