/** Accounts for the whole page: who is here, the menu in the corner, what may not be used, and logging in again. */
import { t } from '../language/t.js'
import { lazyPanel } from '../panels/lazy_panel.js'
import { createCorner } from './corner.js'
import { openLogin } from './login.js'
import { Me } from './me.js'
import { followPermits } from './permits.js'
import { Whose } from './whose.js'

/**
 * @param {object} parts
 * @param {import('../tools/editor.js').Editor} parts.editor
 * @param {import('../api/client.js').Client} parts.client
 * @param {import('../app/queue_feed.js').QueueFeed} parts.feed
 * @param {import('../app/document.js').OpenGraph} parts.graph
 * @param {import('../panels/toasts.js').Toasts} parts.toasts
 * @param {() => import('../panels/drawer.js').Drawer} parts.drawer
 * @param {() => Promise<typeof import('../app/later.js')>} parts.later
 */
export function installAccounts({ editor, client, feed, graph, toasts, drawer, later }) {
  const me = new Me(client)
  const people = lazyPanel('people', t('People'), async () => (await later()).peoplePanel({ client, me, toasts }), 'wide')
  const audit = lazyPanel('audit', t('What was done'), async () => (await later()).auditPanel({ client }), 'wide')
  let asking = false
  let declined = 0

  /** Somebody else's session, or none: the graph stays, and is sent on once the same person is back. */
  function askAgain() {
    if (asking || !me.named || performance.now() < declined) return
    asking = true
    openLogin({
      client, name: me.person?.name ?? '',
      done: person => {
        if (person.id !== me.person?.id) return location.reload() // another person: their own graphs and settings
        client.socket.retryNow()
        feed.socket.retryNow()
        graph.autosave.hurry()
        void me.load()
        toasts.show({ key: 'login', tone: 'done', text: t('You are logged in again.') })
      },
      closed: () => {
        asking = false
        declined = performance.now() + 60_000
      },
    })
  }
  client.onStranger(askAgain)
  client.onState(state => {
    if (state === 'open') void me.load()
    else if (state === 'reconnecting' && me.named) void client.serverStatus().catch(() => undefined) // says whether one is known there
  })

  async function logOut() {
    if (me.may('write')) await Promise.race([graph.autosave.settled(graph.tab), new Promise(resolve => setTimeout(resolve, 2000))])
    try {
      await client.send('POST', '/easel/logout', {})
      location.assign('/')
    } catch (error) {
      toasts.show({ key: 'login', tone: 'error', text: /** @type {Error} */ (error).message })
    }
  }

  const commands = [
    { id: 'account', label: t('My account'), enabled: () => me.named && me.person?.by === 'session', run: async () => (await later()).openAccount({ client, me, feed, toasts }) },
    { id: 'people', label: t('People'), enabled: () => me.isAdmin, run: () => drawer().toggle(people) },
    { id: 'audit', label: t('What was done'), enabled: () => me.isAdmin, run: () => drawer().toggle(audit) },
    { id: 'logout', label: t('Log out'), enabled: () => me.canLogOut, run: () => void logOut() },
  ]
  for (const command of commands) editor.commands.register({ ...command, keys: [] })
  followPermits({ editor, me, toasts })
  return { me, whose: new Whose(client, me), corner: createCorner(me, id => void editor.run(id)) }
}
