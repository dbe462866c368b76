/** What went wrong in the page itself: the last few errors, for a report. */

/** @typedef {{ time: string, said: string, where: string }} Heard */

const KEPT = 20
const LONGEST = 4000

/** @type {Heard[]} */
export const heard = []

/** @param {unknown} error @param {string} where */
function keep(error, where) {
  const said = error instanceof Error ? error.stack ?? `${error}` : String(error)
  heard.push({ time: new Date().toISOString(), said: said.slice(0, LONGEST), where })
  if (heard.length > KEPT) heard.shift()
}

export function listenForErrors() {
  addEventListener('error', ({ error, message, filename, lineno }) => keep(error ?? message, filename ? `${filename}:${lineno}` : ''))
  addEventListener('unhandledrejection', ({ reason }) => keep(reason, 'promise'))
}
