/**
 * The elements of packs' widgets, over the canvas: each lies on its widget, grows and shrinks with the graph, and is taken
 * away where it is out of view, too small to read, or its node collapsed.
 *
 * @typedef {import('../tools/editor.js').Editor} Editor
 * @typedef {import('../model/types.js').NodeRecord} NodeRecord
 * @typedef {import('../geometry/layout.js').WidgetPlace} WidgetPlace
 *
 * @typedef {object} NodeWidget What a pack gives for a widget.
 * @property {(handle: WidgetHandle) => HTMLElement | undefined} create undefined where it failed
 * @property {(element: HTMLElement, handle: WidgetHandle) => void} update its value, or whether it may be changed, is another now
 *
 * @typedef {object} WidgetHandle
 * @property {string} node The node's id, as the file has it.
 * @property {string} name Of the input.
 * @property {unknown} value
 * @property {boolean} disabled Its value comes by a link.
 * @property {Readonly<Record<string, unknown>>} options What the node declares: `kind`, `default`, `min`, `max`, `step`, `options`, ...
 * @property {(value: unknown) => void} set One step of the history.
 */
import { rectToScreen, visible } from '../geometry/viewport.js'
import { move } from '../geometry/rect.js'
import { equal } from '../model/json.js'
import { h } from '../panels/dom.js'

/** Below this zoom the canvas shows the value instead. */
const NEAR = 0.45
/** Elements at a time: more than a screen of nodes has. */
const MOST = 300

export class ElementLayer {
  /** @type {Map<string, { element: HTMLElement, shell: HTMLElement, kind: NodeWidget, handle: WidgetHandle }>} */
  #laid = new Map()
  #asked = 0

  /** @param {HTMLElement} host @param {Editor} editor @param {ReadonlyMap<string, NodeWidget>} kinds  by the name that declarations use */
  constructor(host, editor, kinds) {
    this.host = host
    this.editor = editor
    this.kinds = kinds
    const soon = () => this.soon()
    editor.on('camera', soon)
    editor.on('graph', soon)
    editor.store.listen(soon)
    new ResizeObserver(soon).observe(host)
  }

  /** With the next frame. */
  soon() {
    this.#asked ||= requestAnimationFrame(() => {
      this.#asked = 0
      this.#lay()
    })
  }

  #lay() {
    const { editor } = this
    /** @type {Set<string>} */
    const seen = new Set()
    if (this.kinds.size && editor.camera.zoom >= NEAR) {
      const { w, h: height } = editor.viewSize
      for (const node of editor.scene.nodesIn(visible(editor.camera, w, height))) {
        if (node.collapsed) continue
        for (const place of editor.scene.layout(node).widgets) {
          const spec = editor.widget(node.id, place.name)?.spec
          const kind = spec?.element === undefined ? undefined : this.kinds.get(spec.element)
          if (kind && seen.size < MOST && this.#layOne(node, place, kind)) seen.add(`${node.id} ${place.name}`)
        }
      }
    }
    for (const [key, { shell }] of this.#laid) {
      if (seen.has(key)) continue
      shell.remove()
      this.#laid.delete(key)
    }
  }

  /** @param {NodeRecord} node @param {WidgetPlace} place @param {NodeWidget} kind @returns {boolean} whether it is there */
  #layOne(node, place, kind) {
    const { editor } = this
    const key = `${node.id} ${place.name}`
    const handle = this.#handle(node, place)
    let laid = this.#laid.get(key)
    if (laid?.kind !== kind) {
      laid?.shell.remove()
      this.#laid.delete(key)
      const element = kind.create(handle)
      if (!element) return false
      const shell = h('div.pack-widget', { role: 'group', 'aria-label': place.label || place.name }, element)
      shell.addEventListener('wheel', event => {
        event.preventDefault()
        editor.overlay.dispatchEvent(new WheelEvent('wheel', event)) // the wheel is the canvas's
      }, { passive: false })
      this.host.append(shell)
      laid = { element, shell, kind, handle }
      this.#laid.set(key, laid)
    } else if (!equal(laid.handle.value, handle.value) || laid.handle.disabled !== handle.disabled) {
      laid.handle = handle
      kind.update(laid.element, handle)
    }
    const { x, y } = rectToScreen(editor.camera, move(place.field, { x: node.pos[0], y: node.pos[1] }))
    Object.assign(laid.shell.style, { width: `${place.field.w}px`, height: `${place.field.h}px`, transform: `translate(${x}px, ${y}px) scale(${editor.camera.zoom})` })
    return true
  }

  /** @param {NodeRecord} node @param {WidgetPlace} place @returns {WidgetHandle} */
  #handle(node, place) {
    const { editor } = this
    const widget = editor.widget(node.id, place.name)
    const slot = node.inputs.findIndex(input => input.name === place.name)
    return Object.freeze({
      node: String(node.key), name: place.name,
      value: structuredClone(widget?.value),
      disabled: slot >= 0 && editor.graph.linkInto(node, slot) !== undefined,
      options: Object.freeze({ ...widget?.spec }),
      set: (/** @type {unknown} */ value) => editor.setWidget(node.id, place.name, structuredClone(value)),
    })
  }
}
