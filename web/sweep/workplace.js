/**
 * What sweeps need of the page: the panel, the grids, the commands. Loaded when it is first used.
 *
 * @typedef {import('../tools/editor.js').Editor} Editor
 */
import { viewUrl } from '../api/client.js'
import { saveBlob, stem } from '../app/files.js'
import { recordAt } from '../model/prompt_ids.js'
import { t } from '../language/t.js'
import { openLightbox } from '../panels/lightbox.js'
import { Draft, maySweep } from './draft.js'
import { gridPanel } from './grid.js'
import { gridPicture } from './grid_picture.js'
import { sweepPanel } from './panel.js'
import { Runs } from './runs.js'
import { sizeAt } from './start.js'

/** What is wrong with a node of a cell, in one sentence. @param {any} refused */
const refusalOf = refused => [refused?.errors?.[0]?.message, refused?.errors?.[0]?.details].filter(Boolean).join(': ') || t('The server refuses this node.')

export class SweepPlace {
  /**
   * @param {object} parts
   * @param {Editor} parts.editor
   * @param {import('../api/client.js').Client} parts.client
   * @param {import('../app/jobs.js').Jobs} parts.jobs
   * @param {import('../app/names.js').Names} parts.names
   * @param {import('../app/run.js').Runner} parts.runner
   * @param {import('../app/troubles.js').Troubles} parts.troubles
   * @param {import('../panels/toasts.js').Toasts} parts.toasts
   * @param {import('../panels/drawer.js').Drawer} parts.drawer
   * @param {(workflow: any, name: string) => void} parts.openGraph
   * @param {() => string} parts.font
   */
  constructor(parts) {
    this.parts = parts
    this.draft = new Draft(parts.editor)
    this.runs = new Runs({ client: parts.client })
    /** @type {Map<string, number | null>} */
    this.sizes = new Map()
    this.panel = sweepPanel({
      editor: parts.editor, draft: this.draft, runs: this.runs,
      sizeOf: file => this.sizeOf(file),
      run: job => this.send(job),
      openGrid: id => void this.openGrid(id),
    })
  }

  /** @param {import('../model/session.js').PictureRef} file */
  async sizeOf(file) {
    const url = viewUrl(file)
    if (!this.sizes.has(url)) this.sizes.set(url, await sizeAt(url))
    return this.sizes.get(url) ?? null
  }

  /** Adds a widget and shows the panel. @param {string} node record id @param {string} [widget] the first that may be swept */
  sweep(node, widget) {
    const { editor, drawer, toasts } = this.parts
    const name = widget ?? editor.widgets(node).find(each => maySweep(each))?.name
    const target = name === undefined ? null : this.draft.add(node, name)
    if (!target) toasts.show({ key: 'sweep', tone: 'warning', text: this.draft.isFull ? t('A sweep has four axes at most: take one out first.') : t('This node has no widget that could take other values.') })
    drawer.open(this.panel)
    if (target) setTimeout(() => /** @type {HTMLElement | null} */ (document.querySelector(`#sweep [data-target="${target.id}"] :is(textarea, .boxes input)`))?.focus())
  }

  /** @param {import('./plan.js').Job} job @returns {Promise<boolean>} */
  async send({ prompt, targets, workflow, frozen, sweep }) {
    const { client, jobs, runner, troubles } = this.parts
    troubles.forget()
    try {
      const reply = await client.queuePrompt({ prompt, workflow, targets, easel: { sweep, document: runner.document(), ...(Object.keys(frozen).length ? { frozen } : {}) } })
      jobs.add(reply.prompt_id, prompt, workflow, targets, sweep)
      jobs.know(reply.prompt_id, runner.document())
      const run = this.runs.add(reply.prompt_id, sweep, workflow)
      // Cells that the server refuses are told in their places; the others run.
      for (const [id, refused] of Object.entries(reply.node_errors ?? {})) run.failures.set(id, refusalOf(refused))
      const needed = new Set(Object.keys(prompt).flatMap(id => recordAt(this.parts.editor.store, id)?.id ?? []))
      runner.moveOn(runner.controlled().filter(({ node }) => needed.has(node)))
      this.showGrid(run)
      return true
    } catch (error) {
      troubles.tellRefusal(/** @type {Error} */ (error))
      return false
    }
  }

  /** @param {string} promptId */
  async openGrid(promptId) {
    try {
      this.showGrid(await this.runs.open(promptId))
    } catch (error) {
      this.parts.toasts.show({ key: 'sweep', tone: 'error', text: t('This sweep could not be opened.'), detail: /** @type {Error} */ (error).message })
    }
  }

  /** @param {import('./runs.js').Run} run */
  showGrid(run) {
    const { client, drawer, names, openGraph, toasts } = this.parts
    drawer.close()
    drawer.open(gridPanel({
      run, runs: this.runs,
      titleOf: id => names.title(id),
      large: openLightbox,
      use: acts => this.use(acts),
      openGraph: (workflow, name) => {
        drawer.close()
        openGraph(workflow, name)
      },
      stop: () => void client.interrupt(run.promptId).then(() => client.dequeue([run.promptId])).then(() => this.runs.refresh(run)).catch(error => toasts.show({ key: 'stop', tone: 'error', text: t('It could not be stopped.'), detail: error.message })),
      again: () => {
        this.draft.fill(run.sweep.axes)
        drawer.close()
        drawer.open(this.panel)
      },
      savePicture: async ({ output, page }) => {
        try {
          saveBlob(`${stem(run.sweep.axes.map(({ title }) => title).join(' x ')) || 'sweep'}.png`, await gridPicture({ run, output, page, font: this.parts.font() }))
        } catch (error) {
          toasts.show({ key: 'sweep', tone: 'error', text: t('The picture could not be made.'), detail: /** @type {Error} */ (error).message })
        }
      },
    }))
  }

  /** Writes a cell's values into the open graph, as one step. @param {readonly import('./bench.js').Act[]} acts */
  use(acts) {
    const { editor, toasts } = this.parts
    let missing = 0
    editor.store.transact(t('Use the values of a cell'), () => {
      for (const act of acts) {
        const widget = editor.widget(act.node, act.widget)
        if (!widget) missing++
        else if ('value' in act) editor.setWidget(act.node, act.widget, act.value)
        else editor.setWidget(act.node, act.widget, String(widget.value ?? '').replaceAll(act.from, () => act.to))
      }
    })
    if (missing === acts.length) toasts.show({ key: 'sweep', tone: 'warning', text: t('The open graph has none of these widgets.'), detail: t('Open the graph of the cell instead.') })
    else toasts.show({ key: 'sweep', tone: 'done', text: t('The open graph has these values now.'), action: { label: t('Undo'), run: () => void editor.run('undo') } })
  }
}
