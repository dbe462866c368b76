/** The panel of people, for admins: who may come in, as what, and how much they may take. */
import { icon } from '../icons/icons.js'
import { many, t } from '../language/t.js'
import { askText, confirm, openDialog } from '../panels/dialog.js'
import { fill, h } from '../panels/dom.js'
import { openMenu } from '../panels/menu.js'
import { ago } from '../panels/times.js'
import { showOnce } from './account.js'
import { initialOf } from './corner.js'
import { roleWord } from './me.js'
import { useWords } from './use.js'
import { newPassword } from './words.js'

/**
 * @typedef {import('./me.js').Quotas} Quotas
 * @typedef {{ id: string, name: string, role: import('./me.js').Role, disabled: boolean, created: number, quotas: Quotas, sessions: number, tokens: number, used: number | null, use: import('./use.js').Use }} Account
 */

const ADDRESS = '/easel/accounts'
const ROLES = /** @type {const} */ (['admin', 'artist', 'viewer'])

/**
 * @param {{ client: import('../api/client.js').Client, me: import('./me.js').Me, toasts: import('../panels/toasts.js').Toasts }} parts
 * @returns {import('../panels/drawer.js').Panel}
 */
export function peoplePanel({ client, me, toasts }) {
  return {
    id: 'people',
    title: t('People'),
    size: 'wide',
    fill(body) {
      const list = h('div.people', { role: 'list', 'aria-label': t('People') })
      const fresh = h('div.account-fresh')
      const count = h('span.count', { role: 'status' })
      body.append(h('div.tools', {}, h('button', { type: 'button', onclick: () => add() }, icon('add', 14), t('Add a person')), count), h('div.body.scrolls', { tabindex: -1 }, fresh, list))

      async function draw() {
        try {
          /** @type {{ accounts: Account[] }} */
          const { accounts } = await client.json(ADDRESS)
          const focused = list.contains(document.activeElement) ? /** @type {HTMLElement} */ (document.activeElement).dataset.key : undefined
          fill(list, accounts.map(row))
          count.textContent = many(accounts.length, 'one person', '{count} people')
          if (focused) /** @type {HTMLElement | null} */ (list.querySelector(`[data-key="${CSS.escape(focused)}"]`))?.focus({ preventScroll: true })
        } catch (error) {
          fill(list, h('p.none', {}, /** @type {Error} */ (error).message), h('button.link', { type: 'button', onclick: () => void draw() }, t('Try again')))
        }
      }

      /** @param {Account} account */
      function row(account) {
        const { id, name, role, disabled, used, sessions, tokens } = account
        const own = id === me.person?.id
        const choice = h('select.field', { 'aria-label': t('Role of {name}', { name }), 'data-key': `role ${id}`, onchange: () => void change(account, { role: choice.value }) }, ROLES.map(each => h('option', { value: each }, roleWord(each))))
        choice.value = role
        const more = h('button.round', { type: 'button', 'aria-haspopup': 'menu', 'aria-label': t('What can be done with {name}', { name }), 'data-tip': t('More'), 'data-key': `more ${id}`, onclick: () => menu(account, more.getBoundingClientRect()) }, icon('more', 15))
        return h('div.person', { role: 'listitem', dataset: { off: String(disabled) } },
          h('span.initial', { 'aria-hidden': 'true' }, initialOf(name)),
          h('div.words', {}, h('span', {}, name, own ? h('b.tag', {}, t('you')) : null, disabled ? h('b.tag', {}, t('switched off')) : null),
            h('small', {}, [used ? t('here {time}', { time: ago(used) }) : t('never here'), sessions ? many(sessions, 'one browser', '{count} browsers') : '', tokens ? many(tokens, 'one token', '{count} tokens') : ''].filter(Boolean).join(' · ')), h('small', {}, useWords(account.quotas, account.use))),
          choice, more)
      }

      /** @param {Account} account @param {import('../panels/float.js').Anchor} anchor */
      function menu(account, anchor) {
        const { name, disabled } = account
        const own = account.id === me.person?.id
        openMenu([
          { label: t('Rename'), icon: 'pencil', run: () => void rename(account) },
          { label: t('How much they may take'), icon: 'device', run: () => quotas(account) },
          { label: t('Give another password'), icon: 'lock', run: () => void password(account) },
          'line',
          { label: disabled ? t('Let them in again') : t('Switch the account off'), icon: disabled ? 'check' : 'close', enabled: !own, run: () => void change(account, { disabled: !disabled }) },
          { label: t('Remove the account'), icon: 'trash', danger: true, enabled: !own, run: () => void remove(account) },
        ], anchor, { label: name })
      }

      /** @param {() => Promise<any>} work @param {string} [done] */
      async function attempt(work, done) {
        try {
          const found = await work()
          if (done) toasts.show({ key: 'account', tone: 'done', text: done })
          return found ?? true
        } catch (error) {
          toasts.show({ key: 'account', tone: 'error', text: /** @type {Error} */ (error).message })
          return null
        } finally {
          await draw()
        }
      }

      /** @param {Account} account @param {object} changes */
      const change = (account, changes) => attempt(() => client.send('PATCH', `${ADDRESS}/${encodeURIComponent(account.id)}`, changes), t('{name} is changed.', { name: account.name }))

      /** @param {Account} account */
      async function rename(account) {
        const name = await askText({ title: t('Rename'), label: t('Name'), value: account.name, verb: t('Rename') })
        if (name !== null && name !== account.name) await change(account, { name })
      }

      /** @param {Account} account */
      async function remove(account) {
        const sure = await confirm({ title: t('Remove the account?'), text: t('{name} cannot come in any more, and their tokens end. What they made stays on the disk, and admins see it.', { name: account.name }), verb: t('Remove the account'), danger: true })
        if (sure) await attempt(() => client.send('DELETE', `${ADDRESS}/${encodeURIComponent(account.id)}`), t('{name} is removed.', { name: account.name }))
      }

      /** @param {Account} account */
      async function password(account) {
        const sure = await confirm({ title: t('Give another password?'), text: t('{name} is logged out everywhere, all their tokens end, and they come in by a new password that you hand on.', { name: account.name }), verb: t('Give another password') })
        if (!sure) return
        const made = newPassword()
        const done = await attempt(() => client.send('POST', `${ADDRESS}/${encodeURIComponent(account.id)}/password`, { password: made }))
        if (done) showOnce(fresh, t('The new password of {name}: hand it on, it is not shown again.', { name: account.name }), made, toasts)
      }

      function add() {
        const name = h('input.field', { type: 'text', id: 'new-name', maxlength: 64, required: true, autocomplete: 'off', spellcheck: 'false' })
        const word = h('input.field', { type: 'text', id: 'new-word', minlength: 8, required: true, autocomplete: 'off', spellcheck: 'false', value: newPassword() })
        const role = h('select.field', { id: 'new-role' }, ROLES.map(each => h('option', { value: each }, `${roleWord(each)}: ${roleSentence(each)}`)))
        role.value = 'artist'
        const wrong = h('p.wrong', { role: 'alert' })
        const form = h('form.ask.account-form', {}, h('label', { for: 'new-name' }, t('Name')), name, h('label', { for: 'new-role' }, t('Role')), role,
          h('label', { for: 'new-word' }, t('Password (they can change it)')), word, wrong,
          h('div.buttons', {}, h('button.plain', { type: 'button', onclick: () => dialog.close() }, t('Cancel')), h('button.primary', { type: 'submit' }, t('Add'))))
        form.addEventListener('submit', async event => {
          event.preventDefault()
          wrong.textContent = ''
          try {
            const made = await client.send('POST', ADDRESS, { name: name.value, password: word.value, role: role.value })
            dialog.close()
            showOnce(fresh, t('The password of {name}: hand it on, it is not shown again.', { name: made.name }), word.value, toasts)
            await draw()
          } catch (error) {
            wrong.textContent = /** @type {Error} */ (error).message
          }
        })
        const dialog = openDialog(t('Add a person'), [form])
        name.focus()
      }

      /** @param {Account} account */
      function quotas(account) {
        const { most_queued: queued, disk_bytes: disk, gpu_seconds_per_day: seconds } = account.quotas
        const number = (/** @type {string} */ id, /** @type {number | null} */ value) => h('input.field', { type: 'number', id, min: 0, step: 'any', value: value === null ? '' : String(value), placeholder: t('no limit') })
        const fields = { queued: number('most-queued', queued), disk: number('most-disk', disk === null ? null : disk / 1e9), minutes: number('most-minutes', seconds === null ? null : seconds / 60) }
        const read = (/** @type {HTMLInputElement} */ field, /** @type {number} */ times) => (field.value === '' ? null : Number(field.value) * times)
        const form = h('form.ask.account-form', { method: 'dialog' },
          h('label', { for: 'most-queued' }, t('Jobs in the queue at once')), fields.queued,
          h('label', { for: 'most-disk' }, t('Files, in GB')), fields.disk,
          h('label', { for: 'most-minutes' }, t('Minutes of the device a day')), fields.minutes,
          h('div.buttons', {}, h('button.plain', { type: 'button', onclick: () => dialog.close() }, t('Cancel')), h('button.primary', { type: 'submit' }, t('Save'))))
        form.addEventListener('submit', () => {
          const [jobs, bytes] = [read(fields.queued, 1), read(fields.disk, 1e9)]
          void change(account, { quotas: { most_queued: jobs === null ? null : Math.round(jobs), disk_bytes: bytes === null ? null : Math.round(bytes), gpu_seconds_per_day: read(fields.minutes, 60) } })
        })
        const dialog = openDialog(t('How much {name} may take', { name: account.name }), [form])
        fields.queued.focus()
      }

      void draw()
      return undefined
    },
  }
}

/** @param {import('./me.js').Role} role */
const roleSentence = role => ({ admin: t('sees and manages everything'), artist: t('makes pictures, sees what is their own'), viewer: t('looks at what is their own') })[role]
