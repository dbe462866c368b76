/**
 * Opens the right HTML editor over a widget, at most one at a time, and writes what was typed back as one step.
 *
 * @typedef {import('../tools/editor.js').Editor} Editor
 * @typedef {import('../model/widget_values.js').Widget} Widget
 * @typedef {import('./request.js').OpenEditor} OpenEditor
 */
import { many, t } from '../language/t.js'
import { NOTE_TYPES } from '../model/virtual_types.js'
import { humanise, inSentence } from '../model/words.js'
import { editorOf } from './kinds.js'
import { PromptWords } from './prompt_words.js'
import { layOver } from './request.js'
import { openText } from './text.js'
import { widgetNames } from './widget_names.js'

export class WidgetHost {
  /**
   * @param {HTMLElement} host  lies over the canvas, with the same box
   * @param {Editor} editor
   * @param {object} hooks
   * @param {(node: string) => string} hooks.titleOf
   * @param {(node: string, widget: string) => unknown} hooks.lastUsed
   * @param {(spec: any) => number} hooks.randomSeed
   * @param {import('./prompt_words.js').Sources} hooks.words
   * @param {(spec: import('../model/schema.js').WidgetSpec) => ((choice: unknown) => string | null) | null} hooks.picturesOf
   */
  constructor(host, editor, hooks) {
    this.host = host
    this.editor = editor
    this.hooks = hooks
    this.words = new PromptWords(hooks.words)
    /** @type {{ editor: OpenEditor, node: string, name: string, at: { x: number, y: number } | null } | null} */
    this.open = null
    editor.on('edit-widget', ({ node, widget, rect, zoom, select, typed }) => this.edit(node.id, widget, rect, zoom, { select, typed }))
    editor.on('edit-title', ({ node, rect }) => this.editTitle(node.id, hooks.titleOf(node.id), rect))
    editor.on('edit-group-title', ({ group, rect }) => this.editTitle(group.id, group.title, rect))
    editor.on('camera', () => this.follow())
    // What is half typed belongs to the draft too, which is written at the same event.
    addEventListener('pagehide', () => this.close(), { capture: true })
  }

  /** Edits a widget that need not have been clicked: by Tab, or from the outline. @param {string} node @param {string} name */
  editNamed(node, name) {
    const widget = this.editor.widgets(node).find(other => other.name === name)
    const rect = this.editor.widgetRect(node, name)
    if (!widget || !rect) return
    if (widget.spec.kind === 'toggle') this.editor.setWidget(node, name, !widget.value)
    else this.edit(node, widget, rect, this.editor.camera.zoom, { select: true })
  }

  /** @param {string} node @param {Widget} widget @param {import('../geometry/rect.js').Rect} rect @param {number} zoom @param {{select?: boolean, typed?: string | undefined, all?: boolean, aside?: boolean}} [how]
   *   `aside`: not over the canvas, so the value there stays shown; `all`: what is set is set on all selected nodes */
  edit(node, widget, rect, zoom, { select = false, typed, all: always = false, aside = false } = {}) {
    this.close()
    const { editor } = this
    const open = editorOf(widget)
    if (!open) return
    const request = {
      box: { x: rect.x, y: rect.y, width: rect.w, height: rect.h },
      zoom,
      label: `${humanise(widget.label || widget.name)}, ${this.hooks.titleOf(node)}`,
      value: widget.value,
      spec: widget.spec,
      select,
      typed,
      empty: emptyList(widget),
      list: `${editor.store.node(node)?.type ?? ''} ${widget.name}`,
      pictures: () => this.hooks.picturesOf(widget.spec),
      commit: (/** @type {unknown} */ value, { all = always } = {}) => (all || always ? editor.setWidgets : editor.setWidget.bind(editor))(node, widget.name, value),
      others: editor.alike(node, widget.name).length - 1,
      ...this.expressions(node, widget),
      ...this.prompts(node, widget),
      closed: () => {
        if (this.open?.node !== node || this.open.name !== widget.name) return
        this.open = null
        editor.editing(null)
        if (!aside) editor.focus()
      },
      next: (/** @type {1 | -1} */ step) => aside || this.next(node, widget.name, step),
      control: String(widget.control ?? 'fixed'),
      lastUsed: /** @type {number | null} */ (this.hooks.lastUsed(node, widget.name) ?? null),
      random: () => this.hooks.randomSeed(widget.spec),
      commitSeed: (/** @type {number | null} */ value, /** @type {string} */ control, /** @type {boolean} */ all) => {
        const ids = all || always ? editor.alike(node, widget.name).map(({ id }) => id) : [node]
        editor.store.transact(many(ids.length, 'Change the seed', 'Change the seed of {count} nodes'), () => ids.forEach(id => {
          if (value !== null && value !== editor.widget(id, widget.name)?.value) editor.setWidget(id, widget.name, value)
          if (control !== editor.widget(id, widget.name)?.control) editor.setWidget(id, widget.name, control, 'control')
        }))
      },
    }
    if (!aside) editor.editing({ node, name: widget.name })
    this.open = { editor: open(this.host, request), node, name: widget.name, at: aside ? null : rect }
  }

  /** Opens a widget's list or card at an element beside the canvas. @param {HTMLElement} anchor @param {string} node @param {Widget} widget @param {{all: boolean}} how */
  editAt(anchor, node, widget, { all }) {
    const [box, stage] = [anchor.getBoundingClientRect(), this.host.getBoundingClientRect()]
    const rect = { x: box.left - stage.left, y: box.top - stage.top, w: box.width, h: box.height }
    const record = this.editor.store.node(node)
    if (editorOf(widget)) this.edit(node, widget, rect, 1, { all, aside: true })
    else if (record) this.editor.emit('edit-widget', { node: record, widget, rect, zoom: 1, select: false }) // what opens over the whole page
  }

  /** What a number's editor needs for expressions; nothing where none can be kept. @param {string} node @param {Widget} widget */
  expressions(node, { name, spec, expression }) {
    const { editor } = this
    const record = editor.store.node(node)
    if (spec.kind !== 'number' || !record || !editor.schema.get(record.type) || record.type === 'PrimitiveNode') return {}
    return {
      expression,
      preview: (/** @type {string} */ source) => editor.expressions.preview(node, name, source),
      commitExpression: (/** @type {string} */ source, /** @type {{ all?: boolean }} */ how) => editor.setExpression(node, name, source, how),
      complete: (/** @type {string} */ text, /** @type {number} */ caret) => widgetNames(editor, record.graph, text, caret),
    }
  }

  /** What the editor of a prompt needs. @param {string} node @param {Widget} widget */
  prompts(node, { spec }) {
    if (spec.kind !== 'text' || !spec.multiline || NOTE_TYPES.has(this.editor.store.node(node)?.type ?? '')) return {}
    return { prompt: true, complete: (/** @type {string} */ text, /** @type {number} */ caret) => this.words.find(text, caret) }
  }

  /**
   * The title of a node or a frame.
   *
   * @param {string} id @param {string} title @param {import('../geometry/rect.js').Rect} rect
   */
  editTitle(id, title, rect) {
    this.close()
    const { editor } = this
    const field = openText(this.host, {
      box: { x: rect.x, y: rect.y, width: rect.w, height: rect.h }, zoom: editor.camera.zoom, label: t('Title'), value: title, spec: {},
      // A node without a title of its own shows its type's.
      commit: value => editor.store.transact(t('Rename'), () => editor.store.update(id, { title: String(value).trim() || (editor.store.node(id) ? null : t('Frame')) })),
      closed: () => {
        this.open = null
        editor.focus()
      },
      next: () => undefined,
    })
    this.open = { editor: field, node: id, name: '', at: rect }
  }

  close() {
    this.open?.editor.close(true)
  }

  /** The neighbour's editor; round the node's widgets. @param {string} node @param {string} name @param {1 | -1} step */
  next(node, name, step) {
    const widgets = this.editor.widgets(node).filter(widget => editorOf(widget) !== null && this.editor.widgetRect(node, widget.name))
    const at = widgets.findIndex(widget => widget.name === name)
    const next = widgets[(at + step + widgets.length) % widgets.length]
    if (next && next.name !== name) this.editNamed(node, next.name)
  }

  /** Stays on its widget while the camera moves. */
  follow() {
    if (!this.open?.at) return
    const { node, name, editor, at } = this.open
    const rect = name ? this.editor.widgetRect(node, name) : null
    if (rect && editor.element.classList.contains('edit')) {
      const where = { box: { x: rect.x, y: rect.y, width: rect.w, height: rect.h }, zoom: this.editor.camera.zoom }
      if (editor.place) editor.place(where)
      else layOver(editor.element, where)
    } else if (!rect || Math.hypot(rect.x - at.x, rect.y - at.y) > 1) this.close() // a list that floats stays where it was opened
  }
}

/** @param {Widget} widget */
function emptyList({ spec, name }) {
  if (spec.kind !== 'combo' || spec.options.length) return undefined
  return spec.upload ? t('No pictures yet: drop one on the node.') : t('No {name} files were found on the server.', { name: inSentence(humanise(name)) })
}
