/**
 * The jobs that wait, in the order in which they run: dragged into another one, by the mouse anywhere and by a finger at the
 * grip, or moved by Alt and the arrows.
 *
 * @typedef {import('../api/queue.js').WaitingJob} WaitingJob
 */
import { icon } from '../icons/icons.js'
import { many, t } from '../language/t.js'
import { fill, h, setText } from '../panels/dom.js'
import { duration } from '../panels/duration.js'
import { openMenu } from '../panels/menu.js'
import { dragRows } from './drag_rows.js'
import { joined, nameOf, placeOf, seedOf, titleOf } from './words.js'

/** So many are drawn until more are asked for. */
const SHOWN = 100

/**
 * @param {object} parts
 * @param {import('../app/queue_feed.js').QueueFeed} parts.feed
 * @param {import('./acts.js').Acts} parts.acts
 * @param {import('./panel.js').Whose} parts.whose
 * @param {(sentence: string) => void} parts.say  to those who hear the page
 */
export function createWaitingList({ feed, acts, whose, say }) {
  const count = h('span.number')
  const clear = h('button.link', { type: 'button', 'data-needs': 'run', 'data-tip': t('It can be taken back'), onclick: () => void acts.cancel(null) }, t('Remove all'))
  const head = h('div.head', {}, h('h3', {}, t('Waiting'), count), clear)
  const list = h('div.jobs', { role: 'list', 'aria-label': t('Waiting jobs, the next one first') })
  const none = h('p.none', {}, t('Nothing waits. What you run while something else runs waits here.'))
  const more = h('button.link.all', { type: 'button', onclick: () => { limit = Infinity; draw() } })
  const element = h('section.waiting', {}, head, none, list, more)
  let limit = SHOWN
  /** @type {Map<string, { job: WaitingJob, owner: string, element: HTMLElement }>} */
  const rows = new Map()

  /** @param {WaitingJob} job */
  function row(job) {
    const { prompt_id: id } = job
    const known = rows.get(id)
    const owner = whose.of(job.owner)
    if (known?.job === job && known.owner === owner) return known.element
    const small = joined([owner, placeOf(job), job.expected_ms !== null && t('about {time}', { time: duration(job.expected_ms) }), job.attempts > 0 && t('second try'), seedOf(job)])
    const name = nameOf(job)
    const grip = h('span.grip', { 'aria-hidden': 'true' }, icon('grip', 14))
    const open = h('button.open', { type: 'button', 'data-tip': t('Open its graph'), 'data-keys': 'Alt+ArrowUp', 'aria-keyshortcuts': 'Alt+ArrowUp Alt+ArrowDown Delete', onclick: () => void acts.open(job) },
      grip, h('span.words', {}, h('span.title', {}, titleOf(job)), small ? h('span.small.number', {}, small) : null))
    const menu = h('button.act', { type: 'button', 'aria-label': t('What can be done with {name}', { name }), 'data-tip': t('More'), 'aria-haspopup': 'menu', onclick: () => show(job, menu.getBoundingClientRect()) }, icon('more', 15))
    const cancel = h('button.act', { type: 'button', 'data-needs': 'run', 'aria-label': t('Remove {name}', { name }), 'data-tip': t('Remove'), 'data-keys': 'Delete', onclick: () => void acts.cancel([id]) }, icon('close', 14))
    const made = h('div.entry.job', { role: 'listitem', dataset: { id } }, open, menu, cancel)
    made.addEventListener('keydown', event => press(event, id))
    made.addEventListener('contextmenu', event => {
      event.preventDefault()
      show(job, { x: event.clientX, y: event.clientY })
    })
    if (known) replaceFocused(known.element, made)
    rows.set(id, { job, owner, element: made })
    return made
  }

  /** @param {WaitingJob} job @param {import('../panels/float.js').Anchor} anchor */
  function show(job, anchor) {
    const { prompt_id: id, batch } = job
    const ofBatch = batch ? feed.waiting.filter(each => each.batch?.id === batch.id && batch.id).map(each => each.prompt_id) : []
    openMenu([
      { needs: 'run', label: t('Run next'), icon: 'up', run: () => void acts.move(id, { to: 'front' }) },
      { needs: 'run', label: t('Run last'), icon: 'down', run: () => void acts.move(id, { to: 'back' }) },
      'line',
      { label: t('Open its graph'), icon: 'nodes', run: () => void acts.open(job) },
      { needs: 'run', label: t('Edit'), icon: 'brush', run: () => void acts.edit(job) },
      { needs: 'run', label: t('Rename'), run: () => void acts.rename(job) },
      ...(ofBatch.length > 1 ? [{ label: many(ofBatch.length, 'Rename its batch ({count})', 'Rename its batch ({count})'), run: () => void acts.rename(job, ofBatch) }] : []),
      'line',
      { needs: 'run', label: t('Remove'), icon: 'close', keys: 'Delete', run: () => void acts.cancel([id]) },
      ...(ofBatch.length > 1 ? [{ label: many(ofBatch.length, 'Remove its batch ({count})', 'Remove its batch ({count})'), icon: 'trash', run: () => void acts.cancel(ofBatch) }] : []),
    ], anchor, { label: titleOf(job) })
  }

  /** @param {KeyboardEvent} event @param {string} id */
  function press(event, id) {
    const { waiting } = feed
    const at = waiting.findIndex(job => job.prompt_id === id)
    if (event.key === 'Delete' || event.key === 'Backspace') {
      event.preventDefault()
      const next = rows.get((waiting[at + 1] ?? waiting[at - 1])?.prompt_id ?? '')?.element.querySelector('button')
      void acts.cancel([id]).then(() => next?.focus())
    } else if (event.altKey && (event.key === 'ArrowUp' || event.key === 'ArrowDown')) {
      event.preventDefault()
      const neighbour = waiting[event.key === 'ArrowUp' ? at - 1 : at + 1]
      if (neighbour) void move(id, event.key === 'ArrowUp' ? { before: neighbour.prompt_id } : { after: neighbour.prompt_id })
    } else if (!event.altKey && !event.ctrlKey && (event.key === 'ArrowUp' || event.key === 'ArrowDown')) {
      const neighbour = waiting[event.key === 'ArrowUp' ? at - 1 : at + 1]
      const target = neighbour && rows.get(neighbour.prompt_id)?.element.querySelector('button')
      if (!target) return
      event.preventDefault()
      target.focus()
    } else return
    event.stopPropagation()
  }

  /** @param {string} id @param {import('../api/queue.js').Place} place */
  async function move(id, place) {
    if (!(await acts.move(id, place))) return
    const at = feed.waiting.findIndex(job => job.prompt_id === id)
    if (at >= 0) say(t('Place {number} of {count}', { number: at + 1, count: feed.waiting.length }))
  }

  const drag = dragRows(list, (id, before) => void move(id, before === null ? { to: 'back' } : { before }))

  function draw() {
    const { waiting, remaining, running } = feed
    const all = remaining - Number(running !== null)
    const total = feed.leftOfAll()
    setText(count, all ? joined([String(all), total !== null && total > 0 && all > 1 && t('all done in about {time}', { time: duration(total) })]) : '')
    clear.hidden = waiting.length < 2
    none.hidden = waiting.length > 0
    list.hidden = !waiting.length
    const shown = waiting.slice(0, limit)
    more.hidden = shown.length >= waiting.length
    setText(more, t('Show all {count}', { count: waiting.length }))
    if (drag.busy()) return // what is under a hand stays
    const there = new Set(waiting.map(job => job.prompt_id))
    for (const id of rows.keys()) if (!there.has(id)) rows.delete(id)
    const next = shown.map(row)
    if (next.length === list.childElementCount && next.every((each, index) => each === list.children[index])) return
    const focused = document.activeElement
    fill(list, next)
    if (focused instanceof HTMLElement && list.contains(focused)) focused.focus({ preventScroll: true })
  }

  return { element, draw }
}

/** A row that is drawn anew keeps the keyboard. @param {HTMLElement} old @param {HTMLElement} made */
function replaceFocused(old, made) {
  const at = [...old.querySelectorAll('button')].findIndex(button => button === document.activeElement)
  old.replaceWith(made)
  if (at >= 0) made.querySelectorAll('button')[at]?.focus({ preventScroll: true })
}
