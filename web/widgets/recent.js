/** What was chosen of each list last, in this browser. */

const KEY = 'easel.recentChoices'
const SHOWN = 'easel.showsRecentChoices'
/** Of one list. */
const MOST = 5
const LISTS = 60

/** @param {string} list @returns {readonly unknown[]} the last one first */
export function recentOf(list) {
  const found = read()[list]
  return Array.isArray(found) ? found : []
}

/** @param {string} list @param {unknown} choice */
export function remember(list, choice) {
  if (!list) return
  const { [list]: old = [], ...others } = read()
  const kept = Object.entries(others).slice(-LISTS)
  write(KEY, JSON.stringify({ ...Object.fromEntries(kept), [list]: [choice, ...old.filter(other => other !== choice)].slice(0, MOST) }))
}

export function showsRecent() {
  try {
    return localStorage.getItem(SHOWN) !== 'false'
  } catch {
    return true // forbidden
  }
}

/** @param {boolean} shown */
export const setShowsRecent = shown => write(SHOWN, String(shown))

/** @returns {Record<string, unknown[]>} */
function read() {
  try {
    const found = JSON.parse(localStorage.getItem(KEY) ?? '{}')
    return found && typeof found === 'object' ? found : {}
  } catch {
    return {}
  }
}

/** @param {string} key @param {string} text */
function write(key, text) {
  try {
    localStorage.setItem(key, text)
  } catch {
    // A full store costs the memory of what was chosen, nothing else.
  }
}
