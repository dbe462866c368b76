/** A node's state in a word, for lists: what the canvas shows by rings, signs and colours. */
import { t } from '../language/t.js'
import { frozenOf } from '../model/frozen.js'
import { BYPASSED, MUTED } from '../model/modes.js'
import { duration } from './duration.js'

/** @type {Readonly<Record<string, string>>} */
const STATES = { queued: t('queued'), cached: t('cached'), done: t('done') }

/**
 * @param {import('../model/types.js').NodeRecord} node
 * @param {Readonly<import('../model/session.js').NodeStatus>} status
 * @param {readonly import('../model/session.js').Notice[]} notices
 */
export function stateWord(node, status, notices) {
  if (status.error) return t('error')
  if (status.state === 'running') return status.max > 1 ? t('running, {value} of {max}', { value: status.value, max: status.max }) : t('running')
  if (node.mode === MUTED) return t('muted')
  if (node.mode === BYPASSED) return t('bypassed')
  if (notices.length) return notices[0]?.kind === 'missing_file' ? t('file not found') : notices[0]?.kind === 'missing_node_type' ? t('not installed') : t('not in this version yet')
  const rest = frozenOf(node) ? t('frozen') : status.state === 'done' && status.ms !== null ? t('done in {time}', { time: duration(status.ms) }) : STATES[status.state] ?? ''
  return [rest, status.warnings.length ? t('with a warning') : ''].filter(Boolean).join(', ')
}
