/**
 * What has ended, newest first, by day: a page at a time, as far as one scrolls. What ends meanwhile comes in above.
 *
 * @typedef {import('../api/queue.js').PastJob} PastJob
 * @typedef {'all' | 'document' | 'failed'} Which
 */
import { viewUrl } from '../api/client.js'
import { icon } from '../icons/icons.js'
import { t } from '../language/t.js'
import { h } from '../panels/dom.js'
import { openMenu } from '../panels/menu.js'
import { clockTime, dayOf } from '../panels/times.js'
import { kindOf } from '../view/media.js'
import { joined, nameOf, outcomeOf, placeOf, seedOf, titleOf } from './words.js'

const PAGE = 50
/** Pixels before the end of what is there at which more is asked for. */
const AHEAD = 600

/**
 * @param {object} parts
 * @param {HTMLElement} parts.room  what scrolls
 * @param {import('../api/queue.js').QueueRoutes} parts.routes
 * @param {import('./acts.js').Acts} parts.acts
 * @param {import('./panel.js').Whose} parts.whose
 * @param {() => string} parts.document  id of the one on the canvas
 */
export function createPastList({ room, routes, acts, whose, document: openDocument }) {
  /** @type {Which} */
  let which = 'all'
  /** @type {PastJob[]} */
  let jobs = []
  /** @type {number | null} */
  let next = null
  let failure = ''
  let loading = false
  let loaded = false
  let turn = 0
  /** @type {Map<string, { job: PastJob, owner: string, element: HTMLElement }>} */
  const rows = new Map()

  /** @type {readonly (readonly [Which, string])[]} */
  const choices = [['all', t('All')], ['document', t('This graph')], ['failed', t('Failed')]]
  const buttons = choices.map(([value, label]) => h('button', { type: 'button', 'aria-pressed': String(value === which), onclick: () => choose(value) }, label))
  const more = h('button.act.shown', { type: 'button', 'aria-label': t('What can be done with the history'), 'data-tip': t('More'), 'aria-haspopup': 'menu', onclick: () => openMenu([
    { needs: 'write', label: t('Remove all from the history'), icon: 'trash', enabled: jobs.length > 0, run: () => void acts.forget('all') },
  ], more.getBoundingClientRect(), { label: t('History') }) }, icon('more', 15))
  const list = h('div.jobs.past')
  const none = h('p.none')
  const retry = h('button.link.all', { type: 'button', hidden: true, onclick: () => void load() }, t('Try again'))
  const end = h('div.sentinel', { 'aria-hidden': 'true' })
  const element = h('section.history', {}, h('div.head', {}, h('h3', {}, t('History')), h('div.choice', { role: 'group', 'aria-label': t('Which of them') }, buttons), more), none, list, retry, end)

  const near = new IntersectionObserver(entries => { if (!failure && entries.some(entry => entry.isIntersecting)) void load() }, { root: room, rootMargin: `0px 0px ${AHEAD}px` })
  near.observe(end)

  /** @param {Which} value */
  function choose(value) {
    which = value
    choices.forEach(([each], index) => buttons[index]?.setAttribute('aria-pressed', String(each === value)))
    reload()
  }

  function reload() {
    turn += 1
    loading = loaded = false
    next = null
    void load()
  }

  async function load() {
    if (loading || (loaded && next === null)) return
    loading = true
    failure = ''
    const asked = turn
    try {
      const page = await routes.history({ limit: PAGE, before: loaded ? next : null, document: which === 'document' ? openDocument() : null, state: which === 'failed' ? 'error' : null })
      if (asked !== turn) return
      const known = new Set(loaded ? jobs.map(job => job.prompt_id) : [])
      jobs = [...(loaded ? jobs : []), ...page.entries.filter(job => !known.has(job.prompt_id))]
      next = page.next
      loaded = true
    } catch (error) {
      if (asked !== turn) return
      failure = /** @type {Error} */ (error).message
    }
    loading = false
    draw()
    if (failure) return // the person asks again
    // What came does not fill the room: the watcher speaks only when something comes into view.
    if (next !== null && end.getBoundingClientRect().top < room.getBoundingClientRect().bottom + AHEAD) void load()
  }

  /** @param {PastJob} job */
  const fits = job => !(job.slot !== null && job.state === 'interrupted') && (which === 'all' || (which === 'failed' ? job.state === 'error' : job.document === openDocument()))

  /** A job has ended, or is called something else now. @param {PastJob} job */
  function take(job) {
    const at = jobs.findIndex(each => each.prompt_id === job.prompt_id)
    if (at >= 0) jobs[at] = job
    else if (!fits(job)) return
    else jobs.unshift(job)
    draw()
  }

  /** @param {readonly string[]} ids */
  function drop(ids) {
    const gone = new Set(ids)
    jobs = jobs.filter(job => !gone.has(job.prompt_id))
    draw()
  }

  /** @param {PastJob} job */
  function row(job) {
    const known = rows.get(job.prompt_id)
    const owner = whose.of(job.owner)
    if (known?.job === job && known.owner === owner) return known.element
    const outcome = outcomeOf(job)
    const name = nameOf(job)
    const failed = job.state === 'error'
    const open = h('button.open', { type: 'button', 'data-tip': failed ? outcome : t('Open its graph'), 'aria-keyshortcuts': 'Delete', onclick: () => void acts.open(job) }, thumb(job),
      h('span.words', {}, h('span.title', {}, joined([titleOf(job), placeOf(job)])), h('span.small.number', { class: failed ? 'small number failed' : 'small number' }, joined([clockTime(job.ended), owner, outcome, !failed && seedOf(job)]))))
    const again = h('button.act', { type: 'button', 'data-needs': 'run', 'aria-label': t('Run {name} again', { name }), 'data-tip': t('Run again'), onclick: () => void acts.again(job, 'same') }, icon('repeat', 15))
    const menu = h('button.act', { type: 'button', 'aria-label': t('What can be done with {name}', { name }), 'data-tip': t('More'), 'aria-haspopup': 'menu', onclick: () => show(job, menu.getBoundingClientRect()) }, icon('more', 15))
    const made = h('div.entry.job', { role: 'listitem', dataset: { state: job.state } }, open, again, menu)
    made.addEventListener('contextmenu', event => {
      event.preventDefault()
      show(job, { x: event.clientX, y: event.clientY })
    })
    made.addEventListener('keydown', event => {
      if (event.key !== 'Delete') return
      event.preventDefault()
      event.stopPropagation()
      const beside = /** @type {HTMLElement | null | undefined} */ ((made.nextElementSibling ?? made.previousElementSibling)?.querySelector('.open'))
      void acts.forget([job]).then(() => beside?.focus())
    })
    rows.set(job.prompt_id, { job, owner, element: made })
    return made
  }

  /** @param {PastJob} job @param {import('../panels/float.js').Anchor} anchor */
  function show(job, anchor) {
    const { first } = acts
    openMenu([
      ...(job.cells ? [{ label: t('Open its grid'), icon: 'grid', run: () => acts.openGrid(job.prompt_id) }] : []),
      { label: t('Open its graph'), icon: 'nodes', run: () => void acts.open(job) },
      ...(job.state === 'error' && job.error?.node ? [{ label: t('Show the node that failed'), icon: 'eye', run: () => void acts.showNode(job) }] : []),
      ...(job.count ? [{ label: t('Look at its pictures'), icon: 'image', run: () => void acts.look(job) }] : []),
      ...(job.count && first && first !== job ? [{ label: t('Compare with “{name}”', { name: nameOf(first) }), icon: 'compare', run: () => void acts.compare(first, job) }] : []),
      ...(job.count ? [{ label: t('Compare with another'), icon: 'compare', checked: first === job, run: () => { acts.first = first === job ? null : job } }] : []),
      'line',
      { needs: 'run', label: t('Run again'), icon: 'repeat', run: () => void acts.again(job, 'same') },
      { needs: 'run', label: t('Run again with new seeds'), icon: 'dice', enabled: job.seed !== null, run: () => void acts.again(job, 'new') },
      { needs: 'run', label: t('Rename'), run: () => void acts.rename(job) },
      'line',
      { needs: 'write', label: t('Remove from the history'), icon: 'trash', keys: 'Delete', run: () => void acts.forget([job]) },
    ], anchor, { label: titleOf(job) })
  }

  /** Which button of which row has the keyboard. */
  function focusedButton() {
    if (!list.contains(document.activeElement)) return null
    for (const [id, { element: row }] of rows) {
      if (row.contains(document.activeElement)) return { id, at: [...row.querySelectorAll('button')].findIndex(button => button === document.activeElement) }
    }
    return null
  }

  function draw() {
    const focused = focusedButton()
    const there = new Set(jobs.map(job => job.prompt_id))
    for (const id of rows.keys()) if (!there.has(id)) rows.delete(id)
    /** @type {{ day: string, rows: HTMLElement[] }[]} */
    const days = []
    for (const job of jobs) {
      const day = dayOf(job.ended)
      if (days.at(-1)?.day !== day) days.push({ day, rows: [] }) // a clock that went back begins a day anew
      days.at(-1)?.rows.push(row(job))
    }
    days.forEach((each, index) => {
      const title = h('h4', {}, each.day)
      const known = list.children[index * 2 + 1]
      if (!known) list.append(title, h('div', { role: 'list', 'aria-label': t('Ended: {day}', { day: each.day }) }, each.rows))
      else {
        if (list.children[index * 2]?.textContent !== each.day) {
          list.children[index * 2]?.replaceWith(title)
          known.setAttribute('aria-label', t('Ended: {day}', { day: each.day }))
        }
        arrange(known, each.rows)
      }
    })
    while (list.childElementCount > days.length * 2) list.lastElementChild?.remove()
    // A row that was read anew keeps the keyboard.
    if (focused && !list.contains(document.activeElement)) rows.get(focused.id)?.element.querySelectorAll('button')[focused.at]?.focus({ preventScroll: true })
    retry.hidden = failure === ''
    none.hidden = !(failure || (loaded && !jobs.length))
    none.textContent = failure || (which === 'failed' ? t('Nothing has failed.') : which === 'document' ? t('This graph has not run yet.') : t('What has run is listed here, with the graph that made it.'))
  }

  return { element, draw, take, drop, reload, end: () => near.disconnect(), which: () => which }
}

/** Has an element hold these children, and moves none that is where it belongs: thousands may be there. @param {Element} element @param {readonly HTMLElement[]} children */
function arrange(element, children) {
  const wanted = new Set(children)
  for (const child of [...element.children]) if (!wanted.has(/** @type {HTMLElement} */ (child))) child.remove()
  let at = element.firstElementChild
  for (const child of children) {
    if (child === at) at = at.nextElementSibling
    else element.insertBefore(child, at)
  }
}

/** @param {PastJob} job */
function thumb({ state, pictures, count, prompt_id: id, owner }) {
  const [file] = pictures
  const sign = state === 'error' ? 'error' : state === 'interrupted' ? 'stop' : 'check'
  if (!file || kindOf(file.filename) !== 'picture') return h('span.sign', { dataset: { state } }, icon(file ? (kindOf(file.filename) === 'video' ? 'film' : 'sound') : sign, 15))
  const image = h('img', { src: viewUrl({ ...file, owner }, { preview: 'webp;80', version: id }), alt: '', loading: 'lazy', decoding: 'async', draggable: 'false' })
  const frame = h('span.sign', { dataset: { state } }, image, count > 1 ? h('span.badge', {}, String(count)) : null)
  image.addEventListener('error', () => image.replaceWith(icon('image', 15))) // deleted since, or of another day's temporary ones
  return frame
}
