/** One's own account: what is used of the quotas, the password, the browsers that are logged in, the tokens of programs. */
import { clipboard } from '../commands/system_clipboard.js'
import { icon } from '../icons/icons.js'
import { dateText, t } from '../language/t.js'
import { confirm, openDialog } from '../panels/dialog.js'
import { fill, h } from '../panels/dom.js'
import { ago } from '../panels/times.js'
import { roleWord } from './me.js'
import { ownUse } from './use.js'
import { browserWords } from './words.js'

/**
 * @typedef {{ id: string, made: number, used: number, expires: number, agent: string, address: string, this: boolean }} Login
 * @typedef {{ id: string, name: string, scopes: import('./me.js').Scope[], made: number, used: number | null, expires: number | null }} Token
 */

const ADDRESS = '/easel/accounts/me'
const SCOPES = /** @type {const} */ (['read', 'run', 'write', 'admin'])
/** Days that a token may be good for; null: until it is taken back. @type {readonly (number | null)[]} */
const DAYS = [7, 30, 90, 365, null]

/** @param {{ client: import('../api/client.js').Client, me: import('./me.js').Me, feed: import('../app/queue_feed.js').QueueFeed, toasts: import('../panels/toasts.js').Toasts }} parts */
export function openAccount({ client, me, feed, toasts }) {
  const { person } = me
  if (!person) return
  const logins = h('div.account-rows', { role: 'list', tabindex: -1, 'aria-label': t('Where you are logged in') })
  const allOthers = h('div.account-others')
  const tokens = h('div.account-rows', { role: 'list', tabindex: -1, 'aria-label': t('Tokens') })
  const fresh = h('div.account-fresh')
  const use = ownUse({ client, me, feed })
  openDialog(t('My account'), [h('div.account', {},
    h('p.quiet', {}, t('{name}, {role}', { name: person.name, role: roleWord(person.role) })),
    use.element,
    h('section', {}, h('h3', {}, t('Password')), passwordForm()),
    h('section', {}, h('h3', {}, t('Where you are logged in')), logins, allOthers),
    h('section', {}, h('h3', {}, t('Tokens for programs')), h('p.quiet', {}, t('A program that has a token comes in by your name, and may do what the token may. It is shown once.')), fresh, tokenForm(), tokens))], { wide: true, onClose: use.end })
  void drawLogins()
  void drawTokens()

  /** @param {HTMLElement} host @param {() => Promise<any>} work  its words of failure are shown there */
  async function attempt(host, work) {
    try {
      return await work()
    } catch (error) {
      fill(host, h('p.wrong', { role: 'alert' }, /** @type {Error} */ (error).message))
      return null
    }
  }

  function passwordForm() {
    const old = h('input.field', { type: 'password', autocomplete: 'current-password', required: true, 'aria-label': t('Password of now'), placeholder: t('Password of now') })
    const next = h('input.field', { type: 'password', autocomplete: 'new-password', required: true, minlength: 8, 'aria-label': t('New password'), placeholder: t('New password') })
    const wrong = h('div.account-wrong')
    const form = h('form.account-line', {}, h('input.reader', { type: 'text', autocomplete: 'username', value: person?.name, tabindex: -1, 'aria-hidden': 'true', readonly: true }), old, next, h('button.plain', { type: 'submit' }, t('Change it')))
    form.addEventListener('submit', async event => {
      event.preventDefault()
      fill(wrong)
      const done = await attempt(wrong, () => client.send('POST', `${ADDRESS}/password`, { old: old.value, new: next.value }))
      if (done === null) return old.select()
      form.reset()
      toasts.show({ key: 'account', tone: 'done', text: t('The password is changed. Other browsers are logged out.') })
      void drawLogins()
    })
    return [form, wrong]
  }

  async function drawLogins() {
    /** @type {Login[] | null} */
    const found = await attempt(logins, () => client.json(`${ADDRESS}/sessions`))
    if (!found) return
    const others = found.filter(each => !each.this)
    fill(logins, found.sort((one, other) => Number(other.this) - Number(one.this) || other.used - one.used).map(each => h('div.account-row', { role: 'listitem' },
      h('div.words', {}, h('span', {}, browserWords(each.agent), each.this ? h('b.tag', {}, t('this one')) : null), h('small', {}, [each.address, ago(each.used)].filter(Boolean).join(' · '))),
      each.this ? null : h('button.round', { type: 'button', 'aria-label': t('Log out {name}', { name: browserWords(each.agent) }), 'data-tip': t('Log it out'), onclick: () => void end(`/sessions/${each.id}`) }, icon('close', 13)))))
    fill(allOthers, others.length > 1 ? h('button.link', { type: 'button', onclick: () => void end('/sessions') }, t('Log out all others')) : null)
  }

  /** @param {string} path */
  async function end(path) {
    await attempt(logins, () => client.send('DELETE', ADDRESS + path))
    await drawLogins()
    logins.focus() // what was pressed is gone
  }

  function tokenForm() {
    const name = h('input.field', { type: 'text', maxlength: 100, required: true, autocomplete: 'off', placeholder: t('What it is for'), 'aria-label': t('What it is for') })
    const days = h('select.field', { 'aria-label': t('How long it is good for') }, DAYS.map(each => h('option', { value: String(each ?? '') }, each === null ? t('Until it is taken back') : t('{count} days', { count: each }))))
    days.value = '90'
    const boxes = SCOPES.filter(scope => person?.scopes.includes(scope)).map(scope => /** @type {const} */ ([scope, h('input', { type: 'checkbox', checked: scope === 'read' || scope === 'run', value: scope })]))
    const wrong = h('div.account-wrong')
    const form = h('form.account-token', {}, h('div.account-line', {}, name, days, h('button.plain', { type: 'submit' }, t('Make a token'))),
      h('fieldset.account-scopes', {}, h('legend', {}, t('It may')), boxes.map(([scope, box]) => h('label', { 'data-tip': scopeSentence(scope) }, box, scopeWord(scope)))), wrong)
    form.addEventListener('submit', async event => {
      event.preventDefault()
      fill(wrong)
      const scopes = boxes.filter(([, box]) => box.checked).map(([scope]) => scope)
      if (!scopes.length) return fill(wrong, h('p.wrong', { role: 'alert' }, t('Choose what it may do.')))
      const made = await attempt(wrong, () => client.send('POST', `${ADDRESS}/tokens`, { name: name.value, scopes, days: days.value ? Number(days.value) : null }))
      if (!made) return
      form.reset()
      days.value = '90'
      showOnce(fresh, t('The token “{name}”: keep it now, it is not shown again.', { name: made.name }), made.token, toasts)
      void drawTokens()
    })
    return form
  }

  async function drawTokens() {
    /** @type {Token[] | null} */
    const found = await attempt(tokens, () => client.json(`${ADDRESS}/tokens`))
    if (!found) return
    fill(tokens, found.map(each => h('div.account-row', { role: 'listitem' },
      h('div.words', {}, h('span', {}, each.name), h('small', {}, [SCOPES.filter(scope => each.scopes.includes(scope)).map(scopeWord).join(', '), each.expires === null ? t('until it is taken back') : each.expires * 1000 < Date.now() ? t('no longer good') : t('good until {date}', { date: dateText(each.expires * 1000) }), each.used === null ? t('never used') : t('used {time}', { time: ago(each.used) })].join(' · '))),
      h('button.round', { type: 'button', 'aria-label': t('Take back {name}', { name: each.name }), 'data-tip': t('Take it back'), onclick: () => void revoke(each) }, icon('trash', 13)))),
    found.length ? null : h('p.quiet', {}, t('None yet.')))
  }

  /** @param {Token} token */
  async function revoke(token) {
    const sure = await confirm({ title: t('Take the token back?'), text: t('Programs that use “{name}” are refused from now on.', { name: token.name }), verb: t('Take it back'), danger: true })
    if (!sure) return
    await attempt(tokens, () => client.send('DELETE', `${ADDRESS}/tokens/${token.id}`))
    await drawTokens()
    tokens.focus()
  }
}

/** A secret that is shown once, with a button that copies it. @param {HTMLElement} host @param {string} words @param {string} secret @param {import('../panels/toasts.js').Toasts} toasts */
export function showOnce(host, words, secret, toasts) {
  const field = h('input.field.secret', { type: 'text', value: secret, readonly: true, 'aria-label': t('Shown once'), onfocus: () => field.select() })
  const copy = h('button.plain', { type: 'button', onclick: () => void clipboard().writeText(secret).then(
    () => toasts.show({ key: 'account', tone: 'done', text: t('Copied.') }),
    () => { field.select(); toasts.show({ key: 'account', tone: 'warning', text: t('The browser did not let the page use the clipboard') }) }) }, icon('copy', 14), t('Copy'))
  fill(host, h('p', { role: 'status' }, words), h('div.account-line', {}, field, copy))
  copy.focus()
}

/** @param {import('./me.js').Scope} scope */
const scopeWord = scope => ({ read: t('look'), run: t('run'), write: t('change'), admin: t('manage') })[scope]

/** @param {import('./me.js').Scope} scope */
const scopeSentence = scope => ({
  read: t('Look at graphs, results and the queue'), run: t('Queue and stop jobs'), write: t('Save and delete graphs and files'), admin: t('Manage people, packs and the server'),
})[scope]
