/**
 * Why a node ran, as a sentence: the server says which inputs changed, by the names of the wire; the page knows their
 * labels and what they were before.
 *
 * @typedef {{kind: string, inputs?: string[], sentence?: string}} Reason
 */
import { fromServer } from '../language/server.js'
import { listed, many, t } from '../language/t.js'
import { labelOf } from '../model/labels.js'
import { formatNumber } from '../model/words.js'

const LETTERS = 24

/**
 * @param {Reason | null | undefined} reason
 * @param {object} about
 * @param {import('../model/schema.js').NodeType | undefined} about.type
 * @param {Record<string, unknown>} about.now      the node's inputs in the prompt that runs
 * @param {Record<string, unknown> | null} about.before  in the last prompt that had the node
 * @param {(id: string) => boolean} about.isCached
 * @returns {string | null} without a full stop
 */
export function whySentence(reason, { type, now, before, isCached }) {
  if (!reason) return null
  const changed = reason.kind === 'changed' && Array.isArray(reason.inputs) ? reason.inputs : []
  if (!changed.length) return reason.sentence === undefined ? null : fromServer(reason.sentence)
  const [only] = changed
  const was = only !== undefined && changed.length === 1 ? valueWord(before?.[only]) : ''
  const names = changed.map(name => small(labelOf(undefined, type, name)))
  const cached = Object.keys(now).filter(name => !changed.includes(name) && isLink(now[name]) && isCached(String(/** @type {any[]} */ (now[name])[0])))
  const rest = cached.map(name => small(labelOf(undefined, type, name)))
  const changes = was ? t('the {names} changed from {before}', { names: listed(names), before: was }) : t('the {names} changed', { names: listed(names) })
  return rest.length ? many(rest.length, '{changes}. The {names} comes from the cache', '{changes}. The {names} come from the cache', { changes, names: listed(rest) }) : changes
}

/** A constant in a few letters; '' for a link and for what is too long to repeat. @param {unknown} value */
function valueWord(value) {
  if (typeof value === 'number') return Number.isInteger(value) ? formatNumber(value, 0) : String(value)
  if (typeof value === 'boolean') return String(value)
  return typeof value === 'string' && value !== '' && value.length <= LETTERS && !value.includes('\n') ? `“${value}”` : ''
}

/** @param {unknown} value */
const isLink = value => Array.isArray(value) && value.length === 2 && typeof value[1] === 'number'


/** "Seed" within a sentence is "seed"; "CFG" stays. @param {string} label */
const small = label => (/^\p{Lu}\p{Ll}/u.test(label) ? label.charAt(0).toLowerCase() + label.slice(1) : label)
