/** The pointer is down on a widget: a click edits or switches it, a drag changes it where its kind can be dragged. */
import { alike, setWidget, setWidgets, useAgain } from '../commands/set_widget.js'
import { t } from '../language/t.js'
import { fitNumber } from '../model/numbers.js'
import { humanise } from '../model/words.js'
import { kindOf } from '../view/widget_kinds.js'
import { LINK, noteLinkAt } from '../view/widget_markdown.js'
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
    /** The same widget of the other selected nodes, which Alt takes along. @type {{id: string, widget: import('../model/widget_values.js').Widget}[]} */
    this.others = []
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
    const value = this.change({ point: this.#local(pointer.canvas), by, shift, ctrl, alt })
    editor.store.transact('', () => {
      setWidget(editor, target.node, target.name, value)
      for (const { id, widget: { spec, value: before } } of this.others) {
        if (!alt) setWidget(editor, id, target.name, before)
        else setWidget(editor, id, target.name, spec.kind === 'number' && typeof value === 'number' ? fitNumber(spec, value) : value)
      }
    })
  }

  /** @param {import('./state.js').Pointer} pointer */
  #begin(pointer) {
    const { editor, target, widget } = this
    const node = editor.store.node(target.node)
    const place = node && editor.scene.view(node).layout.widgets.find(({ name }) => name === target.name)
    const change = (widget && place && kindOf(widget).drag?.(place, widget, target.part, this.#local(pointer.startCanvas))) ?? null
    if (!change) return null
    editor.store.begin(t('Change {name}', { name: humanise(target.name).toLowerCase() }))
    // An expression of another one stays: it could not be brought back when Alt is let go.
    this.others = alike(editor, target.node, target.name).slice(1).filter(({ widget: other }) => other.expression === null)
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
    if (change) editor.store.commit(pointer.alt && this.others.length ? t('Change {name} of {count} nodes', { name: humanise(target.name).toLowerCase(), count: this.others.length + 1 }) : undefined)
    editor.idle()
    if (change || !widget || pointer.dragged) return
    if (target.part === 'upload') {
      const node = editor.store.node(target.node)
      if (node) editor.emit('upload', { node, widget })
      return
    }
    if (target.part.startsWith(LINK) && pointer.ctrl) return this.#openLink(widget, pointer)
    if (target.part === 'last') {
      useAgain(editor, target.node, target.name, editor.scene.lastUsed(target.node, target.name))
      return
    }
    const value = kindOf(widget).click?.(widget, target.part, pointer)
    if (value !== undefined) (pointer.alt ? setWidgets : setWidget)(editor, target.node, target.name, value)
    else editor.editWidget(target.node, target.name, { select: true })
  }

  /** @param {import('../model/widget_values.js').Widget} widget @param {import('./state.js').Pointer} pointer */
  #openLink(widget, pointer) {
    const { editor, target } = this
    const node = editor.store.node(target.node)
    const place = node && editor.scene.view(node).layout.widgets.find(({ name }) => name === target.name)
    const href = place && noteLinkAt(place, widget, this.#local(pointer.canvas))
    if (href) window.open(href, '_blank', 'noopener,noreferrer')
  }
}
