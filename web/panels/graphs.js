/** The panel of saved graphs: search, open, save, bring in, hand out, delete with a way back. */
import { FOLDER } from '../app/document.js'
import { chooseFiles, download, saveGraph } from '../app/files.js'
import { icon } from '../icons/icons.js'
import { language, t } from '../language/t.js'
import { fill, h } from './dom.js'

/**
 * @param {object} parts
 * @param {import('../app/document.js').OpenGraph} parts.graph
 * @param {import('../api/client.js').Client} parts.client
 * @param {import('./toasts.js').Toasts} parts.toasts
 * @param {readonly { name: string, title: string }[]} parts.examples
 * @param {(file: File) => Promise<void>} parts.openFile
 * @param {(json: unknown, name: string | null) => void} parts.openJson
 * @param {() => void} parts.newGraph
 * @returns {import('./drawer.js').Panel}
 */
export function graphsPanel({ graph, client, toasts, examples, openFile, openJson, newGraph }) {
  return {
    id: 'graphs',
    title: t('Graphs'),
    fill(body, close) {
      const field = h('input.field', { type: 'search', placeholder: t('Search'), 'aria-label': t('Search saved graphs'), autocomplete: 'off' })
      const list = h('div.body.scrolls', { role: 'list', 'aria-label': t('Saved graphs') })
      body.append(
        h('div.tools', {}, field,
          h('button', { type: 'button', onclick: () => { newGraph(); close() }, 'data-tip': t('Begin with an empty canvas') }, icon('file'), t('New')),
          h('button', { type: 'button', onclick: fromFile, 'data-tip': t('Open a JSON file, or a picture that carries its graph'), 'data-command': 'open_file' }, icon('upload'), t('Open file')),
          h('button', { type: 'button', onclick: save, 'data-tip': t('Save on the server'), 'data-command': 'save' }, icon('save'), t('Save')),
          h('button', { type: 'button', onclick: () => void saveGraph(graph, toasts, { as: true }).then(load), 'data-tip': t('Save under another name'), 'data-command': 'save_as' }, t('Save as')),
          h('button', { type: 'button', onclick: () => download(graph), 'data-tip': t('Download this graph as a JSON file') }, icon('download'), t('Download'))),
        list)

      /** @type {{ path: string, modified: number }[] | null} */
      let files = null
      let failure = ''

      async function load() {
        try {
          files = (await client.listUserFiles(FOLDER)).filter(file => file.path.endsWith('.json')).sort((left, right) => right.modified - left.modified)
          failure = ''
        } catch (error) {
          failure = /** @type {Error} */ (error).message
        }
        draw()
      }

      async function save() {
        if (await saveGraph(graph, toasts)) await load()
      }

      async function fromFile() {
        const [file] = await chooseFiles('.json,application/json,image/png')
        if (!file) return
        await openFile(file)
        close()
      }

      /** @param {string} name */
      async function open(name) {
        try {
          openJson(await client.readUserFile(`${FOLDER}/${name}.json`), name)
          close()
        } catch (error) {
          toasts.show({ tone: 'error', text: t('“{name}” could not be opened.', { name }), detail: /** @type {Error} */ (error).message })
        }
      }

      /** @param {string} name */
      async function remove(name) {
        try {
          const content = await client.readUserFile(`${FOLDER}/${name}.json`)
          await client.deleteUserFile(`${FOLDER}/${name}.json`)
          toasts.show({ key: 'deleted', text: t('Deleted “{name}”.', { name }), action: { label: t('Bring it back'), run: () => void client.writeUserFile(`${FOLDER}/${name}.json`, content, { overwrite: false }).then(load) } })
          if (graph.name === name) graph.setState(name, true) // what is on the canvas is now saved nowhere
        } catch (error) {
          toasts.show({ tone: 'error', text: t('“{name}” could not be deleted.', { name }), detail: /** @type {Error} */ (error).message })
        }
        await load()
      }

      /** @param {string} name */
      async function openExample(name) {
        try {
          openJson(await client.example(name), null)
          close()
        } catch (error) {
          toasts.show({ tone: 'error', text: t('The example could not be opened.'), detail: /** @type {Error} */ (error).message })
        }
      }

      function draw() {
        const words = field.value.toLowerCase().split(/\s+/u).filter(Boolean)
        /** @param {string} name */
        const fits = name => words.every(word => name.toLowerCase().includes(word))
        const shown = (files ?? []).filter(file => fits(file.path))
        const shownExamples = examples.filter(example => fits(example.title))
        fill(list,
          failure ? h('p.none', {}, failure) : files === null ? null : shown.length ? null
            : h('p.none', {}, files.length ? t('No graph by that name.') : t('Nothing saved yet. Save keeps this graph on the server under a name.')),
          shown.map(({ path, modified }) => {
            const name = path.replace(/\.json$/u, '')
            return h('div.entry', { role: 'listitem', class: name === graph.name ? 'entry now' : 'entry' },
              h('button.open', { type: 'button', onclick: () => void open(name), 'aria-label': t('Open {name}', { name }) }, icon('file'),
                h('span.words', {}, h('span.title', {}, name), h('span.small', {}, when(modified)))),
              h('button.act', { type: 'button', 'aria-label': t('Delete {name}', { name }), 'data-tip': t('Delete'), onclick: () => void remove(name) }, icon('trash', 15)))
          }),
          shownExamples.length ? [h('h3', {}, t('Examples')), shownExamples.map(example => h('div.entry', { role: 'listitem' },
            h('button.open', { type: 'button', onclick: () => void openExample(example.name) }, icon('nodes'), h('span.title', {}, example.title))))] : null)
      }

      field.addEventListener('input', draw)
      draw()
      void load()
    },
  }
}

const relative = new Intl.RelativeTimeFormat(language, { numeric: 'auto' })

/** @param {number} modified  s or ms since 1970 */
export function when(modified) {
  const ms = modified > 1e11 ? modified : modified * 1000
  const minutes = Math.round((Date.now() - ms) / 60_000)
  if (minutes < 1) return t('just now')
  if (minutes < 60) return relative.format(-minutes, 'minute')
  if (minutes < 60 * 24) return relative.format(-Math.round(minutes / 60), 'hour')
  if (minutes < 60 * 24 * 14) return relative.format(-Math.round(minutes / 60 / 24), 'day')
  return new Date(ms).toLocaleDateString(language, { day: 'numeric', month: 'short', year: 'numeric' })
}
