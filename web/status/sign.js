/** The sign in the bar that says how the server is: a quiet dot, and words where something is wrong. It opens the panel. */
import { icon } from '../icons/icons.js'
import { t } from '../language/t.js'
import { fill, h, setText } from '../panels/dom.js'
import { inShort, itemsOf, news } from './sentences.js'

const ICONS = { info: 'clock', warning: 'warning', error: 'error' }

/** @param {import('./known.js').KnownStatus} known @param {() => void} open */
export function createSign(known, open) {
  const mark = h('span.mark', { 'aria-hidden': 'true' })
  const words = h('span.link-state')
  const left = h('span.left.number', { 'aria-hidden': 'true' })
  const button = h('button.status-sign', { type: 'button', 'aria-haspopup': 'dialog', 'data-command': 'status', onclick: open }, mark, words, left)
  const said = h('span.reader', { role: 'status' })
  /** @type {import('./sentences.js').Item[]} */
  let items = []
  let drawn = ''
  /** @type {ReturnType<typeof setInterval> | undefined} */
  let ticking

  function draw() {
    const before = items
    items = itemsOf(known)
    const fresh = news(items, before)
    if (fresh) setText(said, fresh)
    count()
    const { tone, words: short } = inShort(items)
    const key = `${tone} ${short} ${items.length}`
    if (key === drawn) return
    drawn = key
    button.dataset.tone = tone
    fill(mark, tone ? icon(ICONS[tone], 14) : h('i.dot'))
    setText(words, short)
    words.hidden = !short
    button.setAttribute('aria-label', t('How the server is: {words}', { words: short || t('all is well') }))
    button.dataset.tip = items.length ? items.map(({ text }) => text).join('\n') : t('Connected; all is well')
  }

  /** When the server is tried again, each second while it is gone. */
  function count() {
    const { state, at } = known.connection
    const gone = state === 'gone' || state === 'offline'
    left.hidden = !gone || at === null
    if (at !== null) setText(left, secondsTo(at))
    if (gone) ticking ??= setInterval(count, 1000)
    else {
      clearInterval(ticking)
      ticking = undefined
    }
  }

  let wanted = 0
  known.listen(() => { wanted ||= requestAnimationFrame(() => { wanted = 0; draw() }) }) // steps of a run come by the hundred
  draw()
  return { button, said }
}

/** @param {number} at  ms since 1970 */
export const secondsTo = at => t('in {seconds} s', { seconds: Math.max(1, Math.ceil((at - Date.now()) / 1000)) })
