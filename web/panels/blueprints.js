/**
 * Subgraphs in the library: those of this graph, and one's own that are kept on the server; and the question that keeps one.
 *
 * @typedef {import('../app/blueprints.js').Blueprints} Blueprints
 * @typedef {import('../tools/editor.js').Editor} Editor
 */
import { t } from '../language/t.js'
import { usedBy } from '../model/instances.js'
import { asText } from '../model/json.js'
import { askText, confirm, openDialog } from './dialog.js'
import { h } from './dom.js'

/** @param {Editor} editor @returns {import('./library_sources.js').LibrarySource} */
export function subgraphsHere(editor) {
  return {
    id: 'subgraphs',
    title: t('Subgraphs of this graph'),
    entries: () => [...editor.store.records()].flatMap(record => {
      const type = record.kind === 'graph' ? editor.types.get(record.key) : undefined
      if (record.kind !== 'graph' || !type || record.key === editor.graphId || usedBy(editor.graph, record.key).has(editor.graphId)) return []
      return [{ id: record.key, title: record.name, about: type.description, type, add: (/** @type {import('../model/types.js').Point} */ point, /** @type {import('../model/types.js').SocketRef | null | undefined} */ from) => editor.addNode(record.key, { point, from: from ?? null }) }]
    }).toSorted((left, right) => left.title.localeCompare(right.title, 'en')),
    listen: listener => {
      const ends = [editor.store.listen(diff => {
        if (Object.keys({ ...diff.added, ...diff.removed, ...diff.updated }).some(id => id.startsWith('graph:'))) listener()
      }), editor.on('graph', listener)]
      return () => ends.forEach(end => end())
    },
  }
}

/** @param {Blueprints} blueprints @returns {import('./library_sources.js').LibrarySource} */
export function ownNodes(blueprints) {
  return {
    id: 'own',
    title: t('My nodes'),
    empty: t('Keep a subgraph here from its menu: “Keep in the library”.'),
    entries: () => blueprints.all.map(blueprint => ({
      id: blueprint.name, title: blueprint.name, about: blueprint.type?.description || (blueprint.wrong && t('It cannot be used: {wrong}.', { wrong: blueprint.wrong })),
      ...(blueprint.type ? { type: blueprint.type } : {}),
      add: (point, from) => blueprints.add(blueprint, point, from),
      menu: [
        ...(blueprint.type ? [{ needs: 'write', label: t('Rename'), run: () => void rename(blueprints, blueprint) }] : []),
        { needs: 'write', label: t('Delete'), icon: 'trash', danger: true, run: () => void blueprints.remove(blueprint) },
      ],
    })),
    listen: listener => blueprints.listen(listener),
  }
}

/** @param {Blueprints} blueprints @param {import('../app/blueprints.js').Blueprint} blueprint */
async function rename(blueprints, blueprint) {
  const name = await askText({ title: t('Rename in the library'), label: t('Name'), value: blueprint.name, verb: t('Rename'), check: badName })
  if (name === null || name === blueprint.name) return
  try {
    if (!(await blueprints.rename(blueprint, name))) blueprints.toasts.show({ key: 'blueprint', tone: 'warning', text: t('There is a “{name}” in the library already.', { name }) })
  } catch (error) {
    blueprints.toasts.show({ key: 'blueprint', tone: 'error', text: t('“{name}” could not be renamed.', { name: blueprint.name }), detail: /** @type {Error} */ (error).message })
  }
}

/** What is wrong with a name; null for nothing. @param {string} name */
function badName(name) {
  if (/[\\/:*?"<>|]/u.test(name)) return t('A name cannot hold any of \\ / : * ? " < > |')
  return name.startsWith('.') ? t('A name cannot begin with a point.') : name.length > 120 ? t('That is too long for a name.') : null
}

/** Asks for a name and a description, and keeps the subgraph. @param {Editor} editor @param {Blueprints} blueprints @param {import('../model/types.js').NodeRecord} instance */
export async function askToKeep(editor, blueprints, instance) {
  const definition = editor.graph.definition(instance.type)
  if (!definition) return
  const answer = await askNameAndWords(definition.name, asText(definition.raw?.description) ?? '')
  if (!answer) return
  const { name, description } = answer
  try {
    let kept = await blueprints.save(instance, name, description, { overwrite: false })
    if (!kept && await confirm({ title: t('Replace it?'), text: t('There is a “{name}” in the library already.', { name }), verb: t('Replace') })) kept = await blueprints.save(instance, name, description, { overwrite: true })
    if (kept) blueprints.toasts.show({ key: 'blueprint', tone: 'done', text: t('“{name}” is in the library now, under “My nodes”.', { name }) })
  } catch (error) {
    blueprints.toasts.show({ key: 'blueprint', tone: 'error', text: t('“{name}” could not be kept.', { name }), detail: /** @type {Error} */ (error).message })
  }
}

/** @param {string} name @param {string} words @returns {Promise<{ name: string, description: string } | null>} */
function askNameAndWords(name, words) {
  return new Promise(resolve => {
    /** @type {{ name: string, description: string } | null} */
    let answer = null
    const field = h('input.field', { type: 'text', value: name, id: 'keep-name', spellcheck: 'false', autocomplete: 'off', 'aria-describedby': 'keep-wrong' })
    const about = h('textarea.field', { id: 'keep-about', rows: 3, value: words })
    const wrong = h('p.wrong', { id: 'keep-wrong', role: 'alert' })
    const form = h('form.ask', { method: 'dialog' },
      h('label', { for: 'keep-name' }, t('Name')), field, h('label', { for: 'keep-about' }, t('What it does')), about, wrong,
      h('div.buttons', {}, h('button.plain', { type: 'button', onclick: () => dialog.close() }, t('Cancel')), h('button.primary', { type: 'submit' }, t('Keep'))))
    form.addEventListener('submit', event => {
      event.preventDefault()
      const problem = field.value.trim() ? badName(field.value.trim()) : t('Type a name first.')
      wrong.textContent = problem ?? ''
      if (problem) return
      answer = { name: field.value.trim(), description: about.value.trim() }
      dialog.close()
    })
    const dialog = openDialog(t('Keep in the library'), [form], { onClose: () => resolve(answer) })
    field.select()
  })
}
