/**
 * Commands about running: a part of the graph, frozen results, mending what is wrong, and heat.
 *
 * @typedef {import('../tools/editor.js').Editor} Editor
 */
import { selectedNodes } from '../commands/context.js'
import { freeze, thaw } from '../commands/freeze.js'
import { t } from '../language/t.js'
import { frozenOf } from '../model/frozen.js'
import { NOTE_TYPES } from '../model/virtual_types.js'

/**
 * @param {object} parts
 * @param {Editor} parts.editor
 * @param {import('./run.js').Runner} parts.runner
 * @param {import('./troubles.js').Troubles} parts.troubles
 * @param {import('../model/session.js').Session} parts.session
 * @param {import('./heat.js').Heat} parts.heat
 * @returns {import('../commands/registry.js').Command<Editor>[]}
 */
export function runCommands({ editor, runner, troubles, session, heat }) {
  const some = (/** @type {Editor} */ editor) => selectedNodes(editor).some(({ type }) => !NOTE_TYPES.has(type))
  // What lives in the page only has no result; of a subgraph that of the nodes inside is meant that goes out of it.
  const freezable = (/** @type {Editor} */ editor) => selectedNodes(editor).filter(node => editor.schema.get(node.type)?.virtual === false || (node.outputs.length > 0 && editor.graph.definition(node.type)))
  /** @param {import('./run.js').Part['kind']} kind @param {Editor} editor */
  const part = (kind, editor) => void runner.queue({ part: { kind, records: selectedNodes(editor).map(({ id }) => id), use: editor.places.prefix } })
  const anyFrozen = (/** @type {Editor} */ editor) => selectedNodes(editor).some(node => frozenOf(node))

  /** What mends the selected node, best first. */
  const repairs = () => {
    const [node, other] = selectedNodes(editor)
    return node && !other ? troubles.repairsFor(node.id) : []
  }

  return [
    { id: 'run_to_here', label: t('Run to here'), keys: ['Shift+Enter'], enabled: some, run: editor => part('to', editor) },
    { id: 'run_branch', label: t('Run what follows from here'), keys: [], enabled: some, run: editor => part('branch', editor) },
    { id: 'run_outputs', label: t('Run the selected outputs'), keys: [], enabled: some, run: editor => part('outputs', editor) },
    {
      id: 'freeze', label: t('Freeze the result'), keys: [], enabled: editor => freezable(editor).some(node => !frozenOf(node)),
      run: editor => freeze(editor, freezable(editor), session),
    },
    { id: 'thaw', label: t('Thaw the result'), keys: [], enabled: anyFrozen, run: editor => thaw(editor, selectedNodes(editor)) },
    // Their names say what they would do now: menus show them so.
    { id: 'repair', get label() { return repairs()[0]?.label ?? t('Repair') }, keys: [], hidden: true, enabled: () => repairs().length > 0, run: () => repairs()[0]?.run() },
    { id: 'repair_other', get label() { return repairs()[1]?.label ?? t('Repair otherwise') }, keys: [], hidden: true, enabled: () => repairs().length > 1, run: () => repairs()[1]?.run() },
    { id: 'repair_all', label: t('Repair all problems that can be'), keys: [], enabled: () => troubles.mendable().length > 0, run: () => troubles.repairAll() },
    { id: 'heat_time', label: t('Show time as heat'), keys: ['Alt+T'], checked: () => heat.mode === 'time', run: () => heat.toggle('time') },
    { id: 'heat_memory', label: t('Show memory as heat'), keys: [], checked: () => heat.mode === 'memory', run: () => heat.toggle('memory') },
  ]
}
