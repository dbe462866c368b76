/**
 * Waiting jobs whose graphs are open to be changed: a bar over the canvas gives the job the graph that is there now. Where the
 * job has begun meanwhile, it offers to queue the graph as another.
 *
 * @typedef {import('../api/queue.js').WaitingJob} WaitingJob
 */
import { ApiError } from '../api/client.js'
import { t } from '../language/t.js'
import { fill, h } from '../panels/dom.js'

export class Edits {
  /**
   * @param {object} parts
   * @param {HTMLElement} parts.stage
   * @param {import('../api/queue.js').QueueRoutes} parts.routes
   * @param {import('./queue_feed.js').QueueFeed} parts.feed
   * @param {import('./run.js').Runner} parts.runner
   * @param {import('../api/client.js').Client} parts.client
   * @param {import('./troubles.js').Troubles} parts.troubles
   * @param {{ id: string, listen: (listener: () => void) => unknown }} parts.graph  the document on the canvas
   * @param {import('../panels/toasts.js').Toasts} parts.toasts
   */
  constructor({ stage, routes, feed, runner, client, troubles, graph, toasts }) {
    this.routes = routes
    this.feed = feed
    this.runner = runner
    this.client = client
    this.troubles = troubles
    this.graph = graph
    this.toasts = toasts
    /** By the document in which it is changed. @type {Map<string, WaitingJob>} */
    this.jobs = new Map()
    this.bar = h('div.edit-job', { role: 'region', 'aria-label': t('A waiting job'), hidden: true })
    this.drawn = ''
    stage.append(this.bar)
    graph.listen(() => this.draw())
    feed.listen(() => this.draw())
  }

  /** The graph of this job has just been opened. @param {WaitingJob} job */
  begin(job) {
    this.jobs.set(this.graph.id, job)
    this.draw()
  }

  end() {
    this.jobs.delete(this.graph.id)
    this.draw()
  }

  draw() {
    const job = this.jobs.get(this.graph.id)
    const waits = job !== undefined && this.feed.waiting.some(each => each.prompt_id === job.prompt_id)
    const look = job ? `${job.prompt_id} ${waits}` : ''
    if (look === this.drawn) return
    this.drawn = look
    this.bar.hidden = !job
    if (!job) return this.bar.replaceChildren()
    const close = h('button.plain', { type: 'button', onclick: () => this.end() }, t('Leave it as it is'))
    if (waits) fill(this.bar, h('p', {}, t('This is the graph of a job that waits.')), h('button.primary', { type: 'button', onclick: () => void this.update(job) }, t('Update the waiting job')), close)
    else fill(this.bar, h('p', {}, t('The job waits no more.')), h('button.primary', { type: 'button', onclick: () => void this.runner.queue().then(done => done && this.end()) }, t('Run this graph')), h('button.plain', { type: 'button', onclick: () => this.end() }, t('Close')))
  }

  /** @param {WaitingJob} job */
  async update(job) {
    const made = await this.runner.make()
    if (!made) return
    const { prompt, workflow, easel } = made
    this.troubles.forget()
    try {
      await this.routes.edit(job.prompt_id, {
        prompt, client_id: job.client_id ?? this.client.clientId,
        extra_data: { extra_pnginfo: { workflow }, easel: { ...easel, ...(job.name ? { name: job.name } : {}), ...(job.batch ? { batch: job.batch } : {}) } },
      })
      this.end()
      this.toasts.show({ key: 'edited', tone: 'done', text: t('The waiting job will run this graph.') })
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 409) return this.troubles.tellRefusal(/** @type {Error} */ (error))
      this.toasts.show({ key: 'edited', tone: 'warning', text: t('The job runs already, with the graph that it had.') })
    }
  }
}
