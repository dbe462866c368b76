/** What is said of a pack's standing, in short and in a sentence. */
import { t } from '../language/t.js'
import { standingOf } from './known.js'

/** @typedef {import('./known.js').Standing} Standing */

/** @param {Standing} standing */
export function stateWord(standing) {
  switch (standing) {
    case 'off': return t('Off')
    case 'changed': return t('Changed')
    case 'uninstalled': return t('To be installed')
    case 'skipped': return t('Left out')
    case 'stale': return t('Not as saved')
    case 'failed': return t('Failed')
    case 'partly': return t('In part')
    case 'loading': return t('Loading')
    case 'empty': return t('No nodes')
    default: return t('Loaded')
  }
}

/** @param {import('./known.js').Pack} pack */
export function stateSentence(pack) {
  switch (standingOf(pack)) {
    case 'off': return t('Nothing of it has run: its code waits until somebody approves it.')
    case 'changed': return t('Its files have changed since they were approved. The approved code keeps running until you approve the new one.')
    case 'uninstalled': return t('It wants an environment of its own, and that is not made yet: see what it needs.')
    case 'skipped': return t('It was left out, so that the others could start. It is tried again when its code changes.')
    case 'stale': return t('What was saved last does not load; what was there before stays until it does.')
    case 'failed': return t('It could not be loaded: none of its nodes are here.')
    case 'partly': return t('Some of its nodes could not be loaded; the others are here.')
    case 'loading': return t('It is being loaded.')
    case 'empty': return t('It was loaded, and has no nodes.')
    default: return ''
  }
}

/** The icon of a standing. @param {Standing} standing */
export const iconOf = standing => ({ off: 'lock', changed: 'warning', stale: 'error', uninstalled: 'warning', skipped: 'stop', failed: 'error', partly: 'warning', loading: 'clock', empty: 'check', loaded: 'check' })[standing]
