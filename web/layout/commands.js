/**
 * What arranges a graph, for menus, keys and the palette. The work itself is loaded when it is first wanted.
 *
 * @typedef {import('../tools/editor.js').Editor} Editor
 * @typedef {import('../commands/registry.js').Command<Editor>} Command
 * @typedef {import('./boxes.js').Options} Options
 */
import { t } from '../language/t.js'

/** @param {Editor} editor @param {boolean} all @param {Partial<Options>} [options] */
const arrange = async (editor, all, options) => (await import('../app/later.js')).arrange(editor, all ? null : editor.selection, options)

/** One node has no order of its own. @param {Editor} editor */
const several = ({ store, selection }) => [...selection].filter((id) => store.node(id)).length > 1 || someFrame({ store, selection })

/** @param {Pick<Editor, 'store' | 'selection'>} editor */
const someFrame = ({ store, selection }) => [...selection].some((id) => store.group(id))

/** @type {readonly Command[]} */
export const ARRANGE_COMMANDS = [
  { id: 'arrange', label: t('Arrange the selection, or everything'), keys: ['L'], run: (editor) => arrange(editor, !several(editor)) },
  { id: 'arrange_all', label: t('Arrange everything'), keys: [], run: (editor) => arrange(editor, true) },
  { id: 'arrange_selection', label: t('Arrange the selection'), keys: [], enabled: several, run: (editor) => arrange(editor, false) },
  { id: 'arrange_frame', label: t('Arrange what is in the frame'), keys: [], enabled: someFrame, run: (editor) => arrange(editor, false) },
  { id: 'arrange_down', label: t('Arrange from top to bottom'), keys: [], run: (editor) => arrange(editor, !several(editor), { direction: 'down' }) },
  { id: 'arrange_close', label: t('Arrange close together'), keys: [], run: (editor) => arrange(editor, !several(editor), { spacing: 'close' }) },
  { id: 'arrange_wide', label: t('Arrange far apart'), keys: [], run: (editor) => arrange(editor, !several(editor), { spacing: 'wide' }) }
]
