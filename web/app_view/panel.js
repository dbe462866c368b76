/**
 * The app view: the open graph as a form with its results. It changes the same document by the same steps as the canvas does.
 *
 * @typedef {import('../tools/editor.js').Editor} Editor
 * @typedef {import('./app_data.js').App} App
 * @typedef {object} Parts
 * @property {Editor} editor
 * @property {import('../model/session.js').Session} session
 * @property {import('../app/results.js').Results} results
 * @property {import('../app/jobs.js').Jobs} jobs
 * @property {import('../app/run.js').Runner} runner
 * @property {import('../api/client.js').Client} client
 * @property {import('../panels/toasts.js').Toasts} toasts
 * @property {import('../app/names.js').Names} names
 * @property {() => Promise<void>} refresh  reads the lists of files again
 */
import { viewUrl } from '../api/client.js'
import { many, t } from '../language/t.js'
import { fill, h, isTyping } from '../panels/dom.js'
import { createAppResults } from './app_results.js'
import { createBuilder } from './builder.js'
import { describe } from './describe.js'
import { appOf, isFromNewer } from './edit_app.js'
import { createForm } from './form_view.js'
import { inputsOf, problemOf } from './form_values.js'
import { findInput, findNode } from './references.js'
import { openShares } from './shares_dialog.js'
import { addStyles } from './styles.js'

/** In less room the results lie below the form. */
const NARROW = 700

/** @param {Parts} parts @param {{ building?: boolean }} [how] @returns {import('../panels/drawer.js').Panel} */
export function appPanel(parts, { building = false } = {}) {
  return { id: 'app', title: t('App'), size: 'full', fill: body => fillApp(body, parts, building) }
}

/** @param {HTMLElement} body @param {Parts} parts @param {boolean} building */
function fillApp(body, parts, building) {
  const { editor, client, runner, toasts } = parts
  addStyles()
  let editing = building || !appOf(editor)
  /** @type {ReturnType<typeof createForm> | null} */
  let form = null
  let shape = ''

  const title = h('h3.app-title')
  const edit = h('button.plain', { type: 'button', 'data-tip': t('Choose what the form shows'), onclick: () => setEditing(!editing) })
  const share = h('button.plain', { type: 'button', 'data-needs': 'run', 'data-tip': t('Let others run this form, and nothing else, by a link'), onclick: () => openShares({ editor, client, toasts }) }, t('Share…'))
  const left = h('div.app-left.scrolls')
  const holder = h('div.app-holder')
  const lost = h('div.app-lost')
  const results = createAppResults(parts, () => appOf(editor))
  const builder = createBuilder({ editor, names: parts.names })
  const reset = h('button.plain', { type: 'button', onclick: resetAll, 'data-tip': t('What the form had when it was made') }, t('Reset'))
  const copy = h('button.plain', { type: 'button', onclick: () => void copyValues() }, t('Copy values'))
  const go = h('button.primary', { type: 'button', 'data-tip': t('Run the graph'), 'data-command': 'run', onclick: () => void run() }, t('Run'))
  const act = h('div.app-act', {}, copy, reset, go)
  left.append(lost, holder, act)
  const page = h('div.app-page', { tabindex: -1 }, h('div.app-head', {}, title, edit, share), h('div.app-columns', {}, builder.element, left, results.element))
  body.append(page)

  /** @param {boolean} on */
  function setEditing(on) {
    editing = on
    draw()
  }

  function draw() {
    const app = appOf(editor)
    const described = app && describe(editor, app)
    page.toggleAttribute('data-editing', editing)
    edit.textContent = editing ? t('Done') : t('Edit the form')
    edit.setAttribute('aria-pressed', String(editing))
    edit.disabled = isFromNewer(editor)
    share.disabled = !app?.outputs.length
    title.textContent = app?.title || t('The form of this graph')
    builder.element.hidden = !editing
    if (editing) builder.draw()
    const missing = described ? described.missing.length + described.lostOutputs.length : 0
    fill(lost, isFromNewer(editor) ? h('p.wrong', { role: 'status' }, t('The app of this graph was made by a newer Easel: it is left as it is.')) : null,
      missing && !editing ? h('p.wrong', { role: 'status' }, many(missing, '{count} part of the form has lost its node or value.', '{count} parts of the form have lost their nodes or values.'),
        ' ', h('button.link', { type: 'button', onclick: () => setEditing(true) }, t('Look at them'))) : null)
    const next = JSON.stringify(described && { ...described.form, items: described.form.items.map(item => (item.kind === 'input' ? { ...item, value: null } : item)) })
    if (described && next !== shape) {
      shape = next
      form = createForm(described.form, { onChange: change, onRandom: setRandom, upload, pictureUrl: name => viewUrl(pictureOf(name), { maybe: true }) })
      fill(holder, form.element)
    } else if (described && form) for (const { id, value } of inputsOf(described.form)) form.set(id, value)
    if (!described || !described.form.items.length) {
      shape = ''
      form = null
      fill(holder, h('p.none', {}, t('The form is empty. Choose values of nodes to be set here, and results to be shown.'),
        ' ', editing ? null : h('button.link', { type: 'button', onclick: () => setEditing(true) }, t('Edit the form'))))
    }
    act.hidden = !form && !app?.outputs.length
    results.draw()
  }

  /** @param {string} id */
  const itemOf = id => appOf(editor)?.items.find(item => item.kind === 'input' && item.id === id)

  /** @param {string} id @param {import('./form_values.js').Value | null} value */
  function change(id, value) {
    const app = appOf(editor)
    const item = itemOf(id)
    const shown = app && inputsOf(describe(editor, app).form).find(each => each.id === id)
    if (item?.kind !== 'input' || !shown || value === null || (shown.control !== 'image' && problemOf(shown, value))) return
    const found = findInput(editor, item)
    if (found && found.widget.value !== value) editor.setWidget(found.record.id, item.widget, value)
  }

  /** @param {string} id @param {boolean} on */
  function setRandom(id, on) {
    const item = itemOf(id)
    const found = item?.kind === 'input' ? findInput(editor, item) : null
    if (found && item?.kind === 'input') editor.setWidget(found.record.id, item.widget, on ? 'randomize' : 'fixed', 'control')
  }

  /** @param {File} file */
  async function upload(file) {
    const { name, subfolder } = await client.uploadImage(file, { name: file.name })
    const value = subfolder ? `${subfolder}/${name}` : name
    await parts.refresh().catch(() => undefined) // then the list has it after the next connection
    return { value, url: viewUrl(pictureOf(value), { version: Date.now() }) }
  }

  function resetAll() {
    const app = appOf(editor)
    if (!app) return
    editor.store.transact(t('Reset the form'), () => {
      for (const item of app.items) {
        const found = item.kind === 'input' && item.value !== undefined ? findInput(editor, item) : null
        if (item.kind === 'input' && found && !found.feeder) editor.setWidget(found.record.id, item.widget, item.value)
      }
    })
  }

  async function copyValues() {
    const app = appOf(editor)
    const lines = app ? inputsOf(describe(editor, app).form).map(({ label, value }) => `${label}: ${value}`) : []
    try {
      await navigator.clipboard.writeText(lines.join('\n'))
      toasts.show({ key: 'app', tone: 'done', text: t('The values were copied.') })
    } catch {
      toasts.show({ key: 'app', tone: 'error', text: t('The browser did not let the page use the clipboard') })
    }
  }

  async function run() {
    const app = appOf(editor)
    if (form && !form.check()) return
    const records = (app?.outputs ?? []).flatMap(output => findNode(editor, output)?.record.id ?? [])
    const accepted = await runner.queue(records.length ? { part: { kind: 'outputs', records } } : {})
    if (accepted && page.clientWidth < NARROW) results.element.scrollIntoView({ block: 'start' })
  }

  let asked = 0
  const soon = () => { asked ||= requestAnimationFrame(() => { asked = 0; draw() }) }
  const offs = [editor.store.listen(soon), results.listen()]
  page.addEventListener('keydown', event => {
    // Escape leaves the field that is typed into; once more, and it leaves the app.
    if (event.key !== 'Escape' || !isTyping(event.target)) return
    event.preventDefault()
    page.focus({ preventScroll: true })
  })
  left.addEventListener('keydown', event => {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return
    event.preventDefault()
    event.stopPropagation()
    void run()
  })
  draw()
  // Not a field: it would open a phone's keyboard.
  queueMicrotask(() => page.focus({ preventScroll: true }))
  return () => {
    cancelAnimationFrame(asked)
    offs.forEach(off => off())
  }
}

/** A file of the input folder as a widget names it. @param {string} value */
function pictureOf(value) {
  const at = value.lastIndexOf('/')
  return { filename: value.slice(at + 1), subfolder: at < 0 ? '' : value.slice(0, at), type: 'input' }
}
