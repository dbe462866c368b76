/** The two dialogs of sharing: a graph with what it needs, as a file; and what an opened one needs, as it is here. */
import { saveText, stem } from '../app/files.js'
import { icon } from '../icons/icons.js'
import { many, t } from '../language/t.js'
import { bytesInWords } from '../model/words.js'
import { openDialog } from '../panels/dialog.js'
import { fill, h } from '../panels/dom.js'
import { changedWords, localNames, useLocalFiles, valuesOf } from './local_files.js'
import { withNeeds } from './needed.js'

/** Between two looks at a hash that is being worked out, in ms. */
const LOOK = 500

/**
 * @param {object} parts
 * @param {import('../tools/editor.js').Editor} parts.editor
 * @param {import('../app/document.js').OpenGraph} parts.graph
 * @param {import('../api/client.js').Client} parts.client
 * @param {import('../panels/toasts.js').Toasts} parts.toasts
 */
export function shareAsFile({ editor, graph, client, toasts }) {
  /** @type {{ easel: string, models: any[], packs: any[] } | null} */
  let needs = null
  let ended = false
  const list = h('div.needed', { role: 'list', 'aria-label': t('What the graph needs') }, h('p.quiet', {}, t('Looking at what the graph needs…')))
  const told = h('p.quiet', { role: 'status' })
  const save = h('button.primary', { type: 'button', disabled: true, onclick: () => write() }, t('Save the file'))
  const dialog = openDialog(t('Share as a file'), [h('div.share-file', {},
    h('p', {}, t('The file holds the graph, and what it needs: its models by hash and source, and the versions of its packs. No model and no path of this computer is in it.')),
    list, told, h('div.buttons', {}, h('button.plain', { type: 'button', onclick: () => dialog.close() }, t('Cancel')), save))], { wide: true, onClose: () => { ended = true } })

  function draw() {
    if (!needs) return
    const { models, packs } = needs
    const left = models.filter(({ sha256, missing }) => !sha256 && !missing).length
    fill(list,
      models.map(model => row('model', model.name, [model.directory, model.size ? bytesInWords(model.size) : '', model.missing ? t('It is not here: the file holds its name alone.') : model.sha256 ? `SHA-256 ${model.sha256.slice(0, 12)}` : model.failed ? t('its hash could not be worked out') : model.progress !== null && model.progress !== undefined ? t('working out its hash: {percent} %', { percent: Math.round(model.progress * 100) }) : t('its hash is not known yet')], model.url)),
      packs.map(pack => row('pack', pack.name, [pack.version ? t('version {version}', { version: pack.version }) : t('no version'), many(pack.types.length, 'one node type', '{count} node types')], pack.source)),
      models.length || packs.length ? null : h('p.quiet', {}, t('It needs no model and no pack.')))
    fill(told, left ? many(left, 'Without its hash a model is found by its name alone: one hash is still to come.', 'Without its hash a model is found by its name alone: {count} hashes are still to come.') : '')
    save.disabled = false
  }

  async function read() {
    try {
      needs = await client.send('POST', '/easel/sharing/needs', { nodes: valuesOf(editor) })
      draw()
      save.focus()
      for (const model of needs?.models ?? []) if (!model.sha256 && !model.missing) await hash(model)
    } catch (error) {
      if (!ended) fill(list, h('p.wrong', { role: 'alert' }, /** @type {Error} */ (error).message))
    }
  }

  /** @param {any} model */
  async function hash(model) {
    const address = `/easel/model_library/${encodeURIComponent(model.directory)}/hash?${new URLSearchParams({ name: model.name })}`
    try {
      await client.send('POST', address)
      while (!ended) {
        const { sha256, progress } = await client.json(address)
        Object.assign(model, { sha256, progress, failed: !sha256 && progress === null })
        draw()
        if (progress === null) return
        await new Promise(resolve => setTimeout(resolve, LOOK))
      }
    } catch {
      model.failed = true // the file is shared without it
      if (!ended) draw()
    }
  }

  function write() {
    if (!needs) return
    const name = `${stem(graph.title) || 'graph'}.json`
    saveText(name, JSON.stringify(withNeeds(/** @type {any} */ (editor.save()), needs), null, 2))
    dialog.close()
    toasts.show({ key: 'export', tone: 'done', text: t('Saved {name}.', { name }), detail: t('Whoever opens it here is told what is missing; elsewhere it opens as any graph.') })
  }

  void read()
}

/**
 * @param {object} parts
 * @param {import('../tools/editor.js').Editor} parts.editor
 * @param {import('./check.js').SharedCheck} parts.check
 * @param {import('../panels/toasts.js').Toasts} parts.toasts
 */
export function showNeeds({ editor, check, toasts }) {
  const content = h('div.share-file')
  /** Names that were exchanged since this was opened. @type {Set<string>} */
  const used = new Set()
  const dialog = openDialog(t('What this graph needs'), [content], { wide: true, onClose: () => end() })

  function draw() {
    const items = check.items.map(item => (used.has(item.name) ? { ...item, state: /** @type {const} */ ('used') } : item))
    const names = localNames(check.items.filter(({ name }) => !used.has(name)))
    fill(content,
      check.failure ? h('p.wrong', { role: 'alert' }, check.failure) : null,
      !check.needed ? h('p.quiet', {}, t('The file of this graph says of no model and no pack that it needs it.')) : null,
      check.needed && !items.length && !check.failure ? h('p.quiet', {}, t('Looking…')) : null,
      h('div.needed', { role: 'list', 'aria-label': t('What this graph needs') }, items.map(item => {
        const { model, pack } = item
        const about = [model?.directory ?? '', model?.size ? bytesInWords(model.size) : '', pack?.version ? t('version {version}', { version: pack.version }) : ''].filter(Boolean)
        return row(item.what, item.name, [`${sentence(item)} ${about.join(' · ')}`], model?.url || pack?.source || '', item.state,
          item.state === 'renamed' && item.as ? h('button.plain', { type: 'button', onclick: () => use(new Map([[item.name, String(item.as)]])) }, t('Use “{name}”', { name: String(item.as) })) : null,
          item.state === 'off' ? h('button.plain', { type: 'button', onclick: () => { dialog.close(); void editor.run('packs', item.here || item.name) } }, t('Show the pack')) : null)
      })),
      names.size > 1 ? h('div.buttons', {}, h('button.primary', { type: 'button', onclick: () => use(names) }, t('Use all local files'))) : null,
      items.length ? h('p.quiet', {}, t('Nothing is downloaded: what is missing is put into the folders of models and of custom nodes by hand.')) : null)
  }

  /** @param {ReadonlyMap<string, string>} names */
  function use(names) {
    const count = useLocalFiles(editor, names)
    for (const name of names.keys()) used.add(name)
    draw()
    dialog.element.querySelector('button')?.focus()
    toasts.show({ key: 'sharing', tone: count ? 'done' : 'info', text: changedWords(count), detail: count ? t('As one step: undo takes it back.') : '' })
  }

  const end = check.listen(draw)
  draw()
}

/** @param {Omit<import('./needed.js').Item, 'state'> & { state: import('./needed.js').Item['state'] | 'used' }} item */
function sentence({ what, state, as, here }) {
  switch (state) {
    case 'here': return t('It is here.')
    case 'looking': return t('Files of its size are being looked at…')
    case 'renamed': return t('It is here as {name}.', { name: as ?? '' })
    case 'used': return t('The graph names {name} now.', { name: as ?? '' })
    case 'other': return what === 'pack' ? t('It is here and could not be loaded, or not whole.') : t('A file of this name is here, and it is another one.')
    case 'off': return t('It is here and off: its code waits for approval.')
    case 'version': return t('Another version is here: {version}.', { version: here ?? '' })
    default: return t('It is not here.')
  }
}

/** @type {Record<string, string>} */
const ICONS = { here: 'check', used: 'check', looking: 'clock', renamed: 'link', other: 'warning', off: 'lock', version: 'info', missing: 'error' }

/** @param {'model' | 'pack'} what @param {string} name @param {string[]} about @param {string} url @param {string} [state] @param {...(Node | null)} acts */
function row(what, name, about, url, state, ...acts) {
  return h('div.need', { role: 'listitem', 'data-state': state }, icon(state ? ICONS[state] ?? 'info' : what, 15),
    h('div.words', {}, h('b', {}, name), h('span.quiet', {}, about.filter(Boolean).join(' · ')), url ? h('a.link', { href: url, target: '_blank', rel: 'noopener noreferrer' }, t('Its page')) : null),
    ...acts)
}
