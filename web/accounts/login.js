/** The session has ended while the page is open: it is begun again here, and the graph stays as it is. Not loaded late: a stranger gets no file. */
import { t } from '../language/t.js'
import { openDialog } from '../panels/dialog.js'
import { h } from '../panels/dom.js'

/**
 * @param {object} parts
 * @param {import('../api/client.js').Client} parts.client
 * @param {string} parts.name  who was here
 * @param {(person: { id: string }) => void} parts.done
 * @param {() => void} parts.closed
 */
export function openLogin({ client, name, done, closed }) {
  const who = h('input.field', { type: 'text', value: name, id: 'login-name', autocomplete: 'username', spellcheck: 'false', required: true })
  const word = h('input.field', { type: 'password', id: 'login-word', autocomplete: 'current-password', required: true, 'aria-describedby': 'login-wrong' })
  const wrong = h('p.wrong', { id: 'login-wrong', role: 'alert' })
  const send = h('button.primary', { type: 'submit' }, t('Log in'))
  const form = h('form.ask.account-form', {},
    h('p', {}, t('You are not logged in any more. Your graph is kept in this browser; it is sent on once you are back.')),
    h('label', { for: 'login-name' }, t('Name')), who, h('label', { for: 'login-word' }, t('Password')), word, wrong,
    h('div.buttons', {}, h('button.plain', { type: 'button', onclick: () => dialog.close() }, t('Not now')), send))
  form.addEventListener('submit', event => {
    event.preventDefault()
    void enter()
  })
  const dialog = openDialog(t('Log in again'), [form], { onClose: closed })
  ;(name ? word : who).focus()

  async function enter() {
    send.disabled = true
    wrong.textContent = ''
    try {
      const person = await client.send('POST', '/easel/login', { name: who.value, password: word.value })
      dialog.close()
      done(person)
    } catch (error) {
      wrong.textContent = /** @type {Error} */ (error).message
      send.disabled = false
      word.select()
    }
  }
}
