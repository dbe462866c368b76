/** Nothing is going on: show what is under the pointer, and tell by what is pressed which gesture begins. */
import { linksThrough } from '../commands/reroute.js'
import { readSide } from '../model/sides.js'
import { picturesOf } from '../view/node_pictures.js'
import { kindOf } from '../view/widget_kinds.js'
import { begin } from './begin.js'
import { DraggingLink } from './dragging_link.js'
import { actOf } from './navigation.js'
import { PointingLink } from './pointing_link.js'
import { PointingNode } from './pointing_node.js'
import { PointingPicture } from './pointing_picture.js'
import { PointingSide } from './pointing_side.js'
import { PointingSocket } from './pointing_socket.js'
import { PointingWidget } from './pointing_widget.js'
import { EDGE_CURSORS, Resizing } from './resizing.js'
import { State } from './state.js'

export class Idle extends State {
  /** @override */
  get cursor() {
    const { hover, hands } = this.editor
    if (hands.armed) return 'crosshair'
    if (this.editor.spaceHeld || hands.locked) return 'grab'
    if (hover.kind === 'socket') return 'crosshair'
    if (hover.kind === 'widget') {
      const widget = this.editor.widget(hover.node, hover.name)
      if (hover.part === 'label') return ''
      return (widget && kindOf(widget).cursors?.[hover.part]) ?? 'pointer'
    }
    if ((hover.kind === 'node' || hover.kind === 'group') && hover.part === 'resize') return EDGE_CURSORS[hover.edge ?? 'se']
    if (hover.kind === 'reroute') return hover.part === 'out' ? 'crosshair' : 'grab'
    if (hover.kind === 'node' && hover.part === 'picture') {
      const node = this.editor.store.node(hover.node)
      return node && picturesOf(node, this.editor.schema, this.editor.statusOf(node)).text ? '' : 'zoom-in'
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
    const act = this.#act(pointer, target)
    if (act === 'search') return editor.emit('search', { point: pointer.canvas, screen: pointer.screen, from: null })
    if (act) return begin(editor, act, pointer)
    if (pointer.button !== 0) return undefined
    const side = target.kind === 'node' && readSide(target.node) ? editor.graph.at(target.node) : undefined
    if (side) return editor.enter(new PointingSide(editor, side))
    switch (target.kind) {
      case 'socket':
        return editor.enter(new PointingSocket(editor, target.socket))
      case 'widget':
        if (target.part === 'label') return editor.enter(new PointingNode(editor, target.node, target))
        return editor.enter(new PointingWidget(editor, target))
      case 'node':
        if (target.part === 'resize' && !editor.store.node(target.node)?.pinned) return editor.enter(new Resizing(editor, target.node, target.edge ?? 'se'))
        return editor.enter(new (target.part === 'picture' ? PointingPicture : PointingNode)(editor, target.node, target))
      case 'group':
        if (target.part === 'resize' && !editor.store.group(target.group)?.pinned) return editor.enter(new Resizing(editor, target.group, target.edge ?? 'se'))
        return editor.enter(new PointingNode(editor, target.group, target))
      case 'reroute':
        return this.#reroute(target)
      case 'link': {
        const link = editor.store.link(target.link)
        return link && editor.enter(new PointingLink(editor, link))
      }
      default:
        return undefined
    }
  }

  /** What the press begins wherever it is; null where that is for what lies there. @param {import('./state.js').Pointer} pointer @param {import('../model/types.js').Target} target @returns {import('./navigation.js').Act | 'search' | null} */
  #act(pointer, target) {
    const { hands } = this.editor
    const armed = hands.disarm()
    if (armed && pointer.button === 0) return armed
    if (hands.locked && pointer.button !== 2) return 'pan'
    const bare = target.kind === 'canvas'
    if (bare && pointer.button === 0 && pointer.clicks === 2 && !pointer.ctrl) return 'search'
    // A finger on the bare canvas moves it, as in every map.
    if (bare && pointer.type === 'touch' && !pointer.shift && !pointer.ctrl) return 'pan'
    // What goes across links may begin on one.
    return actOf(hands.preset, pointer, bare || (target.kind === 'link' && pointer.ctrl))
  }

  /** Moved, or another link drawn out of it. @param {Extract<import('../model/types.js').Target, {kind: 'reroute'}>} target */
  #reroute({ reroute: id, part }) {
    const { editor } = this
    const reroute = editor.store.get(id)
    const link = part === 'out' && reroute?.kind === 'reroute' ? linksThrough(editor, reroute)[0] : undefined
    const from = link && editor.scene.endOf(link, 'out')
    if (from && reroute?.kind === 'reroute') editor.enter(new DraggingLink(editor, { from: { ...from, type: typeOf(editor, link) }, reroute }))
    else editor.enter(new PointingNode(editor, id, { kind: 'reroute', reroute: id }))
  }

  /** @override */
  cancel() {
    this.editor.hands.disarm()
    this.editor.idle()
  }
}

/** @param {import('./editor.js').Editor} editor @param {import('../model/types.js').LinkRecord} link */
const typeOf = ({ scene }, link) => scene.wire(link.id)?.type ?? link.type
