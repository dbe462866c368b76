/** A saved graph whose file is no longer as this tab knows it: nothing is written before the person has said what is to be. */
import { ApiError } from '../api/client.js'
import { t } from '../language/t.js'
import { openDialog } from '../panels/dialog.js'
import { h } from '../panels/dom.js'

/** @typedef {'anew' | 'mine' | 'copy' | 'theirs' | null} Choice */

/** @param {unknown} error @returns {'file_changed' | 'file_gone' | null} */
export function changeOf(error) {
  const kind = error instanceof ApiError && error.status === 412 ? error.body?.error?.type : null
  return kind === 'file_changed' || kind === 'file_gone' ? kind : null
}

/** @param {'file_changed' | 'file_gone'} change @param {string} name @returns {Promise<Choice>} */
export function askChanged(change, name) {
  if (change === 'file_gone') {
    return choose(t('The saved graph is gone'), t('“{name}” was deleted or moved in the meantime. What is in this tab is whole.', { name }), [
      { label: t('Save it anew'), choice: 'anew', primary: true },
    ])
  }
  return choose(t('The saved graph was changed'), t('Somebody else has saved “{name}” since it was opened here.', { name }), [
    { label: t('Open theirs'), choice: 'theirs' },
    { label: t('Replace theirs'), choice: 'mine', danger: true },
    { label: t('Save under another name'), choice: 'copy', primary: true },
  ])
}

/** @param {string} title @param {string} text @param {{ label: string, choice: Choice, primary?: boolean, danger?: boolean }[]} choices @returns {Promise<Choice>} */
function choose(title, text, choices) {
  return new Promise(resolve => {
    /** @type {Choice} */
    let answer = null
    const buttons = choices.map(({ label, choice, primary, danger }) => h('button', {
      type: 'button', class: danger ? 'plain danger' : primary ? 'primary' : 'plain',
      onclick: () => {
        answer = choice
        dialog.close()
      },
    }, label))
    const dialog = openDialog(title, [h('p', {}, text), h('div.buttons', {}, h('button.plain', { type: 'button', onclick: () => dialog.close() }, t('Cancel')), buttons)], { onClose: () => resolve(answer) })
    buttons.at(-1)?.focus()
  })
}
