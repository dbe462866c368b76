/**
 * A guest's runs: the newest result large, what waits and runs above it, the earlier ones below.
 *
 * @typedef {import('./share_api.js').Run} Run
 * @typedef {import('./share_api.js').Result} Result
 */
import { dateText, many, t } from '../language/t.js'
import { fill, h, setText } from '../panels/dom.js'

/**
 * @param {object} parts
 * @param {import('./share_api.js').ShareApi} parts.api
 * @param {(run: Run) => void} parts.reuse  its values into the form
 * @param {(run: Run) => void} parts.stop
 */
export function createRuns({ api, reuse, stop }) {
  const live = h('div.live', { role: 'status' })
  const large = h('div.large')
  const earlier = h('ul.earlier', { 'aria-label': t('Earlier results') })
  const element = h('section.runs', { 'aria-label': t('Results') }, live, large, earlier)
  let chosen = ''
  let drawn = ''
  let shown = ''

  /** @param {readonly Run[]} runs  newest first */
  function show(runs) {
    drawLive(runs.filter(run => run.state === 'waiting' || run.state === 'running').reverse())
    const ended = runs.filter(run => !['waiting', 'running'].includes(run.state))
    const [newest] = ended
    const mark = JSON.stringify(ended.map(run => [run.id, run.state, run.results.length]))
    if (newest && newest.id !== shown) {
      shown = newest.id
      chosen = newest.id
    }
    if (mark === drawn) return
    drawn = mark
    draw(ended)
  }

  /** Rows of runs that are not done, by run: a button that is about to be pressed must stay. @type {Map<string, { row: HTMLElement, draw: (run: Run) => void }>} */
  const rows = new Map()

  /** @param {readonly Run[]} open */
  function drawLive(open) {
    for (const [id, { row }] of rows) {
      if (open.some(run => run.id === id)) continue
      row.remove()
      rows.delete(id)
    }
    for (const run of open) {
      let shown = rows.get(run.id)
      if (!shown) {
        shown = liveRow(run)
        rows.set(run.id, shown)
        live.append(shown.row)
      }
      shown.draw(run)
    }
  }

  /** @param {Run} first */
  function liveRow(first) {
    const words = h('span')
    const bar = h('progress', { 'aria-label': t('Progress') })
    return {
      row: h('div.job', {}, words, bar, h('button.plain', { type: 'button', onclick: () => stop(first) }, t('Stop'))),
      /** @param {Run} run */
      draw(run) {
        setText(words, sentence(run))
        if (run.state !== 'running' || !run.steps) return bar.removeAttribute('value')
        bar.max = run.steps
        bar.value = run.step ?? 0
      },
    }
  }

  /** @param {readonly Run[]} ended */
  function draw(ended) {
    const run = ended.find(({ id }) => id === chosen) ?? ended[0]
    fill(large, run ? runView(run) : h('p.none', {}, t('What you make appears here.')))
    fill(earlier, ended.length < 2 ? null : ended.map(other => h('li', {}, h('button.thumb', {
      type: 'button', 'aria-pressed': String(other.id === run?.id), 'aria-label': t('Result of {time}', { time: timeOf(other) }),
      onclick: () => {
        chosen = other.id
        draw(ended)
      },
    }, thumb(other)))))
  }

  /** @param {Run} run */
  function thumb(run) {
    const index = run.results.findIndex(({ kind }) => kind === 'image')
    if (index >= 0) return h('img', { src: api.file(run.id, index), alt: '', loading: 'lazy' })
    const [first] = run.results
    return h('span', {}, run.state !== 'done' ? endWord(run) : first?.kind === 'text' ? first.text.slice(0, 60) : timeOf(run))
  }

  /** @param {Run} run */
  function runView(run) {
    return [
      run.state === 'done' ? null : h('p.wrong', {}, endSentence(run)),
      run.state === 'done' && !run.results.length ? h('p.none', {}, t('This run made nothing that is shown here.')) : null,
      run.results.map((result, index) => resultView(run, result, index)),
      h('div.after', {}, h('span.quiet', {}, timeOf(run)), h('button.plain', { type: 'button', onclick: () => reuse(run) }, t('Use these values again'))),
    ]
  }

  /** @param {Run} run @param {Result} result @param {number} index */
  function resultView(run, result, index) {
    const url = api.file(run.id, index)
    const caption = result.output ? h('figcaption', {}, result.output) : null
    const save = h('a.plain', { href: api.file(run.id, index, true), download: '' }, t('Download'))
    if (result.kind === 'text') return h('figure', {}, caption, h('pre', {}, result.text))
    if (result.kind === 'image') {
      const image = h('img', { src: url, alt: result.output || t('Result') })
      const gone = h('p.wrong', { hidden: true }, t('This result is no longer kept.'))
      image.addEventListener('error', () => {
        image.hidden = true
        gone.hidden = false
      })
      return h('figure', {}, caption, h('a', { href: url, target: '_blank', rel: 'noopener', 'aria-label': t('Show the picture alone') }, image), gone, save)
    }
    if (result.kind === 'video') return h('figure', {}, caption, h('video', { src: url, controls: true, loop: true, playsinline: true }), save)
    if (result.kind === 'audio') return h('figure', {}, caption, h('audio', { src: url, controls: true }), save)
    return h('figure', {}, caption, save)
  }

  return { element, show }
}

/** @param {Run} run */
function sentence(run) {
  if (run.state === 'running') return run.steps ? t('Working: step {step} of {steps}', { step: run.step ?? 0, steps: run.steps }) : t('Working')
  if (run.before === null || run.before === undefined) return t('Waiting')
  return run.before <= 1 ? t('Waiting: next') : many(run.before - 1, 'Waiting: {count} before it', 'Waiting: {count} before it')
}

/** @param {Run} run */
const endWord = run => (run.state === 'stopped' ? t('stopped') : t('failed'))

/** @param {Run} run */
const endSentence = run => (run.state === 'stopped' ? t('This run was stopped.') : t('This run failed. The person who shared this can see why.'))

/** @param {Run} run */
const timeOf = run => dateText(run.created * 1000)
