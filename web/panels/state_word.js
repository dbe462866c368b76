/** A node's state in a word, for lists: what the canvas shows by rings, signs and colours. */
import { frozenOf } from '../model/frozen.js'
import { BYPASSED, MUTED } from '../model/modes.js'
import { duration } from './topbar.js'

/**
 * @param {import('../model/types.js').NodeRecord} node
 * @param {Readonly<import('../model/session.js').NodeStatus>} status
 * @param {readonly import('../model/session.js').Notice[]} notices
 */
export function stateWord(node, status, notices) {
  if (status.error) return 'error'
  if (status.state === 'running') return status.max > 1 ? `running, ${status.value} of ${status.max}` : 'running'
  if (node.mode === MUTED) return 'muted'
  if (node.mode === BYPASSED) return 'bypassed'
  if (notices.length) return notices[0]?.kind === 'missing_file' ? 'file not found' : notices[0]?.kind === 'missing_node_type' ? 'not installed' : 'not in this version yet'
  const rest = frozenOf(node) ? 'frozen' : status.state === 'done' && status.ms !== null ? `done in ${duration(status.ms)}` : status.state === 'idle' ? '' : status.state
  return [rest, status.warnings.length ? 'with a warning' : ''].filter(Boolean).join(', ')
}
