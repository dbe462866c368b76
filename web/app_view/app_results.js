/**
 * What this app has made: what runs now, the newest result large, the earlier ones below.
 *
 * @typedef {import('./app_data.js').App} App
 * @typedef {import('../app/results.js').Result} Result
 */
import { viewUrl } from '../api/client.js'
import { t } from '../language/t.js'
import { fill, h, setText } from '../panels/dom.js'
import { kindOf } from '../view/media.js'
import { readApp } from './app_data.js'
import { findNode } from './references.js'

/** Earlier results that are looked at for this app's; each may ask the server for its graph. */
const LOOKED_AT = 40

/** @param {import('./panel.js').Parts} parts @param {() => App | null} appNow */
export function createAppResults({ editor, session, results, jobs, runner }, appNow) {
  const what = h('span')
  const bar = h('progress', { 'aria-label': t('Progress') })
  const stop = h('button.plain', { type: 'button', 'data-command': 'interrupt', onclick: () => void runner.interrupt() }, t('Stop'))
  const live = h('div.app-live', { role: 'status', hidden: true }, what, bar, stop)
  const wrong = h('p.wrong', { role: 'status', hidden: true })
  const large = h('div.app-large')
  const earlier = h('ul.app-earlier', { 'aria-label': t('Earlier results') })
  const preview = h('canvas.app-preview', { 'aria-hidden': true, hidden: true })
  const element = h('section.app-results.scrolls', { 'aria-label': t('Results') }, live, wrong, preview, large, earlier)
  let chosen = ''
  let drawn = ''
  /** Whether a run was of an app, by both their ids. @type {Map<string, boolean>} */
  const known = new Map()

  /** @param {Result} result @param {App} app */
  function isOurs(result, app) {
    const mark = `${app.id} ${result.promptId}`
    const job = jobs.get(result.promptId)
    if (!known.has(mark) && job?.workflow) known.set(mark, readApp(job.workflow.extra)?.id === app.id)
    if (!known.has(mark)) {
      known.set(mark, false)
      void Promise.resolve(result.workflow()).then(workflow => {
        if (readApp(workflow?.extra)?.id !== app.id) return
        known.set(mark, true)
        draw()
      }, () => known.delete(mark))
    }
    return known.get(mark) === true
  }

  function draw() {
    const app = appNow()
    drawLive(app)
    const outputs = new Map((app?.outputs ?? []).flatMap(output => {
      const found = findNode(editor, output)
      return found ? [[found.promptId, output.label]] : []
    }))
    const pictures = app ? results.list.filter(result => outputs.has(result.node)).slice(0, LOOKED_AT).filter(result => isOurs(result, app)) : []
    const texts = [...outputs].flatMap(([id, label]) => session.status(id).text.map(text => ({ text, label })))
    const now = pictures.find(({ key }) => key === chosen) ?? pictures[0]
    const mark = JSON.stringify([pictures.map(({ key }) => key), now?.key, texts])
    if (mark === drawn) return
    drawn = mark
    fill(large, now ? pictureView(now, outputs.get(now.node) ?? '') : null, texts.map(({ text, label }) => h('figure', {}, label ? h('figcaption', {}, label) : null, h('pre', {}, text))),
      now || texts.length ? null : h('p.none', {}, t('What the form makes appears here.')))
    fill(earlier, pictures.length < 2 ? null : pictures.map(result => h('li', {}, h('button.app-thumb', {
      type: 'button', 'aria-pressed': String(result === now), 'aria-label': t('Show {name}', { name: result.file.filename }),
      onclick: () => { chosen = result === pictures[0] ? '' : result.key; draw() },
    }, isPicture(result.file.filename) ? h('img', { src: viewUrl(result.file, { preview: 'webp;80' }), alt: '', loading: 'lazy' }) : h('span', {}, result.file.filename)))))
  }

  /** @param {Result} result @param {string} label */
  function pictureView(result, label) {
    const url = viewUrl(result.file)
    const kind = kindOf(result.file.filename)
    const shown = kind === 'video' ? h('video', { src: url, controls: true, loop: true, playsinline: true })
      : kind === 'sound' ? h('audio', { src: url, controls: true }) : h('img', { src: url, alt: label || result.file.filename })
    return h('figure', {}, label ? h('figcaption', {}, label) : null, shown,
      h('div.app-verbs', {}, h('a.plain', { href: url, download: result.file.filename }, t('Download')), result.seed ? h('span.quiet.number', {}, t('Seed {seed}', { seed: result.seed })) : null))
  }

  /** @param {App | null} app */
  function drawLive(app) {
    const { run } = session
    const busy = run.state === 'running' || run.state === 'queued'
    live.hidden = !busy
    if (busy) {
      const status = run.node ? session.status(run.node) : null
      const steps = status && status.max > 1
      setText(what, run.state === 'queued' ? t('Waiting') : steps ? t('Working: step {step} of {steps}', { step: status.value, steps: status.max }) : t('Working'))
      if (steps) {
        bar.max = status.max
        bar.value = status.value
      } else bar.removeAttribute('value')
    }
    const sketch = busy && run.node ? session.status(run.node).preview : null
    preview.hidden = !sketch
    if (sketch) {
      preview.width = sketch.width
      preview.height = sketch.height
      preview.getContext('2d')?.drawImage(sketch, 0, 0)
    }
    const failed = run.state === 'error' && app ? run.message ?? t('The run failed.') : ''
    setText(wrong, failed)
    wrong.hidden = failed === ''
  }

  return {
    element,
    draw,
    listen() {
      let asked = 0
      const soon = () => { asked ||= requestAnimationFrame(() => { asked = 0; draw() }) }
      const offs = [session.listen(soon), results.listen(soon)]
      return () => {
        cancelAnimationFrame(asked)
        offs.forEach(off => off())
      }
    },
  }
}

/** @param {string} name */
const isPicture = name => ['picture', 'drawing'].includes(kindOf(name))
