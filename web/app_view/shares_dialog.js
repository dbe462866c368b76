/**
 * Sharing the form by link: what the link may do, the link itself, shown once, and the links that there are.
 *
 * @typedef {object} Share
 * @property {string} id
 * @property {string} name
 * @property {string} title
 * @property {number} created  seconds since 1970
 * @property {number | null} revoked
 * @property {number | null} expires
 * @property {number | null} most_runs
 * @property {number} used
 * @property {number} waiting
 */
import { viewUrl } from '../api/client.js'
import { clipboard } from '../commands/system_clipboard.js'
import { dateText, many, t } from '../language/t.js'
import { confirm, openDialog } from '../panels/dialog.js'
import { fill, h } from '../panels/dom.js'
import { appOf } from './edit_app.js'
import { sharedForm } from './share_form.js'
import { addStyles } from './styles.js'

const HOUR = 3600
const DAY = 24 * HOUR

/** @param {{ editor: import('../tools/editor.js').Editor, client: import('../api/client.js').Client, toasts: import('../panels/toasts.js').Toasts }} parts */
export function openShares({ editor, client, toasts }) {
  addStyles()
  const app = appOf(editor)
  const made = h('div.share-made', { role: 'status' })
  const list = h('div.share-list', { tabindex: -1 })
  const wrong = h('p.wrong', { role: 'alert', hidden: true })
  const name = h('input.field', { id: 'share-name', type: 'text', maxlength: 200, autocomplete: 'off', placeholder: app?.title || t('For whom, or what for') })
  const expires = select('share-expires', [[String(HOUR), t('1 hour')], [String(DAY), t('1 day')], [String(7 * DAY), t('7 days')], [String(30 * DAY), t('30 days')], ['', t('Never')]], String(7 * DAY))
  const runs = h('input.field', { id: 'share-runs', type: 'number', min: 1, max: 1000000, value: '100', placeholder: t('no limit') })
  const hourly = h('input.field', { id: 'share-hourly', type: 'number', min: 1, max: 10000, value: '20' })
  const waiting = h('input.field', { id: 'share-waiting', type: 'number', min: 1, max: 100, value: '3' })
  const graph = h('input', { id: 'share-graph', type: 'checkbox' })
  const form = h('form.share-new', { novalidate: true },
    h('p.quiet', {}, t('Whoever has the link can fill in this form and run this graph as it is now, with nothing else of it changed. They see only their own results; their runs wait until yours are done.')),
    notesOf(),
    h('div.share-grid', {},
      labelled(t('Name'), name, true), labelled(t('Ends after'), expires), labelled(t('Runs in all'), runs), labelled(t('Runs in an hour'), hourly), labelled(t('Waiting at once'), waiting)),
    h('label.app-tick', {}, graph, h('span', {}, t('Files that guests download keep the graph that made them'))),
    wrong,
    h('div.buttons', {}, h('button.primary', { type: 'submit', disabled: !app?.outputs.length }, t('Make a link'))))
  form.addEventListener('submit', event => {
    event.preventDefault()
    void make()
  })
  openDialog(t('Share the form'), [form, made, h('h3', {}, t('Links that there are')), list], { wide: true })
  name.focus({ preventScroll: true })
  void draw()

  function notesOf() {
    const notes = app?.outputs.length ? sharedForm(editor, app).notes : [t('Choose a result for the form first: without one a guest would see nothing.')]
    return notes.length ? h('ul.share-notes', {}, notes.map(note => h('li', {}, note))) : null
  }

  async function make() {
    if (!app) return
    const { prompt, form: shared } = sharedForm(editor, app)
    await told(async () => {
      const { path } = await client.send('POST', '/easel/shares', {
        prompt, form: shared, name: name.value.trim(), tells_graph: graph.checked, expires_in: expires.value ? Number(expires.value) : null,
        most_runs: runs.value ? Number(runs.value) : null, per_hour: Number(hourly.value), most_waiting: Number(waiting.value),
      })
      showLink(location.origin + path)
      await draw()
    })
  }

  /** @param {string} link */
  function showLink(link) {
    const field = h('input.field', { type: 'text', readonly: true, value: link, 'aria-label': t('The link') })
    field.addEventListener('focus', () => field.select())
    const copy = h('button.primary', { type: 'button', onclick: async () => {
      field.select()
      const done = await clipboard().writeText(link).then(() => true, () => false)
      toasts.show({ key: 'share', tone: done ? 'done' : 'warning', text: done ? t('The link was copied.') : t('The browser did not let the page use the clipboard') })
      copy.textContent = done ? t('Copied') : t('Copy')
    } }, t('Copy'))
    const local = ['localhost', '127.0.0.1', '[::1]'].includes(location.hostname)
    fill(made, h('p', {}, t('Copy the link now: it is not shown again.')), h('div.share-link', {}, field, copy),
      local ? h('p.quiet', {}, t('It works on this computer only, as this page does. Start the server with --listen, and open it by its name in the network, to make links for others.')) : null)
    field.focus()
    made.scrollIntoView({ block: 'nearest' })
  }

  async function draw() {
    const found = await client.json('/easel/shares').catch(() => null)
    if (!found) return fill(list, h('p.none', {}, t('The links could not be read: the server does not answer.')))
    const { shares, now } = /** @type {{ shares: Share[], now: number }} */ (found)
    fill(list, shares.length ? h('ul', {}, shares.map(share => row(share, now))) : h('p.none', {}, t('There are none yet.')))
    if (document.activeElement === document.body) list.focus() // the button that was pressed is gone
    return undefined
  }

  /** @param {Share} share @param {number} now */
  function row(share, now) {
    const called = share.name || share.title || t('A shared form')
    const ended = share.revoked !== null || (share.expires !== null && share.expires <= now)
    const runsOf = h('div.share-runs', { hidden: true })
    const change = (/** @type {object} */ fields) => told(async () => {
      await client.send('PATCH', `/easel/shares/${share.id}`, fields)
      await draw()
    })
    return h('li', { class: ended ? 'ended' : '' },
      h('div.share-words', {}, h('strong', {}, called), h('span.quiet', {}, state(share, now))),
      h('div.share-verbs', {},
        h('button.plain', { type: 'button', 'aria-label': t('Results of {name}', { name: called }), onclick: () => void showRuns(share, runsOf) }, t('Results')),
        h('button.plain', { type: 'button', 'aria-label': t('Extend {name}', { name: called }), 'data-tip': t('Ends in 7 days from now, with 100 more runs'),
          onclick: () => void change({ revoked: false, expires_in: 7 * DAY, most_runs: share.most_runs === null ? null : Math.min(1e6, Math.max(share.most_runs, share.used) + 100) }) }, t('Extend')),
        share.revoked === null ? h('button.plain', { type: 'button', 'aria-label': t('End {name}', { name: called }), onclick: () => void change({ revoked: true }) }, t('End')) : null,
        h('button.plain', { type: 'button', 'aria-label': t('Delete {name}', { name: called }), onclick: async () => {
          const sure = await confirm({ title: t('Delete the link?'), text: t('“{name}” stops working, and its list of runs and the pictures that guests sent are gone. What was made stays among your results.', { name: called }), verb: t('Delete'), danger: true })
          if (sure) await told(async () => { await client.send('DELETE', `/easel/shares/${share.id}`); await draw() })
        } }, t('Delete'))),
      runsOf)
  }

  /** @param {Share} share @param {HTMLElement} where */
  async function showRuns(share, where) {
    where.hidden = !where.hidden
    if (where.hidden) return
    await told(async () => {
      const { runs: found } = await client.json(`/easel/shares/${share.id}/runs`)
      fill(where, found.length ? h('ul', {}, found.map(runRow)) : h('p.none', {}, t('Nobody has run it yet.')))
    })
  }

  /** @param {() => Promise<void>} work */
  async function told(work) {
    wrong.hidden = true
    try {
      await work()
    } catch (error) {
      wrong.textContent = /** @type {Error} */ (error).message
      wrong.hidden = false
    }
  }
}

/** @param {{ guest: number, created: number, state: string, results: any[] }} run */
function runRow(run) {
  const pictures = run.results.filter(result => result.filename && /\.(?:png|jpe?g|webp|gif|avif)$/iu.test(result.filename))
  return h('li', {}, h('span', {}, t('Guest {number}', { number: run.guest })), h('span.quiet', {}, `${timeOf(run.created)} · ${STATES()[run.state] ?? run.state}`),
    pictures.slice(0, 6).map(file => h('a', { href: viewUrl(file), target: '_blank', rel: 'noopener', 'aria-label': t('Show {name}', { name: file.filename }) }, h('img', { src: viewUrl(file, { preview: 'webp;80' }), alt: '', loading: 'lazy' }))),
    run.results.filter(result => 'text' in result).slice(0, 3).map(result => h('span.quiet', {}, String(result.text).slice(0, 80))))
}

/** @type {() => Record<string, string>} */
const STATES = () => ({ open: t('not done yet'), done: t('done'), failed: t('failed'), stopped: t('stopped') })

/** @param {Share} share @param {number} now */
function state(share, now) {
  const used = share.most_runs === null ? many(share.used, '{count} run', '{count} runs') : t('{used} of {count} runs', { used: share.used, count: share.most_runs })
  const end = share.revoked !== null ? t('ended') : share.expires === null ? t('never ends') : share.expires <= now ? t('expired {time}', { time: timeOf(share.expires) }) : t('ends {time}', { time: timeOf(share.expires) })
  return [used, share.waiting ? many(share.waiting, '{count} waits', '{count} wait') : '', end].filter(Boolean).join(' · ')
}

/** @param {number} seconds since 1970 */
const timeOf = seconds => dateText(seconds * 1000)

/** @param {string} label @param {HTMLElement} field @param {boolean} [wide] */
const labelled = (label, field, wide = false) => h('div', { class: wide ? 'wide' : '' }, h('label', { for: field.id }, label), field)

/** @param {string} id @param {readonly [string, string][]} options @param {string} value */
function select(id, options, value) {
  const element = h('select.field', { id }, options.map(([each, label]) => h('option', { value: each }, label)))
  element.value = value
  return element
}
