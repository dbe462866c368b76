/**
 * Where one JSON differs from another of the same shape, as `[path, value]`: a cell's graph is told by what it has otherwise.
 *
 * @typedef {(string | number)[]} Path
 * @typedef {[Path, unknown]} Change
 */

/** @param {any} before @param {any} after @returns {Change[]} */
export function changesBetween(before, after) {
  /** @type {Change[]} */
  const found = []
  /** @type {[any, any, Path][]} */
  const stack = [[before, after, []]]
  while (stack.length) {
    const [was, is, path] = /** @type {[any, any, Path]} */ (stack.pop())
    if (was === is) continue
    const list = Array.isArray(was) && Array.isArray(is) && was.length === is.length
    if (list) is.forEach((value, index) => stack.push([was[index], value, [...path, index]]))
    else if (isRecord(was) && isRecord(is) && Object.keys(was).every((name) => name in is)) {
      for (const [name, value] of Object.entries(is)) stack.push([was[name], value, [...path, name]])
    } else if (path.length && JSON.stringify(was) !== JSON.stringify(is)) found.push([path, is])
  }
  return found.reverse()
}

/** A copy with these changes; those that lead nowhere are passed over. @param {any} json @param {readonly Change[]} changes */
export function withChanges(json, changes) {
  const copy = structuredClone(json)
  for (const [path, value] of changes) {
    const last = path.at(-1)
    const at = path.slice(0, -1).reduce((/** @type {any} */ found, step) => found?.[step], copy)
    if (last !== undefined && last !== '__proto__' && typeof at === 'object' && at !== null) at[last] = structuredClone(value)
  }
  return copy
}

/** @param {any} value */
const isRecord = (value) => typeof value === 'object' && value !== null && !Array.isArray(value)
