/** The pointer is down on what a node shows: a click looks at it, a drag moves the node, a finger on a comparison the line. */
import { clamp } from '../geometry/vec.js'
import { contains } from '../geometry/rect.js'
import { grid } from '../view/draw_picture.js'
import { kindOf } from '../view/media.js'
import { lookAt, picturesOf, setLook, sidesOf } from '../view/node_pictures.js'
import { PointingNode } from './pointing_node.js'

export class PointingPicture extends PointingNode {
  #comparing = false

  /** @param {import('./state.js').Pointer} pointer @override */
  down(pointer) {
    const place = placeOf(this.editor, this.id, pointer.canvas)
    if (pointer.clicks === 2 && place) {
      this.editor.idle()
      this.editor.emit('picture', { node: place.node, index: place.index })
      return
    }
    this.#comparing = pointer.type !== 'mouse' && !pointer.shift && place !== null && sidesOf(place.refs) !== null
    super.down(pointer)
  }

  /** @param {import('./state.js').Pointer} pointer @override */
  move(pointer) {
    if (this.#comparing) follow(this.editor, this.id, pointer.canvas)
    else super.move(pointer)
  }

  /** @param {import('./state.js').Pointer} pointer @override */
  up(pointer) {
    const { editor, id } = this
    super.up(pointer)
    if (pointer.dragged || pointer.shift || pointer.ctrl || pointer.clicks === 2) return
    const place = placeOf(editor, id, pointer.canvas)
    if (!place) return
    const { node, refs, index } = place
    const kind = kindOf(refs[index]?.filename ?? '')
    if (!refs.length) {
      if (place.text) editor.emit('read', { node })
      else editor.wantUpload(id)
    } else if (this.#comparing) follow(editor, id, pointer.canvas)
    else if (sidesOf(refs)) return
    else if (refs.length > 1 && lookAt(refs).index === null) {
      setLook(refs, { index })
      editor.invalidate()
    } else if (kind === 'sound' || kind === 'video') editor.emit('play', { node, index })
  }
}

/**
 * What a node shows at a point of the canvas.
 * @param {import('./editor.js').Editor} editor @param {string} id @param {import('../geometry/vec.js').Point} point
 */
export function placeOf(editor, id, point) {
  const node = editor.store.node(id)
  const box = node && editor.scene.view(node).layout.picture
  if (!node || !box) return null
  const { refs, text, preview } = picturesOf(node, editor.schema, editor.statusOf(node))
  const local = { x: point.x - node.pos[0], y: point.y - node.pos[1] }
  const { index } = lookAt(refs)
  const cell = index ?? (refs.length > 1 ? grid(box, refs.length).findIndex((each) => contains(each, local)) : 0)
  return { node, refs, text, preview, index: Math.max(cell, 0), share: clamp((local.x - box.x) / Math.max(box.w, 1), 0, 1) }
}

/** The line of a comparison goes to a point. @param {import('./editor.js').Editor} editor @param {string} id @param {import('../geometry/vec.js').Point} point */
export function follow(editor, id, point) {
  const place = placeOf(editor, id, point)
  if (!place || !sidesOf(place.refs) || lookAt(place.refs).split === place.share) return
  setLook(place.refs, { split: place.share })
  editor.invalidate()
}
