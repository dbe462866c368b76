/**
 * What can be done with files, as buttons and as a menu: one list for both.
 *
 * @typedef {import('./pictures.js').Item} Item
 * @typedef {{ id: string, label: string, icon: string, keys?: string, danger?: boolean, run: () => void }} Verb
 */
import { t } from '../language/t.js'
import { icon } from '../icons/icons.js'
import { askText } from '../panels/dialog.js'
import { h } from '../panels/dom.js'
import { openLightbox } from '../panels/lightbox.js'
import { openMenu } from '../panels/menu.js'
import { fileUrl } from './pictures.js'

/** Files to each side that the large view can be turned to. */
const AROUND = 100
/** What a person must be allowed. @type {Readonly<Record<string, 'run' | 'write'>>} */
const NEEDS = { again: 'run', favourite: 'write', tag: 'write', trash: 'write', restore: 'write', delete: 'write' }

/**
 * @param {object} parts
 * @param {import('./deeds.js').Deeds} parts.deeds
 * @param {import('./pictures.js').Pictures} parts.pictures
 * @param {import('./selection.js').Selection} parts.selection
 * @param {(file: import('../model/session.js').PictureRef) => void} parts.load
 * @param {() => void} parts.close
 * @param {() => boolean} parts.trashed  is it the trash that is looked at?
 */
export function createVerbs({ deeds, pictures, selection, load, close, trashed }) {
  /** @param {Item} item */
  const refOf = ({ filename, subfolder, type }) => ({ filename, subfolder, type })

  /** @param {Item} item @returns {import('../panels/lightbox.js').Picture} */
  const large = item => ({
    url: fileUrl(item), name: item.filename,
    openGraph: item.graph && item.since === null ? () => void openGraph(item) : null,
    ...(item.since === null ? { load: () => use(item) } : {}),
  })

  /** @param {Item} item */
  async function openGraph(item) {
    if (await deeds.openGraph(item)) close()
  }

  /** @param {Item} item */
  function use(item) {
    load(refOf(item))
    close()
  }

  /** In the large view, with those round it. @param {number} id */
  async function open(id) {
    const index = pictures.indexOf(id)
    if (index < 0) return
    const start = Math.max(0, index - AROUND)
    const items = await pictures.of([...pictures.ids.subarray(start, index + AROUND)])
    const at = items.findIndex(item => item.id === id)
    if (at >= 0) openLightbox(items.map(large), at)
  }

  /** @param {readonly number[]} ids */
  async function compare(ids) {
    const items = await pictures.of(ids.slice(0, 2))
    if (items.length === 2) openLightbox(items.map(large), 0, { compare: true })
  }

  /** @param {readonly number[]} ids */
  async function tag(ids) {
    const name = await askText({ title: t('Tag'), label: t('Tag'), value: '', verb: t('Add'), check: text => (text.length > 100 ? t('A tag has at most 100 letters.') : null) })
    if (name) await deeds.tag(ids, name, true)
  }

  /** @param {readonly number[]} ids @returns {Item[]} */
  const known = ids => ids.flatMap(id => pictures.items.get(id) ?? pictures.former.get(id) ?? [])

  /** @param {readonly number[]} ids @returns {Verb[]} */
  function verbs(ids) {
    const items = known(ids.slice(0, 500))
    const [item] = items
    const one = ids.length === 1 && item ? item : null
    if (trashed()) {
      return [
        { id: 'restore', label: t('Bring back'), icon: 'undo', run: () => void deeds.attempt(() => deeds.restore(ids)) },
        { id: 'delete', label: t('Delete for good'), icon: 'trash', danger: true, run: () => void deeds.empty(ids) },
      ]
    }
    const favourite = items.length > 0 && items.every(each => each.favourite)
    const pair = ids.length === 2 && items.every(({ media }) => media === 'image')
    return [
      ...(one ? [{ id: 'open', label: t('Look at it large'), icon: 'larger', keys: 'Enter', run: () => void open(one.id) }] : []),
      ...(one?.graph ? [{ id: 'graph', label: t('Open its graph'), icon: 'nodes', keys: 'G', run: () => void openGraph(one) }] : []),
      ...(one && (one.graph === 'workflow' || one.graph === 'prompt') ? [{ id: 'again', label: t('Run again'), icon: 'play', run: () => void deeds.runAgain(one) }] : []),
      ...(one ? [{ id: 'load', label: t('Load in a node'), icon: 'add', run: () => use(one) }] : []),
      ...(pair ? [{ id: 'compare', label: t('Compare'), icon: 'compare', keys: 'C', run: () => void compare(ids) }] : []),
      { id: 'favourite', label: favourite ? t('No favourite any more') : t('Favourite'), icon: 'heart', keys: 'F', run: () => void deeds.rate(ids, { favourite: !favourite }) },
      { id: 'tag', label: t('Tag'), icon: 'tag', run: () => void tag(ids) },
      ...(ids.length <= 50 ? [{ id: 'download', label: t('Download'), icon: 'download', run: () => deeds.download(items) }] : []),
      { id: 'trash', label: t('Move to the trash'), icon: 'trash', keys: 'Delete', danger: true, run: () => void deeds.trash(ids) },
    ]
  }

  return {
    open, compare, verbs,
    /** @param {readonly number[]} ids @param {'words' | 'signs'} how */
    buttons(ids, how) {
      return verbs(ids).filter(({ id }) => how === 'signs' || !['favourite', 'tag'].includes(id)).map(verb => h('button', {
        type: 'button', class: how === 'signs' ? 'round' : verb.id === 'graph' || verb.id === 'restore' ? 'primary' : 'plain', 'aria-label': verb.label, 'data-tip': verb.label, 'data-keys': verb.keys, 'data-verb': verb.id, 'data-needs': NEEDS[verb.id], onclick: verb.run,
      }, icon(verb.icon, 15), how === 'words' && (verb.id === 'graph' || verb.id === 'restore') ? verb.label : null))
    },
    /** @param {readonly number[]} ids @param {{ x: number, y: number }} point */
    menu(ids, point) {
      const stars = [0, 1, 2, 3, 4, 5].map(rating => ({ label: rating ? `${'★'.repeat(rating)}` : t('No stars'), keys: String(rating), run: () => void deeds.rate(ids, { rating }) }))
      openMenu([
        ...verbs(ids).flatMap(verb => [...(verb.id === 'trash' || verb.id === 'delete' ? [/** @type {const} */ ('line')] : []), { label: verb.label, icon: verb.icon, keys: verb.keys ?? '', danger: verb.danger === true, ...(NEEDS[verb.id] ? { needs: NEEDS[verb.id] } : {}), run: verb.run },
          ...(verb.id === 'favourite' ? [{ label: t('Stars'), icon: 'star', needs: /** @type {const} */ ('write'), entries: stars }] : [])]),
      ], point, { label: t('What to do with it') })
    },
    /** The ids that a command means. */
    chosen: () => (selection.ids.size ? [...selection.ids] : selection.active === null ? [] : [selection.active]),
  }
}
