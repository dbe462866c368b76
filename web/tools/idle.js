/** Nothing is going on: show what is under the pointer, and tell by what is pressed which gesture begins. */
import { picturesOf } from '../view/node_pictures.js'
import { kindOf } from '../view/widget_kinds.js'
import { BoxSelecting } from './brushing.js'
import { DraggingLink } from './dragging_link.js'
import { Panning } from './panning.js'
import { PointingNode } from './pointing_node.js'
import { PointingPicture } from './pointing_picture.js'
import { PointingSocket } from './pointing_socket.js'
import { PointingWidget } from './pointing_widget.js'
import { Resizing } from './resizing.js'
import { State } from './state.js'

export class Idle extends State {
  /** @override */
  get cursor() {
    const { hover } = this.editor
    if (this.editor.spaceHeld) return 'grab'
    if (hover.kind === 'socket') return 'crosshair'
    if (hover.kind === 'widget') {
      const widget = this.editor.widget(hover.node, hover.name)
      if (hover.part === 'label') return ''
      return (widget && kindOf(widget).cursors?.[hover.part]) ?? 'pointer'
    }
    if ((hover.kind === 'node' || hover.kind === 'group') && hover.part === 'resize') return 'nwse-resize'
    if (hover.kind === 'node' && hover.part === 'picture') {
      const node = this.editor.store.node(hover.node)
      return node && picturesOf(node, this.editor.schema, this.editor.session.status(node.key)).text ? '' : 'zoom-in'
    }
    return hover.kind === 'link' ? 'pointer' : ''
  }

  /** @param {import('./state.js').Pointer} pointer @override */
  move(pointer) {
    this.editor.setHover(this.editor.targetAt(pointer.screen, pointer.type))
  }

  /** @param {import('./state.js').Pointer} pointer @override */
  down(pointer) {
    const { editor } = this
    const target = editor.targetAt(pointer.screen, pointer.type)
    editor.setHover(target)
    if (pointer.button === 1 || pointer.space) return editor.enter(new Panning(editor))
    if (pointer.button === 2) return editor.openMenu(pointer.screen, pointer.type)
    if (pointer.button !== 0) return undefined
    switch (target.kind) {
      case 'socket':
        return editor.enter(new PointingSocket(editor, target.socket))
      case 'widget':
        if (target.part === 'label') return editor.enter(new PointingNode(editor, target.node, target))
        return editor.enter(new PointingWidget(editor, target))
      case 'node':
        if (target.part === 'resize') return editor.enter(new Resizing(editor, target.node))
        return editor.enter(new (target.part === 'picture' ? PointingPicture : PointingNode)(editor, target.node, target))
      case 'group':
        if (target.part === 'resize') return editor.enter(new Resizing(editor, target.group))
        return editor.enter(new PointingNode(editor, target.group, target))
      case 'reroute':
        return editor.enter(new PointingNode(editor, target.reroute, target))
      case 'link':
        return this.#link(pointer, target.link)
      default:
        return this.#canvas(pointer)
    }
  }

  /** @param {import('./state.js').Pointer} pointer */
  #canvas(pointer) {
    const { editor } = this
    if (pointer.clicks === 2) {
      editor.emit('search', { point: pointer.canvas, screen: pointer.screen, from: null })
      return
    }
    // A finger on the bare canvas moves it, as in every map; mouse and pen select.
    if (pointer.type === 'touch' && !pointer.shift) editor.enter(new Panning(editor))
    else editor.enter(new BoxSelecting(editor, pointer))
  }

  /** A link is picked up by the end that is nearer. @param {import('./state.js').Pointer} pointer @param {string} id */
  #link(pointer, id) {
    const { editor } = this
    const link = editor.store.link(id)
    if (!link) return
    if (pointer.shift || pointer.ctrl) {
      editor.select(pointer.shift ? [...editor.selection, id] : [id])
      return
    }
    editor.select([id])
    editor.enter(new DraggingLink(editor, { link: id, waiting: true }))
  }

  /** @override */
  cancel() {
    this.editor.idle()
  }
}
