/** A field over an input or output of a subgraph, for its name. Enter or a click elsewhere keeps it, Escape does not. */
import { renamePort } from '../commands/subgraph_ports.js'
import { t } from '../language/t.js'
import { asText } from '../model/json.js'
import { h } from './dom.js'

/** @param {HTMLElement} host over the canvas @param {import('../tools/editor.js').Editor} editor */
export function installPortEditor(host, editor) {
  editor.on('edit-port', ({ graph, side, index, rect }) => {
    const definition = editor.graph.definition(graph)
    const port = (side === 'in' ? definition?.inputs : definition?.outputs)?.[index]
    if (!port) return
    let kept = false
    const field = h('input.port-name', { type: 'text', value: asText(port.label) || asText(port.name) || '', 'aria-label': side === 'in' ? t('Name of the input') : t('Name of the output'), spellcheck: 'false' })
    Object.assign(field.style, { left: `${rect.x}px`, top: `${rect.y}px`, width: `${Math.max(rect.w, 180)}px`, height: `${Math.max(rect.h, 24)}px` })
    const end = (/** @type {boolean} */ keep) => {
      if (kept) return
      kept = true
      off()
      const value = field.value
      field.remove()
      if (keep) renamePort(editor, graph, side, index, value)
      editor.focus()
    }
    const off = editor.on('camera', () => end(true))
    field.addEventListener('keydown', event => {
      event.stopPropagation()
      if (event.key === 'Enter') end(true)
      else if (event.key === 'Escape') end(false)
    })
    field.addEventListener('blur', () => end(true))
    host.append(field)
    field.focus()
    field.select()
  })
}
