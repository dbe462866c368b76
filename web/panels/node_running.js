/**
 * What the details of a node say about running it: what is wrong and what mends it, why it ran, what it gave, what it took,
 * whether it is frozen.
 *
 * @typedef {import('../model/types.js').NodeRecord} NodeRecord
 * @typedef {import('../model/session.js').NodeStatus} NodeStatus
 * @typedef {import('../model/schema.js').NodeType} NodeType
 */
import { t } from '../language/t.js'
import { frozenOf } from '../model/frozen.js'
import { labelOf } from '../model/labels.js'
import { NOTE_TYPES } from '../model/virtual_types.js'
import { bytesInWords } from '../model/words.js'
import { h } from './dom.js'

/**
 * @param {object} parts
 * @param {import('../tools/editor.js').Editor} parts.editor
 * @param {import('../app/troubles.js').Troubles} parts.troubles
 */
export function nodeRunning({ editor, troubles }) {
  /** What is wrong, and why it ran. @param {NodeRecord} node @param {Readonly<NodeStatus>} status */
  function said(node, status) {
    const mine = troubles.list().filter(({ record }) => record?.id === node.id)
    const wrong = mine.map(trouble => h(trouble.tone === 'error' ? 'div.why.bad' : 'div.why', { dataset: { tone: trouble.tone }, role: trouble.tone === 'error' ? 'alert' : undefined },
      trouble.faults.map(fault => [
        h('p', {}, h('b', {}, LEADS[fault.kind] ?? (trouble.tone === 'error' ? t('Error:') : t('Note:')), ' '), fault.message),
        h('div.acts', {}, troubles.repairs(trouble, fault).map(({ label, run }, index) =>
          h('button.repair', { type: 'button', dataset: { focus: `repair-${fault.kind}-${index}` }, 'data-tip': t('{label}. Ctrl+Z takes it back.', { label }), onclick: run }, label))),
      ])))
    const why = status.why ? h('div.why', {}, h('b', {}, status.state === 'running' ? t('Why it runs:') : t('Why it ran:'), ' '), t('{sentence}.', { sentence: status.why }))
      : status.frozen ? h('div.why', {}, h('b', {}, t('Frozen:'), ' '), t('its kept result was used, whatever changed above it.'))
      : status.state === 'cached' ? h('div.why', {}, h('b', {}, t('From the cache:'), ' '), t('nothing it depends on changed.')) : null
    return [wrong, why]
  }

  /**
   * Rows of facts beside its times.
   *
   * @param {NodeRecord} node @param {Readonly<NodeStatus>} status @param {NodeType | undefined} type
   * @returns {[string, Node | string][]}
   */
  function facts(node, status, type) {
    /** @type {[string, Node | string][]} */
    const rows = []
    const { bytes, bytesOf } = status
    if (bytes !== null && status.state !== 'running') rows.push([bytesOf === 'peak' ? t('Memory at its peak') : t('Its results hold'), bytesInWords(bytes)])
    status.outputs.forEach(({ text }, index) => {
      const name = type?.outputs[index]?.name ?? node.outputs[index]?.name ?? ''
      if (text) rows.push([node.outputs[index]?.raw?.label ? String(node.outputs[index]?.raw?.label) : name ? labelOf(undefined, undefined, name) : t('Output'), h('span', { 'data-tip': text }, text)])
    })
    if (editor.schema.get(node.type)?.virtual === false || (node.outputs.length && editor.graph.definition(node.type))) {
      const frozen = frozenOf(node) !== null
      rows.push([t('Result'), h('button', {
        type: 'button', 'aria-pressed': String(frozen), dataset: { focus: 'freeze' },
        'data-tip': frozen ? t('Compute it again when something above it changes') : t('Keep its last result and use it, whatever changes above it'),
        onclick: () => editor.run(frozen ? 'thaw' : 'freeze'),
      }, frozen ? t('Frozen · thaw') : t('Freeze'))])
    }
    if (!NOTE_TYPES.has(node.type)) {
      rows.push([t('Run to here'), h('button', { type: 'button', dataset: { focus: 'run-to-here' }, 'data-tip': t('Run only what this node needs, and show what it gives'), onclick: () => editor.run('run_to_here') },
        editor.commands.keysOf('run_to_here')[0]?.replaceAll('+', ' ') ?? t('Run'))])
    }
    return rows
  }

  return { said, facts }
}

/** @type {Readonly<Record<string, string>>} */
const LEADS = { missing_node_type: t('Unknown type.'), node_not_in_this_version: t('Not in this version yet.'), missing_file: t('Not found.') }
