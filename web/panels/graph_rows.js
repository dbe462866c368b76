/**
 * The rows of the library of saved graphs: the folders here, then its graphs, favourites first; or all that a search found.
 *
 * @typedef {import('../api/library.js').SavedGraph} SavedGraph
 * @typedef {'changed' | 'opened' | 'name' | 'nodes'} Sort
 * @typedef {{ kind: 'folder', name: string, title: string, count: number }} FolderRow
 * @typedef {{ kind: 'graph', name: string, title: string, graph: SavedGraph, where: string }} GraphRow  `where`: its folder, in a list over many
 * @typedef {FolderRow | GraphRow} Row
 */
import { language } from '../language/t.js'

const collator = new Intl.Collator(language, { numeric: true, sensitivity: 'base' })

/** The last part of a name. @param {string} name */
export const baseName = name => name.slice(name.lastIndexOf('/') + 1)
/** The folder that a name is in; '' for the top. @param {string} name */
export const folderOf = name => name.slice(0, Math.max(0, name.lastIndexOf('/')))
/** @param {string} folder @param {string} name */
export const joined = (folder, name) => (folder ? `${folder}/${name}` : name)

/** @type {Record<Sort, (left: SavedGraph, right: SavedGraph) => number>} */
const ORDERS = {
  changed: (left, right) => right.modified - left.modified,
  opened: (left, right) => (right.opened ?? 0) - (left.opened ?? 0) || right.modified - left.modified,
  name: (left, right) => collator.compare(baseName(left.name), baseName(right.name)),
  nodes: (left, right) => (right.nodes ?? 0) - (left.nodes ?? 0),
}

/**
 * @param {{ graphs: readonly SavedGraph[], folders: readonly string[], folder: string, tag: string, sort: Sort, searched: boolean }} parts
 * @returns {Row[]}
 */
export function graphRows({ graphs, folders, folder, tag, sort, searched }) {
  const flat = searched || tag !== ''
  const start = folder ? `${folder}/` : ''
  const within = graphs.filter(({ name, tags }) => name.startsWith(start) && (!tag || tags?.includes(tag)))
  const shown = flat ? within : within.filter(({ name }) => !name.includes('/', start.length))
  const order = ORDERS[sort]
  const sorted = shown.toSorted((left, right) => Number(right.favourite ?? false) - Number(left.favourite ?? false) || order(left, right) || collator.compare(left.name, right.name))
  const rows = sorted.map(graph => /** @type {GraphRow} */ ({ kind: 'graph', name: graph.name, title: baseName(graph.name), graph, where: flat ? folderOf(graph.name) : '' }))
  return flat ? rows : [...folderRows(graphs, folders, start), ...rows]
}

/** @param {readonly SavedGraph[]} graphs @param {readonly string[]} folders @param {string} start */
function folderRows(graphs, folders, start) {
  /** Graphs in each folder right here, however deep. @type {Map<string, number>} */
  const counts = new Map()
  for (const { name } of graphs) {
    const end = name.startsWith(start) ? name.indexOf('/', start.length) : -1
    if (end >= 0) counts.set(name.slice(0, end), (counts.get(name.slice(0, end)) ?? 0) + 1)
  }
  const here = new Set([...folders.filter(name => name.startsWith(start) && !name.includes('/', start.length)), ...counts.keys()])
  return [...here].sort(collator.compare).map(name => /** @type {FolderRow} */ ({ kind: 'folder', name, title: baseName(name), count: counts.get(name) ?? 0 }))
}

/** Each tag once, the most used first. @param {readonly SavedGraph[]} graphs */
export function allTags(graphs) {
  /** @type {Map<string, number>} */
  const counts = new Map()
  for (const { tags = [] } of graphs) for (const tag of tags) counts.set(tag, (counts.get(tag) ?? 0) + 1)
  return [...counts].sort(([left, many], [right, few]) => few - many || collator.compare(left, right)).map(([tag]) => tag)
}
