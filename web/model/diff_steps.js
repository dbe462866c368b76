/**
 * A difference between two graphs as a list to walk through, in reading order: each thing that came, went or changed once.
 *
 * @typedef {import('./graph_diff.js').GraphDiff} GraphDiff
 * @typedef {import('./graph_diff.js').LinkChange} LinkChange
 * @typedef {import('./graph_diff.js').NodeChange} NodeChange
 * @typedef {import('./graph_diff.js').PartDiff} PartDiff
 * @typedef {import('./types.js').GroupRecord} GroupRecord
 * @typedef {import('./types.js').NodeRecord} NodeRecord
 * @typedef {import('../geometry/rect.js').Rect} Rect
 *
 * @typedef {object} DiffStep
 * @property {'added' | 'removed' | 'changed' | 'moved'} kind
 * @property {PartDiff} part
 * @property {string} words
 * @property {NodeRecord} [node] That came or went.
 * @property {NodeChange} [change]
 * @property {LinkChange} [link]
 * @property {GroupRecord} [group]
 * @property {{before: GroupRecord, after: GroupRecord}} [groupChange]
 * @property {readonly [number, number]} at Where to look, in canvas pixels of its graph.
 */
import { many, t } from '../language/t.js'
import { nodeWords, onlyPlaced } from './graph_diff_words.js'
import { inSentence } from './words.js'

/** Things within so many pixels of height are read as one row. */
const ROW = 120

/** @param {GraphDiff} diff @param {(node: NodeRecord) => string} titleOf @returns {DiffStep[]} */
export function stepsOf(diff, titleOf) {
  return diff.parts.flatMap((part) => {
    if (part.before === null || part.after === null) return []
    const steps = [...nodeSteps(part, titleOf), ...linkSteps(part, titleOf), ...groupSteps(part), ...pointSteps(part)]
    const name = (/** @type {DiffStep} */ step) => (part.name ? { ...step, words: t('In “{name}”: {change}', { name: part.name, change: step.words }) } : step)
    return steps.toSorted((a, b) => Math.floor(a.at[1] / ROW) - Math.floor(b.at[1] / ROW) || a.at[0] - b.at[0]).map(name)
  })
}

/** @param {readonly [number, number]} pos @param {readonly [number, number]} size @returns {readonly [number, number]} */
const middle = (pos, size) => [pos[0] + size[0] / 2, pos[1] + size[1] / 2]

/** @param {PartDiff} part @param {(node: NodeRecord) => string} titleOf @returns {DiffStep[]} */
function nodeSteps(part, titleOf) {
  const { added, removed, changed } = part.nodes
  return [
    ...added.map((node) => /** @type {DiffStep} */ ({ kind: 'added', part, node, words: t('{names} added', { names: titleOf(node) }), at: middle(node.pos, node.size) })),
    ...removed.map((node) => /** @type {DiffStep} */ ({ kind: 'removed', part, node, words: t('{names} removed', { names: titleOf(node) }), at: middle(node.pos, node.size) })),
    ...changed.map((change) => {
      const placed = onlyPlaced(change)
      const words = placed ? (change.moved ? t('{names} moved', { names: titleOf(change.after) }) : t('{names} resized', { names: titleOf(change.after) }))
        : t('{name}: {change}', { name: titleOf(change.after), change: nodeWords(change).join(', ') })
      return /** @type {DiffStep} */ ({ kind: placed ? 'moved' : 'changed', part, change, words, at: middle(change.after.pos, change.after.size) })
    })
  ]
}

/** Links that came or went with a node are told by it. @param {PartDiff} part @param {(node: NodeRecord) => string} titleOf @returns {DiffStep[]} */
function linkSteps(part, titleOf) {
  const told = (/** @type {'added' | 'removed'} */ kind) => part.links[kind].filter(({ implied }) => !implied).map((link) => {
    const parts = { input: inSentence(link.input), reader: link.to ? titleOf(link.to) : t('a node'), output: link.output, source: link.from ? titleOf(link.from) : t('a node') }
    const words = kind === 'added' ? t('{input} of {reader} now takes {output} of {source}', parts) : t('{input} of {reader} no longer takes {output} of {source}', parts)
    return /** @type {DiffStep} */ ({ kind, part, link, words, at: link.to?.pos ?? [0, 0] })
  })
  return [...told('added'), ...told('removed')]
}

/** @param {PartDiff} part @returns {DiffStep[]} */
function groupSteps(part) {
  const { groups } = part
  const name = (/** @type {GroupRecord} */ { title }) => title || t('a frame')
  const at = (/** @type {GroupRecord} */ { bounds: [x, y, w, h] }) => middle([x, y], [w, h])
  return [
    ...groups.added.map((group) => /** @type {DiffStep} */ ({ kind: 'added', part, group, words: t('frame {names} added', { names: name(group) }), at: at(group) })),
    ...groups.removed.map((group) => /** @type {DiffStep} */ ({ kind: 'removed', part, group, words: t('frame {names} removed', { names: name(group) }), at: at(group) })),
    ...groups.changed.map((groupChange) => {
      const { before, after } = groupChange
      const renamed = before.title !== after.title
      const words = renamed ? t('frame {from} is now {to}', { from: name(before), to: name(after) }) : t('frame {names} moved or changed', { names: name(after) })
      return /** @type {DiffStep} */ ({ kind: renamed ? 'changed' : 'moved', part, groupChange, words, at: at(after) })
    })
  ]
}

/** All points of links at once: each by itself says little. @param {PartDiff} part @returns {DiffStep[]} */
function pointSteps(part) {
  const { added, removed, changed } = part.reroutes
  const [first] = [...changed.map(({ after }) => after), ...added, ...removed]
  if (!first) return []
  return [{ kind: 'moved', part, words: many(added.length + removed.length + changed.length, '{count} point of links changed', '{count} points of links changed'), at: first.pos }]
}
