/**
 * The start of a page: its tabs as they were, or what an older version of the page kept; then what the server lacks is sent.
 *
 * @typedef {import('./document.js').OpenGraph} OpenGraph
 * @typedef {import('./windows.js').WindowRecord} WindowRecord
 */

const MONTH = 30 * 24 * 3600 * 1000

/** @param {OpenGraph} graph @param {WindowRecord | null} record @param {() => Promise<any>} example  what a new person sees */
export async function restoreTabs(graph, record, example) {
  const { old } = graph.windows
  if (old) {
    graph.open(old.workflow, old)
    graph.flush()
    graph.windows.forgetOld()
  } else if (!record || !(await graph.tabs.restore(record))) graph.open(await example().catch(() => ({ nodes: [], links: [] })))
  graph.started = true
  if (!record) return
  for (const tab of graph.tabs.list) graph.conflicts.ask(tab)
  void sendDrafts(graph).then(() => graph.conflicts.look(graph.tab))
}

/** What was not sent before the page ended. @param {OpenGraph} graph */
async function sendDrafts(graph) {
  const { tabs, drafts, autosave, tab: shown } = graph
  if (shown.turn > shown.sent) graph.writer.keep()
  for (const tab of [...tabs.list, ...tabs.closed]) {
    if (tab === shown || tab.turn <= tab.sent) continue
    const draft = await drafts.read(tab.id)
    if (draft && tab.turn > tab.sent && !autosave.waiting.has(tab)) autosave.add(tab, { text: draft.text, turn: draft.turn, reason: 'autosave', thumbnail: null })
  }
  await drafts.sweep(Date.now() - MONTH)
}
