/**
 * What is done to saved graphs and their folders: renamed, moved, copied, tagged, thrown away with a way back. Each tells what
 * went wrong, and says whether anything changed.
 *
 * @typedef {import('../api/library.js').SavedGraph} SavedGraph
 * @typedef {import('./graph_rows.js').Row} Row
 */
import { checkName } from '../app/files.js'
import { t } from '../language/t.js'
import { askText, openDialog } from './dialog.js'
import { h } from './dom.js'
import { baseName, folderOf, joined } from './graph_rows.js'

export class GraphActs {
  /**
   * @param {object} parts
   * @param {import('../api/library.js').GraphLibrary} parts.library
   * @param {import('../app/document.js').OpenGraph} parts.graph
   * @param {import('./toasts.js').Toasts} parts.toasts
   * @param {() => Promise<void>} parts.changed  reads the list again
   */
  constructor({ library, graph, toasts, changed }) {
    this.library = library
    this.graph = graph
    this.toasts = toasts
    this.changed = changed
  }

  /** @param {() => Promise<unknown>} work @param {string} failure  the sentence where it fails */
  async #do(work, failure) {
    try {
      await work()
      return true
    } catch (error) {
      this.toasts.show({ key: 'library', tone: 'error', text: failure, detail: /** @type {Error} */ (error).message })
      return false
    } finally {
      await this.changed()
    }
  }

  /** Tabs that show what was moved are told. @param {string} from @param {string | null} to @param {boolean} folder */
  #follow(from, to, folder) {
    if (!folder) return this.graph.fileMoved(from, to)
    for (const { stored } of this.graph.tabs.list) if (stored?.startsWith(`${from}/`)) this.graph.fileMoved(stored, to === null ? null : to + stored.slice(from.length))
  }

  /** @param {Row} row */
  async rename(row) {
    const answer = await askText({ title: t('Rename “{name}”', { name: row.title }), label: t('Name'), value: row.title, verb: t('Rename'), check: name => (name.includes('/') ? t('A name cannot hold {sign}.', { sign: '/' }) : checkName(name)) })
    if (answer !== null && answer !== row.title) await this.move(row.name, joined(folderOf(row.name), answer), row.kind === 'folder')
  }

  /** @param {string} from @param {string} to @param {boolean} folder */
  async move(from, to, folder) {
    const done = await this.#do(() => this.library.move(from, to, folder), t('“{name}” could not be moved.', { name: baseName(from) }))
    if (!done) return
    this.#follow(from, to, folder)
    this.toasts.show({ key: 'library', text: t('“{from}” is now “{to}”.', { from, to }), action: { label: t('Undo'), run: () => void this.#back(to, from, folder) } })
  }

  /** @param {string} from @param {string} to @param {boolean} folder */
  async #back(from, to, folder) {
    if (await this.#do(() => this.library.move(from, to, folder), t('“{name}” could not be moved back.', { name: baseName(from) }))) this.#follow(from, to, folder)
  }

  /** Chooses among all folders. @param {Row} row @param {readonly string[]} folders */
  async moveTo(row, folders) {
    const kept = folders.filter(folder => folder !== folderOf(row.name) && !(row.kind === 'folder' && (folder === row.name || folder.startsWith(`${row.name}/`))))
    const folder = await chooseFolder(t('Move “{name}” to', { name: row.title }), folderOf(row.name) ? ['', ...kept] : kept)
    if (folder !== null) await this.move(row.name, joined(folder, row.title), row.kind === 'folder')
  }

  /** @param {string} within */
  async makeFolder(within) {
    const answer = await askText({ title: within ? t('New folder in “{name}”', { name: baseName(within) }) : t('New folder'), label: t('Name'), value: '', verb: t('Make'), check: checkName })
    if (answer !== null) await this.#do(() => this.library.makeFolder(joined(within, answer)), t('The folder could not be made.'))
  }

  /** @param {Row} row */
  async duplicate(row) {
    await this.#do(async () => {
      const { name } = await this.library.duplicate(row.name)
      this.toasts.show({ key: 'library', tone: 'done', text: t('Copied to “{name}”.', { name: baseName(name) }) })
    }, t('“{name}” could not be copied.', { name: row.title }))
  }

  /** @param {SavedGraph} graph */
  favourite(graph) {
    return this.#do(() => this.library.mark([graph.name], { favourite: !graph.favourite }), t('The favourite could not be kept.'))
  }

  /** @param {SavedGraph} graph @param {readonly string[]} known  tags that there are */
  async tag(graph, known) {
    const answer = await askTags(graph, known)
    if (answer) await this.#do(() => this.library.mark([graph.name], { tags: answer }), t('The tags could not be kept.'))
  }

  /** @param {Row} row */
  async remove(row) {
    const folder = row.kind === 'folder'
    let token = ''
    const open = this.graph.tabs.list.filter(({ stored }) => stored !== null && (folder ? stored.startsWith(`${row.name}/`) : stored === row.name))
      .map(tab => ({ tab, stored: /** @type {string} */ (tab.stored), modified: tab.modified, dirty: tab.dirty, turn: tab.turn }))
    const done = await this.#do(async () => {
      ({ token } = await this.library.remove(folder ? { folders: [row.name] } : { graphs: [row.name] }))
      this.#follow(row.name, null, folder)
    }, t('“{name}” could not be deleted.', { name: row.title }))
    if (!done) return
    const bringBack = async () => {
      const { names } = await this.library.restore(token)
      // Tabs that showed them show files again.
      for (const { tab, stored, modified, dirty, turn } of open) {
        if (tab.stored === null && names.includes(stored)) Object.assign(tab, { stored, modified, dirty: dirty || tab.turn !== turn })
      }
      this.graph.tabs.tell()
    }
    this.toasts.show({
      key: 'library', text: t('Deleted “{name}”.', { name: row.title }), detail: t('It stays in the trash for 30 days.'),
      action: { label: t('Bring it back'), run: () => void this.#do(() => bringBack(), t('“{name}” could not be brought back.', { name: row.title })) },
    })
  }
}

/** @param {string} title @param {readonly string[]} folders @returns {Promise<string | null>} */
function chooseFolder(title, folders) {
  return new Promise(resolve => {
    /** @type {string | null} */
    let answer = null
    const dialog = openDialog(title, [
      folders.length ? h('div.folder-choices', {}, ...folders.map(folder => h('button.plain', { type: 'button', onclick: () => { answer = folder; dialog.close() } }, folder || t('All graphs'))))
        : h('p', {}, t('There is no other folder. Make one first.')),
      h('div.buttons', {}, h('button.plain', { type: 'button', onclick: () => dialog.close() }, t('Cancel'))),
    ], { onClose: () => resolve(answer) })
    ;/** @type {HTMLElement | null} */ (dialog.element.querySelector('.folder-choices button'))?.focus()
  })
}

/** @param {SavedGraph} graph @param {readonly string[]} known @returns {Promise<string[] | null>} */
function askTags(graph, known) {
  return new Promise(resolve => {
    /** @type {string[] | null} */
    let answer = null
    const field = h('input.field', { type: 'text', value: (graph.tags ?? []).join(', '), id: 'ask-tags', list: 'known-tags', autocomplete: 'off', 'aria-describedby': 'ask-tags-help' })
    const tags = () => field.value.split(',').map(tag => tag.trim()).filter(Boolean)
    const toggle = (/** @type {string} */ tag) => {
      const now = tags()
      field.value = (now.includes(tag) ? now.filter(each => each !== tag) : [...now, tag]).join(', ')
      field.focus()
    }
    const form = h('form.ask', { method: 'dialog' },
      h('label', { for: 'ask-tags' }, t('Tags')), field, h('p.quiet', { id: 'ask-tags-help' }, t('With commas between them.')),
      known.length ? h('div.chips', { role: 'group', 'aria-label': t('Tags in use') }, ...known.slice(0, 30).map(tag => h('button.chip', { type: 'button', onclick: () => toggle(tag) }, tag))) : null,
      h('div.buttons', {}, h('button.plain', { type: 'button', onclick: () => dialog.close() }, t('Cancel')), h('button.primary', { type: 'submit' }, t('Keep'))))
    form.addEventListener('submit', event => {
      event.preventDefault()
      answer = tags()
      dialog.close()
    })
    const dialog = openDialog(t('Tags of “{name}”', { name: baseName(graph.name) }), [form], { onClose: () => resolve(answer) })
    field.select()
  })
}
