/** Exports that are loaded when they are first wanted: the picture of the graph, with a question for its scale, and the script. */
import { saveBlob, stem } from '../app/files.js'
import { language, many, t } from '../language/t.js'
import { openDialog } from '../panels/dialog.js'
import { fill, h } from '../panels/dom.js'
import { graphPicture, pictureSize } from './picture.js'
import { fileName, pythonScript } from './script.js'

const SCALES = [0.5, 1, 2]

/** @param {import('./commands.js').Parts} parts */
export function saveScript({ editor, graph, toasts }) {
  const { output } = editor.toPrompt()
  const prompt = /** @type {import('./script.js').Prompt} */ (output)
  const count = Object.keys(prompt).length
  if (!count) {
    toasts.show({ key: 'export', tone: 'warning', text: t('There is nothing in this graph that a server could run.'), detail: t('Add nodes first.') })
    return
  }
  const name = `${fileName(stem(graph.title))}.py`
  saveBlob(name, new Blob([pythonScript(prompt, editor.schema, { name: graph.title, server: location.origin })], { type: 'text/x-python' }))
  toasts.show({ key: 'export', tone: 'done', text: t('Saved {name}.', { name }), detail: many(count, 'It runs {count} node on this server: python3 {name} --help', 'It runs {count} nodes on this server: python3 {name} --help', { name }) })
}

/** @param {import('./commands.js').Parts} parts */
export function askForPicture({ editor, graph, toasts }) {
  if (!pictureSize(editor, 1)) {
    toasts.show({ key: 'export', tone: 'warning', text: t('An empty graph has no picture.'), detail: t('Add nodes first.') })
    return
  }
  let scale = 1
  const size = h('p.quiet', { role: 'status' })
  const save = h('button.primary', { type: 'submit' }, t('Save the picture'))
  const choices = SCALES.map(each => {
    const field = h('input', { type: 'radio', name: 'scale', value: String(each), checked: each === scale })
    field.addEventListener('change', () => { scale = each; draw() })
    return h('label', {}, field, `${each * 100} %`)
  })
  const form = h('form.ask', { method: 'dialog' },
    h('p', {}, t('The whole graph as a PNG in the colours of now. The graph is in it: dropped on the page, it opens.')),
    h('fieldset.choices', {}, h('legend', {}, t('Scale')), ...choices), size,
    h('div.buttons', {}, h('button.plain', { type: 'button', onclick: () => dialog.close() }, t('Cancel')), save))

  function draw() {
    const found = pictureSize(editor, scale)
    if (!found) return
    const parts = { width: found.width.toLocaleString(language), height: found.height.toLocaleString(language), percent: (found.scale * 100).toFixed(found.scale < 0.1 ? 1 : 0) }
    fill(size, found.scale < scale * 0.999 ? t('At this scale it would be larger than a browser can draw: it becomes {width} × {height} pixels, at {percent} %.', parts) : t('{width} × {height} pixels', parts))
  }
  form.addEventListener('submit', event => {
    event.preventDefault()
    save.disabled = true
    save.textContent = t('Drawing…')
    // The word is seen before the drawing takes the page's time.
    requestAnimationFrame(() => setTimeout(async () => {
      try {
        saveBlob(`${stem(graph.title) || 'graph'}.png`, await graphPicture(editor, scale))
        dialog.close()
      } catch (error) {
        dialog.close()
        toasts.show({ key: 'export', tone: 'error', text: t('The picture could not be drawn.'), detail: /** @type {Error} */ (error).message })
      }
    }))
  })
  const dialog = openDialog(t('Export as a picture'), [form])
  draw()
  save.focus()
}
