/** Graphs of later versions of Easel, which may hold what this one would lose. */
import { isObject } from '../model/json.js'

/** Raised when graphs hold something that a page which knows only the number before would lose. A file without one is of 1. */
export const FORMAT = 1

/** @param {unknown} workflow */
export function isNewer(workflow) {
  const easel = isObject(workflow) && isObject(workflow.extra) ? workflow.extra.easel : null
  return isObject(easel) && typeof easel.format === 'number' && easel.format > FORMAT
}
