/** Puts together what follows the queue: its feed, the modes in which the graph runs by itself, notices, and the panel. */
import { QueueRoutes } from '../api/queue.js'
import { socketUrl } from '../api/socket.js'
import { createProgress } from '../panels/progress.js'
import { createRunMode } from '../panels/run_mode.js'
import { QueueFeed } from './queue_feed.js'
import { RunModes } from './run_modes.js'

/**
 * @param {object} parts
 * @param {import('../tools/editor.js').Editor} parts.editor
 * @param {import('../api/client.js').Client} parts.client
 * @param {import('../model/session.js').Session} parts.session
 * @param {import('./run.js').Runner} parts.runner
 * @param {import('./document.js').OpenGraph} parts.graph
 * @param {import('./names.js').Names} parts.names
 * @param {import('../panels/toasts.js').Toasts} parts.toasts
 */
export function installRuns({ editor, client, session, runner, graph, names, toasts }) {
  const routes = new QueueRoutes(client)
  const feed = new QueueFeed({ url: socketUrl, state: () => routes.state() })
  const modes = new RunModes({ editor, runner, feed, client, graph, toasts })
  const showQueue = () => void editor.run('queue')
  return {
    feed, routes, modes, showQueue,
    progress: createProgress({ session, feed, titleOf: id => names.title(id), showNode: id => names.show(id), showQueue }),
    runMode: createRunMode({ modes, onClose: () => editor.focus() }),
  }
}
