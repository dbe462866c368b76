/**
 * The pointer is down on a link: a click selects it, a drag takes it by its nearer end. A double-click, Alt, or a drag with
 * Shift put a reroute there.
 */
import { DraggingLink } from './dragging_link.js'
import { PullingReroute } from './rerouting.js'
import { State } from './state.js'

export class PointingLink extends State {
  /** @param {import('./editor.js').Editor} editor @param {import('../model/types.js').LinkRecord} link */
  constructor(editor, link) {
    super(editor)
    this.link = link
  }

  /** @override */
  get cursor() {
    return 'pointer'
  }

  /** @param {import('./state.js').Pointer} pointer @override */
  down(pointer) {
    const { editor, link } = this
    if (!editor.scene.wire(link.id)?.hidden && (pointer.alt || pointer.clicks === 2)) editor.enter(new PullingReroute(editor, pointer, link))
    else if (!pointer.shift) editor.select([link.id])
  }

  /** @param {import('./state.js').Pointer} pointer @override */
  move(pointer) {
    if (!pointer.dragged) return
    const { editor, link } = this
    if (!editor.store.has(link.id)) return editor.idle()
    const pulls = pointer.shift && !editor.scene.wire(link.id)?.hidden
    const state = pulls ? new PullingReroute(editor, pointer, link) : new DraggingLink(editor, { link: link.id, at: pointer.startCanvas })
    editor.enter(state)
    state.move(pointer)
  }

  /** @param {import('./state.js').Pointer} pointer @override */
  up(pointer) {
    const { editor, link } = this
    if (pointer.shift) editor.select(editor.selection.has(link.id) ? [...editor.selection].filter((id) => id !== link.id) : [...editor.selection, link.id])
    editor.idle()
    if (pointer.type !== 'mouse' && editor.store.has(link.id)) editor.card.tap(link.id)
  }
}
