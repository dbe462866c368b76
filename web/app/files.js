/** Opening, saving and bringing in: what a file is, and what happens with it. */
import { t } from '../language/t.js'
import { askChanged, changeOf } from './changed_file.js'
import { askText, confirm } from '../panels/dialog.js'
import { h } from '../panels/dom.js'

/**
 * @typedef {import('./document.js').OpenGraph} OpenGraph
 * @typedef {import('../panels/toasts.js').Toasts} Toasts
 */

/** @param {File} file */
export const isPicture = file => file.type.startsWith('image/') || /\.(?:png|jpe?g|webp|gif|bmp|tiff?|avif)$/iu.test(file.name)

/** @param {File} file */
export const isGraphFile = file => file.type === 'application/json' || /\.json$/iu.test(file.name)

/** What may be opened as a graph, for a dialog. */
export const GRAPH_FILES = '.json,application/json,image/png,image/webp,image/jpeg,image/avif,video/mp4,video/webm,.flac,.txt'

/** File name without folders and extension. @param {string} name */
export const stem = name => name.replace(/^.*[/\\]/u, '').replace(/\.[a-z0-9]{1,5}$/iu, '')

/** A document's name from what it came from: a file's name, a template's title. @param {string} text */
export const nameFrom = text => text.replace(/^.*[/\\]/u, '').replace(/\.[a-z][a-z0-9]{1,4}$/iu, '').replace(/[:*?"<>|\p{Cc}]/gu, ' ').replace(/^[\s.]+/u, '').slice(0, 100).replace(/[\s.]+$/u, '') || null

/** Offers the graph as a file. @param {OpenGraph} graph */
export const download = graph => saveText(`${stem(graph.title) || 'graph'}.json`, JSON.stringify(graph.editor.save(), null, 2))

/** Hands out a file of JSON. @param {string} name @param {string} text */
export const saveText = (name, text) => saveBlob(name, new Blob([text], { type: 'application/json' }))

/** @param {string} name @param {Blob} blob */
export function saveBlob(name, blob) {
  const url = URL.createObjectURL(blob)
  h('a', { href: url, download: name }).click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}

/** Lets the person choose files. @param {string} accept @param {boolean} [many] @returns {Promise<File[]>} */
export function chooseFiles(accept, many = false) {
  return new Promise(resolve => {
    const input = h('input', { type: 'file', accept, multiple: many, class: 'reader', tabindex: -1, 'aria-hidden': 'true' })
    input.addEventListener('change', () => {
      input.remove()
      resolve([...(input.files ?? [])])
    })
    input.addEventListener('cancel', () => {
      input.remove()
      resolve([])
    })
    document.body.append(input)
    input.click()
  })
}

/**
 * Saves, asking for a name where there is none (or `as` wants another), and before another file is replaced.
 *
 * @param {OpenGraph} graph @param {Toasts} toasts @param {{ as?: boolean }} [options]
 */
export async function saveGraph(graph, toasts, { as = false } = {}) {
  let { name } = graph
  const same = name !== null && !as
  if (!same) {
    name = await askText({ title: t('Save the graph'), label: t('Name'), value: name ?? '', verb: t('Save'), check: checkName })
    if (name === null) return false
  }
  try {
    let saved
    try {
      saved = await graph.save(/** @type {string} */ (name), { overwrite: name === graph.stored })
    } catch (error) {
      const change = changeOf(error)
      if (!change) throw error
      const choice = await askChanged(change, /** @type {string} */ (name))
      if (choice === null) return false
      if (choice === 'copy') return saveGraph(graph, toasts, { as: true })
      if (choice === 'theirs') return graph.openTheirs().then(() => false)
      saved = await graph.save(/** @type {string} */ (name), { overwrite: choice === 'mine', anew: true })
    }
    if (!saved) {
      const replace = await confirm({ title: t('Replace the saved graph?'), text: t('There is a graph named “{name}” already. Saving replaces it.', { name: /** @type {string} */ (name) }), verb: t('Replace'), danger: true })
      if (!replace) return false
      saved = await graph.save(/** @type {string} */ (name), { overwrite: true })
    }
    toasts.show({ key: 'saved', tone: 'done', text: t('Saved “{name}”.', { name: /** @type {string} */ (name) }) })
    return saved
  } catch (error) {
    toasts.show({ key: 'saved', tone: 'error', text: t('The graph could not be saved.'), detail: /** @type {Error} */ (error).message })
    return false
  }
}

/** What is wrong with a file name, or null. A slash makes a folder. @param {string} name */
export function checkName(name) {
  if (name.length > 120) return t('A name has at most 120 letters.')
  const wrong = /[\\:*?"<>|\p{Cc}]/u.exec(name)
  if (wrong) return t('A name cannot hold {sign}.', { sign: wrong[0].trim() || t('this sign') })
  if (name.split('/').some(part => !part.trim() || /^\.|\.$/u.test(part.trim()))) return t('Parts of a name cannot be empty, or begin or end with a dot.')
  return null
}
