/** Any colour for nodes and frames, by the chooser of the browser; one step however long one looks for it. */
import { t } from '../language/t.js'
import { h } from './dom.js'

/** @param {import('../tools/editor.js').Editor} editor */
export function installOwnColour(editor) {
  editor.on('own-colour', ({ ids }) => {
    const first = ids.flatMap(id => editor.store.node(id) ?? editor.store.group(id) ?? [])[0]
    const box = editor.titleRect(first?.id ?? '')
    const stage = editor.overlay.getBoundingClientRect()
    const input = h('input.own-colour', { type: 'color', value: first?.color && /^#[\da-f]{6}$/iu.test(first.color) ? first.color : '#4f84ba', 'aria-label': t('Colour'), tabindex: -1 })
    input.style.left = `${stage.left + (box?.x ?? stage.width / 2)}px`
    input.style.top = `${stage.top + (box?.y ?? stage.height / 2)}px`
    document.body.append(input)
    input.addEventListener('change', () => {
      editor.run('colour', { ids, colour: input.value })
      input.remove()
      editor.focus()
    })
    input.addEventListener('cancel', () => input.remove())
    input.addEventListener('blur', () => setTimeout(() => input.remove(), 1000))
    input.focus({ preventScroll: true })
    try {
      input.showPicker()
    } catch {
      input.click() // a browser without it, or one that saw no press
    }
  })
}
