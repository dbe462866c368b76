/** The job that runs: how far it is over its whole graph, its picture so far, and what can be done with it. */
import { icon } from '../icons/icons.js'
import { t } from '../language/t.js'
import { h, setText } from '../panels/dom.js'
import { openMenu } from '../panels/menu.js'
import { leftSentence, nodesSentence, stepSentence } from '../panels/progress.js'
import { joined, placeOf, seedOf, titleOf } from './words.js'

/** Pixels of the small picture's side, on a dense screen. */
const SIDE = 128
const TICK = 500

/**
 * @param {object} parts
 * @param {import('../app/queue_feed.js').QueueFeed} parts.feed
 * @param {import('./acts.js').Acts} parts.acts
 * @param {(type: string) => string} parts.typeTitle  of a node type
 * @param {import('./panel.js').Whose} parts.whose
 * @returns {{ element: HTMLElement, draw: () => void, end: () => void }}
 */
export function createRunningCard({ feed, acts, typeTitle, whose }) {
  const picture = h('canvas', { width: SIDE, height: SIDE, hidden: true, 'aria-hidden': 'true' })
  const title = h('span.title')
  const marks = h('span.small.number')
  const sentence = h('p.small.number')
  const left = h('p.small.number')
  const fill = h('i')
  const meter = h('div.meter', { role: 'progressbar', 'aria-label': t('Progress of the run'), 'aria-valuemin': 0, 'aria-valuemax': 100 }, fill)
  const stop = h('button.act', { type: 'button', 'data-needs': 'run', 'aria-label': t('Stop what runs'), 'data-tip': t('Stop what runs'), onclick: () => feed.running && void acts.stop(feed.running.prompt_id) }, icon('stop', 15))
  const more = h('button.act', { type: 'button', 'aria-label': t('What can be done with it'), 'data-tip': t('More'), 'aria-haspopup': 'menu', onclick: menu }, icon('more', 15))
  const open = h('button.open', { type: 'button', 'data-tip': t('Open its graph'), onclick: () => feed.running && void acts.open(feed.running) },
    h('span.sign', {}, icon('play', 15), picture), h('span.words', {}, title, marks))
  const element = h('div.job-running', { role: 'group', 'aria-label': t('Runs now') }, h('div.entry', {}, open, stop, more), meter, sentence, left)

  function menu() {
    const { running } = feed
    if (!running) return
    openMenu([
      ...(running.cells ? [{ label: t('Open its grid'), icon: 'grid', run: () => acts.openGrid(running.prompt_id) }] : []),
      { label: t('Open its graph'), icon: 'nodes', run: () => void acts.open(running) },
      { needs: 'run', label: t('Rename'), run: () => void acts.rename(running) },
      'line',
      { needs: 'run', label: t('Stop'), icon: 'stop', run: () => void acts.stop(running.prompt_id) },
    ], more.getBoundingClientRect(), { label: titleOf(running) })
  }

  function draw() {
    const { running } = feed
    element.hidden = running === null
    if (!running) return
    setText(title, titleOf(running))
    setText(marks, joined([whose.of(running.owner), running.attempt > 1 && t('second try'), placeOf(running), seedOf(running)]))
    const { progress } = running
    const share = progress?.share ?? 0
    fill.style.transform = `scaleX(${share})`
    meter.setAttribute('aria-valuenow', String(Math.round(share * 100)))
    setText(sentence, progress ? joined([nodesSentence(progress), progress.node_type && typeTitle(progress.node_type), stepSentence(progress)]) : t('Starting'))
    setText(left, running.interrupted ? t('It is being stopped.') : leftSentence(feed.left()))
    left.hidden = !left.textContent
    if (shown !== running.prompt_id) {
      shown = running.prompt_id
      picture.hidden = true
    }
  }

  let shown = ''
  const ticking = setInterval(draw, TICK)
  const end = feed.onPreview(({ blob, promptId }) => {
    if (promptId !== feed.running?.prompt_id) return
    void createImageBitmap(blob).then(bitmap => {
      const side = Math.min(bitmap.width, bitmap.height)
      picture.getContext('2d')?.drawImage(bitmap, (bitmap.width - side) / 2, (bitmap.height - side) / 2, side, side, 0, 0, SIDE, SIDE)
      bitmap.close()
      picture.hidden = false
    }, () => undefined) // a preview that does not decode is left out
  })
  return {
    element, draw,
    end() {
      clearInterval(ticking)
      end()
    },
  }
}
