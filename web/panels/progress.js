/** What runs now, in the top bar: the node and its step, how far the whole graph is, and when it will be done. */
import { t } from '../language/t.js'
import { duration } from './duration.js'
import { h, setText } from './dom.js'

/** The time that is left is told from so many ms on, and again so often. */
const SHORTEST = 300
const TICK = 500

/**
 * @param {object} parts
 * @param {import('../model/session.js').Session} parts.session
 * @param {import('../app/queue_feed.js').QueueFeed} parts.feed
 * @param {(node: string) => string} parts.titleOf  of a node in the prompt
 * @param {(node: string) => void} parts.showNode
 * @param {() => void} parts.showQueue
 * @returns {HTMLElement}
 */
export function createProgress({ session, feed, titleOf, showNode, showQueue }) {
  const what = h('button.what', { type: 'button', onclick: () => (isOwn() && session.run.node ? showNode(session.run.node) : showQueue()) })
  const fill = h('i')
  const meter = h('div.meter', { role: 'progressbar', 'aria-label': t('Progress of the run'), 'aria-valuemin': 0, 'aria-valuemax': 100 }, fill)
  const doing = h('div.doing', {}, what, meter)

  /** The graph on the canvas is what runs. */
  const isOwn = () => session.run.state === 'running'

  /** @type {ReturnType<typeof setInterval> | undefined} */
  let ticking

  function draw() {
    const running = isOwn() || feed.running !== null
    doing.hidden = !running
    if (running) drawProgress()
    // Between two events the time that is left goes on.
    if (running && !ticking) ticking = setInterval(drawProgress, TICK)
    else if (!running && ticking) {
      clearInterval(ticking)
      ticking = undefined
    }
  }

  function drawProgress() {
    const { run } = session
    const own = isOwn()
    const told = !own || feed.running?.prompt_id === run.promptId ? feed.running?.progress ?? null : null
    const status = own && run.node ? session.status(run.node) : null
    const share = told?.share ?? (status && status.max > 0 ? Math.min(1, status.value / status.max) : 0)
    fill.style.transform = `scaleX(${share})`
    meter.setAttribute('aria-valuenow', String(Math.round(share * 100)))
    what.dataset.tip = own ? t('Show this node') : t('What runs and what waits')
    const left = told ? leftSentence(feed.left()) : ''
    if (status && run.node) setText(what, joined([titleOf(run.node), stepSentence(status), left]))
    else if (own || !feed.running) setText(what, t('Starting'))
    else setText(what, joined([feed.running.name || feed.running.title || t('Another job'), told ? nodesSentence(told) : '', left]))
  }

  session.listen(change => {
    if (change.run) draw()
    else if (session.run.node && change.nodes.has(session.run.node)) drawProgress()
  })
  feed.listen(draw)
  draw()
  return doing
}

/** @param {readonly string[]} parts */
const joined = parts => parts.filter(Boolean).join(' · ')

/** @param {{ value: number, max: number }} status */
export const stepSentence = ({ value, max }) => (max > 1 ? t('step {value} of {max}', { value, max }) : '')

/** @param {{ done: number, total: number }} progress */
export const nodesSentence = ({ done, total }) => t('{done} of {total} nodes', { done, total })

/** In whole seconds: a guess has no tenths. @param {number | null} left  ms */
export const leftSentence = left => (left === null || left < SHORTEST ? '' : t('about {time} left', { time: left < 10_000 ? t('{number} s', { number: Math.ceil(left / 1000) }) : duration(left) }))
