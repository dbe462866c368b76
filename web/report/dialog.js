/** A report is looked at before it is a file: each of its files can be read, and left out. */
import { saveBlob } from '../app/files.js'
import { icon } from '../icons/icons.js'
import { many, t } from '../language/t.js'
import { bytesInWords } from '../model/words.js'
import { openDialog } from '../panels/dialog.js'
import { fill, h, setText } from '../panels/dom.js'
import { makeParts } from './parts.js'
import { zipOf } from './zip.js'

/** @typedef {import('./parts.js').Part} Part */

/** Letters of a file that are drawn at once. */
const SHOWN = 200_000

/** What each file holds. @type {Record<string, () => string>} */
const TITLES = {
  'server.json': () => t('Versions and the machine'),
  'packs.json': () => t('Node packs'),
  'settings.json': () => t('Settings'),
  'page.json': () => t('Browser and page'),
  'log.txt': () => t('Last lines of the log'),
  'graph.json': () => t('The open graph'),
}

/** @param {import('./parts.js').Parts & { toasts: import('../panels/toasts.js').Toasts }} parts */
export function openReport(parts) {
  /** @type {Part[]} */
  let files = []
  let words = true
  let shown = ''
  let whole = false

  const lead = h('p.lead', { role: 'status' }, t('The report is being put together…'))
  const list = h('div.report-files', { role: 'group', 'aria-label': t('Files of the report') })
  const name = h('h3')
  const text = h('pre.report-text', { tabindex: 0, role: 'region' })
  const rest = h('button.link', { type: 'button', hidden: true, onclick: () => { whole = true; drawText(); text.focus() } }, t('Show all of it'))
  const withWords = h('input', { type: 'checkbox', checked: true, onchange: () => { words = withWords.checked; drawText(); drawFoot() } })
  const wordsRow = h('label.report-words', {}, withWords, t('With the texts in it'))
  const story = h('textarea.field', { rows: 2, id: 'report-story', placeholder: t('What happened, and what should have happened?'), oninput: () => drawFoot() })
  const size = h('p.quiet', { role: 'status' })
  const save = h('button.primary', { type: 'submit', disabled: true }, icon('download', 14), t('Save the report'))
  const room = h('div.report-room', {}, list, h('div.report-view', {}, h('div.report-head', {}, name, wordsRow), text, rest))
  const form = h('form.report', { method: 'dialog' }, lead, room,
    h('label.report-story', { for: 'report-story' }, t('In your words (it goes into the report)')), story,
    h('div.buttons', {}, size, h('button.plain', { type: 'button', onclick: () => dialog.close() }, t('Cancel')), save))
  const dialog = openDialog(t('Report a problem'), [form], { wide: true })
  dialog.element.classList.add('report-dialog')
  form.addEventListener('submit', event => {
    event.preventDefault()
    keep()
  })
  void make()

  async function make() {
    const made = await makeParts(parts)
    if (!dialog.element.isConnected) return
    files = made.parts
    shown = files[0]?.name ?? ''
    setText(lead, made.alone
      ? t('No report of the server: {reason} This one holds what the page knows.', { reason: made.alone })
      : t('Nothing is sent anywhere. Look through it, leave out what you do not want to give away, and save it. Keys, passwords and names are taken out already.'))
    fill(list, files.map(row))
    drawText()
    drawFoot()
    ;/** @type {HTMLElement | null} */ (list.querySelector('button'))?.focus()
  }

  /** @param {Part} file */
  function row(file) {
    const title = TITLES[file.name]?.() ?? file.name
    const box = h('input', { type: 'checkbox', checked: file.on, 'aria-label': t('Put {name} into the report', { name: title }), 'data-tip': t('In the report, or left out'), onchange: () => { file.on = box.checked; drawFoot() } })
    const open = h('button', { type: 'button', dataset: { name: file.name }, onclick: () => { shown = file.name; whole = false; drawText() } }, h('span.title', {}, title), h('span.small', {}, file.name))
    return h('div.report-file', {}, box, open)
  }

  /** @param {Part} file */
  const textOf = file => (file.wordless !== undefined && !words ? file.wordless : file.text)

  function drawText() {
    const file = files.find(each => each.name === shown)
    if (!file) return
    const all = textOf(file)
    setText(name, TITLES[file.name]?.() ?? file.name)
    setText(text, whole ? all : all.slice(0, SHOWN))
    text.setAttribute('aria-label', file.name)
    text.scrollTop = 0
    rest.hidden = whole || all.length <= SHOWN
    wordsRow.hidden = file.wordless === undefined
    for (const button of list.querySelectorAll('button')) button.setAttribute('aria-pressed', String(button.dataset.name === shown))
  }

  function contents() {
    const said = story.value.trim()
    return [...(said ? [{ name: 'what-happened.txt', text: `${said}\n` }] : []), ...files.filter(({ on }) => on).map(file => ({ name: file.name, text: textOf(file) }))]
  }

  function drawFoot() {
    const chosen = contents()
    save.disabled = !chosen.length
    setText(size, chosen.length ? t('{files}, {size}', { files: many(chosen.length, 'One file', '{count} files'), size: bytesInWords(chosen.reduce((sum, each) => sum + each.text.length, 0)) }) : t('Nothing is chosen.'))
  }

  function keep() {
    const now = new Date()
    const stamp = new Date(now.getTime() - now.getTimezoneOffset() * 60_000).toISOString().slice(0, 16).replaceAll(/\D/gu, '')
    const file = `easel-report-${stamp}.zip`
    saveBlob(file, new Blob([zipOf(contents(), now)], { type: 'application/zip' }))
    dialog.close()
    parts.toasts.show({ key: 'report', tone: 'done', text: t('Saved {name}.', { name: file }), detail: t('Attach it where you tell of the problem.') })
  }
}
