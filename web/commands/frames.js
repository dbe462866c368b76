/**
 * Frames and what lies in them. A frame holds nothing: what has its middle in the frame is in it.
 *
 * @typedef {import('./context.js').Context} Context
 * @typedef {import('./core.js').Command} Command
 * @typedef {import('../geometry/rect.js').Rect} Rect
 * @typedef {import('../model/types.js').GroupRecord} GroupRecord
 * @typedef {import('../model/types.js').NodeRecord} NodeRecord
 * @typedef {import('../model/types.js').RecordId} RecordId
 */
import { bounds, centre, contains, grow } from '../geometry/rect.js'
import { t } from '../language/t.js'
import { recordId } from '../model/graph.js'
import { BYPASSED, MUTED } from '../model/modes.js'
import { toggleMode } from './modes.js'
import { groupBox } from './move.js'
import { remove } from './remove.js'

/** Between a frame's edge and what lies in it; its title needs more. */
const MARGIN = 20
const HEAD = 24
/** Width and height of a frame round nothing. */
const ROOM = /** @type {const} */ ([420, 300])

/** @param {Pick<Context, 'store' | 'selection'>} context @returns {GroupRecord[]} */
const selectedFrames = ({ store, selection }) => [...selection].flatMap((id) => store.group(id) ?? [])

/** @param {Context} context @param {GroupRecord} frame @returns {NodeRecord[]} */
export const nodesIn = (context, frame) =>
  context.graph.nodes(frame.graph).filter((node) => contains(groupBox(frame), centre(context.rectOf(node))))

/** Frames that lie in a frame as a whole. @param {Context} context @param {GroupRecord} frame @returns {GroupRecord[]} */
export const framesIn = ({ graph }, frame) => graph.groups(frame.graph).filter((other) => {
  const [outer, inner] = [groupBox(frame), groupBox(other)]
  return other.id !== frame.id && contains(outer, inner) && contains(outer, { x: inner.x + inner.w, y: inner.y + inner.h })
})

/** @param {Context} context @param {GroupRecord} frame @returns {RecordId[]} */
const allIn = (context, frame) => [
  ...nodesIn(context, frame), ...framesIn(context, frame),
  ...context.graph.reroutes(frame.graph).filter(({ pos: [x, y] }) => contains(groupBox(frame), { x, y }))
].map(({ id }) => id)

/** @param {readonly Rect[]} boxes @returns {GroupRecord['bounds'] | null} of a frame round them */
function boundsRound(boxes) {
  const box = bounds(boxes)
  if (!box) return null
  const { x, y, w, h } = grow(box, MARGIN)
  return [x, y - HEAD, w, h + HEAD]
}

/** A frame round things. @param {Context} context @param {Iterable<RecordId>} ids @returns {RecordId | null} */
export function group(context, ids) {
  const { store } = context
  const bounds = boundsRound([...ids].flatMap((id) => {
    const [node, inner] = [store.node(id), store.group(id)]
    return node ? context.rectOf(node) : inner ? groupBox(inner) : []
  }))
  return bounds && put(context, bounds)
}

/** @param {Context} context @param {GroupRecord['bounds']} bounds @returns {RecordId} */
function put(context, bounds) {
  const { store, graph, graphId } = context
  const key = graph.freshKey(graphId, 'group')
  const id = recordId('group', graphId, key)
  store.transact(t('Frame'), () => {
    store.put({ id, kind: 'group', graph: graphId, key, z: graph.freshZ(), title: t('Frame'), bounds, color: null, fontSize: 24, pinned: false, raw: null })
  })
  context.select([id])
  return id
}

/** A new frame is there to be named: what is typed next is its title. @param {import('./core.js').Full} context @param {RecordId | null} id */
function name(context, id) {
  const [frame, rect] = [context.store.group(id ?? ''), context.titleRect(id ?? '')]
  if (frame && rect) context.emit('edit-group-title', { group: frame, rect })
}

/** Frames as small as what lies in them asks for. @param {Context} context @param {readonly GroupRecord[]} frames */
function fitFrames(context, frames) {
  const fitted = frames.flatMap((frame) => {
    const bounds = boundsRound([...nodesIn(context, frame).map(context.rectOf), ...framesIn(context, frame).map(groupBox)])
    return bounds ? [{ id: frame.id, bounds }] : []
  })
  if (!fitted.length) context.notify(t('The frame is empty: there is nothing to fit it to'))
  context.store.transact(t('Fit the frame'), () => {
    for (const { id, bounds } of fitted) context.store.update(id, { bounds })
  })
}

/** @param {Context} context @param {number} mode @param {string} label @param {string} back */
function switchAll(context, mode, label, back) {
  const nodes = [...new Set(selectedFrames(context).flatMap((frame) => nodesIn(context, frame)))]
  if (nodes.length) toggleMode(context, nodes, mode, label, back)
  else context.notify(t('The frame is empty'))
}

/** @param {number} mode @returns {(context: Context) => boolean} */
const allAre = (mode) => (context) => {
  const nodes = selectedFrames(context).flatMap((frame) => nodesIn(context, frame))
  return nodes.length > 0 && nodes.every((node) => node.mode === mode)
}

/** @param {Context} context */
const someFrames = (context) => selectedFrames(context).length > 0

/** @type {readonly Command[]} */
export const FRAME_COMMANDS = [
  {
    id: 'group', label: t('Frame the selection'), keys: ['Ctrl+G', 'Ctrl+J'],
    enabled: ({ store, selection }) => [...selection].some((id) => store.node(id) || store.group(id)),
    run: (context) => name(context, group(context, context.selection))
  },
  { id: 'frame_here', label: t('Add a frame'), keys: [], run: (context) => name(context, put(context, [context.pointer.x, context.pointer.y, ...ROOM])) },
  { id: 'frame_fit', label: t('Fit the frame to what is in it'), keys: [], enabled: someFrames, run: (context) => fitFrames(context, selectedFrames(context)) },
  {
    id: 'frame_select', label: t('Select what is in the frame'), keys: [], enabled: someFrames,
    run: (context) => context.select(selectedFrames(context).flatMap((frame) => allIn(context, frame)))
  },
  {
    id: 'frame_mute', label: t('Mute all in the frame'), keys: [], enabled: someFrames, checked: allAre(MUTED),
    run: (context) => switchAll(context, MUTED, t('Mute'), t('Undo mute'))
  },
  {
    id: 'frame_bypass', label: t('Bypass all in the frame'), keys: [], enabled: someFrames, checked: allAre(BYPASSED),
    run: (context) => switchAll(context, BYPASSED, t('Bypass'), t('Undo bypass'))
  },
  {
    id: 'unframe', label: t('Remove the frame only'), keys: ['Ctrl+Shift+G'], enabled: someFrames,
    run: (context) => {
      const frames = selectedFrames(context)
      const inside = frames.flatMap((frame) => allIn(context, frame))
      context.store.transact(t('Remove the frame'), () => remove(context, frames.map(({ id }) => id)))
      context.select(inside)
    }
  },
  {
    id: 'frame_delete', label: t('Delete the frame and what is in it'), keys: [], enabled: someFrames,
    run: (context) => {
      const frames = selectedFrames(context)
      remove(context, new Set(frames.flatMap((frame) => [frame.id, ...allIn(context, frame)])))
    }
  }
]
