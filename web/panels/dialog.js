/** Modal questions, always an answer to something the person did; none opens by itself. */
import { icon } from '../icons/icons.js'
import { t } from '../language/t.js'
import { h } from './dom.js'

/**
 * Shows a modal dialog. Its focus trap, Escape and backdrop are the browser's own.
 *
 * @param {string} title
 * @param {(Node | string | null)[]} content
 * @param {{ wide?: boolean, onClose?: () => void }} [options]
 * @returns {{ element: HTMLDialogElement, close: () => void }}
 */
export function openDialog(title, content, { wide = false, onClose } = {}) {
  const element = h('dialog.dialog', { class: wide ? 'dialog wide' : 'dialog', 'aria-label': title },
    h('header', {}, h('h2', {}, title),
      h('button.round', { type: 'button', 'aria-label': t('Close'), 'data-tip': t('Close'), 'data-keys': 'Escape', onclick: () => element.close() }, icon('close'))),
    h('div.content.scrolls', {}, content))
  element.addEventListener('close', () => {
    element.remove()
    onClose?.()
  })
  element.addEventListener('click', event => {
    if (event.target === element) element.close() // the backdrop
  })
  element.addEventListener('keydown', event => event.stopPropagation())
  document.body.append(element)
  element.showModal()
  return { element, close: () => element.close() }
}

/**
 * Asks for one line of text.
 *
 * @param {{ title: string, label: string, value: string, verb: string, check?: (value: string) => string | null }} question
 *   `check` returns what is wrong with the value, or null
 * @returns {Promise<string | null>} null if the person thought better of it
 */
export function askText({ title, label, value, verb, check }) {
  return new Promise(resolve => {
    /** @type {string | null} */
    let answer = null
    const field = h('input.field', { type: 'text', value, id: 'ask-text', spellcheck: 'false', autocomplete: 'off', 'aria-describedby': 'ask-text-wrong' })
    const wrong = h('p.wrong', { id: 'ask-text-wrong', role: 'alert' })
    const form = h('form.ask', { method: 'dialog' },
      h('label', { for: 'ask-text' }, label), field, wrong,
      h('div.buttons', {}, h('button.plain', { type: 'button', onclick: () => dialog.close() }, t('Cancel')), h('button.primary', { type: 'submit' }, verb)))
    form.addEventListener('submit', event => {
      event.preventDefault()
      const problem = field.value.trim() ? check?.(field.value.trim()) ?? null : t('Type a name first.')
      wrong.textContent = problem ?? ''
      if (problem) return
      answer = field.value.trim()
      dialog.close()
    })
    const dialog = openDialog(title, [form], { onClose: () => resolve(answer) })
    field.select()
  })
}

/**
 * @param {{ title: string, text: string, verb: string, danger?: boolean }} question
 * @returns {Promise<boolean>}
 */
export function confirm({ title, text, verb, danger = false }) {
  return new Promise(resolve => {
    let answer = false
    const yes = h('button.primary', { type: 'button', class: danger ? 'primary danger' : 'primary', onclick: () => { answer = true; dialog.close() } }, verb)
    const dialog = openDialog(title, [
      h('p', {}, text),
      h('div.buttons', {}, h('button.plain', { type: 'button', onclick: () => dialog.close() }, t('Cancel')), yes),
    ], { onClose: () => resolve(answer) })
    yes.focus()
  })
}
