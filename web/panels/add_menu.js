/** All node types by category, as menus beside menus: for those who know where a node stands rather than what it is called. */
import { language } from '../language/t.js'
import { categories } from './library_rows.js'

/** What is marked as not for everyday use comes last. @param {{ title: string, path?: string }} left @param {{ title: string, path?: string }} right */
const inOrder = (left, right) => Number(left.path?.startsWith('_') ?? false) - Number(right.path?.startsWith('_') ?? false) || left.title.localeCompare(right.title, language)

/**
 * @param {import('../tools/editor.js').Editor} editor
 * @param {import('../geometry/vec.js').Point} point where what is chosen comes to lie
 * @returns {import('./menu.js').MenuEntry[]}
 */
export function addEntries(editor, point) {
  /** @param {import('./library_rows.js').Category} category @returns {import('./menu.js').MenuEntry[]} */
  const entriesOf = category => [
    ...[...category.inner.values()].sort(inOrder).map(inner => ({ label: inner.title, entries: entriesOf(inner) })),
    ...[...category.types].sort(inOrder).map(type => ({ label: type.title, run: () => void editor.addNode(type.name, { point }) })),
  ]
  return entriesOf(categories([...editor.schema.types.values()].filter(type => !type.deprecated)))
}
