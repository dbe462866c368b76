/**
 * The rows of the library: sections, the tree of categories, the types in them; or, for words, what answers them.
 *
 * @typedef {import('../model/schema.js').NodeType} NodeType
 * @typedef {import('./library_sources.js').LibraryEntry} LibraryEntry
 * @typedef {{ kind: 'branch', id: string, title: string, depth: number, count: number, open: boolean }} Branch
 * @typedef {{ kind: 'type', id: string, title: string, depth: number, type: NodeType }} TypeRow
 * @typedef {{ kind: 'entry', id: string, title: string, depth: number, entry: LibraryEntry }} EntryRow
 * @typedef {{ kind: 'words', id: string, title: string, depth: number }} Words
 * @typedef {Branch | TypeRow | EntryRow | Words} Row
 *
 * @typedef {{ path: string, title: string, types: NodeType[], inner: Map<string, Category>, count: number }} Category
 */
import { language, t } from '../language/t.js'
import { searchTypes, split } from '../model/search.js'
import { humanise } from '../model/words.js'

/** @param {Iterable<NodeType>} types @returns {Category} the root */
export function categories(types) {
  /** @param {string} path @param {string} title @returns {Category} */
  const fresh = (path, title) => ({ path, title, types: [], inner: new Map(), count: 0 })
  const root = fresh('', '')
  for (const type of types) {
    let at = root
    root.count += 1
    for (const part of (type.category || t('Others')).split('/')) {
      const path = at.path ? `${at.path}/${part}` : part
      const next = at.inner.get(part) ?? fresh(path, humanise(part))
      at.inner.set(part, next)
      next.count += 1
      at = next
    }
    at.types.push(type)
  }
  return root
}

/** @param {{ title: string }} left @param {{ title: string }} right */
const byTitle = (left, right) => left.title.localeCompare(right.title, language)
/** What is marked as not for everyday use comes last. @param {Category} left @param {Category} right */
const byUse = (left, right) => Number(left.path.startsWith('_')) - Number(right.path.startsWith('_')) || byTitle(left, right)

/** @param {NodeType} type @param {number} depth @param {string} [section] @returns {TypeRow} */
const typeRow = (type, depth, section = '') => ({ kind: 'type', id: `${section}type ${type.name}`, title: type.title, depth, type })

/**
 * @param {object} parts
 * @param {import('../model/schema.js').Schema} parts.schema
 * @param {Category} parts.tree
 * @param {string} parts.query
 * @param {readonly string[]} parts.favourites
 * @param {readonly import('./library_sources.js').LibrarySource[]} parts.sources
 * @param {ReadonlySet<string>} parts.open  ids of the branches that are open
 * @param {ReadonlyMap<string, number>} parts.used
 * @returns {Row[]}
 */
export function libraryRows({ schema, tree, query, favourites, sources, open, used }) {
  if (query.trim()) return answers({ schema, query, sources, used })
  /** @type {Row[]} */
  const rows = []
  /** @param {string} id @param {string} title @param {number} depth @param {number} count */
  const branch = (id, title, depth, count) => {
    rows.push({ kind: 'branch', id, title, depth, count, open: open.has(id) })
    return open.has(id)
  }
  const starred = favourites.flatMap(name => schema.types.get(name) ?? [])
  if (branch('favourites', t('Favourites'), 0, starred.length)) {
    if (starred.length) rows.push(...starred.map(type => typeRow(type, 1, 'starred ')))
    else rows.push({ kind: 'words', id: 'no favourites', title: t('A star behind a type puts it here.'), depth: 1 })
  }
  for (const { id, title, empty, entries } of sources) {
    const all = entries()
    if ((!all.length && !empty) || !branch(`source ${id}`, title, 0, all.length)) continue
    if (all.length) rows.push(...all.map(entry => entryRow(id, entry)))
    else rows.push({ kind: 'words', id: `no ${id}`, title: empty ?? '', depth: 1 })
  }
  /** @param {Category} category @param {number} depth */
  const walk = (category, depth) => {
    for (const inner of [...category.inner.values()].sort(byUse)) if (branch(`category ${inner.path}`, inner.title, depth, inner.count)) walk(inner, depth + 1)
    rows.push(...category.types.sort(byTitle).map(type => typeRow(type, depth)))
  }
  walk(tree, 0)
  return rows
}

/** @param {string} source @param {LibraryEntry} entry @returns {EntryRow} */
const entryRow = (source, entry) => ({ kind: 'entry', id: `${source} ${entry.id}`, title: entry.title, depth: 1, entry })

/** @param {Pick<Parameters<typeof libraryRows>[0], 'schema' | 'query' | 'sources' | 'used'>} parts @returns {Row[]} */
function answers({ schema, query, sources, used }) {
  const words = split(query)
  const found = sources.flatMap(({ id, entries }) => entries()
    .filter(({ title, about = '' }) => words.length && words.every(word => `${title} ${about}`.toLowerCase().includes(word)))
    .map(entry => ({ ...entryRow(id, entry), depth: 0 })))
  return [...found, ...searchTypes(schema, query, { used }).map(type => typeRow(type, 0))]
}
