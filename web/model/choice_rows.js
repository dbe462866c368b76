/**
 * The rows of a list to choose from: what is missing with the nearest names, recent ones, then all as a tree of folders; or
 * flat, what a typed text finds.
 *
 * @typedef {{row: 'choice', choice: unknown, name: string, folder: string, depth: number}} ChoiceRow
 * @typedef {{row: 'folder', path: string, name: string, depth: number, count: number, open: boolean}} FolderRow
 * @typedef {{row: 'head', name: string}} HeadRow
 * @typedef {ChoiceRow | FolderRow | HeadRow} Row
 */
import { t } from '../language/t.js'
import { nearest } from './nearest.js'

/** Lists as short as this are shown with all their folders open, and need no recent ones. */
const SHORT = 12

/** @param {unknown} choice @returns {string[]} folders, and the name */
const partsOf = (choice) => String(choice).split(/[\\/]/u).filter((part) => part !== '')

/** @param {unknown} choice @param {number} [depth] @param {boolean} [nested] its folders stand above it @returns {ChoiceRow} */
function choiceRow(choice, depth = 0, nested = false) {
  const parts = partsOf(choice)
  return { row: 'choice', choice, name: parts.at(-1) ?? String(choice), folder: nested ? '' : parts.slice(0, -1).join('/'), depth }
}

/** A list in the order of the given choices. @param {readonly unknown[]} choices @returns {Row[]} */
export const flatRows = (choices) => choices.map((choice) => choiceRow(choice))

/**
 * @param {readonly unknown[]} choices @param {object} state
 * @param {unknown} state.value @param {boolean} state.missing @param {readonly unknown[]} state.recent @param {ReadonlyMap<string, boolean>} state.folders opened or closed by hand
 * @returns {Row[]}
 */
export function treeRows(choices, { value, missing, recent, folders }) {
  /** @type {Row[]} */
  const rows = []
  if (missing) {
    const near = nearest(String(value), choices)
    rows.push({ row: 'head', name: near.length ? t('“{name}” is not there. Nearest:', { name: partsOf(value).at(-1) ?? '' }) : t('“{name}” is not there.', { name: partsOf(value).at(-1) ?? '' }) }, ...flatRows(near.map(({ choice }) => choice)))
  }
  const known = choices.length > SHORT ? recent.filter((choice) => choices.includes(choice)) : []
  if (known.length) rows.push({ row: 'head', name: t('Recent') }, ...flatRows(known))
  if (rows.length) rows.push({ row: 'head', name: t('All') })
  return [...rows, ...branch(grown(choices), [], choices.length <= SHORT, partsOf(value).slice(0, -1), folders)]
}

/** @typedef {{folders: Map<string, Tree>, choices: unknown[], count: number}} Tree */

/** @type {WeakMap<readonly unknown[], Tree>} */
const trees = new WeakMap()

/** @param {readonly unknown[]} choices @returns {Tree} */
function grown(choices) {
  let root = trees.get(choices)
  if (root) return root
  root = { folders: new Map(), choices: [], count: 0 }
  for (const choice of choices) {
    let at = root
    at.count++
    for (const folder of partsOf(choice).slice(0, -1)) {
      let next = at.folders.get(folder)
      if (!next) at.folders.set(folder, (next = { folders: new Map(), choices: [], count: 0 }))
      next.count++
      at = next
    }
    at.choices.push(choice)
  }
  trees.set(choices, root)
  return root
}

/** Folders first, as they come. @param {Tree} tree @param {readonly string[]} path @param {boolean} all @param {readonly string[]} shown the folders of the value @param {ReadonlyMap<string, boolean>} folders @returns {Row[]} */
function branch(tree, path, all, shown, folders) {
  /** @type {Row[]} */
  const rows = []
  const only = tree.folders.size === 1 && tree.choices.length === 0
  for (const [name, inner] of tree.folders) {
    const here = [...path, name]
    const key = here.join('/')
    const open = folders.get(key) ?? (all || only || here.every((part, index) => shown[index] === part))
    rows.push({ row: 'folder', path: key, name, depth: path.length, count: inner.count, open })
    if (open) rows.push(...branch(inner, here, all, shown, folders))
  }
  return [...rows, ...tree.choices.map((choice) => choiceRow(choice, path.length, true))]
}
