/**
 * Arranges a graph: asks the worker, changes the document in one step, shows the way. Escape stops a long one.
 *
 * @typedef {import('../model/types.js').RecordId} RecordId
 * @typedef {import('../tools/editor.js').Editor} Editor
 * @typedef {import('./boxes.js').Options} Options
 */
import { askAside } from '../api/aside.js'
import { t } from '../language/t.js'
import { formatNumber } from '../model/words.js'
import { allBoxes, apply, stillSo } from './apply.js'
import { problemOf, USUAL } from './boxes.js'
import { Motion } from './motion.js'

/** After so many ms one is told that it takes a while. */
const LONG = 700

/** @type {AbortController | null} */
let running = null

/** @param {Editor} editor @param {Iterable<RecordId> | null} ids null for everything @param {Partial<Options>} [options] @returns {Promise<boolean>} whether anything moved */
export async function arrange(editor, ids, options = {}) {
  running?.abort()
  const mine = (running = new AbortController())
  const problem = problemOf(editor, ids, { ...USUAL, ...options })
  const boxes = allBoxes(problem)
  if (boxes.filter(({ fixed }) => !fixed).length < 1) {
    editor.notify(boxes.length ? t('Everything here is pinned: there is nothing to arrange') : 'There is nothing to arrange')
    return false
  }
  const stop = watchEscape(mine)
  const tell = setTimeout(() => editor.notify(t('Arranging {count} things. Escape stops it.', { count: formatNumber(boxes.length, 0) })), LONG)
  try {
    /** @type {import('./arrange.js').Places | null} */
    const places = await askAside('layout/worker.js', problem, mine.signal)
    if (!places) return false
    if (!stillSo(editor, problem)) {
      editor.notify(t('The graph changed while it was being arranged, so it stays as it is. Arrange it again.'))
      return false
    }
    const motion = new Motion(editor, boxes.map(({ id }) => id))
    const moved = apply(editor, problem, places)
    if (moved) motion.start()
    // Where one looked there may be nothing now.
    if (moved && ids === null) editor.run('fit')
    return moved
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    editor.emit('notice', { level: 'error', message: t('Nothing was arranged: auto layout could not be loaded ({why}). Is the server still there? If it is, start it once with a network: it fetches the package dagre then.', { why }) })
    return false
  } finally {
    clearTimeout(tell)
    stop()
    if (running === mine) running = null
  }
}

/** @param {AbortController} controller */
function watchEscape(controller) {
  const onKey = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== 'Escape') return
    event.stopPropagation()
    controller.abort()
  }
  document.addEventListener('keydown', onKey, true)
  return () => document.removeEventListener('keydown', onKey, true)
}
