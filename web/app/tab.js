/**
 * A tab: a document in this window. What is on the canvas is the shown one's; the others are set aside, or not loaded yet.
 *
 * @typedef {import('./windows.js').TabRecord} TabRecord
 *
 * @typedef {object} Aside What a document is while another is shown.
 * @property {import('../model/store.js').SetAside} store
 * @property {import('../model/session.js').SessionState} session
 * @property {ReturnType<import('../tools/whereabouts.js').Whereabouts['park']> | null} place
 * @property {readonly string[]} selection
 * @property {readonly unknown[]} carried  what others keep for each document, in their order
 *
 * @typedef {TabRecord & { aside: Aside | null, early: import('../model/session.js').SessionState | null }} Tab
 *   `early`: what runs told of it before it was loaded
 */
import { newId } from '../api/id.js'

/** @param {Partial<TabRecord>} [fields] @returns {Tab} */
export const newTab = (fields = {}) => ({
  id: newId(), name: null, number: 1, stored: null, modified: null, dirty: false, base: null, turn: 0, sent: 0, origin: null, branch: null, camera: null,
  ...fields, aside: null, early: null,
})

/** @param {Tab} tab @returns {TabRecord} what is kept of it over a reload */
export const recordOf = ({ id, name, number, stored, modified, dirty, base, turn, sent, origin, branch, camera }) => ({ id, name, number, stored, modified, dirty, base, turn, sent, origin, branch, camera })

/** Nobody would miss it: what it shows lies elsewhere as well, or is nothing. @param {Tab} tab */
export const isReplaceable = tab => !tab.dirty && tab.name === null && tab.stored === null && tab.base === null && tab.turn === 0
