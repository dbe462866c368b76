/** Node packs for the whole page: their list, the panel, what is told of them unasked, and nodes that come and go with them. */
import { fromServer } from '../language/server.js'
import { many, t } from '../language/t.js'
import { knowPacks } from '../model/faults.js'
import { lazyPanel } from '../panels/lazy_panel.js'
import { fails, KnownPacks, packHere, standingOf, waits } from './known.js'

/**
 * @param {object} parts
 * @param {import('../tools/editor.js').Editor} parts.editor
 * @param {import('../api/client.js').Client} parts.client
 * @param {import('../app/queue_feed.js').QueueFeed} parts.feed
 * @param {import('../panels/toasts.js').Toasts} parts.toasts
 * @param {import('../panels/drawer.js').Drawer} parts.drawer
 * @param {(type: string) => string} parts.colorOf
 * @param {() => Promise<void>} parts.onTypes  nodes of packs may have come, gone or changed
 * @param {() => void} parts.onKnown  how the packs stand is another
 * @param {() => Promise<typeof import('../app/later.js')>} parts.later
 */
export function installPacks({ editor, client, feed, toasts, drawer, colorOf, onTypes, onKnown, later }) {
  const known = new KnownPacks(client)
  known.follow(feed)
  let wanted = ''
  const panel = lazyPanel('packs', t('Node packs'), async () => (await later()).packsPanel({ editor, known, toasts, colorOf, takeWanted }), 'wide')

  /** Asked when the panel is there, which may be a while after it was opened. */
  function takeWanted() {
    const name = wanted
    wanted = ''
    return name
  }

  /** @param {string} [name]  a pack's */
  function open(name = '') {
    wanted = name
    if (drawer.current === panel.id) drawer.close()
    drawer.open(panel)
  }

  editor.commands.register({
    id: 'packs', label: t('Node packs'), keys: [],
    run: (_, name) => (typeof name === 'string' ? open(name) : drawer.toggle(panel)),
  })

  knowPacks(name => packHere(known.packs, name))
  const notices = new PackNotices(toasts, open)
  let types = ''
  known.listen(() => {
    if (!known.read) return
    notices.tell(known.packs, !known.approving().why)
    onKnown()
    const now = known.typesKey()
    const changed = types !== now && (types !== '' || known.news) // the node types were read before the first list
    types = now
    if (changed) void onTypes().then(() => known.tell(), () => undefined) // the next connection asks again
  })
  return { known, panel }
}

/** What is told of packs unasked, each news once: which wait for somebody, which did not load. */
export class PackNotices {
  /** @param {Pick<import('../panels/toasts.js').Toasts, 'show' | 'dismiss'>} toasts @param {(name: string) => void} open */
  constructor(toasts, open) {
    this.toasts = toasts
    this.open = open
    /** @type {Set<string>} */
    this.told = new Set()
    /** What was last told of packs that do not load as they were saved. */
    this.saved = ''
  }

  /** @param {readonly import('./known.js').Pack[]} packs @param {boolean} [mayApprove]  who is here */
  tell(packs, mayApprove = true) {
    const failed = packs.filter(pack => fails(pack) && pack.state !== 'stale')
    this.tellSaved(packs.filter(({ state }) => state === 'stale'))
    const waiting = mayApprove ? packs.filter(waits) : []
    // What is loaded anew may fail again: until that shows, what was told stays.
    if (failed.length || !packs.some(pack => standingOf(pack) === 'loading')) this.once('packs-failed', failed, pack => pack.sentence ?? pack.problems?.map(({ sentence }) => sentence).join('\n') ?? '', () => ({
      tone: 'warning', stays: true,
      text: lackWords(failed),
      detail: failed.length === 1 ? failed.flatMap(wordsOf).slice(0, 2).join('\n') : t('The panel says of each what hurt.'),
    }))
    this.once('packs-waiting', waiting, pack => `${standingOf(pack)} ${pack.hash ?? ''}`, () => ({
      text: many(waiting.length, 'A pack waits for your approval: {names}.', '{count} packs wait for your approval: {names}.', { names: names(waiting) }),
      detail: t('Nothing of a pack runs before somebody has looked at its code.'),
    }))
  }

  /** Packs under development whose last save does not load: told at each save. @param {readonly import('./known.js').Pack[]} stale */
  tellSaved(stale) {
    const detail = stale.flatMap(({ problems }) => (problems ?? []).map(({ sentence }) => fromServer(sentence))).join('\n')
    if (detail === this.saved) return
    this.saved = detail
    if (!stale.length) return this.toasts.dismiss('packs-stale')
    this.toasts.show({
      key: 'packs-stale', tone: 'error', stays: true, detail,
      text: t('What was saved does not load: {names}. The nodes of before stay.', { names: names(stale) }),
      action: { label: t('Show the packs'), run: () => this.open(stale[0]?.name ?? '') },
    })
  }

  /**
   * @param {string} key @param {readonly import('./known.js').Pack[]} packs @param {(pack: import('./known.js').Pack) => string} newsOf
   * @param {() => import('../panels/toasts.js').Notice} notice
   */
  once(key, packs, newsOf, notice) {
    if (!packs.length) return this.toasts.dismiss(key)
    const news = packs.map(pack => `${key} ${pack.name} ${newsOf(pack)}`)
    if (news.every(each => this.told.has(each))) return
    news.forEach(each => this.told.add(each))
    this.toasts.show({ ...notice(), key, action: { label: t('Show the packs'), run: () => this.open(packs[0]?.name ?? '') } })
  }
}

/** What is wrong with a pack. @param {import('./known.js').Pack} pack */
const wordsOf = ({ sentence, problems }) => [sentence, ...(problems ?? []).map(each => each.sentence)].flatMap(each => (each ? fromServer(each) : []))

/** @param {readonly import('./known.js').Pack[]} failed */
function lackWords(failed) {
  const whole = failed.filter(({ node_types }) => !node_types?.length).length
  if (whole === failed.length) return t('Nodes are missing: {names} could not be loaded.', { names: names(failed) })
  if (!whole) return t('Nodes are missing: {names} did not load whole.', { names: names(failed) })
  return t('Nodes are missing: {names} could not be loaded, or not whole.', { names: names(failed) })
}

/** How many are named in a notice. */
const MOST = 4

/** @param {readonly { name: string }[]} packs */
function names(packs) {
  const shown = packs.slice(0, MOST).map(({ name }) => name).join(', ')
  return packs.length > MOST ? t('{names} and {count} more', { names: shown, count: packs.length - MOST }) : shown
}
