/**
 * What the pointer over a widget lets keys and wheel do, without a press: Alt and the wheel steps it, Backspace or a click
 * of the middle button sets it back to its default, and with nothing selected copy and paste are of its value.
 *
 * @typedef {import('./editor.js').Editor} Editor
 */
import { resetWidget, setWidget } from '../commands/set_widget.js'
import { t } from '../language/t.js'
import { asList, asObject } from '../model/json.js'
import { readValue, writeValue } from '../model/value_text.js'
import { humanise } from '../model/words.js'
import { kindOf } from '../view/widget_kinds.js'
import { isField } from './fields.js'

/** Notches of a wheel that come closer together than this are one step of undo, in ms. */
const PAUSE = 600
/** On Linux a click of the middle button pastes what is marked anywhere, this long after it, in ms: nobody who pans means that. */
const X11 = 300
/** CSS pixels that a click of the middle button may wander. */
const DRIFT = 4

/** @param {Editor} editor @returns {() => void} ends it */
export function listenWidgetKeys(editor) {
  const { overlay } = editor
  const page = overlay.ownerDocument
  const abort = new AbortController()
  const { signal } = abort
  let wheeled = { node: '', name: '', time: -Infinity, version: -1 }
  let pressed = { x: 0, y: 0 }
  let released = -Infinity

  /** The widget under the pointer, unless what is there takes nothing now. */
  const hovered = () => {
    const { hover } = editor
    if (hover.kind !== 'widget' || hover.part === 'label' || editor.edited) return null
    const widget = editor.widget(hover.node, hover.name)
    const node = editor.store.node(hover.node)
    const slot = node?.inputs.findIndex(({ name }) => name === hover.name) ?? -1
    const linked = node && slot >= 0 && editor.graph.linkInto(node, slot)
    return widget && !linked ? { id: hover.node, widget } : null
  }

  overlay.addEventListener('wheel', (event) => {
    const found = event.altKey ? hovered() : null
    if (!found) return
    const { id, widget } = found
    const steps = (event.deltaY || event.deltaX) < 0 ? 1 : -1
    const value = kindOf(widget).step?.(widget, steps, { shift: event.shiftKey, ctrl: event.ctrlKey || event.metaKey, alt: true })
    event.preventDefault()
    event.stopImmediatePropagation()
    if (value === undefined) return
    const again = wheeled.node === id && wheeled.name === widget.name && event.timeStamp - wheeled.time < PAUSE && wheeled.version === editor.store.version
    editor.store.transact(t('Change {name}', { name: humanise(widget.name).toLowerCase() }), () => setWidget(editor, id, widget.name, value), { merge: again })
    wheeled = { node: id, name: widget.name, time: event.timeStamp, version: editor.store.version }
  }, { signal, capture: true, passive: false })

  page.addEventListener('keydown', (event) => {
    if (event.key !== 'Backspace' || event.ctrlKey || event.metaKey || event.shiftKey || event.defaultPrevented) return
    const found = event.target === overlay || event.target === page.body ? hovered() : null
    if (!found) return
    event.preventDefault()
    event.stopImmediatePropagation()
    reset(found.id, found.widget.name)
  }, { signal, capture: true })

  /** @param {string} id @param {string} name */
  function reset(id, name) {
    if (!resetWidget(editor, id, name)) editor.notify(t('{name} has its default already.', { name: humanise(name) }))
  }

  overlay.addEventListener('pointerdown', (event) => {
    if (event.button === 1) pressed = { x: event.clientX, y: event.clientY }
  }, { signal })
  overlay.addEventListener('pointerup', (event) => {
    if (event.button === 1) released = event.timeStamp
    if (event.button !== 1 || Math.hypot(event.clientX - pressed.x, event.clientY - pressed.y) > DRIFT) return
    const found = hovered()
    if (found) reset(found.id, found.widget.name)
  }, { signal })

  page.addEventListener('copy', (event) => {
    const found = isFree(event) ? hovered() : null
    if (!found) return
    event.clipboardData?.setData('text/plain', writeValue(found.widget))
    event.preventDefault()
    event.stopImmediatePropagation()
  }, { signal, capture: true })
  page.addEventListener('paste', (event) => {
    if (event.timeStamp - released < X11 && event.target !== null && !isField(event.target)) {
      event.preventDefault()
      event.stopImmediatePropagation()
      return
    }
    const found = isFree(event) ? hovered() : null
    const text = event.clipboardData?.getData('text/plain')
    if (!found || !text || holdsNodes(text)) return
    event.preventDefault()
    event.stopImmediatePropagation()
    const value = readValue(found.widget, text)
    if (value !== undefined) setWidget(editor, found.id, found.widget.name, value)
    else editor.notify(t('“{value}” is no value for {name}.', { value: text.trim().slice(0, 40), name: humanise(found.widget.name).toLowerCase() }))
  }, { signal, capture: true })

  /** Nothing is selected that would be meant, no field is typed in, no text marked. @param {ClipboardEvent} event */
  function isFree(event) {
    return !event.defaultPrevented && !isField(event.target) && editor.selection.size === 0 && (page.getSelection()?.isCollapsed ?? true)
  }

  return () => abort.abort()
}

/** Nodes are pasted as nodes, wherever the pointer is. @param {string} text */
function holdsNodes(text) {
  if (!text.trimStart().startsWith('{')) return false
  try {
    return asList(asObject(JSON.parse(text))?.nodes).length > 0
  } catch {
    return false // `{a|b}` is a prompt
  }
}
