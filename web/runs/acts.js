/**
 * What can be done with jobs, each with a way back or a sentence when it cannot be.
 *
 * @typedef {import('../api/queue.js').About} About
 * @typedef {import('../api/queue.js').WaitingJob} WaitingJob
 * @typedef {import('../api/queue.js').PastJob} PastJob
 * @typedef {import('../api/client.js').FileRef} FileRef
 */
import { ApiError, viewUrl } from '../api/client.js'
import { newId } from '../api/id.js'
import { picturesOf } from '../app/results.js'
import { many, t } from '../language/t.js'
import { askText } from '../panels/dialog.js'
import { openLightbox } from '../panels/lightbox.js'
import { nameOf, titleOf } from './words.js'

/**
 * @typedef {object} Parts
 * @property {import('../api/queue.js').QueueRoutes} routes
 * @property {import('../api/client.js').Client} client
 * @property {import('../app/document.js').OpenGraph} graph
 * @property {import('../app/jobs.js').Jobs} jobs
 * @property {import('../app/names.js').Names} names
 * @property {import('../panels/toasts.js').Toasts} toasts
 * @property {(workflow: any, name: string) => void} openGraph
 * @property {import('../app/edits.js').Edits} edits
 * @property {(promptId: string) => void} openGrid  of a sweep
 */

export class Acts {
  /** @param {Parts} parts */
  constructor({ routes, client, graph, jobs, names, toasts, openGraph, edits, openGrid }) {
    this.routes = routes
    this.client = client
    this.graph = graph
    this.jobs = jobs
    this.names = names
    this.toasts = toasts
    this.openGraph = openGraph
    this.edits = edits
    this.openGrid = openGrid
    /** The job that another is to be compared with. @type {PastJob | null} */
    this.first = null
  }

  /** @param {string} failure  what could not be done @param {() => Promise<unknown>} work @returns {Promise<boolean>} */
  async attempt(failure, work) {
    try {
      await work()
      return true
    } catch (error) {
      const late = error instanceof ApiError && error.status === 409
      this.toasts.show({ key: 'queue', tone: late ? 'warning' : 'error', text: failure, detail: /** @type {Error} */ (error).message })
      return false
    }
  }

  /** Its graph, in a tab of its own. @param {About} job @returns {Promise<boolean>} */
  open(job) {
    return this.attempt(t('Its graph could not be opened.'), async () => {
      const { workflow, prompt } = await this.routes.job(job.prompt_id)
      this.openGraph(workflow ?? prompt, titleOf(job))
    })
  }

  /** @param {WaitingJob} job */
  async edit(job) {
    if (await this.open(job)) this.edits.begin(job)
  }

  /** @param {string} id @param {import('../api/queue.js').Place} place @returns {Promise<boolean>} */
  move(id, place) {
    return this.attempt(t('It could not be moved.'), () => this.routes.move([id], place))
  }

  /** Takes waiting jobs out; all without ids. @param {readonly string[] | null} ids */
  cancel(ids) {
    return this.attempt(t('The queue could not be changed.'), async () => {
      const { removed } = await this.routes.cancel(ids)
      if (!removed.length) return
      this.toasts.show({
        key: 'cancelled', text: many(removed.length, 'Took {count} job out of the queue.', 'Took {count} jobs out of the queue.'),
        action: { label: t('Bring back'), run: () => void this.attempt(t('They could not be brought back.'), () => this.routes.bringBack(removed)) },
      })
    })
  }

  /** @param {boolean} paused */
  pause(paused) {
    return this.attempt(t('The queue could not be changed.'), () => this.routes.pause(paused))
  }

  /** @param {string} id */
  stop(id) {
    return this.attempt(t('It could not be stopped.'), () => this.client.interrupt(id))
  }

  /** @param {About} job @param {'same' | 'new'} seeds */
  again(job, seeds) {
    // It is followed on the document that it was made in, where that is open; what a script sent belongs to none.
    const id = newId()
    if (job.document !== null) this.jobs.know(id, { id: job.document })
    const mine = job.document === null ? {} : { client_id: this.client.clientId }
    return this.attempt(t('It could not be run again.'), async () => {
      await this.routes.again(job.prompt_id, { seeds, prompt_id: id, ...mine })
      this.toasts.show({ key: 'again', tone: 'done', text: seeds === 'new' ? t('Queued once more, with new seeds.') : t('Queued once more.') })
    })
  }

  /** @param {About} job @param {readonly string[]} [ids]  of its batch */
  async rename(job, ids = [job.prompt_id]) {
    const name = await askText({ title: ids.length > 1 ? t('Name of the batch') : t('Name of the job'), label: t('Name'), value: titleOf(job), verb: t('Rename') })
    if (name !== null) await this.attempt(t('It could not be renamed.'), () => Promise.all(ids.map(id => this.routes.rename(id, name))))
  }

  /** @param {readonly PastJob[] | 'all'} jobs */
  forget(jobs) {
    return this.attempt(t('The history could not be changed.'), async () => {
      const { removed } = await this.routes.forget(jobs === 'all' ? jobs : jobs.map(job => job.prompt_id))
      if (!removed.length) return
      this.toasts.show({
        key: 'forgotten', text: many(removed.length, 'Removed {count} entry from the history. Its pictures stay.', 'Removed {count} entries from the history. Their pictures stay.'),
        action: { label: t('Bring back'), run: () => void this.attempt(t('They could not be brought back.'), () => this.routes.remember(removed)) },
      })
    })
  }

  /** The node that failed, on its graph: that which is open, if it is. @param {PastJob} job */
  async showNode(job) {
    const node = job.error?.node
    if (!node) return
    const tab = job.document === null ? undefined : this.graph.tabs.byId(job.document)
    if (tab) await this.graph.tabs.show(tab)
    if ((!tab || !this.names.node(node)) && !(await this.open(job))) return
    this.names.show(node)
  }

  /** @param {PastJob} job @returns {Promise<import('../panels/lightbox.js').Picture[]>} */
  async pictures(job) {
    const entry = job.count > job.pictures.length ? await this.client.historyEntry(job.prompt_id) : null
    /** @type {readonly FileRef[]} */
    const files = entry ? Object.values(entry.outputs ?? {}).flatMap(output => picturesOf(output)) : job.pictures
    const graph = async () => (await this.routes.job(job.prompt_id)).workflow
    return files.map(file => ({ url: viewUrl({ ...file, owner: job.owner }, { version: job.prompt_id }), name: file.filename, title: nameOf(job), openGraph: () => void this.open(job), graph }))
  }

  /** @param {PastJob} job */
  look(job) {
    return this.attempt(t('Its pictures could not be shown.'), async () => openLightbox(await this.pictures(job), 0))
  }

  /** @param {PastJob} first @param {PastJob} second */
  compare(first, second) {
    this.first = null
    return this.attempt(t('They could not be compared.'), async () => {
      const [left, right] = await Promise.all([this.pictures(first), this.pictures(second)])
      openLightbox([...left, ...right], 0, { compare: true, with: left.length })
    })
  }
}
