/**
 * A document that is not loaded: from its draft where that has more, else from the server.
 *
 * @typedef {import('./tab.js').Tab} Tab
 * @typedef {import('./tab.js').Aside} Aside
 */
import { ApiError } from '../api/client.js'
import { newId } from '../api/id.js'
import { t } from '../language/t.js'
import { load } from '../model/workflow.js'
import { isNewer } from './newer.js'
import { blankAside } from './tabs.js'

/**
 * @param {Tab} tab
 * @param {{ drafts: import('./drafts.js').Drafts, documents: import('../api/documents.js').Documents, quick: boolean, onNewer: (tab: Tab) => void }} parts
 *   `quick`: a draft is enough; whether somebody has gone on elsewhere is asked later
 * @returns {Promise<Aside>} throws Error with a sentence
 */
export async function fetchDocument(tab, { drafts, documents, quick, onNewer }) {
  const draft = await drafts.read(tab.id)
  // The list of tabs is written a little later than drafts: after a crash the draft knows better.
  if (draft && draft.turn > tab.turn) Object.assign(tab, { turn: draft.turn, name: draft.name, stored: draft.stored, dirty: draft.dirty })
  let workflow = parsed(draft?.text)
  const hasMore = workflow !== null && tab.turn > tab.sent
  if (tab.branch === null && tab.base !== null && !hasMore) {
    try {
      const { version } = quick && workflow !== null ? { version: tab.base } : await documents.info(tab.id)
      if (workflow === null || version !== tab.base || (draft?.turn ?? 0) < tab.turn) {
        const newest = await documents.version(tab.id, 'newest')
        workflow = newest.workflow
        tab.base = newest.version
      }
    } catch (error) {
      if (workflow === null) throw error instanceof ApiError && error.status === 404 ? new Error(t('Neither the server nor this browser has it any more.')) : error
    }
  }
  if (workflow === null) throw new Error(t('Neither the server nor this browser has it any more.'))
  // What this page does not understand must not be written over: it goes on as a copy, which has an origin.
  if (isNewer(workflow) && tab.origin === null && tab.base !== null) {
    Object.assign(tab, { id: newId(), base: null, stored: null, modified: null, origin: `${tab.id}:${tab.base}` })
    onNewer(tab)
  }
  const { records } = load(workflow)
  return { ...blankAside(), store: { records, undos: [], redos: [] }, session: tab.early ?? blankAside().session }
}

/** @param {string | undefined} text @returns {any | null} */
function parsed(text) {
  try {
    return text === undefined ? null : JSON.parse(text)
  } catch {
    return null
  }
}
