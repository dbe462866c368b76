/** The panel of what was done, for admins: logins, changes of accounts and packs, deletions, newest first. */
import { many, t } from '../language/t.js'
import { fill, h, setText } from '../panels/dom.js'
import { clockTime, dayOf, exactTime } from '../panels/times.js'

/** @typedef {{ id: string, at: string, what: string, who?: string, name?: string, by?: string, address?: string, account_name?: string } & Record<string, unknown>} Entry */

/** What each line means; a kind that is not here shows by its own name. @type {Record<string, (entry: Entry) => string>} */
const WORDS = {
  login: ({ account_name: name }) => t('{name} logged in', { name: name ?? '' }),
  logout: ({ account_name: name }) => t('{name} logged out', { name: name ?? '' }),
  login_failed: ({ account_name: name }) => (name ? t('A login as {name} failed', { name }) : t('A login with an unknown name failed')),
  login_limited: ({ account_name: name }) => (name ? t('Too many logins as {name} failed: it has to wait', { name }) : t('Too many logins failed: they have to wait')),
  account_add: ({ account_name: name }) => t('Added the account {name}', { name: name ?? '' }),
  account_changed: ({ account_name: name }) => t('Changed the account {name}', { name: name ?? '' }),
  account_remove: ({ account_name: name }) => t('Removed the account {name}', { name: name ?? '' }),
  password_changed: () => t('Changed their password'),
  password_reset: ({ account_name: name }) => t('Gave {name} another password', { name: name ?? '' }),
  session_ended: () => t('Logged one of their browsers out'),
  sessions_ended: () => t('Logged their other browsers out'),
  token_made: () => t('Made a token'),
  token_revoked: () => t('Took a token back'),
  packs_approved: () => t('Approved packs'),
  pack_forgotten: ({ pack }) => t('Took the approval of {name} back', { name: String(pack) }),
  pack_install: ({ pack }) => t('Installed what {name} needs', { name: String(pack) }),
  file_deleted: ({ file }) => t('Deleted the file {name}', { name: String(file) }),
  graph_deleted: () => t('Deleted a graph'),
  graphs_deleted: () => t('Deleted graphs'),
  files_trashed: () => t('Moved files to the trash'),
  trash_emptied: () => t('Emptied the trash'),
  history_deleted: () => t('Removed jobs from the history'),
  share_made: () => t('Made a shared link'),
  share_removed: () => t('Removed a shared link'),
  model_sent: ({ file }) => t('Sent the model file {name}', { name: String(file) }),
}
/** What is said already, or says nothing to a person. */
const SAID = new Set(['id', 'at', 'what', 'who', 'name', 'by', 'address', 'account', 'account_name', 'session', 'token', 'pack'])

/** @param {Entry} entry */
export const sentenceOf = entry => WORDS[entry.what]?.(entry) ?? entry.what.replaceAll('_', ' ')

/** The rest of what was noted, in one line. @param {Entry} entry */
export const factsOf = entry => Object.entries(entry).filter(([name, value]) => !SAID.has(name) && value !== null && value !== '')
  .map(([name, value]) => `${name.replaceAll('_', ' ')}: ${typeof value === 'object' ? JSON.stringify(value).replaceAll(/[{}"[\]]/gu, '').replaceAll(/([,:])/gu, '$1 ') : String(value)}`).join(' · ')

/** @param {{ client: import('../api/client.js').Client }} parts @returns {import('../panels/drawer.js').Panel} */
export function auditPanel({ client }) {
  return {
    id: 'audit',
    title: t('What was done'),
    size: 'wide',
    fill(body) {
      /** @type {Entry[]} */
      let entries = []
      /** @type {string | null} */
      let next = null
      const search = h('input.field', { type: 'search', placeholder: t('Search what was done'), 'aria-label': t('Search what was done'), autocomplete: 'off', spellcheck: 'false', oninput: () => draw() })
      const list = h('div.audit')
      const more = h('button.link', { type: 'button', hidden: true, onclick: () => void load() }, t('Show older ones'))
      const told = h('span.count', { role: 'status' })
      body.append(h('div.tools', {}, search, told), h('div.body.scrolls', { tabindex: 0, 'aria-label': t('What was done'), role: 'region' }, list, more))

      async function load() {
        more.disabled = true
        try {
          const page = await client.json(`/easel/audit?limit=200${next ? `&before=${encodeURIComponent(next)}` : ''}`)
          entries = [...entries, ...page.entries]
          next = page.next
          draw()
        } catch (error) {
          fill(list, h('p.none', {}, /** @type {Error} */ (error).message))
        }
        more.disabled = false
      }

      function draw() {
        const words = search.value.toLowerCase().split(/\s+/u).filter(Boolean)
        const found = entries.filter(entry => {
          const text = `${sentenceOf(entry)} ${entry.name ?? ''} ${entry.address ?? ''} ${factsOf(entry)}`.toLowerCase()
          return words.every(word => text.includes(word))
        })
        let day = ''
        fill(list, found.map(entry => {
          const time = Date.parse(entry.at)
          const head = dayOf(time)
          const fresh = head !== day
          day = head
          return [fresh ? h('h3', {}, head) : null, h('div.audit-row', {}, h('time', { datetime: entry.at, 'data-tip': exactTime(time) }, clockTime(time)),
            h('div.words', {}, h('span', {}, sentenceOf(entry)), h('small', {}, [entry.name ? t('by {name}', { name: entry.name }) : '', entry.address ?? '', factsOf(entry)].filter(Boolean).join(' · '))))]
        }), found.length ? null : h('p.none', {}, entries.length ? t('Nothing is like that.') : t('Nothing was noted yet.')))
        more.hidden = next === null
        setText(told, many(found.length, 'one entry', '{count} entries'))
      }

      void load()
      return undefined
    },
  }
}
