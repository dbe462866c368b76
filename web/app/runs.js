/** Puts together what follows the queue: its feed, the modes in which the graph runs by itself, notices, and the panel. */
import { QueueRoutes } from '../api/queue.js'
import { socketUrl } from '../api/socket.js'
import { t } from '../language/t.js'
import { lazyPanel } from '../panels/lazy_panel.js'
import { createProgress } from '../panels/progress.js'
import { MODES, createRunMode, modeLabel } from '../panels/run_mode.js'
import { Edits } from './edits.js'
import { notifyWhenDone } from './notify.js'
import { QueueFeed } from './queue_feed.js'
import { resultsOf } from './results.js'
import { RunModes } from './run_modes.js'

/**
 * @param {object} parts
 * @param {import('../tools/editor.js').Editor} parts.editor
 * @param {import('../api/client.js').Client} parts.client
 * @param {import('../model/session.js').Session} parts.session
 * @param {import('./results.js').Results} parts.results
 * @param {import('./jobs.js').Jobs} parts.jobs
 * @param {import('./run.js').Runner} parts.runner
 * @param {import('./troubles.js').Troubles} parts.troubles
 * @param {import('./document.js').OpenGraph} parts.graph
 * @param {import('./names.js').Names} parts.names
 * @param {import('./settings.js').Settings} parts.settings
 * @param {import('../panels/toasts.js').Toasts} parts.toasts
 * @param {HTMLElement} parts.stage
 * @param {() => import('../panels/drawer.js').Drawer} parts.drawer
 * @param {(workflow: any, name: string) => void} parts.openGraph
 * @param {import('../runs/panel.js').Whose} parts.whose
 */
export function installRuns({ editor, client, session, results, jobs, runner, troubles, graph, names, settings, toasts, stage, drawer, openGraph, whose }) {
  const routes = new QueueRoutes(client)
  const feed = new QueueFeed({ url: socketUrl, state: () => routes.state(), onSilence: () => client.socket.lose() })
  const modes = new RunModes({ editor, runner, feed, client, graph, toasts })
  const edits = new Edits({ stage, routes, feed, runner, client, troubles, graph, toasts })
  const showQueue = () => void editor.run('queue')
  notifyWhenDone({ feed, client, settings })

  // Pictures of jobs that other programs of the same person queued belong to the results too.
  feed.onEvent(({ type, data, client_id: owner }) => {
    if (type !== 'executed' || owner === client.clientId || !data.output) return
    const { running } = feed
    if (whose.of(running?.owner)) return
    const seed = running?.prompt_id === data.prompt_id && running?.seed !== null ? { 0: { inputs: { seed: running?.seed } } } : null
    results.add(resultsOf(data.prompt_id, seed, { [data.display_node ?? data.node]: data.output }, async () => (await routes.job(data.prompt_id)).workflow))
  })

  const panel = lazyPanel('queue', t('Queue'), async () => (await import('./later.js')).queuePanel({
    feed, routes, client, graph, jobs, names, toasts, openGraph, edits, settings,
    openGrid: promptId => void editor.run('sweep_open', promptId),
    typeTitle: type => editor.types.get(type)?.title ?? type,
    whose,
    seeWorker: async () => (await client.serverStatus())?.worker ?? null,
  }))

  /** @type {import('../commands/registry.js').Command<import('../tools/editor.js').Editor>[]} */
  const commands = [
    { id: 'queue', label: t('Queue and history'), keys: ['Q'], run: () => drawer().toggle(panel) },
    { id: 'pause_queue', label: t('Pause the queue, or go on'), keys: [], checked: () => feed.paused, run: () => void routes.pause(!feed.paused).catch(error => toasts.show({ tone: 'error', text: t('The queue could not be changed.'), detail: error.message })) },
    ...MODES.map(mode => ({ id: `run_mode_${mode}`, label: modeLabel(mode), keys: [], checked: () => modes.mode === mode, run: () => modes.set(mode) })),
  ]
  for (const command of commands) editor.commands.register(command)

  return {
    feed, routes, modes, panel, showQueue,
    progress: createProgress({ session, feed, titleOf: id => names.title(id), showNode: id => names.show(id), showQueue }),
    runMode: createRunMode({ modes, onClose: () => editor.focus() }),
  }
}
