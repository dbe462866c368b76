/**
 * Places become positions of records: one step.
 *
 * @typedef {import('../commands/context.js').Context} Context
 * @typedef {import('../model/types.js').RecordId} RecordId
 * @typedef {import('./arrange.js').Places} Places
 * @typedef {import('./boxes.js').Box} Box
 * @typedef {import('./boxes.js').Problem} Problem
 */
import { groupBox, moveSide } from '../commands/move.js'
import { nodesIn } from '../commands/frames.js'
import { bounds, grow, holds } from '../geometry/rect.js'
import { t } from '../language/t.js'
import { readSide } from '../model/sides.js'

const LABEL = t('Arrange')
/** From a frame's edge to a node that it was grown for. */
const MARGIN = 20

/** @param {Problem} problem @returns {Box[]} with those inside of others */
export const allBoxes = ({ boxes }) => {
  const all = [...boxes]
  for (const box of all) all.push(...box.inside)
  return all
}

/** Does everything still stand where it stood when the worker was asked? @param {Context} context @param {Problem} problem */
export function stillSo(context, problem) {
  return allBoxes(problem).every(({ id, x, y, dx, dy }) => {
    const at = positionOf(context, id)
    return at !== null && at.x === x + dx && at.y === y + dy
  })
}

/** @param {Context} context @param {RecordId} id @returns {{x: number, y: number} | null} */
function positionOf({ store, graph, graphId }, id) {
  const record = store.get(id) ?? (readSide(id) ? graph.at(id) : undefined)
  if (!record || !('graph' in record) || record.graph !== graphId) return null
  if (record.kind === 'group') return { x: record.bounds[0], y: record.bounds[1] }
  return record.kind === 'node' || record.kind === 'reroute' ? { x: record.pos[0], y: record.pos[1] } : null
}

/** @param {Context} context @param {Problem} problem @param {Places} places @returns {boolean} whether anything moved */
export function apply(context, problem, places) {
  const { store } = context
  const before = store.version
  store.transact(LABEL, () => {
    const around = framesAround(context, problem)
    for (const { id, dx, dy, fixed } of allBoxes(problem)) {
      const place = places[id]
      if (!place || fixed) continue
      const record = store.get(id)
      if (record?.kind === 'group') store.update(id, { bounds: [place.x, place.y, place.w, place.h] })
      else if (record?.kind === 'node' || record?.kind === 'reroute') store.update(id, { pos: [place.x + dx, place.y + dy] })
      else moveSide(context, id, [place.x + dx, place.y + dy])
    }
    for (const { id, members } of around) growRound(context, id, members)
  })
  return store.version !== before
}

/** Frames that are not arranged themselves, with those of their nodes that are. @param {Context} context @param {Problem} problem @returns {{id: RecordId, members: RecordId[]}[]} */
function framesAround(context, problem) {
  const ids = new Set(allBoxes(problem).map(({ id }) => id))
  return context.graph.groups(context.graphId).filter(({ id, pinned }) => !ids.has(id) && !pinned).flatMap((frame) => {
    const members = nodesIn(context, frame).filter(({ id }) => ids.has(id)).map(({ id }) => id)
    return members.length ? [{ id: frame.id, members }] : []
  })
}

/** @param {Context} context @param {RecordId} id @param {readonly RecordId[]} members */
function growRound({ store, rectOf }, id, members) {
  const frame = store.group(id)
  const inner = bounds(members.flatMap((member) => store.node(member) ?? []).map((node) => grow(rectOf(node), MARGIN)))
  if (!frame || !inner || holds(groupBox(frame), inner)) return
  const box = bounds([groupBox(frame), inner])
  if (box) store.update(id, { bounds: [box.x, box.y, box.w, box.h] })
}
