/**
 * Two who change one document: two browser tabs, or two machines. Nothing is overwritten: what is here goes on as a branch of
 * its own until the person has said which is to stay.
 *
 * @typedef {import('./tab.js').Tab} Tab
 * @typedef {import('./autosave.js').Job} Job
 *
 * @typedef {(sides: { mine: any, theirs: any, name: string }) => unknown} Compare  both are workflows
 */
import { newId } from '../api/id.js'
import { t } from '../language/t.js'
import { replaceDocument } from '../model/replace_document.js'
import { load } from '../model/workflow.js'
import { titleOf } from './tabs.js'

const CHANNEL = 'easel.documents'

export class Conflicts {
  /** @param {{ graph: import('./document.js').OpenGraph }} parts */
  constructor({ graph }) {
    this.graph = graph
    /** Shows what differs; set by who can. @type {Compare | null} */
    this.compare = null
    this.channel = 'BroadcastChannel' in globalThis ? new BroadcastChannel(CHANNEL) : null
    if (this.channel) this.channel.onmessage = ({ data }) => this.hear(data)
    // Of other machines nothing is heard: it is asked when somebody comes back to the page.
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible') void this.look(graph.tab)
    })
  }

  /** Tells the other browser tabs that a document has a new version. @param {Tab} tab */
  announce(tab) {
    if (!tab.branch) this.channel?.postMessage({ id: tab.id, version: tab.base })
  }

  /** @param {any} data */
  hear(data) {
    const tab = this.graph.tabs.byId(String(data?.id))
    if (tab && Number.isInteger(data.version) && data.version > (tab.base ?? 0)) this.fallBehind(tab, data.version)
  }

  /** Asks the server whether a document was changed elsewhere. @param {Tab} tab */
  async look(tab) {
    if (tab.base === null || tab.branch) return
    const { base } = tab
    const info = await this.graph.documents.info(tab.id).catch(error => (error.status === 404 ? 'gone' : null))
    if (info === null || tab.base !== base) return
    if (info === 'gone') {
      // Another server, or its file is gone: then it has what is here once more.
      tab.base = null
      tab.sent = Math.min(tab.sent, tab.turn - 1)
      if (tab === this.graph.tab) this.graph.writer.keep('open')
    } else if (info.version > base) this.fallBehind(tab, info.version)
  }

  /** Somebody else has gone on with it. @param {Tab} tab @param {number} version */
  fallBehind(tab, version) {
    const { graph } = this
    if (tab.branch || tab.turn > tab.sent) return // the server will say so, and keep both
    if (tab !== graph.tab) {
      if (tab.aside && !graph.tabs.closed.includes(tab)) {
        tab.aside = null // the newer one is read when it is shown
        tab.base = 0
      }
      return
    }
    graph.toasts.show({
      key: `conflict-${tab.id}`, tone: 'info', stays: true, text: t('“{name}” was changed in another tab or on another machine.', { name: titleOf(tab) }),
      actions: [{ label: t('Show the newer one'), run: () => void this.takeNewest(tab) }, ...this.difference(tab, version)],
    })
  }

  /**
   * The server has refused a version: it becomes a document of its own, at once, and the person is asked.
   *
   * @param {Tab} tab @param {Job} job @param {{ version: number }} newest
   */
  async begin(tab, job, newest) {
    const { graph } = this
    const branch = { id: newId(), base: /** @type {number | null} */ (null), version: newest.version }
    const { version } = await graph.documents.add(branch.id, {
      base: null, name: this.branchName(tab), stored: null, reason: 'conflict', origin: `${tab.id}:${tab.base ?? 0}`,
      ...(job.thumbnail ? { thumbnail: job.thumbnail } : {}),
    }, job.text)
    branch.base = version
    tab.branch = branch
    graph.sent(tab, job.turn)
    this.ask(tab)
  }

  /** @param {Tab} tab */
  branchName(tab) {
    return t('{name} (mine)', { name: titleOf(tab) })
  }

  /** @param {Tab} tab */
  ask(tab) {
    if (!tab.branch) return
    this.graph.toasts.show({
      key: `conflict-${tab.id}`, tone: 'warning', stays: true, text: t('“{name}” was changed in another tab or on another machine.', { name: titleOf(tab) }),
      detail: t('Both are kept: nothing was overwritten.'),
      actions: [
        { label: t('Take the newer one'), tip: t('Mine stays among the recent graphs.'), run: () => void this.takeNewest(tab) },
        { label: t('Keep mine as a copy'), run: () => this.keepMine(tab) },
        ...this.difference(tab, tab.branch.version),
      ],
    })
  }

  /** @param {Tab} tab @param {number} version @returns {import('../panels/toasts.js').Action[]} */
  difference(tab, version) {
    const { compare, graph } = this
    if (!compare) return []
    return [{
      label: t('See the difference'),
      run: async () => {
        this.ask(tab) // looking at it decides nothing
        try {
          if (!(await graph.tabs.show(tab))) return
          const { workflow } = await graph.documents.version(tab.id, version)
          await compare({ mine: graph.editor.save(), theirs: workflow, name: titleOf(tab) })
        } catch (error) {
          graph.tellFailure(tab, /** @type {Error} */ (error))
        }
      },
    }]
  }

  /** Shows the server's newest version in the tab, as a step that can be undone; what was here stays a document. @param {Tab} tab */
  async takeNewest(tab) {
    const { graph } = this
    try {
      if (!(await graph.tabs.show(tab))) return
      const newest = await graph.documents.version(tab.id, 'newest')
      if (tab !== graph.tab) return
      const { records } = load(newest.workflow)
      tab.branch = null
      tab.base = newest.version
      replaceDocument(graph.editor.store, records, t('Take the newer one'))
      // It is as the server has it: nothing of it need be sent.
      tab.sent = tab.turn
      graph.toasts.dismiss(`conflict-${tab.id}`)
      graph.tabs.tell()
    } catch (error) {
      graph.tellFailure(tab, /** @type {Error} */ (error))
    }
  }

  /** The tab goes on as the branch. @param {Tab} tab */
  keepMine(tab) {
    const { graph } = this
    const { branch } = tab
    if (!branch) return
    void graph.drafts.forget(tab.id)
    Object.assign(tab, { id: branch.id, base: branch.base, branch: null, name: this.branchName(tab), stored: null, modified: null, dirty: true })
    tab.turn += 1
    if (tab === graph.tab) graph.writer.keep()
    graph.toasts.dismiss(`conflict-${tab.id}`)
    graph.tabs.tell()
  }
}
