/** The pointer is down on a widget: a click edits or switches it, a drag changes it where its kind can be dragged. */
import { setWidget } from '../commands/set_widget.js'
import { kindOf } from '../view/widget_kinds.js'
import { State } from './state.js'
import { Translating } from './translating.js'

export class PointingWidget extends State {
  /** @param {import('./editor.js').Editor} editor @param {Extract<import('../model/types.js').Target, {kind: 'widget'}>} target */
  constructor(editor, target) {
    super(editor)
    this.target = target
    this.widget = editor.widget(target.node, target.name)
    /** @type {((drag: import('../view/widget_kinds.js').Drag) => unknown) | null} */
    this.change = null
  }

  /** @override */
  get cursor() {
    return this.change && this.widget ? (kindOf(this.widget).cursors?.[this.target.part] ?? '') : ''
  }

  /** @override */
  down() {
    const { editor, target } = this
    if (!editor.selection.has(target.node)) editor.select([target.node])
  }

  /** @param {import('./state.js').Pointer} pointer @override */
  move(pointer) {
    if (!pointer.dragged) return
    const { editor, target } = this
    this.change ??= this.#begin(pointer)
    if (!this.change) {
      // A widget that takes no drag: by it the node is moved.
      editor.enter(new Translating(editor, pointer))
      return
    }
    const by = { x: pointer.screen.x - pointer.start.x, y: pointer.screen.y - pointer.start.y }
    const { shift, ctrl, alt } = pointer
    setWidget(editor, target.node, target.name, this.change({ point: this.#local(pointer.canvas), by, shift, ctrl, alt }))
  }

  /** @param {import('./state.js').Pointer} pointer */
  #begin(pointer) {
    const { editor, target, widget } = this
    const node = editor.store.node(target.node)
    const place = node && editor.scene.view(node).layout.widgets.find(({ name }) => name === target.name)
    const change = (widget && place && kindOf(widget).drag?.(place, widget, target.part, this.#local(pointer.startCanvas))) ?? null
    if (change) editor.store.begin(`Change ${target.name}`)
    return change
  }

  /** In the node's own pixels. @param {import('./state.js').Point} point */
  #local(point) {
    const [x = 0, y = 0] = this.editor.store.node(this.target.node)?.pos ?? []
    return { x: point.x - x, y: point.y - y }
  }

  /** @param {import('./state.js').Pointer} pointer @override */
  up(pointer) {
    const { editor, target, widget, change } = this
    if (change) editor.store.commit()
    editor.idle()
    if (change || !widget || pointer.dragged) return
    if (target.part === 'upload') {
      const node = editor.store.node(target.node)
      if (node) editor.emit('upload', { node, widget })
      return
    }
    const value = kindOf(widget).click?.(widget, target.part, pointer)
    if (value !== undefined) setWidget(editor, target.node, target.name, value)
    else editor.editWidget(target.node, target.name, { select: true })
  }
}
