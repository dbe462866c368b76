/** Approving packs: what that means, the files that are new, and the code that only the terminal shows. */
import { many, t } from '../language/t.js'
import { openDialog } from '../panels/dialog.js'
import { fill, h } from '../panels/dom.js'
import { waits } from './known.js'

/** @typedef {import('./known.js').Pack} Pack */

const MOST_FILES = 200

/**
 * The form of an approval.
 *
 * @param {object} parts
 * @param {import('./known.js').KnownPacks} parts.known
 * @param {readonly Pack[]} parts.packs  as they are shown: if their code is another by then, the server refuses
 * @param {import('../panels/toasts.js').Toasts} parts.toasts
 * @param {() => void} [parts.done]
 * @returns {HTMLElement}
 */
export function approvalForm({ known, packs, toasts, done }) {
  const one = packs.length === 1 ? packs[0] : null
  const { code, why } = known.approving()
  if (why) return h('p.quiet', {}, why)
  const field = h('input.field.code', {
    type: 'text', inputmode: 'numeric', autocomplete: 'one-time-code', spellcheck: 'false', maxlength: 12, 'data-key': 'code',
    'aria-label': t('The code on the terminal'), placeholder: t('Code'), 'aria-describedby': 'approval-wrong',
  })
  const wrong = h('p.wrong', { id: 'approval-wrong', role: 'alert' })
  const send = h('button.primary', { type: 'submit', 'data-key': 'approve' }, one ? t('Approve {name}', { name: one.name }) : many(packs.length, 'Approve one pack', 'Approve {count} packs'))
  const again = h('button.link', { type: 'button', 'data-key': 'show-code', onclick: () => void showAgain() }, t('Show the code on the terminal'))

  async function showAgain() {
    try {
      await known.showCode()
      toasts.show({ key: 'packs', text: t('The code is on the terminal where the server runs.') })
    } catch (error) {
      wrong.textContent = /** @type {Error} */ (error).message
    }
  }

  const form = h('form.approval', {},
    h('p', {}, t('A pack is a program: its code can do whatever the server’s own account can. Approve it only if you trust who wrote it.')),
    packs.map(pack => files(pack)),
    code ? h('p.quiet', {}, t('Who approves must see the terminal where the server runs: it shows a code that is good once.'))
      : h('p.quiet', {}, t('You approve it by your name, which is written down with it.')),
    h('div.row', {}, code ? field : null, send), wrong, code ? again : null)
  form.addEventListener('submit', event => {
    event.preventDefault()
    void approve()
  })
  form.addEventListener('keydown', event => { if (event.key !== 'Escape') event.stopPropagation() })

  async function approve() {
    const lacks = code && !field.value.trim()
    wrong.textContent = lacks ? t('Type the code first.') : ''
    if (lacks) return field.focus()
    send.disabled = field.disabled = true // the list is read anew meanwhile, and this form with it
    try {
      await known.approve(packs, field.value.trim())
      toasts.show({ key: 'packs', tone: 'done', text: one ? t('{name} is approved and is being loaded.', { name: one.name }) : many(packs.length, 'One pack is approved and is being loaded.', '{count} packs are approved and are being loaded.') })
      done?.()
    } catch (error) {
      send.disabled = field.disabled = false
      const { message } = /** @type {Error} */ (error)
      if (!form.isConnected) return void toasts.show({ key: 'packs', tone: 'error', text: message })
      wrong.textContent = message
      field.select()
    }
  }

  return form
}

/** The files that differ from what was approved; of a new pack all. @param {Pack} pack */
function files({ name, files: list, path }) {
  if (!list?.length) return h('p.quiet', {}, t('Its files: {path}', { path }))
  const words = { added: t('new'), changed: t('changed'), removed: t('gone') }
  return h('details.files', {}, h('summary', {}, many(list.length, 'One file of {name} to look at', '{count} files of {name} to look at', { name })),
    h('ul', {}, list.slice(0, MOST_FILES).map(file => h('li', {}, h('code', {}, file.name), ' ', h('span.quiet', {}, words[/** @type {'added'} */ (file.change)] ?? '')))),
    list.length > MOST_FILES ? h('p.quiet', {}, t('and {count} more', { count: list.length - MOST_FILES })) : null)
}

/** All that wait, with one code. @param {{ known: import('./known.js').KnownPacks, toasts: import('../panels/toasts.js').Toasts }} parts */
export function approveAll({ known, toasts }) {
  const packs = known.packs.filter(waits)
  const names = h('p.approved', {}, packs.map(({ name }) => name).join(', '))
  const dialog = openDialog(t('Approve packs'), [names, approvalForm({ known, packs, toasts, done: () => dialog.close() })])
  ;/** @type {HTMLElement | null} */ (dialog.element.querySelector('.code, form .primary'))?.focus()
}

/** Fills an element without losing what is being typed into it, as long as it is about the same. @param {HTMLElement} element @param {string} key @param {() => import('../panels/dom.js').Child[]} make */
export function fillUnless(element, key, make) {
  if (element.dataset.about === key && element.contains(document.activeElement) && document.activeElement instanceof HTMLInputElement) return
  element.dataset.about = key
  fill(element, make())
}
