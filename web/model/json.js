/** Small questions to plain JSON values. */

/** @typedef {Record<string, unknown>} Json */

/** @param {unknown} value @returns {value is Json} */
export const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value)

/** @param {unknown} value */
export const asObject = (value) => (isObject(value) ? value : null)

/** @param {unknown} value @returns {unknown[]} */
export const asList = (value) => (Array.isArray(value) ? value : [])

/** @param {unknown} value @returns {string | null} */
export const asText = (value) => (typeof value === 'string' ? value : null)

/** @param {unknown} value @returns {value is number} */
export const isFinite = (value) => typeof value === 'number' && Number.isFinite(value)

/** Are two JSON values the same? Object fields may stand in any order. @param {unknown} a @param {unknown} b @returns {boolean} */
export function equal(a, b) {
  if (Object.is(a, b)) return true
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, index) => equal(item, b[index]))
  }
  if (!isObject(a) || !isObject(b)) return false
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && equal(a[key], b[key]))
}
