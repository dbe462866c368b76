/** The page behind a shared link: a form, a button, and this guest's own results. */
import { many, t } from '../language/t.js'
import { fill, h, setText } from '../panels/dom.js'
import { resolveChoices } from '../model/patterns.js'
import { createForm } from './form_view.js'
import { inputsOf } from './form_values.js'
import { Refused, ShareApi } from './share_api.js'
import { createRuns } from './share_runs.js'

/** Between two questions for how far the runs are, in ms: while one is open, and otherwise not at all. */
const OFTEN = 1000
/** After a failed one. */
const SELDOM = 5000

/** Where the results lie below the form. */
const narrow = matchMedia('(max-width: 760px)')

const page = /** @type {HTMLElement} */ (document.getElementById('page'))
const api = new ShareApi(document.documentElement.dataset.base ?? '')

async function start() {
  const { form, name, left } = await api.form()
  /** Pictures that were sent from here, to be shown again. @type {Map<string, string>} */
  const sent = new Map()
  const view = createForm(form, {
    upload: async file => {
      const { picture } = await api.picture(file)
      sent.set(picture, URL.createObjectURL(file))
      return { value: picture, url: sent.get(picture) ?? '' }
    },
    pictureUrl: value => sent.get(value) ?? '',
  })
  const wrong = h('p.wrong', { role: 'alert', hidden: true })
  const quota = h('span.quiet')
  const button = h('button.primary', { type: 'submit' }, t('Run'))
  const fields = h('form.inputs', { novalidate: true, 'aria-label': t('Form') },
    view.element,
    h('div.act', {}, wrong, h('div.buttons', {}, quota, h('button.plain', { type: 'button', onclick: () => view.reset() }, t('Reset')), button)))
  const runs = createRuns({
    api,
    reuse: run => {
      for (const { id, value } of inputsOf(form)) view.set(id, run.given[id] ?? value)
      fields.scrollIntoView({ block: 'start' })
    },
    stop: run => void api.stop(run.id).then(look, tell),
  })
  const title = name || form.title || t('A shared form')
  document.title = title
  fill(page, h('header', {}, h('h1', {}, title)), fields, runs.element)
  page.removeAttribute('aria-busy')

  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer
  /** @param {number | null} count */
  function drawQuota(count) {
    setText(quota, count === null ? '' : many(count, '{count} run left', '{count} runs left'))
    button.disabled = count === 0
    if (count === 0) tell(new Error(t('All runs of this link are used up. Ask the person who shared it for more.')))
  }

  async function look() {
    clearTimeout(timer)
    let wait = SELDOM
    try {
      const found = await api.runs()
      runs.show(found.runs)
      drawQuota(found.left)
      const open = found.runs.some(({ state }) => state === 'waiting' || state === 'running')
      wait = open ? OFTEN : 0
    } catch (error) {
      tell(error)
      if (error instanceof Refused && error.status === 410) wait = 0
    }
    if (wait) timer = setTimeout(look, document.hidden ? SELDOM : wait)
  }

  /** @param {unknown} error */
  function tell(error) {
    const said = error instanceof Error ? error.message : ''
    if (error instanceof Refused && view.refuse(error.input, said)) return
    setText(wrong, said)
    wrong.hidden = said === ''
  }

  let busy = false
  async function run() {
    if (busy || button.disabled || !view.check()) return
    busy = true
    button.setAttribute('aria-busy', 'true')
    wrong.hidden = true
    view.roll()
    try {
      const values = view.values()
      for (const { id, dynamic } of inputsOf(form)) if (dynamic) values[id] = resolveChoices(String(values[id] ?? ''), Math.random)
      await api.run(values)
      await look()
      if (narrow.matches) runs.element.scrollIntoView({ block: 'start' })
    } catch (error) {
      tell(error)
    }
    busy = false
    button.removeAttribute('aria-busy')
  }

  fields.addEventListener('submit', event => {
    event.preventDefault()
    void run()
  })
  fields.addEventListener('keydown', event => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault()
      void run()
    }
  })
  drawQuota(left)
  await look()
  document.documentElement.dataset.ready = 'true'
}

start().catch(error => {
  page.removeAttribute('aria-busy')
  fill(page, h('h1.alone', { role: 'alert' }, error instanceof Refused ? error.message : t('This page could not be shown.')))
})
