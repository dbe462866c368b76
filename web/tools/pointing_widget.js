/** The pointer is down on a widget: a click edits or switches it, a drag across a number changes it. */
import { fitNumber, setWidget } from '../commands/set_widget.js'
import { clamp } from '../geometry/vec.js'
import { State } from './state.js'
import { Translating } from './translating.js'

/** CSS pixels of drag for one step of a number without a useful range. */
const STEP = 6
/** CSS pixels of drag that cross a whole range, where there is one. */
const RANGE = 320

export class PointingWidget extends State {
  /** @param {import('./editor.js').Editor} editor @param {Extract<import('../model/types.js').Target, {kind: 'widget'}>} target */
  constructor(editor, target) {
    super(editor)
    this.target = target
    this.widget = editor.widget(target.node, target.name)
    this.changing = false
  }

  /** @override */
  get cursor() {
    return this.changing ? 'ew-resize' : ''
  }

  /** @override */
  down() {
    const { editor, target } = this
    if (!editor.selection.has(target.node)) editor.select([target.node])
  }

  /** @param {import('./state.js').Pointer} pointer @override */
  move(pointer) {
    if (!pointer.dragged) return
    const { editor, target, widget } = this
    const spec = widget?.spec
    if (spec?.kind !== 'number' || target.part !== 'value') {
      // Only numbers are dragged; by any other widget the node is moved.
      editor.enter(new Translating(editor, pointer))
      return
    }
    if (!this.changing) editor.store.begin(`Change ${target.name}`)
    this.changing = true
    const first = typeof widget?.value === 'number' ? widget.value : spec.default
    const by = pointer.screen.x - pointer.start.x
    const span = spec.max - spec.min
    const perPixel = spec.display === 'slider' && span > 0 ? span / RANGE : spec.step / STEP
    const speed = pointer.shift ? 0.1 : pointer.ctrl ? 10 : 1
    const value = first + by * perPixel * speed
    const grid = spec.display === 'slider' ? 0 : pointer.shift ? spec.step / 10 : spec.step
    setWidget(editor, target.node, target.name, fitNumber(spec, grid > 0 ? first + Math.round((value - first) / grid) * grid : value))
  }

  /** @param {import('./state.js').Pointer} pointer @override */
  up(pointer) {
    const { editor, target, widget } = this
    if (this.changing) editor.store.commit()
    editor.idle()
    if (this.changing || !widget || pointer.dragged) return
    const { spec } = widget
    if (target.part === 'upload') {
      const node = editor.store.node(target.node)
      if (node) editor.emit('upload', { node, widget })
    } else if (spec.kind === 'toggle') setWidget(editor, target.node, target.name, widget.value !== true)
    else if (spec.kind === 'number' && (target.part === 'less' || target.part === 'more')) {
      const factor = (target.part === 'less' ? -1 : 1) * (pointer.shift ? 10 : 1)
      const value = typeof widget.value === 'number' ? widget.value : spec.default
      setWidget(editor, target.node, target.name, fitNumber(spec, clamp(value + factor * spec.step, spec.min, spec.max)))
    } else editor.editWidget(target.node, target.name, { select: true })
  }
}
