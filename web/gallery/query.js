/**
 * What is searched for: words and filters.
 *
 * @typedef {object} Query
 * @property {string} text
 * @property {'' | 'output' | 'input'} kind
 * @property {'' | 'image' | 'video' | 'audio'} media
 * @property {readonly string[]} models
 * @property {string | null} folder
 * @property {string} tag
 * @property {number} rating      at least so many stars
 * @property {boolean} favourite
 * @property {boolean} graph
 * @property {string} since       a day, as a date field gives it
 * @property {string} until       the last day
 * @property {boolean} trash
 * @property {'newest' | 'oldest' | 'name' | 'rating' | 'size'} sort
 */
import { many, t } from '../language/t.js'

/** @type {Query} */
export const EVERYTHING = { text: '', kind: '', media: '', models: [], folder: null, tag: '', rating: 0, favourite: false, graph: false, since: '', until: '', trash: false, sort: 'newest' }

export const SORTS = /** @type {const} */ (['newest', 'oldest', 'name', 'rating', 'size'])

/** @param {Query['sort']} sort */
export const sortName = sort => ({ newest: t('Newest first'), oldest: t('Oldest first'), name: t('By name'), rating: t('By stars'), size: t('Largest first') })[sort]

/** @param {Query} query */
export function addressOf(query) {
  const address = new URLSearchParams({ sort: query.sort })
  if (query.text.trim()) address.set('q', query.text.trim())
  for (const name of /** @type {const} */ (['kind', 'media', 'tag'])) if (query[name]) address.set(name, query[name])
  if (query.models.length) address.set('models', query.models.join('\n'))
  if (query.folder !== null) address.set('folder', query.folder)
  if (query.rating) address.set('rating', String(query.rating))
  for (const name of /** @type {const} */ (['favourite', 'graph', 'trash'])) if (query[name]) address.set(name, '1')
  const since = dayStart(query.since, 0)
  const until = dayStart(query.until, 1)
  if (since !== null) address.set('since', String(since))
  if (until !== null) address.set('until', String(until))
  return address.toString()
}

/** When a day of here begins, in seconds; `after` days later. @param {string} day @param {number} after */
function dayStart(day, after) {
  const [year, month, date] = day.split('-').map(Number)
  if (!year || !month || !date) return null
  const start = new Date(year, month - 1, date + after).getTime() / 1000
  return Number.isFinite(start) ? Math.floor(start) : null
}

/** Filters other than the words, each with its name and the query without it. @param {Query} query @returns {{ label: string, without: Query }[]} */
export function chipsOf(query) {
  /** @type {{ label: string, without: Query }[]} */
  const chips = []
  /** @param {boolean} on @param {() => string} label @param {Partial<Query>} off */
  const chip = (on, label, off) => { if (on) chips.push({ label: label(), without: { ...query, ...off } }) }
  chip(query.trash, () => t('In the trash'), { trash: false })
  chip(query.kind !== '', () => (query.kind === 'input' ? t('Inputs') : t('Outputs')), { kind: '' })
  chip(query.media !== '', () => mediaName(query.media), { media: '' })
  query.models.forEach(model => chip(true, () => model, { models: query.models.filter(other => other !== model) }))
  chip(query.folder !== null, () => t('Folder: {name}', { name: query.folder || t('the top') }), { folder: null })
  chip(query.tag !== '', () => t('Tag: {name}', { name: query.tag }), { tag: '' })
  chip(query.rating > 0, () => many(query.rating, '{count} star or more', '{count} stars or more'), { rating: 0 })
  chip(query.favourite, () => t('Favourites'), { favourite: false })
  chip(query.graph, () => t('With a graph'), { graph: false })
  chip(query.since !== '', () => t('From {day}', { day: query.since }), { since: '' })
  chip(query.until !== '', () => t('Until {day}', { day: query.until }), { until: '' })
  return chips
}

/** @param {Query['media']} media */
export const mediaName = media => ({ '': t('All'), image: t('Pictures'), video: t('Videos'), audio: t('Sounds') })[media]
