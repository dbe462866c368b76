/**
 * Copy, cut and paste as the browser tells them: its events come with leave to use the clipboard, whatever the keys are.
 * A paste that is not nodes is left to who else listens.
 *
 * @typedef {import('./editor.js').Editor} Editor
 */
import { copyText, pasteText } from '../commands/clipboard.js'
import { hiddenText } from '../commands/pasted_text.js'
import { remove } from '../commands/remove.js'
import { remember } from '../commands/system_clipboard.js'
import { isField } from './fields.js'

/** @param {Editor} editor @returns {() => void} ends it */
export function listenClipboard(editor) {
  const page = editor.overlay.ownerDocument
  const abort = new AbortController()
  const { signal } = abort
  const copy = (/** @type {ClipboardEvent} */ event) => {
    const text = isOurs(event, page) ? copyText(editor, editor.selection) : null
    if (text === null) return false
    event.clipboardData?.setData('text/plain', text)
    remember(text)
    event.preventDefault()
    return true
  }
  page.addEventListener('copy', copy, { signal })
  page.addEventListener('cut', (event) => {
    if (copy(event)) remove(editor, editor.selection)
  }, { signal })
  page.addEventListener('paste', (event) => {
    const { clipboardData: data } = event
    if (!data || !isOurs(event, page)) return
    const texts = [data.getData('text/plain'), hiddenText(data.getData('text/html'))]
    if (texts.some((text) => text && pasteText(editor, text, { point: editor.pointer }))) event.preventDefault()
  }, { signal })
  return () => abort.abort()
}

/** Not meant for a field, nor for text that is marked on the page. @param {Event} event @param {Document} page */
function isOurs(event, page) {
  return !event.defaultPrevented && !isField(event.target) && (page.getSelection()?.isCollapsed ?? true)
}
