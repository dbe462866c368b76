/**
 * A difference between two graphs in sentences.
 *
 * @typedef {import('./graph_diff.js').GraphDiff} GraphDiff
 * @typedef {import('./graph_diff.js').LinkChange} LinkChange
 * @typedef {import('./graph_diff.js').NodeChange} NodeChange
 * @typedef {import('./graph_diff.js').PartDiff} PartDiff
 * @typedef {import('./types.js').NodeRecord} NodeRecord
 * @typedef {(node: NodeRecord) => string} TitleOf
 */
import { many, t } from '../language/t.js'
import { inSentence } from './words.js'

/** Letters of a value, and things of one kind that are named. */
const LONGEST = 40
const NAMED = 3

/** A value as a person reads it in a sentence. @param {unknown} value */
function tellValue(value) {
  if (value === undefined || value === null || value === '') return t('nothing')
  if (typeof value === 'number') return String(Number.isInteger(value) ? value : Number(value.toPrecision(6)))
  if (typeof value === 'boolean') return value ? t('on') : t('off')
  const text = (typeof value === 'string' ? value : JSON.stringify(value) ?? '').replaceAll(/\s+/gu, ' ').trim()
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text
}

/**
 * What changed in a value, with long texts cut to where they differ.
 * @param {import('./graph_diff.js').ValueChange} change
 */
function tellChange({ label, from, to }) {
  if (typeof from === 'string' && typeof to === 'string' && (from.length > LONGEST || to.length > LONGEST)) {
    const [left, right] = aroundDifference(from, to)
    return t('{name} “{from}” → “{to}”', { name: inSentence(label), from: left, to: right })
  }
  return t('{name} {from} → {to}', { name: inSentence(label), from: tellValue(from), to: tellValue(to) })
}

/** The parts of two texts that are not the same, with a little of what is before. @param {string} from @param {string} to @returns {[string, string]} */
function aroundDifference(from, to) {
  const least = Math.min(from.length, to.length)
  let start = 0
  while (start < least && from[start] === to[start]) start++
  let end = 0
  while (end < least - start && from[from.length - 1 - end] === to[to.length - 1 - end]) end++
  const begin = Math.max(0, from.lastIndexOf(' ', Math.max(0, start - 1)) + 1)
  const cut = (/** @type {string} */ text) => {
    const part = [...text.slice(Math.min(begin, start), text.length - end)].join('').trim()
    return `${begin > 0 ? '… ' : ''}${[...part].slice(0, LONGEST).join('')}${[...part].length > LONGEST || end > 0 ? ' …' : ''}`
  }
  return [cut(from), cut(to)]
}

/**
 * @param {GraphDiff} diff @param {TitleOf} titleOf
 * @returns {string[]} a sentence for each thing that changed, without its full stop; none for equal graphs
 */
export function describe(diff, titleOf) {
  const lines = diff.parts.flatMap((part) => describePart(part, titleOf).map((line) => (part.name ? t('In “{name}”: {change}', { name: part.name, change: line }) : line)))
  if (diff.extra.length) lines.push(t('What the file says of itself changed: {names}', { names: diff.extra.map(told).join(', ') }))
  return lines
}

/**
 * In one line, what matters most first.
 * @param {GraphDiff} diff @param {TitleOf} titleOf @param {number} [most] changes that are named
 */
export function summary(diff, titleOf, most = 3) {
  const lines = describe(diff, titleOf)
  if (!lines.length) return t('Nothing changed')
  const told = lines.slice(0, most)
  if (lines.length > most) told.push(many(lines.length - most, '{count} more change', '{count} more changes'))
  return told.join('; ')
}

/** @param {PartDiff} part @param {TitleOf} titleOf */
function describePart(part, titleOf) {
  if (part.before === null) return [t('the subgraph is new')]
  if (part.after === null) return [t('the subgraph is gone')]
  const { nodes, links, groups, reroutes, ports } = part
  const lines = nodes.changed.flatMap((change) => describeNode(change, titleOf))
  lines.push(...named(nodes.added.map(titleOf), (names) => t('{names} added', { names })))
  lines.push(...named(nodes.removed.map(titleOf), (names) => t('{names} removed', { names })))
  lines.push(...describeLinks(links, titleOf))
  lines.push(...named(ports.added, (names) => t('{names} added to its inputs and outputs', { names })))
  lines.push(...named(ports.removed, (names) => t('{names} removed from its inputs and outputs', { names })))
  if (part.was !== null) lines.push(t('it was called “{name}”', { name: part.was }))
  const frame = (/** @type {{title: string}} */ { title }) => title || t('a frame')
  lines.push(...named(groups.added.map(frame), (names) => t('frame {names} added', { names })))
  lines.push(...named(groups.removed.map(frame), (names) => t('frame {names} removed', { names })))
  for (const { before, after } of groups.changed) if (before.title !== after.title) lines.push(t('frame {from} is now {to}', { from: frame(before), to: frame(after) }))
  const moved = nodes.changed.filter(onlyPlaced)
  if (moved.length) lines.push(moved.length <= NAMED ? t('{names} moved', { names: moved.map(({ after }) => titleOf(after)).join(', ') }) : many(moved.length, '{count} node moved', '{count} nodes moved'))
  const shifted = groups.changed.filter(({ before, after }) => before.title === after.title).length
  if (shifted) lines.push(many(shifted, '{count} frame moved or changed', '{count} frames moved or changed'))
  const points = reroutes.added.length + reroutes.removed.length + reroutes.changed.length
  if (points) lines.push(many(points, '{count} point of links changed', '{count} points of links changed'))
  return lines
}

/** Nothing but its place or size. @param {NodeChange} change */
export const onlyPlaced = ({ retyped, renamed, mode, look, values, sockets, properties }) =>
  !retyped && !renamed && !mode && !look.length && !values.length && !properties.length && !sockets.added.length && !sockets.removed.length

/** @param {NodeChange} change @param {TitleOf} titleOf */
function describeNode(change, titleOf) {
  const words = nodeWords(change)
  return words.length ? [t('{name}: {change}', { name: titleOf(change.after), change: words.join(', ') })] : []
}

/** What changed in a node, beside its place. @param {NodeChange} change @returns {string[]} */
export function nodeWords({ before, after, retyped, renamed, mode, look, values, sockets, properties }) {
  const words = values.map((change) => (change.name.endsWith(' control') ? t('{name} after a run {from} → {to}', { name: inSentence(change.label), from: tellValue(change.from), to: tellValue(change.to) }) : tellChange(change)))
  if (retyped) words.unshift(t('was a {type}', { type: before.type }))
  if (mode) words.push(modeWord(after.mode, before.mode))
  if (renamed) words.push(before.title ? t('was called “{name}”', { name: before.title }) : t('has a name of its own'))
  words.push(...named(sockets.added, (names) => t('{names} added', { names })), ...named(sockets.removed, (names) => t('{names} removed', { names })))
  if (look.includes('collapsed')) words.push(after.collapsed ? t('folded') : t('unfolded'))
  if (look.includes('pinned')) words.push(after.pinned ? t('pinned') : t('no longer pinned'))
  if (look.includes('color') || look.includes('bgcolor')) words.push(t('another colour'))
  if (properties.length) words.push(t('properties changed ({names})', { names: properties.slice(0, NAMED).map(told).join(', ') }))
  return words
}

/** What of ours the file keeps, in a person's words. @type {Readonly<Record<string, string>>} */
const OURS = { easel: t('the form of the app'), easel_app: t('its place in the app'), easel_frozen: t('its frozen result'), easel_expressions: t('its expressions') }

/** @param {string} name */
const told = (name) => OURS[name] ?? name

/** @param {number} mode @param {number} was */
function modeWord(mode, was) {
  if (mode === 2) return t('muted')
  if (mode === 4) return t('bypassed')
  return was === 4 ? t('no longer bypassed') : t('no longer muted')
}

/** @param {PartDiff['links']} links @param {TitleOf} titleOf */
function describeLinks({ added, removed }, titleOf) {
  const end = (/** @type {NodeRecord | undefined} */ node) => (node ? titleOf(node) : t('a node'))
  const told = added.filter(({ implied }) => !implied)
  const gone = removed.filter(({ implied }) => !implied)
  const lines = [
    ...told.slice(0, NAMED).map((change) => t('{input} of {reader} now takes {output} of {source}', { input: inSentence(change.input), reader: end(change.to), output: change.output, source: end(change.from) })),
    // One that another has taken the place of is told with that.
    ...gone.filter((change) => !told.some((other) => other.to?.key === change.to?.key && other.link.toSlot === change.link.toSlot)).slice(0, NAMED)
      .map((change) => t('{input} of {reader} no longer takes {output} of {source}', { input: inSentence(change.input), reader: end(change.to), output: change.output, source: end(change.from) }))
  ]
  const left = told.length + gone.length - lines.length
  if (left > 0 && told.length + gone.length > NAMED) lines.push(many(left, '{count} more link changed', '{count} more links changed'))
  return lines
}

/** @param {readonly string[]} names @param {(names: string) => string} tell */
function named(names, tell) {
  if (!names.length) return []
  const first = names.slice(0, NAMED).join(', ')
  return [tell(names.length > NAMED ? t('{names} and {count} more', { names: first, count: names.length - NAMED }) : first)]
}
